import { DomainError } from '#libs/vocabulary';

/** `<kind>:<id>`, the kind before the first colon (`session:…`, `waiting:…`, `challenge:…`): 1 to 200 printable ASCII characters. */
export type EphemeralKey = `${string}:${string}`;

/** 64 KiB: a record is read and replaced whole; what is larger belongs into a byte value. */
export const MAX_RECORD_BYTES = 64 * 1024;

/** What byte values may take of the bound; the rest is kept for records and counters. */
export const SHARE_OF_BYTE_VALUES = 15 / 16;

export interface PutBytesOptions {
  readonly ttlSeconds: number;
  /** Refuses more than this many bytes. */
  readonly maxBytes: number;
  /**
   * Each piece that fills memory of its own is the store's once it is given, and need not be copied: whoever gives it neither reads it nor
   * writes into it again. Default: a piece is good until the next one is asked for.
   */
  readonly arePiecesGiven?: boolean;
}

export interface ByteRange {
  /** Inclusive; default 0. */
  readonly start?: number;
  /** Exclusive; default: to the end. */
  readonly end?: number;
}

/**
 * What must expire and must never reach a disk: waiting ciphertext, challenges and passcode digests, sessions, sign-in state.
 * Records are small (64 KiB at most) and replaced whole; byte values are large and written once. Both live in one key space.
 * Every time to live is in seconds, more than 0, may be a fraction, and counts from the call (for putBytes: from when the
 * value becomes visible). What has expired reads as absent at once. Total size is bounded; nothing is evicted to make room.
 * Byte values take at most 15/16 of it, so that uploads, which anybody can send, leave room for the records that sign-in needs.
 * Every adapter passes `ephemeralStoreContract`; every single call is atomic over all processes on the store, and the bound and
 * the usage are those of all processes together. Time is the store's: a clock of this process that jumps ends nothing.
 *
 * A call that ends with EphemeralStoreUnavailable may have been carried out all the same (its answer was lost), but never by
 * half and never twice: no adapter repeats on its own what changes something. Whoever repeats a `take` gets null then.
 *
 * A key holds one kind at a time: record, counter or byte value. put and putBytes replace whatever is there; reading or
 * counting what is of another kind is a TypeError, as are an invalid key, a time to live that is none, a record over
 * MAX_RECORD_BYTES (also where it would not have been written) and a step of a counter that is no whole number.
 *
 * All methods throw EphemeralStoreUnavailable when the store cannot be asked, and EphemeralStoreFull where they write and
 * there is no room (nothing is written then, and what others have waiting is untouched).
 */
export abstract class EphemeralStore {
  /** Sets a record, replacing what was there with its time to live. */
  abstract put(key: EphemeralKey, value: Uint8Array, ttlSeconds: number): Promise<void>;

  /** Sets a record where none is. @returns whether it did */
  abstract putIfAbsent(key: EphemeralKey, value: Uint8Array, ttlSeconds: number): Promise<boolean>;

  /**
   * Replaces (or, with `next` null, removes) a record when it is still byte for byte `expected`; `expected` null means absent.
   * The building block for anything read, decided and written back. @returns whether it did
   */
  abstract compareAndSet(
    key: EphemeralKey,
    expected: Uint8Array | null,
    next: Uint8Array | null,
    ttlSeconds: number,
  ): Promise<boolean>;

  /** A copy of the record, or null when absent or expired. */
  abstract get(key: EphemeralKey): Promise<Uint8Array | null>;

  /** The record, removed in the same step: of a hundred callers at once, one gets it. Null when absent or expired. */
  abstract take(key: EphemeralKey): Promise<Uint8Array | null>;

  /** Removes a record, counter or byte value. Removing what is not there is fine. */
  abstract delete(key: EphemeralKey): Promise<void>;

  /** Gives whatever is at the key a new time to live from now. @returns false when nothing is there */
  abstract extend(key: EphemeralKey, ttlSeconds: number): Promise<boolean>;

  /**
   * Adds to a counter (1 by default) and answers its value after. A counter begins at 0 with this call's time to live, and keeps
   * that end however often it is counted: a fixed window.
   */
  abstract increment(
    key: EphemeralKey,
    options: { readonly by?: number; readonly ttlSeconds: number },
  ): Promise<number>;

  /**
   * Writes a byte value as it streams in, and makes it visible only when the source has ended: a source that throws leaves
   * nothing behind, and its error is rethrown. A value already there stays until then and is replaced. A piece of the source is
   * good until the next one is asked for, so it may reuse or give back its memory; it is asked for one piece at a time, no
   * faster than the store takes them. With `arePiecesGiven` pieces are the store's to keep. What a process leaves behind that ends in the middle of it is given back within a minute.
   *
   * @returns the number of bytes
   * @throws TooManyBytes past maxBytes
   */
  abstract putBytes(key: EphemeralKey, source: AsyncIterable<Uint8Array>, options: PutBytesOptions): Promise<number>;

  /**
   * The byte value in pieces, or null when absent or expired. Pieces are copies or frozen views: do not write into them.
   * A value that goes (or is replaced) while it is read ends the iteration with EphemeralValueGone, at the latest two pieces
   * after. The iterable is read once; one that is never read costs nothing, and pieces outside the range are not read. Pieces
   * stay good. A range past the end reads what there is.
   */
  abstract getBytes(key: EphemeralKey, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | null>;

  /** Number of bytes of the value at the key, or null when absent or expired. */
  abstract sizeOfBytes(key: EphemeralKey): Promise<number | null>;

  /** What is in use of the bound, in bytes; for metrics. */
  abstract usage(): Promise<{ readonly usedBytes: number; readonly maxBytes: number }>;

  /** Whether a record would be taken now: used by /readyz. @throws EphemeralStoreUnavailable with a reason for operators */
  abstract checkWritable(): Promise<void>;

  /** Drops everything that only this process holds. May be called twice; whatever comes after throws EphemeralStoreUnavailable. */
  abstract close(): Promise<void>;
}

/** No room: what waits already is untouched, and room comes back as it expires. */
export class EphemeralStoreFull extends DomainError {
  constructor() {
    super('ephemeral-store-full', 'the ephemeral store is full');
  }
}

export class TooManyBytes extends DomainError {
  constructor(maxBytes: number) {
    super('too-many-bytes', `more than ${maxBytes} bytes`);
  }
}

/** The value expired or was removed while it was being read. */
export class EphemeralValueGone extends DomainError {
  constructor() {
    super('ephemeral-value-gone');
  }
}

/** The store cannot be asked now. The message is for operators and names no host, path or secret: /readyz shows it to anybody. */
export class EphemeralStoreUnavailable extends DomainError {
  constructor(reason: string, options?: ErrorOptions) {
    super('ephemeral-store-unavailable', reason, options);
  }
}

/**
 * The store would keep, copy or evict what is in it, or does not let itself be asked whether it would: nothing may be put there.
 * Thrown when it is opened; a store that becomes unsafe later answers EphemeralStoreUnavailable until it is mended.
 */
export class EphemeralStoreUnsafe extends DomainError {
  /** Each with what to do about it; all at once. For operators. */
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super('ephemeral-store-unsafe', `the ephemeral store is not safe to use: ${reasons.join('; ')}`);
    this.reasons = reasons;
  }
}
