import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

export interface PackedFile {
  /** Safe to save under. */
  readonly filename: string;
  readonly content: Uint8Array;
}

export interface ZipStream {
  readonly stream: NodeJS.ReadableStream;
  readonly bytes: number;
}

/** What is packed at a time: between two pieces others are served. */
const PIECE_BYTES = 64 * 1024;

/**
 * Files as a ZIP that is written while it is sent. They are stored as they are: most are compressed already, and the length is
 * known beforehand, so that a browser shows how far it is.
 *
 * @param modifiedAt what the ZIP says of each
 */
export async function zipStream(files: readonly PackedFile[], modifiedAt: Date): Promise<ZipStream> {
  const zip = new ZipFile();
  const taken = new Set<string>();
  for (const { filename, content } of files) {
    const options = { size: content.byteLength, compress: false, mtime: modifiedAt };
    zip.addReadStreamLazy(ownName(filename, taken), options, (give) => give(null, Readable.from(piecesOf(content))));
  }
  // its types do not say that the callback is given the size
  const bytes = await new Promise<number>((resolve) => zip.end(undefined, resolve as () => void));
  return { stream: zip.outputStream, bytes };
}

function* piecesOf(content: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < content.byteLength; at += PIECE_BYTES)
    yield Buffer.from(content.subarray(at, at + PIECE_BYTES));
}

/** `plan.pdf`, then `plan (2).pdf`: names that differ in their capitals alone are one on many computers. */
function ownName(filename: string, taken: Set<string>): string {
  const [, stem = '', ending = ''] = /^(.*?)(\.[^.]{1,20})?$/s.exec(filename) ?? [];
  let name = filename;
  for (let count = 2; taken.has(name.toLowerCase()); count++) name = `${stem} (${count})${ending}`;
  taken.add(name.toLowerCase());
  return name;
}
