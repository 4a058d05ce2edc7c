import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { EphemeralStoreUnavailable } from '../../ephemeral-store.ts';

/** What a value is goes into its key and its associated data: one put in another's place is refused. */
export type SealedPurpose = 'record' | 'bytes-head' | 'bytes-piece' | 'names';

export const KEY_ID_BYTES = 8;
export const SALT_BYTES = 16;
/** 2^48: what one process encrypts under one key in a thousand years of full load. */
const COUNT_BYTES = 6;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

/** What sealing adds to a value that carries its key's id, its salt and its count. A piece carries none of them: TAG_BYTES alone. */
export const SEAL_OVERHEAD_BYTES = KEY_ID_BYTES + SALT_BYTES + COUNT_BYTES + TAG_BYTES;
export const PIECE_SEAL_OVERHEAD_BYTES = TAG_BYTES;

/** Keys made of other processes' salts that are kept, for each key: one is enough for each process and purpose. */
const MAX_KEPT_KEYS = 500;

/**
 * One key of the ring. No value is encrypted under it: each process makes keys of its own from it, by HMAC-SHA-256 over purpose and
 * a random salt of 128 bits, and counts what it encrypts under them; the count is the nonce. So no nonce is used twice, however
 * many processes write for however long. Key objects are kept, as making one costs more than what is then done with it.
 */
export class ValueKey {
  /** KEY_ID_BYTES: tells keys apart and says nothing of them. */
  readonly id: Buffer;
  private readonly secret: KeyObject;
  private readonly sealing = new Map<
    SealedPurpose,
    { readonly salt: Buffer; readonly key: KeyObject; count: number }
  >();
  private readonly kept = new Map<string, KeyObject>();

  constructor(bytes: Uint8Array) {
    this.secret = createSecretKey(bytes);
    this.id = createHmac('sha256', this.secret).update('segl ephemeral key id').digest().subarray(0, KEY_ID_BYTES);
  }

  /** key id, salt, count, ciphertext, tag. `context` says where it belongs and is not stored. */
  seal(purpose: SealedPurpose, context: string, plaintext: Uint8Array): Buffer {
    let sealing = this.sealing.get(purpose);
    if (sealing === undefined) {
      const salt = randomBytes(SALT_BYTES);
      sealing = { salt, key: this.derive(purpose, salt), count: 0 };
      this.sealing.set(purpose, sealing);
    }
    const count = Buffer.alloc(COUNT_BYTES);
    count.writeUIntBE(++sealing.count, 0, COUNT_BYTES);
    return Buffer.concat([
      this.id,
      sealing.salt,
      count,
      sealPart(sealing.key, purpose, context, sealing.count, plaintext),
    ]);
  }

  /** @throws EphemeralStoreUnavailable when it is not what was sealed */
  unseal(purpose: SealedPurpose, context: string, sealed: Buffer): Buffer {
    const salt = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + SALT_BYTES);
    const count = sealed.readUIntBE(KEY_ID_BYTES + SALT_BYTES, COUNT_BYTES);
    const name = `${purpose} ${salt.toString('latin1')}`;
    let key = this.kept.get(name);
    if (key === undefined) {
      key = this.derive(purpose, salt);
      if (this.kept.size >= MAX_KEPT_KEYS) this.kept.clear();
      this.kept.set(name, key);
    }
    return unsealPart(key, purpose, context, count, sealed.subarray(KEY_ID_BYTES + SALT_BYTES + COUNT_BYTES));
  }

  /** The key of all that is sealed under one salt: of all pieces of a byte value, whose salt is its upload's name. */
  derive(purpose: SealedPurpose, salt: Uint8Array): KeyObject {
    const bytes = createHmac('sha256', this.secret).update(`segl ephemeral ${purpose}\0`).update(salt).digest();
    return createSecretKey(bytes);
  }
}

/** The keys as they are now, newest first: asked for at each use, since a keyring goes on while the process runs. */
export class ValueKeys {
  private readonly source: () => readonly Uint8Array[];
  private given: readonly Buffer[] = [];
  private known: readonly ValueKey[] = [];

  constructor(source: () => readonly Uint8Array[]) {
    this.source = source;
  }

  /** @throws EphemeralStoreUnavailable when there are none */
  all(): readonly ValueKey[] {
    let bytes: readonly Uint8Array[];
    try {
      bytes = this.source();
    } catch (error) {
      throw new EphemeralStoreUnavailable('the keys of the ephemeral store cannot be had', { cause: error });
    }
    if (bytes.length === 0) throw new EphemeralStoreUnavailable('there is no key for the ephemeral store');
    if (bytes.length === this.given.length && bytes.every((one, index) => isSame(one, this.given[index]))) {
      return this.known;
    }
    if (bytes.some((one) => one.byteLength !== KEY_BYTES)) {
      throw new EphemeralStoreUnavailable(`a key of the ephemeral store is not of ${KEY_BYTES} bytes`);
    }
    this.known = bytes.map((one) => new ValueKey(one));
    this.given = bytes.map((one) => Buffer.from(one));
    return this.known;
  }

  newest(): ValueKey {
    return this.all()[0] as ValueKey;
  }

  /** The key of something sealed; null when this process does not have it. */
  of(sealed: Buffer): ValueKey | null {
    if (sealed.length < SEAL_OVERHEAD_BYTES) throw altered();
    return this.all().find(({ id }) => sealed.subarray(0, KEY_ID_BYTES).equals(id)) ?? null;
  }

  /** @returns null when it was sealed under a key this process does not have. @throws EphemeralStoreUnavailable when it was altered */
  unseal(purpose: SealedPurpose, context: string, sealed: Buffer): Buffer | null {
    return this.of(sealed)?.unseal(purpose, context, sealed) ?? null;
  }
}

export function sealPart(
  key: KeyObject,
  purpose: SealedPurpose,
  context: string,
  number: number,
  plaintext: Uint8Array,
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number)).setAAD(Buffer.from(`${purpose}\0${context}`));
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws EphemeralStoreUnavailable */
export function unsealPart(
  key: KeyObject,
  purpose: SealedPurpose,
  context: string,
  number: number,
  sealed: Buffer,
): Buffer {
  if (sealed.length < TAG_BYTES) throw altered();
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(`${purpose}\0${context}`))
    .setAuthTag(sealed.subarray(end));
  const plaintext = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw altered();
  }
  return plaintext;
}

export function altered(): EphemeralStoreUnavailable {
  return new EphemeralStoreUnavailable('the server gave back something else than what was put there');
}

function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(number, NONCE_BYTES - COUNT_BYTES, COUNT_BYTES);
  return nonce;
}

function isSame(a: Uint8Array, b: Buffer | undefined): boolean {
  return b !== undefined && b.equals(a);
}
