import { networksAround } from '#libs/ephemeral-store';
import { DomainError } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { heaviestOf } from './heaviest-upload.ts';
import { PiecePool } from './piece-pool.ts';
import type { Piece } from './piece-pool.ts';

/** No room for the upload now, or it had to make way for somebody's who had less: to be tried again in a moment. */
export class UploadsBusy extends DomainError {
  constructor() {
    super('uploads-busy');
  }
}

/** What an upload is of, and where it comes from. */
export interface UploadOf {
  readonly messageId: MessageId;
  /** As recorded at sealing: no more of it is taken. */
  readonly ciphertextBytes: number;
  /** ClientNetwork.prefix */
  readonly networkPrefix: string;
}

/** 64 KiB: what is compared with what others brought, and at most what an upload holds that is not yet. */
const PIECE_BYTES = 64 * 1024;
/** What an upload costs beside its bytes: the request, its parser, what is kept of it here. */
const UPLOAD_OVERHEAD_BYTES = 4096;
/** The bytes of one message that differ from upload to upload: room for the true one and another. */
const VERSIONS_OF_A_MESSAGE = 2;

/** One upload on its way in. */
export interface Upload {
  /** @throws UploadsBusy when there is no room, also for what came before */
  write(bytes: Uint8Array): void;
  /** Whether what was written is here. Not where the message waits whole by now, brought by somebody else (isWhole). */
  readonly isKept: boolean;
  /** What was written, once. Each piece is the caller's once it is given: it fills memory of its own that nobody here has any more. */
  take(): AsyncIterable<Uint8Array>;
  /** Gives back what is left of it. May be called twice. */
  end(): void;
}

/**
 * Ciphertext on its way in, in the memory of this process, until it is whole and compared with the record: nothing else reaches the
 * ephemeral store, so what strangers leave unfinished takes no room there, and none of other processes. Bounded by `maxBytes`, for
 * all uploads and what they cost; equal bytes of one message are kept once, however many bring them. Where there is no room, whoever
 * has been silent or whose network has most makes way (heaviest-upload.ts), so that nobody keeps others out by leaving uploads
 * standing.
 */
export class IncomingCiphertext {
  private readonly maxBytes: number;
  private readonly uploads = new Set<OneUpload>();
  private readonly pool = new PiecePool();

  constructor({ maxBytes }: { readonly maxBytes: number }) {
    this.maxBytes = maxBytes;
  }

  /** In use now, in bytes. */
  get usedBytes(): number {
    let used = this.pool.bytes;
    for (const { unsharedBytes } of this.uploads) used += unsharedBytes;
    return used;
  }

  /** @throws UploadsBusy */
  begin(of: UploadOf): Upload {
    const upload = new OneUpload(of, this.pool, (bytes) => this.makeRoom(upload, bytes));
    this.uploads.add(upload);
    upload.onEnd = () => this.uploads.delete(upload);
    try {
      this.makeRoom(upload, 0);
    } catch (error) {
      upload.end();
      throw error;
    }
    return upload;
  }

  /** The message waits whole: who else is bringing it is compared to the end, and keeps nothing. */
  isWhole(messageId: MessageId): void {
    for (const upload of this.uploads) if (upload.of.messageId === messageId) upload.keepNothing();
  }

  private makeRoom(asking: OneUpload, bytes: number): void {
    const { messageId, ciphertextBytes } = asking.of;
    const ofMessage = () => [...this.uploads].filter(({ of }) => of.messageId === messageId);
    const mostOfMessage = VERSIONS_OF_A_MESSAGE * (ciphertextBytes + PIECE_BYTES);
    while (this.pool.bytesOf(messageId) + bytes > mostOfMessage) this.letMakeWay(ofMessage(), asking, bytes);
    while (this.usedBytes + bytes > this.maxBytes) this.letMakeWay([...this.uploads], asking, bytes);
  }

  private letMakeWay(uploads: readonly OneUpload[], asking: OneUpload, bytes: number): void {
    const heaviest = heaviestOf(uploads, asking, bytes);
    if (heaviest === asking) throw new UploadsBusy();
    heaviest.makeWay();
  }
}

class OneUpload implements Upload {
  onEnd: () => unknown = () => {};
  /** By the monotonic clock, in milliseconds: when it last gave something. */
  lastAt = performance.now();
  readonly networks;
  private readonly pieces: Piece[] = [];
  private open: Buffer | null = null;
  private openBytes = 0;
  private written = 0;
  private state: 'keeping' | 'comparing' | 'handing-over' | 'made-way' | 'ended' = 'keeping';

  constructor(
    readonly of: UploadOf,
    private readonly pool: PiecePool,
    private readonly makeRoom: (bytes: number) => void,
  ) {
    this.networks = networksAround(of.networkPrefix);
  }

  get isKept(): boolean {
    return this.state === 'keeping';
  }

  /** Of the pieces that it brought, also where others brought them too. */
  get heldBytes(): number {
    return this.pieces.reduce((sum, { bytes }) => sum + bytes.length, this.unsharedBytes);
  }

  get unsharedBytes(): number {
    return UPLOAD_OVERHEAD_BYTES + (this.open?.length ?? 0);
  }

  write(bytes: Uint8Array): void {
    this.lastAt = performance.now();
    for (let offset = 0; offset < bytes.byteLength && this.keeps();) {
      const open = this.open ?? this.openPiece();
      const part = bytes.subarray(offset, offset + open.length - this.openBytes);
      open.set(part, this.openBytes);
      this.openBytes += part.byteLength;
      offset += part.byteLength;
      if (this.openBytes === open.length) this.closePiece(open);
    }
  }

  async *take(): AsyncGenerator<Uint8Array> {
    this.state = 'handing-over';
    for (let piece = this.pieces.shift(); piece !== undefined; piece = this.pieces.shift()) {
      yield this.pool.takeOut(piece);
      this.lastAt = performance.now();
    }
    // Half of it must not pass for all of it.
    if (this.hasMadeWay) throw new UploadsBusy();
  }

  keepNothing(): void {
    if (this.state === 'keeping') this.forget('comparing');
  }

  makeWay(): void {
    this.forget('made-way');
    this.onEnd();
  }

  end(): void {
    this.forget('ended');
    this.onEnd();
  }

  private get hasMadeWay(): boolean {
    return this.state === 'made-way';
  }

  private keeps(): boolean {
    if (this.hasMadeWay) throw new UploadsBusy();
    return this.state === 'keeping';
  }

  /** No larger than what is still to come. */
  private openPiece(): Buffer {
    const length = Math.min(PIECE_BYTES, this.of.ciphertextBytes - this.written);
    if (length <= 0) throw new RangeError('more than was recorded');
    this.makeRoom(length);
    this.openBytes = 0;
    return (this.open = Buffer.allocUnsafeSlow(length));
  }

  private closePiece(bytes: Buffer): void {
    this.open = null;
    this.pieces.push(this.pool.share(this.of.messageId, this.written, bytes));
    this.written += bytes.length;
  }

  private forget(state: OneUpload['state']): void {
    this.state = state;
    for (const piece of this.pieces.splice(0)) this.pool.release(piece);
    this.open = null;
  }
}
