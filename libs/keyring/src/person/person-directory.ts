import { DomainError } from '#libs/vocabulary';
import type { MailAddress, PersonId } from '#libs/vocabulary';
import type { KeyId } from '../custody/key-kinds.ts';
import type { Person } from './person.ts';

/**
 * Who an address is, outside the log: a keyed hash of the canonical address leads to a random person id and to that person's
 * key. The log cannot forget; this can, and destroying a row here makes what the log says of a person unreadable for good.
 * Holds no address. Nothing is cached past a call, and every process sees at once what another did. Every adapter passes
 * `personDirectoryContract`.
 *
 * All methods throw PersonDirectoryUnavailable when the directory cannot be asked; it recovers without a restart.
 */
export abstract class PersonDirectory {
  /** Null: nobody known by that address, or erased. */
  abstract find(address: MailAddress): Promise<Person | null>;

  /** Of any number of callers at once, in any process, all get the same person, whose key is durable before this resolves. */
  abstract findOrCreate(address: MailAddress): Promise<Person>;

  /** Null: unknown or erased. */
  abstract findById(personId: PersonId): Promise<Person | null>;

  /**
   * Destroys the person's key and every trace of the person that the store itself can reach. Resolves only once that is durable;
   * when it throws, call it again. The address, should it appear again, gets a new person. What a store cannot reach (PostgreSQL:
   * dead rows and the WAL; any: backups) holds the key wrapped, and is worthless once that wrapping key is destroyed.
   * @returns false when there was nobody (any more)
   */
  abstract erase(personId: PersonId): Promise<boolean>;

  /**
   * After a rotation: wraps every person's key under the current wrapping key, and drops index entries made with index keys
   * that have been destroyed since. May be interrupted and called again. @returns how many keys were wrapped anew
   */
  abstract rewrap(): Promise<number>;

  /**
   * How many persons would be lost with that key: those whose key is wrapped under it, or whom only an index entry made with
   * it finds. 0 for a key of another kind. Ask before destroying a `person-wrapping` or `person-index` key.
   */
  abstract countDependingOn(keyId: KeyId): Promise<number>;

  /** Whether this person would be among them. False for somebody unknown or erased. */
  abstract dependsOn(personId: PersonId, keyId: KeyId): Promise<boolean>;

  /** Whether a person could be created now: used by /readyz. Really writes and syncs a little, but nothing of anybody. */
  abstract checkWritable(): Promise<void>;

  /** Lets go of files and connections. May be called twice; whatever comes after throws PersonDirectoryUnavailable. */
  abstract close(): Promise<void>;
}

/** The directory is locked, read-only, full, gone or closed. The message is for operators and names no person. */
export class PersonDirectoryUnavailable extends DomainError {
  constructor(reason: string, options?: ErrorOptions) {
    super('person-directory-unavailable', reason, options);
  }
}
