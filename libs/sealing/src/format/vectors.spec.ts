import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { inPieces, sampleFacts } from '../testing/sealed-sample.ts';
import { HybridIdentity } from './age/hybrid.ts';
import { parseHeader } from './age/header.ts';
import type { ManifestVerifier } from './manifest.ts';
import { openSealedMail, openWithIdentity } from './open-sealed-mail.ts';
import { SEALED_HEADER_BYTES, readSealedHeader } from './sealed-header.ts';

interface Vector {
  readonly name: string;
  readonly opens: boolean;
  readonly reason?: string;
  readonly manifest?: readonly string[];
  readonly messageId: string;
  readonly headerSha256: string;
  readonly fileKey: string;
  readonly payloadNonce: string;
  readonly ciphertextBytes: number;
  readonly ciphertextSha256: string;
  readonly mailBytes?: number;
  readonly mailSha256?: string;
}

const directory = join(import.meta.dirname, 'vectors');
const { manifestKey, mails, vectors } = JSON.parse(readFileSync(join(directory, 'vectors.json'), 'utf8')) as {
  readonly manifestKey: { readonly keyId: string; readonly publicKey: string };
  readonly mails: { readonly short: string };
  readonly vectors: readonly Vector[];
};
const identityText = readFileSync(join(directory, 'identity.txt'), 'utf8').split('\n')[2] ?? '';
const identities = [{ keyId: 'sealing-1' as const, identity: identityText }];
/** SubjectPublicKeyInfo of Ed25519 (RFC 8410) up to the key. */
const publicKey = createPublicKey({
  key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(manifestKey.publicKey, 'hex')]),
  format: 'der',
  type: 'spki',
});
const verifierFor = (keyId: string): ManifestVerifier | null =>
  keyId === manifestKey.keyId ? { verify: (bytes, signature) => verify(null, bytes, publicKey, signature) } : null;
const fileOf = ({ name }: Vector) => readFileSync(join(directory, `${name}.age`));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const collect = async (pieces: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(pieces));

describe('sealed mail of every release', () => {
  it.each(vectors)('$name: its header says what it always said', (vector) => {
    const file = fileOf(vector);
    expect([file.length, sha256(file)]).toEqual([vector.ciphertextBytes, vector.ciphertextSha256]);
    expect(readSealedHeader(file)).toMatchObject({ messageId: vector.messageId, headerSha256: vector.headerSha256 });
    const fileKey = HybridIdentity.parse(identityText).unwrapFileKey(parseHeader(file).stanzas);
    expect(fileKey?.toString('hex')).toBe(vector.fileKey);
    expect(file.toString('hex', SEALED_HEADER_BYTES, SEALED_HEADER_BYTES + 16)).toBe(vector.payloadNonce);
  });

  it.each(vectors.filter(({ opens }) => opens))('$name opens, whole and verified', async (vector) => {
    const file = fileOf(vector);
    const plaintext = await collect(
      openWithIdentity(inPieces(file), { identities, verifierFor, includeManifest: true }),
    );
    const manifestText = (vector.manifest ?? []).map((line) => `${line}\r\n`).join('');
    expect(plaintext.toString('latin1', 0, manifestText.length)).toBe(manifestText);
    const mail = plaintext.subarray(manifestText.length);
    expect([mail.length, sha256(mail)]).toEqual([vector.mailBytes, vector.mailSha256]);

    const { organisation, sender, recipient, sealedAt, expiresAt } = sampleFacts;
    const recorded = {
      ...vector,
      messageId: readMessageId(file),
      mailBytes: mail.length,
      mailSha256: sha256(mail),
      manifestKeyId: manifestKey.keyId,
      organisation,
      sealedAt,
      expiresAt,
    };
    const [identity] = identities;
    if (identity === undefined) throw new Error('unreachable');
    const opened = await openSealedMail(inPieces(file), { identity, verifierFor, recorded, recipient, sender });
    expect(opened.mail.equals(mail)).toBe(true);
  });

  it.each(vectors.filter(({ opens }) => !opens))('$name is not opened: $reason', async (vector) => {
    const opening = collect(openWithIdentity(inPieces(fileOf(vector)), { identities, verifierFor }));
    await expect(opening).rejects.toMatchObject({ code: 'seal-broken', reason: vector.reason });
  });
});

describe('what `age -d` makes of a sealed mail', () => {
  const plaintextOf = async (name: string) => {
    const vector = vectors.find((candidate) => candidate.name === name);
    if (vector === undefined) throw new Error(`no vector ${name}`);
    return collect(openWithIdentity(inPieces(fileOf(vector)), { identities, includeManifest: true }));
  };

  it('is a mail that mail programs read, with the manifest among its header fields', async () => {
    const parsed = await simpleParser(await plaintextOf('short'));
    expect(parsed.subject).toBe('Afgørelse');
    expect(parsed.from?.text).toContain('Østerå Kommune');
    expect(parsed.messageId).toBe('<1@oesteraa.example>');
    expect(parsed.text).toBe('Kære Anna\n\nVi har truffet en afgørelse i din sag.\n');
    expect(parsed.headers.get('segl-recipient')).toBe('anna.berg@example.com');
    expect(parsed.headers.get('segl-organisation')).toBe('%C3%98ster%C3%A5 Kommune');
    const mail = Buffer.from(mails.short, 'base64');
    expect((await plaintextOf('short')).subarray(-mail.length).equals(mail)).toBe(true);
  });

  it('is one also where the mail has no header, another line end, or nothing at all', async () => {
    expect((await simpleParser(await plaintextOf('blank-line-first'))).text).toBe('no header at all\n');
    const twoChunks = await simpleParser(await plaintextOf('two-chunks'));
    expect([twoChunks.subject, twoChunks.text?.length]).toEqual(['two chunks', 66_000]);
    expect((await simpleParser(await plaintextOf('empty'))).headers.get('segl-policy')).toBe('confidential');
  });
});

function readMessageId(file: Uint8Array) {
  const header = readSealedHeader(file);
  if (header.status !== 'header') throw new Error('no header');
  return header.messageId;
}
