import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { SignInFiles } from './sign-in-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'segl-sign-in-'));
afterAll(() => rmSync(directory, { recursive: true }));

function written(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const [first, second] = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const pem = (key: typeof first) => String(key?.publicKey.export({ type: 'spki', format: 'pem' }));
const privatePem = String(first?.privateKey.export({ type: 'pkcs8', format: 'pem' }));

describe('the files that the configuration of sign-in names', () => {
  it('give public keys as PEM, one or several, or as a JWK set', () => {
    const files = new SignInFiles();
    expect(files.publicKeys('here', written('one.pem', pem(first)))).toHaveLength(1);
    expect(files.publicKeys('here', written('two.pem', pem(first) + pem(second)))).toHaveLength(2);
    const keys = [first?.publicKey.export({ format: 'jwk' })];
    expect(files.publicKeys('here', written('set.json', JSON.stringify({ keys })))).toHaveLength(1);
    expect(files.faults).toEqual([]);
  });

  it('give a secret without the line end that an editor put behind it', () => {
    const files = new SignInFiles();
    expect(files.secret('here', written('secret', 's3cret\n'))).toBe('s3cret');
    expect(files.privateKey('here', written('key.pem', privatePem))?.asymmetricKeyType).toBe('ec');
  });

  it('are all told that cannot be used, and nothing of what is in them', () => {
    const files = new SignInFiles();
    files.publicKeys('a', written('private.pem', privatePem));
    const keys = [first?.privateKey.export({ format: 'jwk' })];
    files.publicKeys('b', written('private.json', JSON.stringify({ keys })));
    files.publicKeys('c', written('nothing.pem', 'MARKER'));
    files.publicKeys('d', join(directory, 'missing.pem'));
    files.privateKey('e', written('public.pem', pem(first)));
    files.certificate('f', written('no-certificate.pem', 'MARKER'));
    files.secret('g', written('empty', '\n'));
    files.authorities('h', written('authorities.pem', pem(first)));
    files.authorities('i', written('broken.pem', '-----BEGIN CERTIFICATE-----\nMARKER\n-----END CERTIFICATE-----\n'));
    expect(files.faults.map((fault) => fault.replace(directory, ''))).toEqual([
      'a: /private.pem holds neither PEM public keys nor a JWK set',
      'b: /private.json holds neither PEM public keys nor a JWK set',
      'c: /nothing.pem holds neither PEM public keys nor a JWK set',
      'd: /missing.pem cannot be read: ENOENT',
      'e: /public.pem holds no PEM private key',
      'f: /no-certificate.pem holds no PEM certificate',
      'g: /empty is empty',
      'h: /authorities.pem holds no PEM certificates',
      'i: /broken.pem holds no PEM certificates',
    ]);
  });
});
