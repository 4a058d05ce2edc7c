import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { newPersonId } from '#libs/vocabulary';
import type { MailAddress, PersonId } from '#libs/vocabulary';
import type { KeyId } from '../custody/key-kinds.ts';
import type { Keyring, KeyringSecret } from '../keyring.ts';
import { PERSON_KEY_BYTES, PersonKey, secretOfPerson } from './person.ts';
import type { Person } from './person.ts';
import { PersonDirectoryUnavailable } from './person-directory.ts';

/** 96 bits, random: a wrapping key wraps far fewer than 2^32 keys (NIST SP 800-38D §8.3). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface WrappedPersonKey {
  readonly wrappingKeyId: KeyId;
  /** nonce ‖ ciphertext ‖ tag, 60 bytes. */
  readonly wrappedKey: Uint8Array;
}

export interface AddressHash {
  readonly indexKeyId: KeyId;
  /** HMAC-SHA-256, 32 bytes. */
  readonly hash: Uint8Array;
}

/** A person as every adapter keeps it. */
export interface PersonRow {
  readonly person_id: PersonId;
  readonly wrapping_key_id: KeyId;
  readonly wrapped_key: Uint8Array;
}

/** What every adapter of the directory does with the keyring: makes persons, wraps their keys, hashes their addresses. */
export class PersonCustody {
  private readonly keyring: Keyring;

  constructor(keyring: Keyring) {
    this.keyring = keyring;
  }

  newPerson(): Person {
    return { personId: newPersonId(), key: new PersonKey(randomBytes(PERSON_KEY_BYTES)) };
  }

  /**
   * One hash for each live index key, newest first. A row is filed under all of them, so that a process that does not know the
   * newest key yet finds what one that does has made.
   */
  addressHashes(address: MailAddress): readonly AddressHash[] {
    return this.keyring
      .personIndexKeys()
      .map((key) => ({ indexKeyId: key.keyId, hash: indexHash(key, `address\0${address}`) }));
  }

  /** AES-256-GCM under the current wrapping key, bound to the person and to the key's name. */
  wrap({ personId, key }: Person): WrappedPersonKey {
    const [current] = this.keyring.personWrappingKeys();
    if (current === undefined) throw new PersonDirectoryUnavailable('the keyring has no person-wrapping key');
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', keyObjectOf(current), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(wrappingContext(personId, current.keyId));
    const sealed = [nonce, cipher.update(secretOfPerson(key)), cipher.final(), cipher.getAuthTag()];
    return { wrappingKeyId: current.keyId, wrappedKey: Buffer.concat(sealed) };
  }

  /** @throws PersonDirectoryUnavailable  when the wrapping key is not in the keyring, or is another one of that name */
  unwrap({ person_id: personId, wrapping_key_id: wrappingKeyId, wrapped_key: wrappedKey }: PersonRow): Person {
    const wrapping = this.keyring.personWrappingKey(wrappingKeyId);
    if (wrapping === null) {
      throw new PersonDirectoryUnavailable(
        `a person’s key is wrapped under ${wrappingKeyId}, which the keyring does not have`,
      );
    }
    const bytes = Buffer.from(wrappedKey.buffer, wrappedKey.byteOffset, wrappedKey.byteLength);
    try {
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', keyObjectOf(wrapping), nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(wrappingContext(personId, wrappingKeyId));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const secret = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      const key = new PersonKey(secret);
      secret.fill(0);
      return { personId, key };
    } catch (cause) {
      const reason = `a person’s key does not open under ${wrappingKeyId}: the directory was altered, or belongs to another keyring`;
      throw new PersonDirectoryUnavailable(reason, { cause });
    }
  }

  /** Tells the keyring's index keys without telling anything of them: kept in the directory, so that it notices a foreign keyring. */
  indexKeyChecks(): readonly AddressHash[] {
    return this.keyring.personIndexKeys().map((key) => ({ indexKeyId: key.keyId, hash: indexHash(key, 'check') }));
  }

  /**
   * A directory read with another keyring would find nobody, and everybody would silently get a second person.
   * @param kept  what `indexKeyChecks` of the keyring that wrote the directory was @throws PersonDirectoryUnavailable
   */
  refuseForeignKeyring(place: string, kept: ReadonlyMap<KeyId, Uint8Array>): void {
    for (const { indexKeyId, hash } of this.indexKeyChecks()) {
      const own = kept.get(indexKeyId);
      if (own === undefined || Buffer.from(own.buffer, own.byteOffset, own.byteLength).equals(hash)) continue;
      throw new PersonDirectoryUnavailable(
        `the person directory ${place} was written with another keyring (${indexKeyId} differs): put the two that belong together back together`,
      );
    }
  }

  /** Newest first; never empty. */
  wrappingKeyIds(): readonly KeyId[] {
    return this.keyring.personWrappingKeys().map(({ keyId }) => keyId);
  }

  /** Whose wrapping key was destroyed is erased, and gets a new person. */
  isLost(row: PersonRow): boolean {
    return this.isDestroyed(row.wrapping_key_id);
  }

  isDestroyed(keyId: KeyId): boolean {
    return this.keyring.list().some((listing) => listing.keyId === keyId && listing.status === 'destroyed');
  }
}

/** As long as the keyring holds the bytes. Under a key object a MAC costs a sixth of one under bytes. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function keyObjectOf({ bytes }: KeyringSecret): KeyObject {
  let made = keyObjects.get(bytes);
  if (made === undefined) keyObjects.set(bytes, (made = createSecretKey(bytes)));
  return made;
}

function indexHash(key: KeyringSecret, text: string): Uint8Array {
  return createHmac('sha256', keyObjectOf(key)).update(`segl.person-index.v1\0${text}`).digest();
}

function wrappingContext(personId: PersonId, keyId: KeyId): Buffer {
  return Buffer.from(`segl.person-wrapping.v1\0${personId}\0${keyId}`);
}
