import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { instantOf, parseMailAddress } from '#libs/vocabulary';
import { inPieces, sampleFacts, sealSample, testKeys } from '../testing/sealed-sample.ts';
import type { SealedSample } from '../testing/sealed-sample.ts';
import { CHUNK_BYTES, TAG_BYTES } from './age/payload.ts';
import { encodeManifest } from './manifest.ts';
import { openSealedMail, openWithIdentity } from './open-sealed-mail.ts';
import type { OpenSealedMailOptions } from './open-sealed-mail.ts';
import { SEALED_HEADER_BYTES } from './sealed-header.ts';

const keys = testKeys();

function mailOf(bytes: number): Buffer {
  const head = Buffer.from('From: a@example.com\r\nSubject: Sag 7\r\n\r\n');
  const body = Uint8Array.from({ length: Math.max(0, bytes - head.length) }, (_, i) => (i * 31 + (i >>> 9)) & 0xff);
  return Buffer.concat([head, body]).subarray(0, bytes);
}

function open(sample: SealedSample, change: Partial<OpenSealedMailOptions> = {}, pieceBytes?: number) {
  const { ciphertext, recorded, recipient, sender } = sample;
  const options = { identity: keys.identity, verifierFor: keys.verifierFor, recorded, recipient, sender };
  return openSealedMail(inPieces(ciphertext, pieceBytes), { ...options, ...change });
}

const broken = (reason: string) => ({ code: 'seal-broken', reason });

describe('a sealed mail', () => {
  it.each([
    ['empty', Buffer.alloc(0)],
    ['with nothing but a blank line', Buffer.from('\r\n')],
    ['that begins with a blank line', Buffer.from('\r\nbody without a header\r\n')],
    ['that begins with white space', Buffer.from(' folded\r\nSubject: x\r\n\r\n')],
    ['with bare line feeds', Buffer.from('Subject: x\n\nbody\n')],
    ['with bare carriage returns', Buffer.from('Subject: x\r\rbody\r')],
    ['in 8 bits', Buffer.from([0x53, 0x3a, 0x20, 0xe6, 0xff, 0x00, 0x0d, 0x0a])],
    ['with a line of 100 000 characters', Buffer.from(`S: ${'x'.repeat(100_000)}`)],
    [
      'that has a manifest of its own',
      Buffer.from('Segl-Version: 1\r\nSegl-Recipient: eve@example.com\r\nSegl-Signature: x\r\n\r\n'),
    ],
    ['from an mbox', Buffer.from('From a@example.com Mon Jan  1 00:00:00 2026\nSubject: x\n\n')],
  ])('%s comes back byte for byte', async (_, mail) => {
    const sample = sealSample(mail, keys);
    const opened = await open(sample);
    expect(opened.mail.equals(mail)).toBe(true);
    expect(opened.manifest).toEqual(sample.manifest);
  });

  const manifestBytes = encodeManifest(sampleFacts, sealSample(Buffer.alloc(0), keys).recorded, keys.signer).bytes
    .length;

  it.each([
    0,
    1,
    65_535,
    65_536,
    65_537,
    131_072,
    ...[-1, 0, 1].map((off) => CHUNK_BYTES - manifestBytes + off),
    3_000_000,
  ])('of %d bytes comes back, in memory of its own', async (bytes) => {
    const mail = mailOf(bytes);
    const { mail: opened } = await open(sealSample(mail, keys));
    expect(opened.equals(mail)).toBe(true);
    expect([opened.byteOffset, opened.buffer.byteLength]).toEqual([0, bytes]);
  });

  it('comes back however it is cut on the way in and out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 900, max: 200_000 }),
        fc.integer({ min: 900, max: 200_000 }),
        async (bytes, sealPiece, openPiece) => {
          const mail = mailOf(bytes);
          return (await open(sealSample(mail, keys, {}, sealPiece), {}, openPiece)).mail.equals(mail);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('comes back when it comes byte by byte', async () => {
    const mail = mailOf(500);
    expect((await open(sealSample(mail, keys), {}, 1)).mail.equals(mail)).toBe(true);
  });

  it('opens with the identity alone, as `segl open` does it, under whichever epoch it was sealed', async () => {
    const mail = mailOf(200_000);
    const { ciphertext, manifest } = sealSample(mail, keys);
    const identities = [testKeys(2).identity, keys.identity];
    const told: unknown[] = [];
    const parts: Uint8Array[] = [];
    const onManifest = (...args: unknown[]) => told.push(args);
    for await (const part of openWithIdentity(inPieces(ciphertext), {
      identities,
      verifierFor: keys.verifierFor,
      onManifest,
    })) {
      expect(told).toEqual([[manifest, 'valid']]);
      parts.push(part);
    }
    expect(Buffer.concat(parts).equals(mail)).toBe(true);
  });

  it('shares no 16-byte block of ciphertext with another seal of the same mail, nor within itself', () => {
    const mail = Buffer.alloc(300_000, 'the same again, ');
    const blocks = new Set<string>();
    let count = 0;
    for (const { ciphertext } of [sealSample(mail, keys), sealSample(mail, keys)]) {
      for (let i = SEALED_HEADER_BYTES; i + 16 <= ciphertext.length; i += 16, count++) {
        blocks.add(ciphertext.toString('latin1', i, i + 16));
      }
    }
    expect(blocks.size).toBe(count);
  });
});

describe('a seal that does not hold is not opened', () => {
  const mail = mailOf(3 * CHUNK_BYTES + 100);
  const sample = sealSample(mail, keys);
  const altered = (change: (ciphertext: Buffer) => Buffer) => ({
    ...sample,
    ciphertext: change(Buffer.from(sample.ciphertext)),
  });

  it('anywhere that a bit was flipped', async () => {
    const positions = [
      ...[0, 30, 100, 1500, 1540, 1590, 1626].map((i) => i),
      SEALED_HEADER_BYTES,
      SEALED_HEADER_BYTES + 15,
    ];
    for (let edge = SEALED_HEADER_BYTES + 16; edge < sample.ciphertext.length; edge += CHUNK_BYTES + TAG_BYTES) {
      positions.push(edge, edge + CHUNK_BYTES, edge - 1);
    }
    positions.push(sample.ciphertext.length - 1);
    for (const at of positions.filter((position) => position < sample.ciphertext.length)) {
      const flipped = altered((bytes) => {
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        return bytes;
      });
      await expect(open(flipped)).rejects.toMatchObject({ code: 'seal-broken' });
      // Nor by whoever has the key and no record: there it is the age layer alone that says no.
      const streamed = openWithIdentity(inPieces(flipped.ciphertext), { identities: [keys.identity] });
      await expect(Array.fromAsync(streamed)).rejects.toMatchObject({ code: 'seal-broken' });
    }
  });

  it('cut short at every edge of a chunk, and around it', async () => {
    const edges = [0, 1, SEALED_HEADER_BYTES - 1, SEALED_HEADER_BYTES, SEALED_HEADER_BYTES + 15];
    for (let edge = SEALED_HEADER_BYTES + 16; edge < sample.ciphertext.length; edge += CHUNK_BYTES + TAG_BYTES) {
      edges.push(edge - 1, edge, edge + 1, edge + TAG_BYTES);
    }
    edges.push(sample.ciphertext.length - 1, sample.ciphertext.length - TAG_BYTES);
    for (const edge of edges) {
      const cut = altered((bytes) => bytes.subarray(0, edge));
      await expect(open(cut)).rejects.toMatchObject({ code: 'seal-broken' });
      const streamed = openWithIdentity(inPieces(cut.ciphertext), { identities: [keys.identity] });
      await expect(Array.fromAsync(streamed)).rejects.toMatchObject({ code: 'seal-broken' });
    }
  });

  it('with anything behind it', async () => {
    const longer = altered((bytes) => Buffer.concat([bytes, Buffer.from([0])]));
    await expect(open(longer)).rejects.toMatchObject(broken('ciphertext-not-as-recorded'));
    await expect(
      open({ ...longer, recorded: { ...longer.recorded, ciphertextBytes: longer.ciphertext.length } }),
    ).rejects.toMatchObject(broken('payload-altered'));
  });

  it('with chunks in another order', async () => {
    const first = SEALED_HEADER_BYTES + 16;
    const second = first + CHUNK_BYTES + TAG_BYTES;
    const third = second + CHUNK_BYTES + TAG_BYTES;
    const swapped = altered((bytes) =>
      Buffer.concat([
        bytes.subarray(0, first),
        bytes.subarray(second, third),
        bytes.subarray(first, second),
        bytes.subarray(third),
      ]),
    );
    await expect(open(swapped)).rejects.toMatchObject(broken('payload-altered'));
  });

  it('under another key, or another epoch', async () => {
    await expect(open(sample, { identity: testKeys(2).identity })).rejects.toMatchObject(broken('wrong-key'));
  });

  it('as another message than the recorded one', async () => {
    const other = sealSample(mail, keys);
    await expect(open({ ...sample, ciphertext: other.ciphertext })).rejects.toMatchObject(broken('other-message'));
  });

  it('when nothing comes, or something else', async () => {
    await expect(open(altered(() => Buffer.alloc(0)))).rejects.toMatchObject(broken('not-sealed-mail'));
    await expect(open(altered(() => Buffer.from('<html>')))).rejects.toMatchObject(broken('not-sealed-mail'));
  });

  it('when more comes than was recorded, without waiting for its end', async () => {
    let given = 0;
    const endless = async function* () {
      yield sample.ciphertext;
      for (; given < 1000; given++) yield Buffer.alloc(64 * 1024);
    };
    const options = { identity: keys.identity, verifierFor: keys.verifierFor, ...sample };
    await expect(openSealedMail(endless(), options)).rejects.toMatchObject(broken('ciphertext-not-as-recorded'));
    expect(given).toBeLessThanOrEqual(1);
  });

  it.each<[string, Partial<SealedSample['recorded']>, string]>([
    ['the digest of the mail', { mailSha256: '00'.repeat(32) }, 'mail-not-as-recorded'],
    ['a shorter mail', { mailBytes: mail.length - 1 }, 'mail-not-as-recorded'],
    ['a longer mail', { mailBytes: mail.length + 1 }, 'mail-not-as-recorded'],
    ['the digest of the ciphertext', { ciphertextSha256: '00'.repeat(32) }, 'ciphertext-not-as-recorded'],
    ['a longer ciphertext', { ciphertextBytes: sample.ciphertext.length + 1 }, 'ciphertext-not-as-recorded'],
    ['a shorter ciphertext', { ciphertextBytes: sample.ciphertext.length - 1 }, 'ciphertext-not-as-recorded'],
    ['another organisation', { organisation: 'Another' }, 'manifest-not-as-recorded'],
    ['another signing key', { manifestKeyId: 'manifest-2' }, 'manifest-not-as-recorded'],
    ['another time of sealing', { sealedAt: instantOf('2026-11-22T10:00:00.001Z') }, 'manifest-not-as-recorded'],
    ['another expiry', { expiresAt: instantOf('2036-02-20T10:00:00.000Z') }, 'manifest-not-as-recorded'],
    ['another policy', { policy: 'secret' }, 'manifest-not-as-recorded'],
    ['a term that was not sealed', { terms: ['no-download'] }, 'manifest-not-as-recorded'],
  ])('when the record has %s', async (_, change, reason) => {
    await expect(open({ ...sample, recorded: { ...sample.recorded, ...change } })).rejects.toMatchObject(
      broken(reason),
    );
  });

  it('when the record has lost terms that were sealed, or holds others', async () => {
    const termed = sealSample(mail, keys, { policy: 'health', terms: ['account', 'no-download'] });
    expect((await open(termed)).manifest).toMatchObject({ policy: 'health', terms: ['account', 'no-download'] });
    const { terms: _, ...without } = termed.recorded;
    for (const recorded of [without, { ...without, terms: ['no-download'] as const }])
      await expect(open({ ...termed, recorded })).rejects.toMatchObject(broken('manifest-not-as-recorded'));
  });

  it('for another recipient, or from another sender, than recorded; an erased sender is not compared', async () => {
    const eve = parseMailAddress('eve@example.com');
    await expect(open(sample, { recipient: eve })).rejects.toMatchObject(broken('manifest-not-as-recorded'));
    await expect(open(sample, { sender: eve })).rejects.toMatchObject(broken('manifest-not-as-recorded'));
    expect((await open(sample, { sender: null })).manifest.sender).toBe(sampleFacts.sender);
  });

  it('when the manifest key is unknown, or another of the same name', async () => {
    await expect(open(sample, { verifierFor: () => null })).rejects.toMatchObject(broken('manifest-unsigned'));
    await expect(open(sample, { verifierFor: testKeys(1).verifierFor })).rejects.toMatchObject(
      broken('manifest-unsigned'),
    );
    const streamed = openWithIdentity(inPieces(sample.ciphertext), {
      identities: [keys.identity],
      verifierFor: () => null,
    });
    await expect(Array.fromAsync(streamed)).rejects.toMatchObject(broken('manifest-unsigned'));
  });
});

describe('opening', () => {
  it('gives the event loop a turn at least every MiB', async () => {
    const sample = sealSample(mailOf(25_000_000), keys);
    let turns = 0;
    let isOpening = true;
    const count = () => {
      turns++;
      if (isOpening) setImmediate(count);
    };
    setImmediate(count);
    await open(sample, {}, sample.ciphertext.length); // all of it in one piece
    isOpening = false;
    expect(turns).toBeGreaterThan(sample.ciphertext.length / 1024 / 1024);
  });
});
