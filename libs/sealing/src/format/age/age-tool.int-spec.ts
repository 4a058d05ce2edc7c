import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { inPieces, sealSample, testKeys } from '../../testing/sealed-sample.ts';
import { openAgeFile } from './age-file.ts';
import { HybridIdentity } from './hybrid.ts';

/** The first age that knows mlkem768x25519. */
const WANTED = [1, 3];

function ageVersion(): string | null {
  try {
    const version = execFileSync('age', ['--version'], { encoding: 'utf8' }).trim();
    const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
    return major > (WANTED[0] ?? 0) || (major === WANTED[0] && minor >= (WANTED[1] ?? 0)) ? version : null;
  } catch {
    return null; // none on this machine
  }
}

const version = ageVersion();

describe('the age tool', () => {
  if (version === null) {
    it('is not asked: this machine has no age of 1.3 or newer', () => expect(version).toBeNull());
    return;
  }

  const directory = mkdtempSync(join(tmpdir(), 'segl-age-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const keys = testKeys();
  const identityFile = join(directory, 'identity.txt');
  writeFileSync(identityFile, `${keys.identity.identity}\n`, { mode: 0o600 });
  const age = (args: readonly string[], input: Uint8Array) =>
    execFileSync('age', args, { input, maxBuffer: 64 * 1024 * 1024 });

  it.each([0, 1, 65_536, 200_000])(`${version} opens a sealed mail of %d bytes`, (bytes) => {
    const mail = Buffer.alloc(bytes, 'Subject: x\r\n');
    const plaintext = age(['-d', '-i', identityFile], sealSample(mail, keys).ciphertext);
    expect(plaintext.subarray(plaintext.length - bytes).equals(mail)).toBe(true);
    expect(plaintext.toString('latin1', 0, 17)).toBe('Segl-Version: 1\r\n');
  });

  it.each([0, 1, 65_536, 200_000])(`${version} seals %d bytes that open here`, async (bytes) => {
    const plaintext = Buffer.alloc(bytes, 'x');
    const file = age(['-e', '-r', keys.recipient.recipient], plaintext);
    const chunks: Buffer[] = [];
    for await (const whole of inPieces(file, file.length)) {
      openAgeFile(whole, [HybridIdentity.parse(keys.identity.identity)], (chunk) => chunks.push(Buffer.from(chunk)));
    }
    expect(Buffer.concat(chunks).equals(plaintext)).toBe(true);
  });
});
