import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { EphemeralStoreFull, EphemeralStoreUnavailable } from '../../ephemeral-store.ts';
import type { RedisConnection } from './redis-connection.ts';
import { SCRIPTS } from './scripts.ts';
import { PIECE_SEAL_OVERHEAD_BYTES, SALT_BYTES, sealPart } from './sealed-values.ts';
import type { ValueKey } from './sealed-values.ts';

/**
 * 64 KiB with what Redis and the seal put around it: one byte more and the allocator of Redis would give 80 KiB for it.
 * A value of any size goes through a few of these.
 */
export const PIECE_BYTES = 64 * 1024 - 128;
/** What a piece costs besides its bytes: measured, as ENTRY_COST_BYTES. */
export const PIECE_COST_BYTES = 150;
/** Pieces that may be on their way to Redis at once: round trips are hidden behind one another. */
const PIECES_UNDER_WAY = 4;
/** What a process that ends in the middle leaves behind goes after this, in seconds. */
export const UPLOAD_REST_SECONDS = 45;

export interface UploadSettings {
  readonly epoch: string;
  readonly key: ValueKey;
  /** Where it will belong. */
  readonly context: string;
  /** What may be in use after each piece. */
  readonly limitBytes: number;
  connection(): Promise<RedisConnection>;
}

/** Pieces of one byte value on their way into Redis: invisible, paid for one by one, gone by themselves when nobody goes on. */
export class PieceUpload {
  /** Names the pieces in Redis, and is the salt of their key: never used for two uploads. */
  readonly salt = randomBytes(SALT_BYTES);
  readonly id = this.salt.toString('base64url');
  private readonly settings: UploadSettings;
  private readonly pieceKey: KeyObject;
  private readonly piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  private readonly underWay: Promise<void>[] = [];
  private readonly keeper: NodeJS.Timeout;
  private usedOfPiece = 0;
  private written = 0;
  private sent = 0;

  constructor(settings: UploadSettings) {
    this.settings = settings;
    this.pieceKey = settings.key.derive('bytes-piece', this.salt);
    // A source may rest longer than an upload may: its process is alive, so it is kept.
    this.keeper = setInterval(() => void this.keep(), (UPLOAD_REST_SECONDS * 1000) / 3);
    this.keeper.unref();
  }

  get length(): number {
    return this.written;
  }

  get pieces(): number {
    return this.sent;
  }

  /** Resolves when the next may come; the chunk is copied by then. @throws EphemeralStoreFull, EphemeralStoreUnavailable */
  async write(chunk: Uint8Array): Promise<void> {
    for (let offset = 0; offset < chunk.byteLength;) {
      const part = chunk.subarray(offset, offset + PIECE_BYTES - this.usedOfPiece);
      this.piece.set(part, this.usedOfPiece);
      this.usedOfPiece += part.byteLength;
      this.written += part.byteLength;
      offset += part.byteLength;
      if (this.usedOfPiece === PIECE_BYTES) await this.send();
    }
  }

  /** Resolves when every piece has arrived. */
  async finish(): Promise<void> {
    if (this.usedOfPiece > 0) await this.send();
    await Promise.all(this.underWay);
    this.stop();
  }

  /** Gives back what has arrived; where the server cannot be asked it goes by itself. */
  async discard(): Promise<void> {
    this.stop();
    await Promise.allSettled(this.underWay);
    if (this.sent === 0) return;
    try {
      await (await this.settings.connection()).run(SCRIPTS.dropUpload, [this.settings.epoch, this.id]);
    } catch {
      // Its pieces end UPLOAD_REST_SECONDS after the last one.
    }
  }

  stop(): void {
    clearInterval(this.keeper);
    this.piece.fill(0);
  }

  private async send(): Promise<void> {
    const number = this.sent++;
    const plaintext = this.piece.subarray(0, this.usedOfPiece);
    const sealed = sealPart(this.pieceKey, 'bytes-piece', this.settings.context, number, plaintext);
    const costBytes = this.usedOfPiece + PIECE_SEAL_OVERHEAD_BYTES + PIECE_COST_BYTES;
    this.usedOfPiece = 0;
    const arrived = this.store(number, sealed, costBytes);
    arrived.catch(() => {}); // told where it is waited for
    this.underWay.push(arrived);
    // The first alone: only it may begin the upload.
    if (number === 0 || this.underWay.length >= PIECES_UNDER_WAY) await this.underWay.shift();
  }

  private async store(number: number, sealed: Buffer, costBytes: number): Promise<void> {
    const { epoch, limitBytes } = this.settings;
    const connection = await this.settings.connection();
    const rest = String(UPLOAD_REST_SECONDS * 1000);
    const args = [epoch, this.id, String(number), sealed, String(costBytes), String(limitBytes), rest];
    const [answer] = (await connection.run(SCRIPTS.piece, args)) as [Buffer];
    switch (String(answer)) {
      case 'OK':
        return;
      case 'FULL':
        throw new EphemeralStoreFull();
      default:
        throw interrupted();
    }
  }

  private async keep(): Promise<void> {
    if (this.sent === 0) return;
    try {
      const rest = String(UPLOAD_REST_SECONDS * 1000);
      const connection = await this.settings.connection();
      await connection.run(SCRIPTS.keepUpload, [this.settings.epoch, this.id, rest]);
    } catch {
      // The next piece says what is wrong.
    }
  }
}

/** The memory of a piece that is on its way: now, not at some garbage collection. */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (byteLength > 0 && byteLength === buffer.byteLength && 'transfer' in buffer) buffer.transfer(0);
}

/** The server lost the pieces that had arrived: emptied, started anew, or not asked for longer than an upload may rest. */
export function interrupted(): EphemeralStoreUnavailable {
  return new EphemeralStoreUnavailable('Redis was emptied while a value was on its way');
}
