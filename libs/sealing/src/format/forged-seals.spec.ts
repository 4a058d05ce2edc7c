import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { inPieces, sampleFacts, sealSample, testKeys } from '../testing/sealed-sample.ts';
import type { SealedSample } from '../testing/sealed-sample.ts';
import { beginAgeFile } from './age/age-file.ts';
import { HybridRecipient } from './age/hybrid.ts';
import { MailMeasure } from './mail-sealer.ts';
import { encodeManifest } from './manifest.ts';
import { openSealedMail } from './open-sealed-mail.ts';
import { readSealedHeader } from './sealed-header.ts';

const keys = testKeys();

function open({ ciphertext, recorded, recipient, sender }: SealedSample) {
  const options = { identity: keys.identity, verifierFor: keys.verifierFor, recorded, recipient, sender };
  return openSealedMail(inPieces(ciphertext), options);
}

const broken = (reason: string) => ({ code: 'seal-broken', reason });

/** Seals any plaintext at all, as one can who knows nothing but the public string. */
function sealRaw(
  plaintextOf: (header: { messageId: SealedSample['recorded']['messageId']; headerSha256: string }) => Buffer,
) {
  const parts: Buffer[] = [];
  const { header, payload } = beginAgeFile([HybridRecipient.parse(keys.recipient.recipient)], (bytes) =>
    parts.push(Buffer.from(bytes)),
  );
  const sealedHeader = readSealedHeader(header);
  if (sealedHeader.status !== 'header') throw new Error('unreachable');
  payload.update(plaintextOf(sealedHeader));
  payload.finish();
  return { ciphertext: Buffer.concat([header, payload.nonce, ...parts]), ...sealedHeader };
}

/** The record that would be there had this file been sealed by the gateway: so that nothing but the signature is in the way. */
function recordedAs(ciphertext: Buffer, sample: SealedSample, mail: Buffer): SealedSample {
  const header = readSealedHeader(ciphertext);
  if (header.status !== 'header') throw new Error('unreachable');
  const measure = new MailMeasure();
  measure.update(mail);
  const ofCiphertext = new MailMeasure();
  ofCiphertext.update(ciphertext);
  const recorded = {
    ...sample.recorded,
    messageId: header.messageId,
    headerSha256: header.headerSha256,
    mailBytes: mail.length,
    mailSha256: measure.sha256(),
    ciphertextBytes: ciphertext.length,
    ciphertextSha256: ofCiphertext.sha256(),
  };
  return { ...sample, ciphertext, recorded };
}

describe('an outsider who knows only the public string', () => {
  const genuine = sealSample(Buffer.from('Subject: Sag 7\r\n\r\n'), keys);
  const forgedMail = Buffer.from('From: director@oesteraa.example\r\nSubject: Please pay\r\n\r\n');
  const outsider = generateKeyPairSync('ed25519').privateKey;
  const forge = (plaintextOf: Parameters<typeof sealRaw>[0]) =>
    recordedAs(sealRaw(plaintextOf).ciphertext, genuine, forgedMail);

  it('cannot seal without a manifest', async () => {
    await expect(open(forge(() => forgedMail))).rejects.toMatchObject(broken('no-manifest'));
    await expect(open(forge(() => Buffer.alloc(0)))).rejects.toMatchObject(broken('no-manifest'));
  });

  it('cannot sign a manifest', async () => {
    const signer = { keyId: keys.signer.keyId, sign: (bytes: Uint8Array) => sign(null, bytes, outsider) };
    const forged = forge((header) => Buffer.concat([encodeManifest(sampleFacts, header, signer).bytes, forgedMail]));
    await expect(open(forged)).rejects.toMatchObject(broken('manifest-unsigned'));
  });

  it('cannot put content of their own under a genuine manifest', async () => {
    const manifest = encodeManifest(sampleFacts, genuine.recorded, keys.signer).bytes;
    const forged = forge(() => Buffer.concat([manifest, forgedMail]));
    await expect(open(forged)).rejects.toMatchObject(broken('manifest-of-another-seal'));
  });

  it('cannot make a genuine manifest name their own seal', async () => {
    const manifest = encodeManifest(sampleFacts, genuine.recorded, keys.signer).bytes.toString('latin1');
    const forged = forge(({ messageId, headerSha256 }) => {
      const renamed = manifest
        .replace(genuine.recorded.messageId, messageId)
        .replace(genuine.recorded.headerSha256, headerSha256);
      return Buffer.concat([Buffer.from(renamed, 'latin1'), forgedMail]);
    });
    await expect(open(forged)).rejects.toMatchObject(broken('manifest-unsigned'));
  });

  it.each<[string, string, string]>([
    ['the recipient', 'anna.berg@example.com', 'eve@example.com'],
    ['the expiry', '2027-02-20', '2037-02-20'],
    ['the sender', 'sagsbehandler@', 'director@'],
  ])('cannot change %s', async (_, from, to) => {
    const forged = forge((header) => {
      const manifest = encodeManifest(sampleFacts, header, keys.signer).bytes.toString('latin1').replace(from, to);
      return Buffer.concat([Buffer.from(manifest, 'latin1'), forgedMail]);
    });
    await expect(open(forged)).rejects.toMatchObject(broken('manifest-unsigned'));
  });

  it('could open it had the gateway signed: the forgeries above fail for the reason they name', async () => {
    const forged = forge((header) =>
      Buffer.concat([encodeManifest(sampleFacts, header, keys.signer).bytes, forgedMail]),
    );
    expect((await open(forged)).mail.equals(forgedMail)).toBe(true);
  });
});
