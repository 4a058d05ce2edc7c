import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { instantOf, parseMailAddress } from '#libs/vocabulary';
import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { sampleFacts } from '../testing/sealed-sample.ts';
import { MAX_MANIFEST_BYTES, ManifestFault, encodeManifest, readManifest } from './manifest.ts';
import type { ManifestFacts } from './manifest.ts';
import { MESSAGE_TERMS } from './message-terms.ts';
import type { MessageTerm } from './message-terms.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = { keyId: 'manifest-1', sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) };
const seal = { messageId: 'abcdefghijklmnopqrstuvwxyz234567' as MessageId, headerSha256: '0f'.repeat(32) };
const encode = (facts: Partial<ManifestFacts> = {}) => encodeManifest({ ...sampleFacts, ...facts }, seal, signer);
const text = encode({ policy: 'confidential' }).bytes.toString('latin1');
const fault = (plaintext: string) => {
  try {
    readManifest(Buffer.from(plaintext, 'latin1'));
    return 'taken';
  } catch (error) {
    return error instanceof ManifestFault ? 'refused' : error;
  }
};

describe('the manifest', () => {
  it('is header fields, byte for byte as FORMAT.md has them', () => {
    expect(text.replace(/Signature: .*/, 'Signature: …')).toBe(
      [
        'Segl-Version: 1',
        'Segl-Organisation: %C3%98ster%C3%A5 Kommune',
        'Segl-Message-Id: abcdefghijklmnopqrstuvwxyz234567',
        `Segl-Header-Sha256: ${'0f'.repeat(32)}`,
        'Segl-Sender: sagsbehandler@oesteraa.example',
        'Segl-Recipient: anna.berg@example.com',
        'Segl-Sealed-At: 2026-11-22T10:00:00.000Z',
        'Segl-Expires-At: 2027-02-20T10:00:00.000Z',
        'Segl-Policy: confidential',
        'Segl-Signing-Key: manifest-1',
        'Segl-Signature: …',
        '',
      ].join('\r\n'),
    );
  });

  it('names odd and internationalised mailboxes as UTF-8, and reads back no other spelling of them', () => {
    const sender = parseMailAddress('kontør@nordlys.example');
    const recipient = parseMailAddress('"a..b."@docomo.ne.jp');
    const { bytes, manifest } = encode({ sender, recipient });
    const written = bytes.toString();
    expect(written).toContain('\r\nSegl-Sender: kontør@nordlys.example\r\nSegl-Recipient: "a..b."@docomo.ne.jp\r\n');
    expect(readManifest(bytes).manifest).toEqual(manifest);
    expect(manifest).toMatchObject({ sender, recipient });
    const spelled = (from: string, to: string) =>
      fault(
        Buffer.from(
          written.replace(from, () => to),
          'utf8',
        ).toString('latin1'),
      );
    expect(spelled('kontør', 'kontør')).toBe('taken');
    expect(spelled('kontør', 'Kontør')).toBe('refused');
    expect(spelled('kontør', 'åse'.normalize('NFD'))).toBe('refused');
    expect(spelled('"a..b."', 'a..b.')).toBe('refused');
    expect(spelled('"a..b."', '"a.b"')).toBe('refused');
    expect(fault(bytes.toString('latin1').replace('\xc3\xb8', '\xf8'))).toBe('refused'); // no UTF-8
    const longest = parseMailAddress(`${'ø'.repeat(32)}@${`${'b'.repeat(61)}.`.repeat(3)}xx`);
    expect(encode({ sender: longest, recipient: longest }).bytes.length).toBeLessThanOrEqual(MAX_MANIFEST_BYTES);
  });

  it('is of version 2 where the message has terms, so that a reader that knows none of them refuses it', () => {
    const manifestOf = (terms?: readonly MessageTerm[]) => encode({ policy: 'health', ...(terms && { terms }) });
    const termed = manifestOf(['shared-mailbox', 'account', 'no-download', 'no-reply', 'no-forward', 'account']);
    expect(termed.bytes.toString('latin1')).toMatch(
      /^Segl-Version: 2\r\n[^]*\r\nSegl-Policy: health\r\nSegl-Terms: account, no-download, no-forward, no-reply, shared-mailbox\r\nSegl-Signing-Key: /,
    );
    expect(readManifest(termed.bytes).manifest).toEqual(termed.manifest);
    expect(termed.manifest.terms).toEqual(['account', 'no-download', 'no-forward', 'no-reply', 'shared-mailbox']);
    for (const none of [manifestOf(), manifestOf([])]) {
      expect(none.bytes.toString('latin1')).toMatch(/^Segl-Version: 1\r\n/);
      expect(none.manifest).not.toHaveProperty('terms');
    }
  });

  it.each<[string, (manifest: string) => string]>([
    ['a term that it does not know', (m) => m.replace('no-reply', 'no-copies')],
    ['terms in another order', (m) => m.replace('account, no-reply', 'no-reply, account')],
    ['a term twice', (m) => m.replace('account,', 'account, account,')],
    ['no terms', (m) => m.replace(/Segl-Terms: .*\r\n/, 'Segl-Terms: \r\n')],
    ['terms left out', (m) => m.replace(/Segl-Terms: .*\r\n/, '')],
    ['terms in version 1', (m) => m.replace('Version: 2', 'Version: 1')],
    ['version 3', (m) => m.replace('Version: 2', 'Version: 3')],
    ['another separator', (m) => m.replace('account, ', 'account,')],
    ['terms in upper case', (m) => m.replace('account', 'Account')],
  ])('with terms is not read from %s', (_, change) => {
    const termed = encode({ terms: ['account', 'no-reply'] }).bytes.toString('latin1');
    expect(fault(termed)).toBe('taken');
    expect(change(termed)).not.toBe(termed);
    expect(fault(change(termed))).toBe('refused');
  });

  it('is signed over a context of its own and all of its fields', () => {
    const { manifest, manifestBytes, signingInput } = readManifest(Buffer.from(`${text}Subject: x\r\n`, 'latin1'));
    expect(signingInput.toString('latin1')).toBe(
      `segl sealed mail manifest\0${text.slice(0, text.indexOf('Segl-Signature'))}`,
    );
    expect(verify(null, signingInput, publicKey, manifest.signature)).toBe(true);
    expect(manifestBytes).toBe(text.length);
  });

  it('comes back as it was, whatever the organisation is called, in lines that mail can carry', () => {
    const organisations = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 60 })
      .filter((name) => !/\p{Cc}/u.test(name) && name.isWellFormed() && Buffer.byteLength(name) <= 255);
    fc.assert(
      fc.property(organisations, (organisation) => {
        const { bytes, manifest } = encode({ organisation });
        const read = readManifest(Buffer.concat([bytes, Buffer.from('\r\nbody')]));
        expect(read.manifest).toEqual(manifest);
        expect(read.manifest.organisation).toBe(organisation);
        expect(bytes.toString('latin1')).toMatch(/^([\x20-\x7e]{1,998}\r\n){10}$/);
      }),
    );
  });

  it('fits its limit with every field at its longest', () => {
    const address = (letter: string) =>
      parseMailAddress(`${letter.repeat(64)}@${`${'d'.repeat(60)}.`.repeat(3)}${'e'.repeat(6)}`);
    const { bytes } = encodeManifest(
      {
        ...sampleFacts,
        organisation: 'Ø'.repeat(127) + 'x',
        sender: address('a'),
        recipient: address('b'),
        policy: 'p'.repeat(64),
        terms: MESSAGE_TERMS,
      },
      seal,
      { ...signer, keyId: 'k'.repeat(64) },
    );
    expect(bytes.length).toBeLessThanOrEqual(MAX_MANIFEST_BYTES);
    expect(readManifest(bytes).manifestBytes).toBe(bytes.length);
  });

  it.each<[string, Partial<ManifestFacts>]>([
    ['a line break in the organisation', { organisation: 'A\r\nSegl-Recipient: eve@example.com' }],
    ['a bare line feed in the organisation', { organisation: 'A\nB' }],
    ['a NUL in the organisation', { organisation: 'A\0' }],
    ['a lone surrogate in the organisation', { organisation: 'A\ud800' }],
    ['no organisation', { organisation: '' }],
    ['an organisation over 255 bytes', { organisation: 'Ø'.repeat(128) }],
    ['a line break in the policy', { policy: 'p\r\nSegl-Signing-Key: manifest-9' }],
    ['an empty policy', { policy: '' }],
    ['an address that is not canonical', { recipient: 'Anna@Example.com' as MailAddress }],
    ['a line break in an address', { sender: 'a@example.com\r\nBcc: b@example.com' as MailAddress }],
    ['a time that is none', { sealedAt: '2026-02-30T00:00:00.000Z' as Instant }],
    ['a time in another spelling', { sealedAt: '2026-02-01T00:00:00Z' as Instant }],
    ['an expiry before the sealing', { expiresAt: instantOf('2026-11-22T10:00:00.000Z') }],
  ])('is never made of %s', (_, facts) => expect(() => encode(facts)).toThrow(TypeError));

  it.each<[string, (manifest: string) => string]>([
    ['nothing', () => ''],
    ['a mail without one', () => 'From: a@example.com\r\n\r\nSegl-Signature: x'],
    ['a field twice', (m) => m.replace('Segl-Policy', 'Segl-Policy: a\r\nSegl-Policy')],
    ['a second recipient', (m) => m.replace('Segl-Sealed-At', 'Segl-Recipient: eve@example.com\r\nSegl-Sealed-At')],
    ['a field that it does not know', (m) => m.replace('Segl-Policy', 'Segl-Forward: yes\r\nSegl-Policy')],
    ['fields in another order', (m) => m.replace(/(Segl-Sender.*\r\n)(Segl-Recipient.*\r\n)/, '$2$1')],
    ['a field of the mail between its own', (m) => m.replace('Segl-Policy', 'Subject: x\r\nSegl-Policy')],
    ['a missing field', (m) => m.replace(/Segl-Expires-At.*\r\n/, '')],
    ['another version', (m) => m.replace('Version: 1', 'Version: 2')],
    ['another spelling of a name', (m) => m.replace('Segl-Sender', 'segl-sender')],
    ['a space too many', (m) => m.replace('Segl-Sender: ', 'Segl-Sender:  ')],
    ['a folded line', (m) => m.replace('Segl-Sender: ', 'Segl-Sender: \r\n ')],
    ['bare line feeds', (m) => m.replaceAll('\r\n', '\n')],
    ['an escape in lower case', (m) => m.replace('%C3', '%c3')],
    ['an escape that is not needed', (m) => m.replace('Kommune', '%4Bommune')],
    ['bytes that are no UTF-8', (m) => m.replace('%C3%98', '%C3')],
    ['raw 8-bit bytes', (m) => m.replace('%C3%98', '\u00c3\u0098')],
    ['an upper-case address', (m) => m.replace('anna.berg', 'Anna.Berg')],
    ['an upper-case digest', (m) => m.replace('0f0f', '0F0F')],
    ['a padded signature', (m) => m.replace(/\r\n$/, '==\r\n')],
    ['a signature cut short', (m) => m.replace(/.{4}\r\n$/, '\r\n')],
    ['no end', (m) => m.slice(0, -2)],
    ['a signature beyond the limit', (m) => m.replace('confidential', 'x'.repeat(2048))],
  ])('is not read from %s', (_, change) => expect(fault(change(text))).toBe('refused'));

  it('is not signed any more when a byte of it changes', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(text, 'latin1');
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        try {
          const { manifest, signingInput } = readManifest(bytes);
          return !verify(null, signingInput, publicKey, manifest.signature);
        } catch (error) {
          return error instanceof ManifestFault;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
