import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { Entry } from 'tar-stream';
import { AgeFault, openAgeStream } from '#libs/sealing';
import { BadBackup, ENTRY, isEntryName, MAX_PIECE_BYTES, readBeginning, readManifest } from './backup-form.ts';
import type { BackupBeginning, BackupManifest, ManifestSignature } from './backup-form.ts';

/** What is done with a backup as it is read. Nothing of it may be used before `readBackup` has answered. */
export interface BackupReader {
  onBeginning?(beginning: BackupBeginning): void;
  /** For each entry but the first and the last, in their order; `content` is read to its end before the next one comes. */
  onEntry(name: string, content: AsyncIterable<Uint8Array>, modifiedMs: number): Promise<void>;
}

export interface ReadBackup {
  readonly manifest: BackupManifest;
  /** Not compared with any key. Null: of a release that did not sign. */
  readonly signature: ManifestSignature | null;
}

/** 256 MiB: 2.5 million entries, and a reader that is not held up. */
const MAX_LIST_BYTES = 256 * 1024 * 1024;

/**
 * Reads a whole backup, and answers only when nothing of it is missing, altered, added or in another order.
 *
 * @param identities `AGE-SECRET-KEY-PQ-1…` each
 * @throws BadBackup in an operator's words; TypeError for what is no identity; what `reader` throws
 */
export async function readBackup(
  file: AsyncIterable<Uint8Array>,
  identities: readonly string[],
  reader: BackupReader,
): Promise<ReadBackup> {
  const entries = extract();
  const feeding = pipeline(Readable.from(openAgeStream(file, identities)), entries);
  feeding.catch(() => undefined); // said by the loop below, or waited for behind it
  try {
    const read = await readEntries(entries, reader);
    await feeding; // to the end of the file: a cut one is found there
    return read;
  } catch (error) {
    throw inWords(error);
  }
}

async function readEntries(entries: AsyncIterable<Entry>, reader: BackupReader): Promise<ReadBackup> {
  const read: BackupManifest['entries'] = [];
  let last: ReadBackup | null = null;
  let isBegun = false;
  for await (const entry of entries) {
    const { name, type, mtime } = entry.header;
    if (!isEntryName(name) || type !== 'file')
      throw new BadBackup(`it holds ${JSON.stringify(name)}, which is none of its parts`);
    if (last !== null) throw new BadBackup('it goes on behind its list of contents');
    if (isBegun === (name === ENTRY.beginning)) throw new BadBackup('it is no backup of Segl: it begins otherwise');
    const hash = createHash('sha256');
    let bytes = 0;
    const content = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const piece of entry) {
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
    };
    if (name === ENTRY.manifest) {
      last = readManifest(await textOf(content(), MAX_LIST_BYTES));
      continue;
    }
    if (isBegun) {
      await reader.onEntry(name, content(), mtime?.getTime() ?? 0);
    } else {
      const beginning = readBeginning(await textOf(content()));
      reader.onBeginning?.(beginning);
      isBegun = true;
    }
    read.push({ name, bytes, sha256: hash.digest('hex') });
  }
  if (last === null) throw new BadBackup('it is cut short: its list of contents is missing');
  if (JSON.stringify(read) !== JSON.stringify(last.manifest.entries))
    throw new BadBackup('what is in it is not what its list of contents says');
  return last;
}

/** @throws BadBackup past the bound */
export async function textOf(content: AsyncIterable<Uint8Array>, maxBytes = 2 * MAX_PIECE_BYTES): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new BadBackup(`one of its parts is over ${maxBytes} bytes`);
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces).toString('utf8');
}

const OF_AGE: Readonly<Record<string, string>> = {
  'no-match': 'it is not for this key, or was altered at its beginning: give the identity of one of its recipients',
  header: 'it is no age file, or it is cut short or altered at its beginning',
  hmac: 'it was altered at its beginning',
  payload: 'it is cut short or altered',
};

function inWords(error: unknown): unknown {
  if (error instanceof AgeFault)
    return new BadBackup(`${OF_AGE[error.kind] ?? 'it cannot be opened'} (${error.message})`, { cause: error });
  if (error instanceof Error && /^(Unexpected end of data|Invalid tar header)/.test(error.message))
    return new BadBackup('what is in it is no whole archive', { cause: error });
  return error;
}
