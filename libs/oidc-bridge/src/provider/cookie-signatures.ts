import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Signs the provider's cookies in the manner of Keygrip, which its library asks for: with SHA-256, under keys of this purpose
 * alone, and following the keyring as it changes.
 */
export class CookieSignatures {
  private readonly derived = new WeakMap<Uint8Array, KeyObject>();

  /** @param keys newest first, asked for at each use */
  constructor(private readonly keys: () => readonly Uint8Array[]) {}

  sign(data: string): string {
    const [newest] = this.keys();
    if (newest === undefined) throw new TypeError('no key for cookies');
    return this.mac(newest, data).toString('base64url');
  }

  verify(data: string, signature: string): boolean {
    const given = Buffer.from(signature, 'base64url');
    return this.keys().some((key) => {
      const wanted = this.mac(key, data);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    });
  }

  /** 0 or -1: any other number makes the library write the signature anew, on a path of its own choosing. */
  index(data: string, signature: string): number {
    return this.verify(data, signature) ? 0 : -1;
  }

  private mac(key: Uint8Array, data: string): Buffer {
    let derived = this.derived.get(key);
    if (derived === undefined) {
      derived = createSecretKey(Buffer.from(hkdfSync('sha256', key, '', 'segl oidc cookies v1', 32)));
      this.derived.set(key, derived);
    }
    return createHmac('sha256', derived).update(data).digest();
  }
}
