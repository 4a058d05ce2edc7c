import {
  EphemeralStore,
  EphemeralStoreFull,
  EphemeralStoreUnavailable,
  MAX_RECORD_BYTES,
  SHARE_OF_BYTE_VALUES,
  TooManyBytes,
} from '../../ephemeral-store.ts';
import type { ByteRange, EphemeralKey, PutBytesOptions } from '../../ephemeral-store.ts';
import { checkBound, checkKey, checkRange, checkRecord, checkStep, checkTtl } from '../../valid-arguments.ts';
import { readPieces } from './piece-reading.ts';
import type { ByteValue } from './piece-reading.ts';
import { giveBack, interrupted, PieceUpload } from './piece-upload.ts';
import { parseRedisUrl } from './redis-address.ts';
import type { RedisArgument, RedisConnection } from './redis-connection.ts';
import type { RedisEphemeralStoreOptions } from './redis-ephemeral-store-options.ts';
import { RedisLink } from './redis-link.ts';
import { SCRIPTS } from './scripts.ts';
import type { Script } from './scripts.ts';
import { KEY_ID_BYTES, SEAL_OVERHEAD_BYTES, ValueKeys } from './sealed-values.ts';
import type { ValueKey } from './sealed-values.ts';
import { StoreSession } from './store-session.ts';
import type { EntryName } from './store-session.ts';

/** What an entry costs besides its value, its name in three places included. 100 000 measured 448 (records) and 414 (counters) on Redis 7.0. */
export const ENTRY_COST_BYTES = 450;
const DIGEST_BYTES = 32;
const UPLOAD_ID_LENGTH = 22;
/** How often a call is begun anew because the server was emptied under it. */
const MAX_LIVES = 5;
const SWEEP_AT_ONCE = 500;
/** A hundred years: what is longer overflows the clock of Redis. */
const LONGEST_TTL_SECONDS = 100 * 365 * 86_400;
const KINDS: Readonly<Record<string, string>> = { r: 'record', c: 'counter', b: 'bytes' };

type Reply = readonly [code: Buffer, ...rest: (Buffer | number)[]];
type Call = (session: StoreSession, name: EntryName) => readonly [Script, readonly RedisArgument[]];

/**
 * The ephemeral store of several processes: in a Redis 7 or Valkey that keeps nothing. Each call is one script, so it is atomic
 * over all of them; values are encrypted (sealed-values.ts), and names and what records are compared by are digests under a secret
 * that only those with a key can read (store-session.ts). What Redis itself sees: kinds, counters, sizes and times to live.
 */
export class RedisEphemeralStore extends EphemeralStore {
  private readonly keys: ValueKeys;
  private readonly maxBytes: number;
  private readonly link: RedisLink;
  private session: StoreSession | null = null;
  private joining: Promise<void> | null = null;
  private sharedUnder: ValueKey | null = null;

  private constructor(url: string, options: RedisEphemeralStoreOptions) {
    super();
    checkBound(options.maxBytes);
    this.maxBytes = options.maxBytes;
    this.keys = new ValueKeys(options.key);
    this.link = new RedisLink({
      address: parseRedisUrl(url, options),
      maxBytes: options.maxBytes,
      commandMs: options.commandMs ?? 2000,
      connectMs: options.connectMs ?? 2000,
      checkMs: options.checkMs ?? 30_000,
      vouchedFor: new Set(options.vouchedFor),
      onNotice: options.onNotice ?? (() => {}),
      prepare: (connection) => this.join(connection),
      tend: (connection) => this.tend(connection),
    });
  }

  /**
   * @param url redis://[user@]host[:port][/database] or rediss://…
   * @throws EphemeralStoreUnsafe with every reason; EphemeralStoreUnavailable; TypeError for a faulty address or bound
   */
  static async open(url: string, options: RedisEphemeralStoreOptions): Promise<RedisEphemeralStore> {
    const store = new RedisEphemeralStore(url, options);
    store.keys.all();
    await store.link.open(options.openMs ?? 10_000);
    return store;
  }

  override async put(key: EphemeralKey, value: Uint8Array, ttlSeconds: number): Promise<void> {
    await this.write(key, value, ttlSeconds, 'any');
  }

  override async putIfAbsent(key: EphemeralKey, value: Uint8Array, ttlSeconds: number): Promise<boolean> {
    return this.write(key, value, ttlSeconds, 'absent');
  }

  override async compareAndSet(
    key: EphemeralKey,
    expected: Uint8Array | null,
    next: Uint8Array | null,
    ttlSeconds: number,
  ): Promise<boolean> {
    if (next !== null) return this.write(key, next, ttlSeconds, expected === null ? 'absent' : { equalTo: expected });
    checkTtl(ttlSeconds);
    const [isRemoved] = await this.call(key, (session, name) => [
      SCRIPTS.removeEqual,
      [name, expected === null ? '' : session.digestOf(name, expected)],
    ]);
    return isRemoved === 1;
  }

  override async get(key: EphemeralKey): Promise<Uint8Array | null> {
    const entry = await this.read(key, 'r');
    if (entry === null) return null;
    const plaintext = this.unsealRecord(entry.name, entry.bytes);
    const isOfNewestKey = entry.bytes
      .subarray(1 + DIGEST_BYTES, 1 + DIGEST_BYTES + KEY_ID_BYTES)
      .equals(this.keys.newest().id);
    // What is only ever read and extended would else be lost with the older key.
    if (!isOfNewestKey) await this.reseal(key, entry.bytes, plaintext);
    return plaintext;
  }

  override async take(key: EphemeralKey): Promise<Uint8Array | null> {
    let takenFrom = '';
    const [taken] = await this.call(key, (_, name) => {
      takenFrom = name;
      return [SCRIPTS.take, [name, ...this.keys.all().map(({ id }) => id)]];
    });
    return taken === undefined ? null : this.unsealRecord(takenFrom, taken as Buffer);
  }

  override async delete(key: EphemeralKey): Promise<void> {
    await this.call(key, (_, name) => [SCRIPTS.delete, [name]]);
  }

  override async extend(key: EphemeralKey, ttlSeconds: number): Promise<boolean> {
    checkTtl(ttlSeconds);
    const [isThere] = await this.call(key, (_, name) => [SCRIPTS.extend, [name, milliseconds(ttlSeconds)]]);
    return isThere === 1;
  }

  override async increment(
    key: EphemeralKey,
    { by = 1, ttlSeconds }: { readonly by?: number; readonly ttlSeconds: number },
  ): Promise<number> {
    checkTtl(ttlSeconds);
    checkStep(by);
    const rest = [String(by), milliseconds(ttlSeconds), String(ENTRY_COST_BYTES), String(this.maxBytes)];
    const [count] = await this.call(key, (_, name) => [SCRIPTS.increment, [name, ...rest]]);
    return Number(String(count));
  }

  override async putBytes(
    key: EphemeralKey,
    source: AsyncIterable<Uint8Array>,
    { ttlSeconds, maxBytes, arePiecesGiven = false }: PutBytesOptions,
  ): Promise<number> {
    checkKey(key);
    checkTtl(ttlSeconds);
    const session = await this.currentSession();
    const name = session.nameOf(key);
    const sealingKey = this.keys.newest();
    const upload = new PieceUpload({
      epoch: session.epoch,
      key: sealingKey,
      context: name,
      limitBytes: Math.floor(this.maxBytes * SHARE_OF_BYTE_VALUES),
      connection: () => this.link.connection(),
    });
    try {
      for await (const chunk of source) {
        if (upload.length + chunk.byteLength > maxBytes) throw new TooManyBytes(maxBytes);
        await upload.write(chunk);
        if (arePiecesGiven) giveBack(chunk);
      }
      await upload.finish();
      await this.commit(key, session, sealingKey, upload, ttlSeconds);
      return upload.length;
    } catch (error) {
      await upload.discard();
      throw error;
    }
  }

  override async getBytes(key: EphemeralKey, range: ByteRange = {}): Promise<AsyncIterable<Uint8Array> | null> {
    const { start, end } = checkRange(range);
    const value = await this.readHead(key);
    if (value === null) return null;
    return readPieces(value, start, Math.min(end, value.length), () => this.link.connection());
  }

  override async sizeOfBytes(key: EphemeralKey): Promise<number | null> {
    return (await this.readHead(key))?.length ?? null;
  }

  override async usage(): Promise<{ readonly usedBytes: number; readonly maxBytes: number }> {
    for (;;) {
      const [usedBytes, swept] = await this.perform(() => [SCRIPTS.usage, [String(SWEEP_AT_ONCE)]]);
      if (swept !== SWEEP_AT_ONCE) return { usedBytes: Number(String(usedBytes)), maxBytes: this.maxBytes };
    }
  }

  override async checkWritable(): Promise<void> {
    try {
      const needed = String(MAX_RECORD_BYTES + ENTRY_COST_BYTES);
      const [isRoom, usedBytes] = await this.perform(() => [SCRIPTS.check, [needed, String(this.maxBytes)]]);
      if (isRoom === 1) return;
      throw new EphemeralStoreUnavailable(`the ephemeral store holds ${usedBytes} of ${this.maxBytes} bytes`);
    } catch (error) {
      if (!(error instanceof EphemeralStoreFull)) throw error;
      throw new EphemeralStoreUnavailable('Redis is out of memory: its maxmemory is reached', { cause: error });
    }
  }

  /** What other processes and this one have put there stays, for as long as it lives. */
  override async close(): Promise<void> {
    await this.link.close();
  }

  private async write(
    key: EphemeralKey,
    value: Uint8Array,
    ttlSeconds: number,
    when: 'any' | 'absent' | { readonly equalTo: Uint8Array },
  ): Promise<boolean> {
    checkTtl(ttlSeconds);
    checkRecord(value);
    const costBytes = ENTRY_COST_BYTES + 1 + DIGEST_BYTES + SEAL_OVERHEAD_BYTES + value.byteLength;
    const rest = [String(costBytes), milliseconds(ttlSeconds), String(this.maxBytes)];
    const [isWritten] = await this.call(key, (session, name) => {
      const stored = this.recordAs(session, name, value);
      const mode = typeof when === 'string' ? [when, ''] : ['equal', session.digestOf(name, when.equalTo)];
      return [SCRIPTS.write, [name, stored, ...rest, ...mode]];
    });
    return isWritten === 1;
  }

  private recordAs(session: StoreSession, name: EntryName, value: Uint8Array): Buffer {
    const sealed = this.keys.newest().seal('record', name, value);
    return Buffer.concat([Buffer.from('r'), session.digestOf(name, value), sealed]);
  }

  private unsealRecord(name: EntryName, stored: Buffer): Uint8Array {
    const plaintext = this.keys.unseal('record', name, stored.subarray(1 + DIGEST_BYTES));
    if (plaintext === null) throw keyMissing();
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  }

  private async reseal(key: EphemeralKey, stored: Buffer, value: Uint8Array): Promise<void> {
    await this.call(key, (session, name) => [SCRIPTS.reseal, [name, stored, this.recordAs(session, name, value)]]);
  }

  /** Makes the pieces that have arrived the value at the key. */
  private async commit(
    key: EphemeralKey,
    session: StoreSession,
    sealingKey: ValueKey,
    upload: PieceUpload,
    ttlSeconds: number,
  ): Promise<void> {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(upload.length));
    const [costBytes, ttl, limit] = [String(ENTRY_COST_BYTES), milliseconds(ttlSeconds), String(this.maxBytes)];
    await this.call(key, ({ epoch }, name) => {
      if (epoch !== session.epoch) throw interrupted();
      const head = sealingKey.seal('bytes-head', headContext(name, upload.id), length);
      const stored = Buffer.concat([Buffer.from(`b${upload.id}`), head]);
      return [SCRIPTS.commit, [name, stored, costBytes, ttl, limit, upload.id, String(upload.pieces)]];
    });
  }

  private async readHead(key: EphemeralKey): Promise<ByteValue | null> {
    const entry = await this.read(key, 'b');
    if (entry === null) return null;
    const { name, bytes } = entry;
    const upload = bytes.toString('latin1', 1, 1 + UPLOAD_ID_LENGTH);
    const sealed = bytes.subarray(1 + UPLOAD_ID_LENGTH);
    const sealingKey = this.keys.of(sealed);
    if (sealingKey === null) throw keyMissing();
    const length = sealingKey.unseal('bytes-head', headContext(name, upload), sealed);
    const pieceKey = sealingKey.derive('bytes-piece', Buffer.from(upload, 'base64url'));
    return { name, upload, pieceKey, length: Number(length.readBigUInt64BE()) };
  }

  /** The stored bytes at the key, null when absent. @throws TypeError for another kind */
  private async read(key: EphemeralKey, kind: 'r' | 'b'): Promise<{ name: EntryName; bytes: Buffer } | null> {
    checkKey(key);
    return this.inOneLife(async (connection, session) => {
      const name = session.nameOf(key);
      const answer = (await connection.command(['MGET', 'segl:epoch', `segl:e:${name}`])) as (Buffer | null)[];
      const [epoch, bytes] = answer;
      if (epoch?.toString() !== session.epoch) return ANOTHER_LIFE;
      if (!bytes) return null;
      if (bytes.toString('latin1', 0, 1) !== kind) throw otherKind(bytes.toString('latin1', 0, 1), kind);
      return { name, bytes };
    });
  }

  private async call(key: EphemeralKey, call: Call): Promise<(Buffer | number)[]> {
    checkKey(key);
    return this.perform((session) => call(session, session.nameOf(key)));
  }

  private async perform(
    call: (session: StoreSession) => readonly [Script, readonly RedisArgument[]],
  ): Promise<(Buffer | number)[]> {
    return this.inOneLife(async (connection, session) => {
      const [script, args] = call(session);
      const [code, ...rest] = (await connection.run(script, [session.epoch, ...args])) as Reply;
      switch (String(code)) {
        case 'OK':
          return rest;
        case 'EPOCH':
          return ANOTHER_LIFE;
        case 'FULL':
          throw new EphemeralStoreFull();
        case 'KIND':
          throw otherKind(String(rest[0]), script === SCRIPTS.increment ? 'c' : 'r');
        case 'KEY':
          throw keyMissing();
        default:
          throw interrupted();
      }
    });
  }

  /** Does it again in the life that the server's data is in now, when that was another than we knew: nothing was done then. */
  private async inOneLife<T>(
    work: (connection: RedisConnection, session: StoreSession) => Promise<T | typeof ANOTHER_LIFE>,
  ): Promise<T> {
    for (let life = 0; life < MAX_LIVES; life++) {
      const connection = await this.link.connection();
      if (this.keys.newest() !== this.sharedUnder) await this.share(connection);
      const answer = await work(connection, this.joined());
      if (answer !== ANOTHER_LIFE) return answer;
      this.joining ??= this.join(connection).finally(() => {
        this.joining = null;
      });
      await this.joining;
    }
    throw new EphemeralStoreUnavailable('Redis is emptied again and again');
  }

  /** The life that the server's data is in now, asked of it: pieces are sent in one life alone. */
  private async currentSession(): Promise<StoreSession> {
    return this.inOneLife(async (connection, session) => {
      const epoch = (await connection.command(['GET', 'segl:epoch'])) as Buffer | null;
      return epoch?.toString() === session.epoch ? session : ANOTHER_LIFE;
    });
  }

  private async join(connection: RedisConnection): Promise<void> {
    this.session = await StoreSession.join(connection, this.keys);
    await this.share(connection);
  }

  /** So that a process that starts with the newest key alone can join. */
  private async share(connection: RedisConnection): Promise<void> {
    const newest = this.keys.newest();
    await this.joined().shareWith(connection, this.keys);
    this.sharedUnder = newest;
  }

  private async tend(connection: RedisConnection): Promise<void> {
    await connection.run(SCRIPTS.usage, [this.joined().epoch, String(SWEEP_AT_ONCE)]);
  }

  private joined(): StoreSession {
    if (this.session === null) throw new EphemeralStoreUnavailable('not connected yet');
    return this.session;
  }
}

const ANOTHER_LIFE = Symbol('the server was emptied');

function headContext(name: EntryName, upload: string): string {
  return `${name} ${upload}`;
}

function milliseconds(seconds: number): string {
  return String(Math.ceil(Math.min(seconds, LONGEST_TTL_SECONDS) * 1000));
}

function otherKind(held: string, wanted: string): TypeError {
  return new TypeError(`the key holds a ${KINDS[held] ?? 'value'}, not a ${KINDS[wanted]}`);
}

/** A key came to other processes before it came here, or was taken away while values under it were waiting. */
function keyMissing(): EphemeralStoreUnavailable {
  return new EphemeralStoreUnavailable('a value is encrypted under a key that this process does not have');
}
