import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CarrierReader, NotACarrier } from '#libs/mail';
import { BadInput, Unavailable } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** What every age file begins with. */
const AGE = Buffer.from('age-encryption.org/');

/** A file by its name, or stdin for `-`. @throws Unavailable before the first byte */
export async function* bytesOf(source: string, terminal: Terminal): AsyncGenerator<Uint8Array> {
  if (source === '-') return yield* terminal.input;
  try {
    if ((await stat(source)).isDirectory()) throw new BadInput(`${source} is a directory`);
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new Unavailable(`${source} cannot be read: ${(error as NodeJS.ErrnoException).code}`, { cause: error });
  }
  yield* createReadStream(source) as AsyncIterable<Uint8Array>;
}

/**
 * The ciphertext out of whatever holds it: a carrier as .eml, message.html, the bare text of its field, or the age file itself.
 * Streams. @throws BadInput
 */
export async function* ciphertextOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Uint8Array = new Uint8Array();
  let reader: CarrierReader | 'age file' | null = null;
  try {
    for await (const piece of source) {
      let bytes = piece;
      if (reader === null) {
        bytes = first = Buffer.concat([first, piece]);
        if (first.length < AGE.length) continue;
        reader = AGE.equals(first.subarray(0, AGE.length)) ? 'age file' : new CarrierReader();
      }
      const ciphertext = reader === 'age file' ? bytes : reader.push(bytes);
      if (ciphertext.length > 0) yield ciphertext;
    }
    reader ??= carrierReaderOf(first);
    if (reader !== 'age file') yield reader.end();
  } catch (error) {
    if (!(error instanceof NotACarrier)) throw error;
    throw new BadInput(`this is no carrier that can be read (${error.reason})`, { cause: error });
  }
}

function carrierReaderOf(bytes: Uint8Array): CarrierReader {
  const reader = new CarrierReader();
  reader.push(bytes);
  return reader;
}
