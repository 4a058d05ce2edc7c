import type { KeyObject } from 'node:crypto';
import { EphemeralValueGone } from '../../ephemeral-store.ts';
import { PIECE_BYTES } from './piece-upload.ts';
import type { RedisConnection } from './redis-connection.ts';
import { altered, unsealPart } from './sealed-values.ts';
import type { EntryName } from './store-session.ts';

/** Pieces that are asked for before the reader wants them: one round trip is hidden behind the other. */
const PIECES_AHEAD = 2;

/** A byte value as its head says it. The head is sealed, so the length is what was put; the pieces must amount to it. */
export interface ByteValue {
  readonly name: EntryName;
  readonly upload: string;
  readonly pieceKey: KeyObject;
  readonly length: number;
}

/**
 * Asks for a few pieces ahead of the reader, and for none before the first is wanted. No two values have pieces under one name, so
 * a piece that is there is of this value, and one that is not says that the value has gone.
 *
 * @throws EphemeralValueGone; EphemeralStoreUnavailable
 */
export async function* readPieces(
  value: ByteValue,
  start: number,
  end: number,
  connection: () => Promise<RedisConnection>,
): AsyncGenerator<Uint8Array> {
  if (start >= end) return;
  const ahead: Promise<Buffer>[] = [];
  const last = Math.ceil(end / PIECE_BYTES);
  let asked = Math.floor(start / PIECE_BYTES);
  for (let number = asked; number < last; number++) {
    while (asked < last && ahead.length < PIECES_AHEAD) {
      const piece = readPiece(value, asked++, connection);
      piece.catch(() => {}); // told where it is waited for, if the reader comes so far
      ahead.push(piece);
    }
    const piece = (await ahead.shift()) as Buffer;
    const offset = number * PIECE_BYTES;
    yield piece.subarray(Math.max(start - offset, 0), Math.min(end - offset, piece.length));
  }
}

async function readPiece(
  { name, upload, pieceKey, length }: ByteValue,
  number: number,
  connection: () => Promise<RedisConnection>,
): Promise<Buffer> {
  const args = ['HGET', `segl:b:${upload}`, String(number)];
  const sealed = (await (await connection()).command(args)) as Buffer | null;
  if (sealed === null) throw new EphemeralValueGone();
  const piece = unsealPart(pieceKey, 'bytes-piece', name, number, sealed);
  if (piece.length !== Math.min(PIECE_BYTES, length - number * PIECE_BYTES)) throw altered();
  return piece;
}
