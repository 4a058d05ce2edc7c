import type { MessageId } from '#libs/vocabulary';

/** Bytes at one place of a message, in memory of their own. */
export interface Piece {
  readonly messageId: MessageId;
  /** Where in the message it begins. */
  readonly start: number;
  readonly bytes: Buffer;
  uses: number;
}

/** Pieces of messages on their way in: equal ones at one place of one message are there once, for all who brought them. */
export class PiecePool {
  private readonly messages = new Map<MessageId, { bytes: number; readonly places: Map<number, Piece[]> }>();
  private allBytes = 0;

  /** Of all pieces, each counted once. */
  get bytes(): number {
    return this.allBytes;
  }

  bytesOf(messageId: MessageId): number {
    return this.messages.get(messageId)?.bytes ?? 0;
  }

  /** The piece with these bytes, to be released once: one that is there, or else this very buffer, which is the pool's from now on. */
  share(messageId: MessageId, start: number, bytes: Buffer): Piece {
    const message = this.messages.get(messageId) ?? { bytes: 0, places: new Map<number, Piece[]>() };
    this.messages.set(messageId, message);
    const atPlace = message.places.get(start) ?? [];
    message.places.set(start, atPlace);
    const equal = atPlace.find((piece) => piece.bytes.equals(bytes));
    if (equal !== undefined) {
      equal.uses++;
      return equal;
    }
    const piece: Piece = { messageId, start, bytes, uses: 1 };
    atPlace.push(piece);
    message.bytes += bytes.length;
    this.allBytes += bytes.length;
    return piece;
  }

  release(piece: Piece): void {
    if (this.isLastUseOf(piece)) giveBack(piece.bytes);
  }

  /** Releases a piece, and gives its bytes away: these very ones where nobody else has brought them, else a copy. */
  takeOut(piece: Piece): Buffer {
    return this.isLastUseOf(piece) ? piece.bytes : copyOf(piece.bytes);
  }

  private isLastUseOf(piece: Piece): boolean {
    piece.uses--;
    const message = this.messages.get(piece.messageId);
    const atPlace = message?.places.get(piece.start);
    if (piece.uses > 0 || message === undefined || atPlace === undefined) return false;
    atPlace.splice(atPlace.indexOf(piece), 1);
    if (atPlace.length === 0) message.places.delete(piece.start);
    if (message.places.size === 0) this.messages.delete(piece.messageId);
    message.bytes -= piece.bytes.length;
    this.allBytes -= piece.bytes.length;
    return true;
  }
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length); // not of the shared pool: it would keep that alive
  bytes.copy(copy);
  return copy;
}

/** Now, not at some garbage collection, which would leave more than an upload's own size behind until then. */
function giveBack({ buffer }: Buffer): void {
  if ('transfer' in buffer) buffer.transfer(0);
}
