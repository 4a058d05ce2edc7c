import { createHash, decapsulate, encapsulate, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AgeFault } from './age-fault.ts';
import type { AgeIdentity } from './age-identity.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { decodeBech32, encodeBech32 } from '#libs/vocabulary';
import { FILE_KEY_BYTES } from './header.ts';
import type { Stanza } from './header.ts';
import { hpkeOpen, hpkeSeal, hpkeSuite } from './hpke.ts';
import {
  MLKEM768_CIPHERTEXT_BYTES,
  MLKEM768_PUBLIC_BYTES,
  X25519_BYTES,
  mlkem768PrivateKey,
  mlkem768PublicKey,
  rawPublicKey,
  x25519PrivateKey,
  x25519PublicKey,
  x25519Secret,
} from './key-objects.ts';

/** The stanza type of the hybrid post-quantum recipient (age.md, since age/v1.1.0). */
export const HYBRID_STANZA = 'mlkem768x25519';
/** enc: the ML-KEM-768 ciphertext, then the X25519 share. */
export const HYBRID_ENC_BYTES = MLKEM768_CIPHERTEXT_BYTES + X25519_BYTES;
/** The file key and its Poly1305 tag. */
export const HYBRID_BODY_BYTES = FILE_KEY_BYTES + 16;

/** KEM id of MLKEM768-X25519, the one of X-Wing: draft-ietf-hpke-pq-03. */
const SUITE = hpkeSuite(0x647a, 'age-encryption.org/mlkem768x25519');
/** The label of the combiner, a drawing of an X-wing: filippo.io/hpke-pq, draft-connolly-cfrg-xwing-kem §5.3. */
const COMBINER_LABEL = Buffer.from('5c2e2f2f5e5c', 'hex');
const RECIPIENT_PREFIX = 'age1pq';
const IDENTITY_PREFIX = 'age-secret-key-pq-';
const SEED_BYTES = 32;

/** SHA3-256(ss_M ‖ ss_X ‖ ct_X ‖ pk_X ‖ label): the ciphertext of ML-KEM need not be in it, ML-KEM binds its own. */
function combine(
  mlkemSecret: Uint8Array,
  x25519Shared: Uint8Array,
  share: Uint8Array,
  x25519Public: Uint8Array,
): Buffer {
  const hash = createHash('sha3-256').update(mlkemSecret).update(x25519Shared);
  return hash.update(share).update(x25519Public).update(COMBINER_LABEL).digest();
}

/** Someone's hybrid public key, `age1pq1…` (1959 characters): file keys are wrapped for it. */
export class HybridRecipient {
  private readonly mlkem: KeyObject;
  private readonly x25519: KeyObject;
  private readonly x25519Raw: Buffer;

  /** @param raw ML-KEM-768 encapsulation key (1184 bytes), then X25519 public key (32). @throws TypeError when it is no such key */
  constructor(raw: Uint8Array) {
    if (raw.length !== MLKEM768_PUBLIC_BYTES + X25519_BYTES)
      throw new TypeError('not a hybrid recipient: wrong length');
    try {
      this.mlkem = mlkem768PublicKey(raw.subarray(0, MLKEM768_PUBLIC_BYTES));
    } catch (cause) {
      throw new TypeError('not a hybrid recipient: its ML-KEM-768 key is not valid', { cause });
    }
    this.x25519Raw = Buffer.from(raw.subarray(MLKEM768_PUBLIC_BYTES));
    this.x25519 = x25519PublicKey(this.x25519Raw);
  }

  /** @throws TypeError for anything but `age1pq1…` in lower case */
  static parse(text: string): HybridRecipient {
    const decoded = text.startsWith(`${RECIPIENT_PREFIX}1`) ? decodeBech32(text) : null;
    if (decoded?.prefix !== RECIPIENT_PREFIX) throw new TypeError('not a hybrid recipient: expected age1pq1…');
    return new HybridRecipient(decoded.bytes);
  }

  /** Fresh randomness at every call: two stanzas for the same recipient have nothing in common. */
  wrapFileKey(fileKey: Uint8Array): Stanza {
    const { sharedKey, ciphertext } = encapsulate(this.mlkem);
    const ephemeral = generateKeyPairSync('x25519');
    const share = rawPublicKey(ephemeral.publicKey, X25519_BYTES);
    const shared = x25519Secret(ephemeral.privateKey, this.x25519);
    if (shared === null) throw new TypeError('not a hybrid recipient: its X25519 key has low order');
    const body = hpkeSeal(SUITE, combine(sharedKey, shared, share, this.x25519Raw), fileKey);
    return { args: [HYBRID_STANZA, encodeBase64(Buffer.concat([ciphertext, share]))], body };
  }
}

/** A hybrid private key, `AGE-SECRET-KEY-PQ-1…` (77 characters, a seed of 32 bytes). Held by native KeyObjects; never printed. */
export class HybridIdentity implements AgeIdentity {
  private readonly mlkem: KeyObject;
  private readonly x25519: KeyObject;
  private readonly publicRaw: Buffer;

  /** The seed is expanded by SHAKE256 to the ML-KEM seed (64 bytes) and the X25519 key (32). @throws TypeError on a wrong length */
  constructor(seed: Uint8Array) {
    if (seed.length !== SEED_BYTES) throw new TypeError('not a hybrid identity: wrong length');
    const expanded = createHash('shake256', { outputLength: 96 }).update(seed).digest();
    this.mlkem = mlkem768PrivateKey(expanded.subarray(0, 64));
    this.x25519 = x25519PrivateKey(expanded.subarray(64));
    expanded.fill(0);
    this.publicRaw = Buffer.concat([
      rawPublicKey(this.mlkem, MLKEM768_PUBLIC_BYTES),
      rawPublicKey(this.x25519, X25519_BYTES),
    ]);
  }

  /** @throws TypeError for anything but `AGE-SECRET-KEY-PQ-1…` in upper case; the text is not in the message */
  static parse(text: string): HybridIdentity {
    const decoded = text.startsWith(`${IDENTITY_PREFIX.toUpperCase()}1`) ? decodeBech32(text) : null;
    if (decoded?.prefix !== IDENTITY_PREFIX)
      throw new TypeError('not a hybrid identity: expected AGE-SECRET-KEY-PQ-1…');
    const identity = new HybridIdentity(decoded.bytes);
    decoded.bytes.fill(0);
    return identity;
  }

  /** The public half, `age1pq1…`. */
  recipient(): string {
    return encodeBech32(RECIPIENT_PREFIX, this.publicRaw);
  }

  unwrapFileKey(stanzas: readonly Stanza[]): Buffer | null {
    for (const { args, body } of stanzas) {
      if (args[0] !== HYBRID_STANZA) continue;
      const enc = args.length === 2 ? decodeBase64(args[1] ?? '') : null;
      if (enc?.length !== HYBRID_ENC_BYTES || body.length !== HYBRID_BODY_BYTES) {
        throw new AgeFault('header', 'not a well-formed mlkem768x25519 stanza');
      }
      const fileKey = this.open(enc, body);
      if (fileKey !== null) return fileKey;
    }
    return null;
  }

  private open(enc: Buffer, body: Uint8Array): Buffer | null {
    const share = enc.subarray(MLKEM768_CIPHERTEXT_BYTES);
    const shared = x25519Secret(this.x25519, x25519PublicKey(share));
    if (shared === null) throw new AgeFault('header', 'an mlkem768x25519 stanza with a low-order share');
    // ML-KEM never says no: for an altered ciphertext it gives another secret (implicit rejection), and the tag says no.
    const mlkemSecret = decapsulate(this.mlkem, enc.subarray(0, MLKEM768_CIPHERTEXT_BYTES));
    const secret = combine(mlkemSecret, shared, share, this.publicRaw.subarray(MLKEM768_PUBLIC_BYTES));
    return hpkeOpen(SUITE, secret, body);
  }
}
