import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** RFC 9180 in the one mode and suite that age uses: base mode, HKDF-SHA256 (0x0001), ChaCha20Poly1305 (0x0003), empty aad. */
export interface HpkeSuite {
  readonly suiteId: Buffer;
  /** key_schedule_context: depends on suite and info alone, so it is made once. */
  readonly keyScheduleContext: Buffer;
}

const VERSION_LABEL = 'HPKE-v1';
const TAG_BYTES = 16;

export function hpkeSuite(kemId: number, info: string): HpkeSuite {
  const suiteId = Buffer.from([...Buffer.from('HPKE'), kemId >>> 8, kemId & 0xff, 0x00, 0x01, 0x00, 0x03]);
  const modeBase = Buffer.from([0x00]);
  const pskIdHash = labeledExtract(suiteId, Buffer.alloc(0), 'psk_id_hash', Buffer.alloc(0));
  const infoHash = labeledExtract(suiteId, Buffer.alloc(0), 'info_hash', Buffer.from(info));
  return { suiteId, keyScheduleContext: Buffer.concat([modeBase, pskIdHash, infoHash]) };
}

/** The first and only message of a context: SealBase less the KEM. */
export function hpkeSeal(suite: HpkeSuite, sharedSecret: Uint8Array, plaintext: Uint8Array): Buffer {
  const { key, nonce } = keySchedule(suite, sharedSecret);
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @returns null when the tag does not hold */
export function hpkeOpen(suite: HpkeSuite, sharedSecret: Uint8Array, ciphertext: Uint8Array): Buffer | null {
  if (ciphertext.length < TAG_BYTES) return null;
  const { key, nonce } = keySchedule(suite, sharedSecret);
  const decipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  const plaintext = decipher.update(ciphertext.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return plaintext;
  } catch {
    return null; // the one thing that final() throws for here
  }
}

/** RFC 9180 §5.1, KeySchedule with an empty psk. */
function keySchedule(
  { suiteId, keyScheduleContext }: HpkeSuite,
  sharedSecret: Uint8Array,
): { key: KeyObject; nonce: Buffer } {
  // Key objects: for bytes, Node looks four times as long whether they are one as the MAC itself takes.
  const secret = createSecretKey(labeledExtract(suiteId, sharedSecret, 'secret', Buffer.alloc(0)));
  return {
    key: createSecretKey(labeledExpand(suiteId, secret, 'key', keyScheduleContext, 32)),
    nonce: labeledExpand(suiteId, secret, 'base_nonce', keyScheduleContext, 12),
  };
}

/** RFC 9180 §4, on HKDF-Extract: an HMAC keyed by the salt (an empty one is a key of zeros, RFC 5869 §2.2, as HMAC pads it). */
function labeledExtract(suiteId: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Buffer {
  return createHmac('sha256', createSecretKey(salt))
    .update(VERSION_LABEL)
    .update(suiteId)
    .update(label)
    .update(ikm)
    .digest();
}

/** RFC 9180 §4, on HKDF-Expand for at most 32 bytes: one block, hence the single counter byte. */
function labeledExpand(suiteId: Uint8Array, prk: KeyObject, label: string, info: Uint8Array, bytes: number): Buffer {
  const length = Buffer.from([bytes >>> 8, bytes & 0xff]);
  const block = createHmac('sha256', prk)
    .update(length)
    .update(VERSION_LABEL)
    .update(suiteId)
    .update(label)
    .update(info);
  return block
    .update(Buffer.from([0x01]))
    .digest()
    .subarray(0, bytes);
}
