import {
  EphemeralStore,
  EphemeralStoreFull,
  EphemeralStoreUnavailable,
  EphemeralValueGone,
  MAX_RECORD_BYTES,
  SHARE_OF_BYTE_VALUES,
  TooManyBytes,
} from '../../ephemeral-store.ts';
import type { ByteRange, EphemeralKey, PutBytesOptions } from '../../ephemeral-store.ts';
import { checkBound, checkKey, checkRange, checkRecord, checkStep, checkTtl } from '../../valid-arguments.ts';
import { ENTRY_OVERHEAD_BYTES, PIECE_OVERHEAD_BYTES, PieceWriter } from './pieces.ts';
import type { Room } from './pieces.ts';

export interface MemoryEphemeralStoreOptions {
  /** Bound on everything held, in bytes: values, keys and what the entries themselves cost. */
  readonly maxBytes: number;
  /** Milliseconds that only go forward (default: performance.now). Wall time may jump; a time to live must not. */
  readonly clock?: () => number;
}

type Content =
  | { readonly kind: 'record'; readonly bytes: Buffer }
  | { readonly kind: 'counter'; count: number }
  | { readonly kind: 'bytes'; readonly pieces: readonly Buffer[]; readonly length: number };

interface Entry {
  readonly content: Content;
  /** What is given back when the entry goes. */
  readonly costBytes: number;
  /** By the monotonic clock, in milliseconds. */
  expiresAt: number;
  /** Readers that are under way look here: an entry that was replaced or removed is gone for them. */
  isGone: boolean;
}

/** Memory of what expired comes back within this; a write that finds no room asks for it at once. */
const SWEEP_INTERVAL_MS = 1000;

/**
 * The ephemeral store of a single process: everything is in its memory and ends with it. Every method does its work before
 * its first await, so that each call is atomic. Records are overwritten with zeros when they go; byte values are not, since
 * readers are given views of them, and they are ciphertext.
 */
export class MemoryEphemeralStore extends EphemeralStore {
  private readonly maxBytes: number;
  private readonly clock: () => number;
  private readonly entries = new Map<EphemeralKey, Entry>();
  /** Keys by the second in which they expire, so that a sweep looks at nothing that is still good. */
  private readonly expiring = new Map<number, Set<EphemeralKey>>();
  private readonly sweeper: NodeJS.Timeout;
  private usedBytes = 0;
  private isClosed = false;

  constructor({ maxBytes, clock = () => performance.now() }: MemoryEphemeralStoreOptions) {
    super();
    checkBound(maxBytes);
    this.maxBytes = maxBytes;
    this.clock = clock;
    this.sweeper = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS);
    this.sweeper.unref(); // waiting for something to expire is no reason for a process to stay
  }

  override async put(key: EphemeralKey, value: Uint8Array, ttlSeconds: number): Promise<void> {
    this.check(key, ttlSeconds);
    this.setRecord(key, value, ttlSeconds);
  }

  override async putIfAbsent(key: EphemeralKey, value: Uint8Array, ttlSeconds: number): Promise<boolean> {
    this.check(key, ttlSeconds);
    checkRecord(value);
    if (this.live(key) !== null) return false;
    this.setRecord(key, value, ttlSeconds);
    return true;
  }

  override async compareAndSet(
    key: EphemeralKey,
    expected: Uint8Array | null,
    next: Uint8Array | null,
    ttlSeconds: number,
  ): Promise<boolean> {
    this.check(key, ttlSeconds);
    if (next !== null) checkRecord(next);
    const current = this.live(key);
    if (expected === null ? current !== null : current?.content.kind !== 'record') return false;
    if (expected !== null && current?.content.kind === 'record' && !current.content.bytes.equals(expected))
      return false;
    if (next !== null) this.setRecord(key, next, ttlSeconds);
    else this.remove(key);
    return true;
  }

  override async get(key: EphemeralKey): Promise<Uint8Array | null> {
    this.check(key);
    const bytes = this.contentOf(key, 'record')?.bytes;
    return bytes === undefined ? null : new Uint8Array(bytes);
  }

  override async take(key: EphemeralKey): Promise<Uint8Array | null> {
    this.check(key);
    const bytes = this.contentOf(key, 'record')?.bytes;
    if (bytes === undefined) return null;
    const copy = new Uint8Array(bytes);
    this.remove(key);
    return copy;
  }

  override async delete(key: EphemeralKey): Promise<void> {
    this.check(key);
    this.remove(key);
  }

  override async extend(key: EphemeralKey, ttlSeconds: number): Promise<boolean> {
    this.check(key, ttlSeconds);
    const entry = this.live(key);
    if (entry === null) return false;
    this.unschedule(key, entry);
    entry.expiresAt = this.clock() + ttlSeconds * 1000;
    this.schedule(key, entry);
    return true;
  }

  override async increment(
    key: EphemeralKey,
    { by = 1, ttlSeconds }: { readonly by?: number; readonly ttlSeconds: number },
  ): Promise<number> {
    this.check(key, ttlSeconds);
    checkStep(by);
    const counter = this.contentOf(key, 'counter');
    if (counter !== null) return (counter.count += by);
    this.set(key, { kind: 'counter', count: by }, 0, ttlSeconds);
    return by;
  }

  override async putBytes(
    key: EphemeralKey,
    source: AsyncIterable<Uint8Array>,
    { ttlSeconds, maxBytes, arePiecesGiven = false }: PutBytesOptions,
  ): Promise<number> {
    this.check(key, ttlSeconds);
    const writer = new PieceWriter(this.room);
    try {
      for await (const chunk of source) {
        this.checkOpen();
        if (writer.length + chunk.byteLength > maxBytes) throw new TooManyBytes(maxBytes);
        if (arePiecesGiven) writer.take(chunk);
        else writer.write(chunk);
      }
      this.checkOpen();
      const { pieces, length } = writer.finish();
      // The pieces are paid for already; what set() takes is the entry and its key.
      this.set(key, { kind: 'bytes', pieces, length }, 0, ttlSeconds, writer.reservedBytes);
      return length;
    } catch (error) {
      writer.discard();
      throw error;
    }
  }

  override async getBytes(key: EphemeralKey, range: ByteRange = {}): Promise<AsyncIterable<Uint8Array> | null> {
    this.check(key);
    const { start, end } = checkRange(range);
    return this.contentOf(key, 'bytes') === null ? null : this.read(this.live(key) as Entry, start, end);
  }

  override async sizeOfBytes(key: EphemeralKey): Promise<number | null> {
    this.check(key);
    return this.contentOf(key, 'bytes')?.length ?? null;
  }

  override async usage(): Promise<{ readonly usedBytes: number; readonly maxBytes: number }> {
    this.checkOpen();
    this.sweep();
    return { usedBytes: this.usedBytes, maxBytes: this.maxBytes };
  }

  override async checkWritable(): Promise<void> {
    this.checkOpen();
    this.sweep();
    if (this.usedBytes + MAX_RECORD_BYTES + ENTRY_OVERHEAD_BYTES > this.maxBytes) {
      throw new EphemeralStoreUnavailable(`the ephemeral store holds ${this.usedBytes} of ${this.maxBytes} bytes`);
    }
  }

  override async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.sweeper);
    for (const key of [...this.entries.keys()]) this.remove(key);
  }

  /** Where putBytes pays for its pieces while they come in. */
  private readonly room: Room = {
    reserve: (bytes) => this.reserve(bytes, 0, this.maxBytes * SHARE_OF_BYTE_VALUES),
    release: (bytes) => {
      this.usedBytes -= bytes;
    },
  };

  private async *read(entry: Entry, start: number, end: number): AsyncGenerator<Uint8Array> {
    if (entry.content.kind !== 'bytes') return;
    let position = 0;
    for (const piece of entry.content.pieces) {
      const from = Math.max(start - position, 0);
      const to = Math.min(end - position, piece.length);
      position += piece.length;
      if (from >= to) continue;
      // Looked at anew for each piece: the reader may take minutes between two of them.
      if (entry.isGone || entry.expiresAt <= this.clock()) throw new EphemeralValueGone();
      yield piece.subarray(from, to);
    }
  }

  private setRecord(key: EphemeralKey, value: Uint8Array, ttlSeconds: number): void {
    checkRecord(value);
    const bytes = Buffer.allocUnsafeSlow(value.byteLength); // never of the shared pool: it would keep 8 KiB alive
    bytes.set(value);
    this.set(key, { kind: 'record', bytes }, bytes.length, ttlSeconds);
  }

  /** @param paidBytes what was reserved before and belongs to the entry from now on. */
  private set(key: EphemeralKey, content: Content, valueBytes: number, ttlSeconds: number, paidBytes = 0): void {
    const costBytes = ENTRY_OVERHEAD_BYTES + key.length + valueBytes + (valueBytes > 0 ? PIECE_OVERHEAD_BYTES : 0);
    // Replacing in a full store is fine as long as it does not grow.
    const freed = this.live(key)?.costBytes ?? 0;
    this.reserve(costBytes, freed);
    this.remove(key);
    const entry: Entry = {
      content,
      costBytes: costBytes + paidBytes,
      expiresAt: this.clock() + ttlSeconds * 1000,
      isGone: false,
    };
    this.entries.set(key, entry);
    this.schedule(key, entry);
  }

  private reserve(bytes: number, freedBytes = 0, limitBytes = this.maxBytes): void {
    if (this.usedBytes + bytes - freedBytes > limitBytes) {
      this.sweep();
      if (this.usedBytes + bytes - freedBytes > limitBytes) throw new EphemeralStoreFull();
    }
    this.usedBytes += bytes;
  }

  /** The entry at the key unless it has expired, in which case it goes now. */
  private live(key: EphemeralKey): Entry | null {
    const entry = this.entries.get(key);
    if (entry === undefined) return null;
    if (entry.expiresAt > this.clock()) return entry;
    this.remove(key);
    return null;
  }

  private contentOf<Kind extends Content['kind']>(
    key: EphemeralKey,
    kind: Kind,
  ): Extract<Content, { kind: Kind }> | null {
    const content = this.live(key)?.content;
    if (content === undefined) return null;
    if (content.kind !== kind) throw new TypeError(`the key holds a ${content.kind}, not a ${kind}`);
    return content as Extract<Content, { kind: Kind }>;
  }

  private remove(key: EphemeralKey): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.unschedule(key, entry);
    this.usedBytes -= entry.costBytes;
    entry.isGone = true;
    if (entry.content.kind === 'record') entry.content.bytes.fill(0);
  }

  private schedule(key: EphemeralKey, entry: Entry): void {
    const second = Math.floor(entry.expiresAt / 1000);
    const keys = this.expiring.get(second);
    if (keys === undefined) this.expiring.set(second, new Set([key]));
    else keys.add(key);
  }

  private unschedule(key: EphemeralKey, entry: Entry): void {
    const second = Math.floor(entry.expiresAt / 1000);
    const keys = this.expiring.get(second);
    keys?.delete(key);
    if (keys?.size === 0) this.expiring.delete(second);
  }

  private sweep(): void {
    const now = this.clock();
    for (const [second, keys] of this.expiring) {
      if (second * 1000 > now) continue;
      for (const key of keys) this.live(key);
    }
  }

  private check(key: EphemeralKey, ttlSeconds?: number): void {
    this.checkOpen();
    checkKey(key);
    if (ttlSeconds !== undefined) checkTtl(ttlSeconds);
  }

  private checkOpen(): void {
    if (this.isClosed) throw new EphemeralStoreUnavailable('the ephemeral store is closed');
  }
}
