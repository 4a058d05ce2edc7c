import type { IncomingMessage } from 'node:http';
import { DomainError } from '#libs/vocabulary';

export class BodyTooLarge extends DomainError {
  constructor() {
    super('body-too-large');
  }
}

export class BodyTooSlow extends DomainError {
  constructor() {
    super('body-too-slow');
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

/** 64 KB/s averaged, after 10 s of grace: slower than any phone that could still show the message (threats.md A39). */
const MIN_BYTES_PER_SECOND = 64_000;
const GRACE_SECONDS = 10;

/**
 * The body of a request in the pieces it arrives in, never more and never slower than allowed. Leaving the iteration early
 * leaves the connection open, so that an answer can be sent; see discardRest of web-ui.
 *
 * @throws BodyTooLarge, also at once by the announced length; BodyTooSlow; UnsupportedBody for any Content-Encoding
 */
export async function* boundedBody(request: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  // Nothing is inflated anywhere: a body that wants it is refused before a byte of it is read (threats.md A40).
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') throw new UnsupportedBody();
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new BodyTooLarge();
  const startedAt = performance.now();
  let bytes = 0;
  const tooSlow = () => {
    const seconds = (performance.now() - startedAt) / 1000 - GRACE_SECONDS;
    return seconds > 0 && bytes < seconds * MIN_BYTES_PER_SECOND;
  };
  // A body that stops arriving would never wake the loop below.
  const watch = setInterval(() => {
    if (tooSlow()) request.destroy(new BodyTooSlow());
  }, 1000);
  watch.unref();
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > maxBytes) throw new BodyTooLarge();
      yield piece;
    }
  } finally {
    clearInterval(watch);
  }
}
