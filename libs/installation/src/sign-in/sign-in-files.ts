import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Reads the files that the configuration names; what is wrong with any of them is kept, so that all of it is told at once. */
export class SignInFiles {
  readonly faults: string[] = [];

  secret(setting: string, path: string): string {
    const text = this.text(setting, path);
    if (text !== null && text.trim() === '') this.faults.push(`${setting}: ${path} is empty`);
    return text?.trim() ?? '';
  }

  /** @returns PEM, as it is in the file: one certificate or several */
  authorities(setting: string, path: string): string {
    const pem = this.parsed(setting, path, 'holds no PEM certificates', (text) => {
      const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
      if (found.map((one) => new X509Certificate(one)).length === 0) throw new TypeError('no certificate');
      return text;
    });
    return pem ?? '';
  }

  /** @returns null with a fault kept */
  privateKey(setting: string, path: string): KeyObject | null {
    return this.parsed(setting, path, 'holds no PEM private key', (text) => createPrivateKey(text));
  }

  certificate(setting: string, path: string): X509Certificate | null {
    return this.parsed(setting, path, 'holds no PEM certificate', (text) => new X509Certificate(text));
  }

  /** PEM, one key or several, or a JWK set (RFC 7517), of which private halves are not even looked at. */
  publicKeys(setting: string, path: string): readonly KeyObject[] {
    const keys = this.parsed(setting, path, 'holds neither PEM public keys nor a JWK set', (text) => {
      if (/PRIVATE KEY/.test(text)) throw new TypeError('a private key');
      const found = text.trimStart().startsWith('{') ? keysOfSet(text) : keysOfPem(text);
      if (found.length === 0) throw new TypeError('no key');
      return found;
    });
    return keys ?? [];
  }

  private parsed<Parsed>(setting: string, path: string, fault: string, parse: (text: string) => Parsed): Parsed | null {
    const text = this.text(setting, path);
    if (text === null) return null;
    try {
      return parse(text);
    } catch {
      this.faults.push(`${setting}: ${path} ${fault}`); // never what the parser says of it: it may quote the file
      return null;
    }
  }

  private text(setting: string, path: string): string | null {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      this.faults.push(`${setting}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
      return null;
    }
  }
}

function keysOfSet(text: string): KeyObject[] {
  const { keys } = JSON.parse(text) as { keys: Record<string, unknown>[] };
  return keys.map(({ d, ...jwk }) => {
    if (d !== undefined) throw new TypeError('a private key');
    return createPublicKey({ key: jwk, format: 'jwk' });
  });
}

function keysOfPem(text: string): KeyObject[] {
  return [...text.matchAll(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g)].map(([pem]) =>
    createPublicKey(pem),
  );
}
