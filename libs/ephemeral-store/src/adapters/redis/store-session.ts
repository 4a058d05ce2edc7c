import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { EphemeralKey } from '../../ephemeral-store.ts';
import { EphemeralStoreUnavailable } from '../../ephemeral-store.ts';
import type { RedisConnection } from './redis-connection.ts';
import { SCRIPTS } from './scripts.ts';
import type { ValueKeys } from './sealed-values.ts';

/** SHA-256 in base64url: what an entry is called in Redis. */
export type EntryName = string;

const SECRET_BYTES = 32;

/**
 * One life of the server's data, from empty to emptied. The first process that finds the server empty gives it an epoch and a
 * secret, which lies there sealed under each key of the ring, so that names and comparisons stay the same over processes and
 * over a change of keys. Every script compares the epoch first: a server that was emptied meanwhile is noticed by the next call.
 */
export class StoreSession {
  readonly epoch: string;
  private readonly secret: KeyObject;

  private constructor(epoch: string, secret: Buffer) {
    this.epoch = epoch;
    this.secret = createSecretKey(secret);
  }

  /** Joins the life that is, or begins one. @throws EphemeralStoreUnavailable when it was begun under keys we do not have */
  static async join(connection: RedisConnection, keys: ValueKeys): Promise<StoreSession> {
    const offered = { epoch: randomBytes(16).toString('base64url'), secret: randomBytes(SECRET_BYTES) };
    const wraps = keys.all().flatMap((key) => [key.id, key.seal('names', offered.epoch, offered.secret)]);
    const [epochBytes, ...held] = (await connection.run(SCRIPTS.begin, [offered.epoch, ...wraps])) as Buffer[];
    const epoch = String(epochBytes);
    for (let index = 0; index < held.length; index += 2) {
      const secret = keys.unseal('names', epoch, held[index + 1] as Buffer);
      if (secret !== null) return new StoreSession(epoch, secret);
    }
    throw new EphemeralStoreUnavailable('what is on the server was begun under keys that this process does not have');
  }

  /** Lets processes join that have only the newer of our keys. May be called at any time and twice. */
  async shareWith(connection: RedisConnection, keys: ValueKeys): Promise<void> {
    const wraps = keys.all().flatMap((key) => [key.id, key.seal('names', this.epoch, this.secret.export())]);
    await connection.run(SCRIPTS.share, [this.epoch, ...wraps]);
  }

  nameOf(key: EphemeralKey): EntryName {
    return createHmac('sha256', this.secret).update('name\0').update(key).digest('base64url');
  }

  /** What a record is compared by, in Redis: of the plaintext, which is encrypted anew each time, bound to its entry. */
  digestOf(name: EntryName, value: Uint8Array): Buffer {
    return createHmac('sha256', this.secret).update(`value\0${name}\0`).update(value).digest();
  }
}
