import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { EphemeralStoreUnavailable } from '../../ephemeral-store.ts';

/** What a value is goes into its key and its associated data: one put in another's place is refused. */
export type SealedPurpose = 'record' | 'bytes-head' | 'bytes-piece' | 'names';

export const KEY_ID_BYTES = 8;
export const SALT_BYTES = 16;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

/** What sealing adds to a value that carries its key's id and its salt. A piece carries neither: TAG_BYTES alone. */
export const SEAL_OVERHEAD_BYTES = KEY_ID_BYTES + SALT_BYTES + TAG_BYTES;
export const PIECE_SEAL_OVERHEAD_BYTES = TAG_BYTES;

export interface ValueKey {
  /** KEY_ID_BYTES: tells keys apart and says nothing of them. */
  readonly id: Buffer;
  readonly bytes: Uint8Array;
}

/**
 * The keys as they are now, newest first: asked for at each use, since a keyring goes on while the process runs. Each value has a
 * key of its own (HMAC-SHA-256 of a key of the ring over purpose and a random salt of 128 bits), so no nonce is ever used twice,
 * however many processes write for however long; its nonce is the number of the piece.
 */
export class ValueKeys {
  private readonly source: () => readonly Uint8Array[];
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
    if (bytes.length === this.known.length && bytes.every((one, index) => isSame(one, this.known[index]?.bytes))) {
      return this.known;
    }
    if (bytes.some((one) => one.byteLength !== KEY_BYTES)) {
      throw new EphemeralStoreUnavailable(`a key of the ephemeral store is not of ${KEY_BYTES} bytes`);
    }
    this.known = bytes.map((one) => ({ id: idOf(one), bytes: Buffer.from(one) }));
    return this.known;
  }

  newest(): ValueKey {
    return this.all()[0] as ValueKey;
  }

  withId(id: Uint8Array): ValueKey | null {
    return this.all().find((key) => isSame(key.id, id)) ?? null;
  }
}

/** key id, salt, ciphertext, tag. `context` says where it belongs and is not stored. */
export function seal(key: ValueKey, purpose: SealedPurpose, context: string, plaintext: Uint8Array): Buffer {
  const salt = randomBytes(SALT_BYTES);
  return Buffer.concat([key.id, salt, sealPart(partKey(key, purpose, salt), purpose, context, 0, plaintext)]);
}

/** @returns null when it was sealed under a key this process does not have. @throws EphemeralStoreUnavailable when it was altered */
export function unseal(keys: ValueKeys, purpose: SealedPurpose, context: string, sealed: Buffer): Buffer | null {
  if (sealed.length < SEAL_OVERHEAD_BYTES) throw altered();
  const key = keys.withId(sealed.subarray(0, KEY_ID_BYTES));
  if (key === null) return null;
  const salt = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + SALT_BYTES);
  const part = sealed.subarray(KEY_ID_BYTES + SALT_BYTES);
  return unsealPart(partKey(key, purpose, salt), purpose, context, 0, part);
}

/** The key of one value: of all pieces of a byte value, whose salt is its upload's name. */
export function partKey(key: ValueKey, purpose: SealedPurpose, salt: Uint8Array): Buffer {
  return createHmac('sha256', key.bytes).update(`segl ephemeral ${purpose}\0`).update(salt).digest();
}

export function sealPart(
  key: Buffer,
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
  key: Buffer,
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
  nonce.writeUInt32BE(number, NONCE_BYTES - 4);
  return nonce;
}

function idOf(key: Uint8Array): Buffer {
  return createHmac('sha256', key).update('segl ephemeral key id').digest().subarray(0, KEY_ID_BYTES);
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(b);
}
