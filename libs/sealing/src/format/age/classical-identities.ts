import { createDecipheriv, hkdfSync, scryptSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AgeFault } from './age-fault.ts';
import type { AgeIdentity } from './age-identity.ts';
import { decodeBase64 } from './base64.ts';
import { decodeBech32, Unprintable } from '#libs/vocabulary';
import { FILE_KEY_BYTES } from './header.ts';
import type { Stanza } from './header.ts';
import { X25519_BYTES, rawPublicKey, x25519PrivateKey, x25519PublicKey, x25519Secret } from './key-objects.ts';

/*
 * The kinds of age that are not ours: X25519 and passphrases. They exist so that the age layer can be held against all of the
 * CCTV vectors. The product's own path never offers them a stanza, and the room's door does not export them.
 */

const BODY_BYTES = FILE_KEY_BYTES + 16;
const IDENTITY_PREFIX = 'age-secret-key-';
/** 2^20: about a second. age.md asks for an upper limit and leaves the number to the reader. */
const MAX_SCRYPT_LOG_N = 20;
const SCRYPT_SALT_BYTES = 16;

function openBody(key: Uint8Array, body: Uint8Array): Buffer | null {
  const decipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 });
  decipher.setAuthTag(body.subarray(FILE_KEY_BYTES));
  const fileKey = decipher.update(body.subarray(0, FILE_KEY_BYTES));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return null; // not for this key
  }
}

export class X25519Identity implements AgeIdentity {
  private readonly privateKey: KeyObject;
  private readonly publicRaw: Buffer;

  private constructor(raw: Uint8Array) {
    this.privateKey = x25519PrivateKey(raw);
    this.publicRaw = rawPublicKey(this.privateKey, X25519_BYTES);
  }

  static parse(text: string): X25519Identity {
    const decoded = text.startsWith(`${IDENTITY_PREFIX.toUpperCase()}1`) ? decodeBech32(text) : null;
    if (decoded?.prefix !== IDENTITY_PREFIX || decoded.bytes.length !== X25519_BYTES) {
      throw new TypeError('not an X25519 identity');
    }
    return new X25519Identity(decoded.bytes);
  }

  unwrapFileKey(stanzas: readonly Stanza[]): Buffer | null {
    for (const { args, body } of stanzas) {
      if (args[0] !== 'X25519') continue;
      const share = args.length === 2 ? decodeBase64(args[1] ?? '') : null;
      if (share?.length !== X25519_BYTES || body.length !== BODY_BYTES) {
        throw new AgeFault('header', 'not a well-formed X25519 stanza');
      }
      const shared = x25519Secret(this.privateKey, x25519PublicKey(share));
      if (shared === null) throw new AgeFault('header', 'an X25519 stanza with a low-order share');
      const salt = Buffer.concat([share, this.publicRaw]);
      const key = Buffer.from(hkdfSync('sha256', shared, salt, 'age-encryption.org/v1/X25519', 32));
      const fileKey = openBody(key, body);
      if (fileKey !== null) return fileKey;
    }
    return null;
  }
}

export class ScryptIdentity extends Unprintable implements AgeIdentity {
  private readonly passphrase: string;

  constructor(passphrase: string) {
    super();
    this.passphrase = passphrase;
  }

  unwrapFileKey(stanzas: readonly Stanza[]): Buffer | null {
    const stanza = stanzas.find(({ args }) => args[0] === 'scrypt');
    if (stanza === undefined) return null;
    if (stanzas.length !== 1) throw new AgeFault('header', 'a scrypt stanza that is not alone');
    const { args, body } = stanza;
    const salt = args.length === 3 ? decodeBase64(args[1] ?? '') : null;
    const logN = /^[1-9][0-9]?$/.test(args[2] ?? '') ? Number(args[2]) : Infinity;
    if (salt?.length !== SCRYPT_SALT_BYTES || logN > MAX_SCRYPT_LOG_N || body.length !== BODY_BYTES) {
      throw new AgeFault('header', 'not a well-formed scrypt stanza, or too much work');
    }
    const fullSalt = Buffer.concat([Buffer.from('age-encryption.org/v1/scrypt'), salt]);
    const key = scryptSync(this.passphrase, fullSalt, 32, { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** (logN + 10) * 2 });
    return openBody(key, body);
  }
}
