import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { CarrierReader, NotACarrier, UrlencodedFieldReader } from '#libs/mail';
import { BodyMalformed, BodyTooLarge, UnsupportedBody } from './bounded-body.ts';
import { CannotBeShown } from '../cannot-be-shown.ts';

/** What takes the carrier apart: ciphertext comes out as its bytes go in. */
interface PushReader {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/**
 * The ciphertext in a body of either kind: the one urlencoded field `m` of the form in `message.html`, or one file (that
 * `message.html`, or the whole carrier as .eml) as multipart. The same bytes come out of both. Each piece is good until the next
 * one is asked for, and so are the body's.
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
      return readThrough(new UrlencodedFieldReader(), usedUp(body));
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
      if (ciphertext.byteLength === 0) continue;
      yield ciphertext;
      letGo(ciphertext);
    }
    const last = reader.end();
    if (last.byteLength > 0) yield last;
  } catch (error) {
    if (!(error instanceof NotACarrier)) throw error;
    if (error.reason === 'too-large') throw new BodyTooLarge();
    if (error.reason === 'second-field' || error.reason === 'other-field') throw new BodyMalformed();
    throw new CannotBeShown('not-sealed-mail', error.file);
  }
}

/**
 * Gives the memory of a piece back now, not at some garbage collection: an upload would leave more than its own size behind
 * until then. What shares its memory with others stays.
 */
function letGo(piece: Uint8Array): void {
  const { buffer } = piece;
  if (piece.byteLength > 0 && piece.byteLength === buffer.byteLength && 'transfer' in buffer) buffer.transfer(0);
}

async function* usedUp(body: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    yield piece;
    letGo(piece);
  }
}

/** The bytes of the one file of a multipart body, as they arrive. */
async function* theOneFile(headers: IncomingHttpHeaders, body: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  const parser = openParser(headers);
  const arrived: Buffer[] = [];
  let file: Readable | null = null;
  let fault: Error | null = null;
  let files = 0;
  let goOn = () => {};
  const malformed = () => (fault ??= new BodyMalformed());
  parser.on('file', (_name, stream) => {
    files++;
    file = stream;
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
      if (isDrained(file)) letGo(piece); // nothing on its way to us points into it
    }
    parser.end();
    await closed;
    if (fault !== null || files !== 1) throw new BodyMalformed();
    yield* arrived.splice(0);
  } finally {
    parser.destroy();
  }
}

function isDrained(file: Readable | null): boolean {
  return file === null || file.readableLength === 0;
}

function openParser(headers: IncomingHttpHeaders): busboy.Busboy {
  try {
    return busboy({ headers, limits: { files: 1, fields: 0, parts: 2 } });
  } catch {
    throw new BodyMalformed(); // no boundary, for instance
  }
}
