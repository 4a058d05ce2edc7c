import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { instantOf } from '#libs/vocabulary';
import { inPieces, sampleFacts, testKeys } from '../testing/sealed-sample.ts';
import { PAYLOAD_NONCE_BYTES } from './age/payload.ts';
import { MailSealer } from './mail-sealer.ts';
import { openSealedMail } from './open-sealed-mail.ts';
import { readResumption, writeResumption } from './resumption.ts';
import { SEALED_HEADER_BYTES } from './sealed-header.ts';

const keys = testKeys();
const mail = Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), randomBytes(200_000)]);
const mailSha256 = createHash('sha256').update(mail).digest('hex');
const options = { recipient: keys.recipient, signer: keys.signer, facts: sampleFacts };

function sealed(sealer: MailSealer, bytes = mail): Buffer {
  const parts = [() => sealer.begin(), () => sealer.update(bytes), () => sealer.finish()];
  return Buffer.concat(parts.map((part) => Buffer.from(part())));
}

describe('a seal that is taken up again', () => {
  it('gives the same bytes, under the same name', async () => {
    const first = new MailSealer({ ...options, mailSha256 });
    const resumption = first.resumption();
    const again = new MailSealer({ resumption, mailSha256 });
    expect(again.messageId).toBe(first.messageId);
    expect(again.manifest).toEqual(first.manifest);
    expect(again.sealingKeyId).toBe('sealing-1');
    const ciphertext = sealed(first);
    expect(sealed(again).equals(ciphertext)).toBe(true);
    expect(again.digests()).toEqual(first.digests());
    expect(again.resumption().equals(resumption)).toBe(true);

    const { organisation, sealedAt, expiresAt, sender, recipient, signingKeyId: manifestKeyId } = first.manifest;
    const { messageId, headerSha256 } = first;
    const recorded = { messageId, headerSha256, organisation, sealedAt, expiresAt, manifestKeyId, ...again.digests() };
    const { identity, verifierFor } = keys;
    const opened = await openSealedMail(inPieces(ciphertext), { recorded, sender, recipient, identity, verifierFor });
    expect(opened.mail.equals(mail)).toBe(true);
  });

  it('never uses a key stream for two texts: of another mail or manifest the nonce is another', () => {
    const resumption = new MailSealer({ ...options, mailSha256 }).resumption();
    const nonce = (sealer: MailSealer) =>
      Buffer.from(sealer.begin()).subarray(SEALED_HEADER_BYTES, SEALED_HEADER_BYTES + PAYLOAD_NONCE_BYTES);
    const other = Buffer.concat([mail, Buffer.from('more')]);
    const otherSha256 = createHash('sha256').update(other).digest('hex');
    const beginning = readResumption(resumption);
    const later = new MailSealer({
      ...options,
      facts: { ...sampleFacts, sealedAt: instantOf('2026-11-22T10:00:01.000Z') },
      mailSha256,
    });
    const nonces = [
      nonce(new MailSealer({ resumption, mailSha256 })),
      nonce(new MailSealer({ resumption, mailSha256: otherSha256 })),
      nonce(later),
    ].map((each) => each.toString('hex'));
    expect(new Set(nonces).size).toBe(3);
    expect(nonce(new MailSealer({ resumption: writeResumption(beginning), mailSha256 })).toString('hex')).toBe(
      nonces[0],
    );
  });

  it('is of the mail that it was begun for and no other', () => {
    const sealer = new MailSealer({ ...options, mailSha256 });
    expect(() => sealed(sealer, Buffer.concat([mail, Buffer.from('x')]))).toThrow('not the one');
    expect(() => new MailSealer(options).resumption()).toThrow('known before');
  });

  it('reads nothing that was altered', () => {
    const resumption = new MailSealer({ ...options, mailSha256 }).resumption();
    const other = new MailSealer({ ...options, mailSha256 }).resumption();
    const mixed = Buffer.concat([resumption.subarray(0, 800), other.subarray(800)]);
    for (const bytes of [Buffer.alloc(0), resumption.subarray(0, -1), resumption.subarray(1), mixed])
      expect(() => readResumption(bytes)).toThrow();
  });
});
