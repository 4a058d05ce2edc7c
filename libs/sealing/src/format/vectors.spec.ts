import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { inPieces, sampleFacts } from '../testing/sealed-sample.ts';
import { HybridIdentity } from './age/hybrid.ts';
import { parseHeader } from './age/header.ts';
import type { ManifestVerifier } from './manifest.ts';
import type { MessageTerm } from './message-terms.ts';
import { openSealedMail, openWithIdentity } from './open-sealed-mail.ts';
import { SEALED_HEADER_BYTES, readSealedHeader } from './sealed-header.ts';

interface Vector {
  readonly name: string;
  readonly signedBy: ManifestKey;
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

interface ManifestKey {
  readonly keyId: string;
  /** Hex. */
  readonly publicKey: string;
}

interface VectorFile {
  readonly manifestKey: ManifestKey;
  readonly mails?: { readonly short: string };
  readonly vectors: readonly Omit<Vector, 'signedBy'>[];
}

const directory = join(import.meta.dirname, 'vectors');
/** A file for each version of the format. */
const files = ['vectors.json', 'vectors-2.json'].map(
  (name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as VectorFile,
);
const vectors = files.flatMap(({ manifestKey, vectors: of }) => of.map((each) => ({ ...each, signedBy: manifestKey })));
const identityText = readFileSync(join(directory, 'identity.txt'), 'utf8').split('\n')[2] ?? '';
const identities = [{ keyId: 'sealing-1' as const, identity: identityText }];
/** SubjectPublicKeyInfo of Ed25519 (RFC 8410) up to the key. */
const publicKeys = new Map(
  files.map(({ manifestKey: { keyId, publicKey } }) => [
    keyId,
    createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey, 'hex')]),
      format: 'der',
      type: 'spki',
    }),
  ]),
);
const verifierFor = (keyId: string): ManifestVerifier | null => {
  const publicKey = publicKeys.get(keyId);
  return publicKey ? { verify: (bytes, signature) => verify(null, bytes, publicKey, signature) } : null;
};
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
      manifestKeyId: vector.signedBy.keyId,
      organisation,
      sealedAt,
      expiresAt,
      ...termsIn(vector.manifest ?? []),
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
    const mail = Buffer.from(files[0]?.mails?.short ?? '', 'base64');
    expect((await plaintextOf('short')).subarray(-mail.length).equals(mail)).toBe(true);
  });

  it('is one also where the mail has no header, another line end, or nothing at all', async () => {
    expect((await simpleParser(await plaintextOf('blank-line-first'))).text).toBe('no header at all\n');
    const twoChunks = await simpleParser(await plaintextOf('two-chunks'));
    expect([twoChunks.subject, twoChunks.text?.length]).toEqual(['two chunks', 66_000]);
    expect((await simpleParser(await plaintextOf('empty'))).headers.get('segl-policy')).toBe('confidential');
  });
});

/** As the record has them: what the lines say, read without the reader that is tested. */
function termsIn(lines: readonly string[]) {
  const valueOf = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const policy = valueOf('Segl-Policy');
  const terms = valueOf('Segl-Terms');
  return {
    ...(policy !== undefined && { policy }),
    ...(terms !== undefined && { terms: terms.split(', ') as MessageTerm[] }),
  };
}

function readMessageId(file: Uint8Array) {
  const header = readSealedHeader(file);
  if (header.status !== 'header') throw new Error('no header');
  return header.messageId;
}
