import type { IncomingHttpHeaders } from 'node:http';
import busboy from 'busboy';
import { CarrierReader, NotACarrier, UrlencodedFieldReader } from '#libs/mail';
import { BodyMalformed, BodyTooLarge, UnsupportedBody } from './bounded-body.ts';
import { CannotBeShown } from './open-carrier.ts';

/** What takes the carrier apart: ciphertext comes out as its bytes go in. */
interface PushReader {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/**
 * The ciphertext in a body of either kind: the one urlencoded field `m` of the form in `message.html`, or one file (that
 * `message.html`, or the whole carrier as .eml) as multipart. The same bytes come out of both.
 *
 * @throws UnsupportedBody for another content type; BodyMalformed for a second field or file; CannotBeShown for no carrier
 */
export function ciphertextHandedIn(
  headers: IncomingHttpHeaders,
  body: AsyncIterable<Buffer>,
): AsyncIterable<Uint8Array> {
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  switch (mediaType) {
    case 'application/x-www-form-urlencoded':
      return readThrough(new UrlencodedFieldReader(), body);
    case 'multipart/form-data':
      return readThrough(new CarrierReader(), theOneFile(headers, body));
    default:
      throw new UnsupportedBody();
  }
}

async function* readThrough(reader: PushReader, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of source) {
      const ciphertext = reader.push(piece);
      if (ciphertext.byteLength > 0) yield ciphertext;
    }
    const last = reader.end();
    if (last.byteLength > 0) yield last;
  } catch (error) {
    if (!(error instanceof NotACarrier)) throw error;
    if (error.reason === 'too-large') throw new BodyTooLarge();
    if (error.reason === 'second-field' || error.reason === 'other-field') throw new BodyMalformed();
    throw new CannotBeShown('not-sealed-mail');
  }
}

/** The bytes of the one file of a multipart body, as they arrive. */
async function* theOneFile(headers: IncomingHttpHeaders, body: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  const parser = openParser(headers);
  const arrived: Buffer[] = [];
  let fault: Error | null = null;
  let files = 0;
  let goOn = () => {};
  const malformed = () => (fault ??= new BodyMalformed());
  parser.on('file', (_name, stream) => {
    files++;
    stream.on('data', (piece: Buffer) => arrived.push(piece));
    stream.on('error', malformed); // a form that ends within its file: an error nobody listens to would end the process
  });
  for (const tooMuch of ['field', 'filesLimit', 'fieldsLimit', 'error'] as const) parser.on(tooMuch, malformed);
  parser.on('error', () => goOn()); // one listener for the whole body, however many pieces it comes in
  const closed = new Promise<void>((resolve) => {
    for (const over of ['close', 'error'] as const) parser.once(over, () => resolve());
  });
  try {
    for await (const piece of body) {
      await new Promise<void>((resume) => {
        goOn = resume;
        parser.write(piece, () => resume());
      });
      if (fault !== null) throw fault as Error;
      yield* arrived.splice(0);
    }
    parser.end();
    await closed;
    if (fault !== null || files !== 1) throw new BodyMalformed();
    yield* arrived.splice(0);
  } finally {
    parser.destroy();
  }
}

function openParser(headers: IncomingHttpHeaders): busboy.Busboy {
  try {
    return busboy({ headers, limits: { files: 1, fields: 0, parts: 2 } });
  } catch {
    throw new BodyMalformed(); // no boundary, for instance
  }
}
