import type { IncomingMessage } from 'node:http';
import { DomainError } from '#libs/vocabulary';
import { pacedBody } from '#libs/web-ui';

export class BodyTooLarge extends DomainError {
  constructor() {
    super('body-too-large');
  }
}

/** The body is not of the form that was announced, or holds more than the one field or file. */
export class BodyMalformed extends DomainError {
  constructor() {
    super('body-malformed');
  }
}

export class UnsupportedBody extends DomainError {
  constructor() {
    super('unsupported-body');
  }
}

/**
 * The body of a request in the pieces it arrives in, never more and never slower than allowed (pacedBody of web-ui).
 *
 * @throws BodyTooLarge, also at once by the announced length; BodyTooSlow; UnsupportedBody for any Content-Encoding
 */
export async function* boundedBody(
  request: IncomingMessage,
  { maxBytes, silenceSeconds }: { readonly maxBytes: number; readonly silenceSeconds: number },
): AsyncGenerator<Buffer> {
  // Nothing is inflated anywhere: a body that wants it is refused before a byte of it is read (threats.md A40).
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') throw new UnsupportedBody();
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new BodyTooLarge();
  let bytes = 0;
  for await (const piece of pacedBody(request, silenceSeconds)) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new BodyTooLarge();
    yield piece;
  }
}
