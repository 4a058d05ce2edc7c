/** Where bytes are paid for before they are held. */
export interface Room {
  /** @throws EphemeralStoreFull */
  reserve(bytes: number): void;
  release(bytes: number): void;
}

/**
 * 64 KiB: a value of any size grows without ever being copied into a larger buffer, and costs at most this much more than
 * its length while it comes in.
 */
export const PIECE_BYTES = 64 * 1024;

/** What an entry costs besides key and value: two maps, the entry, its content. 100 000 of them measured 185 (heap) to 500 (resident) on Node 24. */
export const ENTRY_OVERHEAD_BYTES = 400;

/** What a Buffer with memory of its own costs besides its bytes. 100 000 measured 200. */
export const PIECE_OVERHEAD_BYTES = 200;

/** Smaller ones are put together: each costs as much beside its bytes as a large one. */
const MIN_TAKEN_BYTES = 16 * 1024;

/** Collects a stream into pieces of one size, the last one cut to its length; pays for each before it is allocated. */
export class PieceWriter {
  private readonly room: Room;
  private readonly pieces: Buffer[] = [];
  private usedOfLast = PIECE_BYTES;
  private reserved = 0;
  private written = 0;

  constructor(room: Room) {
    this.room = room;
  }

  get length(): number {
    return this.written;
  }

  /** What the pieces cost, until they are discarded. */
  get reservedBytes(): number {
    return this.reserved;
  }

  /** @throws EphemeralStoreFull; call discard then */
  write(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.byteLength) {
      let last = this.pieces.at(-1);
      if (last === undefined || this.usedOfLast === PIECE_BYTES) {
        this.reserve(PIECE_BYTES + PIECE_OVERHEAD_BYTES);
        last = Buffer.allocUnsafeSlow(PIECE_BYTES);
        this.pieces.push(last);
        this.usedOfLast = 0;
      }
      const part = chunk.subarray(offset, offset + PIECE_BYTES - this.usedOfLast);
      last.set(part, this.usedOfLast);
      this.usedOfLast += part.byteLength;
      offset += part.byteLength;
    }
    this.written += chunk.byteLength;
  }

  /** As `write`, of a chunk that may be kept: one that fills memory of its own is not copied. @throws EphemeralStoreFull; call discard then */
  take(chunk: Uint8Array): void {
    const isWhole = chunk.byteLength === chunk.buffer.byteLength && chunk.byteLength > MIN_TAKEN_BYTES;
    if (!isWhole) return this.write(chunk);
    this.closeLast();
    this.reserve(chunk.byteLength + PIECE_OVERHEAD_BYTES);
    this.pieces.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.written += chunk.byteLength;
  }

  finish(): { pieces: readonly Buffer[]; length: number } {
    this.closeLast();
    return { pieces: this.pieces, length: this.written };
  }

  /** Cuts the last piece to what is in it. */
  private closeLast(): void {
    const last = this.pieces.at(-1);
    if (last !== undefined && this.usedOfLast < PIECE_BYTES) {
      const cut = Buffer.allocUnsafeSlow(this.usedOfLast);
      last.copy(cut, 0, 0, this.usedOfLast);
      this.pieces[this.pieces.length - 1] = cut;
      this.room.release(PIECE_BYTES - this.usedOfLast);
      this.reserved -= PIECE_BYTES - this.usedOfLast;
      this.usedOfLast = PIECE_BYTES;
    }
  }

  discard(): void {
    this.room.release(this.reserved);
    this.reserved = 0;
    this.pieces.length = 0;
  }

  private reserve(bytes: number): void {
    this.room.reserve(bytes);
    this.reserved += bytes;
  }
}
