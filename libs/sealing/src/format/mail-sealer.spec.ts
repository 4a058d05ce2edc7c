import { describe, expect, it } from '@jest/globals';
import { sampleFacts, sealSample, testKeys } from '../testing/sealed-sample.ts';
import { MailMeasure, MailSealer, MailTooLarge } from './mail-sealer.ts';
import type { ManifestFacts } from './manifest.ts';

const keys = testKeys();

describe('MailSealer', () => {
  const options = { recipient: keys.recipient, signer: keys.signer, facts: sampleFacts };

  it('refuses a mail that opening could not take, at the limit and not before', () => {
    const sealer = new MailSealer({ ...options, maxMailBytes: 1000 });
    sealer.begin();
    sealer.update(Buffer.alloc(1000));
    expect(() => sealer.update(Buffer.alloc(1))).toThrow(MailTooLarge);
    expect(() => sealer.finish()).toThrow();
  });

  it('goes one way only', () => {
    const sealer = new MailSealer(options);
    expect(() => sealer.update(Buffer.alloc(1))).toThrow();
    sealer.begin();
    expect(() => sealer.begin()).toThrow();
    expect(() => sealer.digests()).toThrow();
    sealer.finish();
    expect(() => sealer.update(Buffer.alloc(1))).toThrow();
    expect(() => sealer.finish()).toThrow();
  });

  it('takes a measure that several seals share, and notices when it was not fed', () => {
    const mail = Buffer.alloc(100_000, 'Subject: x');
    const measure = new MailMeasure();
    const sealers = [1, 2].map(() => new MailSealer({ ...options, measure }));
    for (const sealer of sealers) sealer.begin();
    measure.update(mail);
    for (const sealer of sealers) sealer.update(mail);
    for (const sealer of sealers) sealer.finish();
    const [first, second] = sealers.map((sealer) => sealer.digests());
    expect(first?.mailSha256).toBe(sealSample(mail, keys).recorded.mailSha256);
    expect(second).toMatchObject({ mailBytes: 100_000, mailSha256: first?.mailSha256 });
    expect(second?.ciphertextSha256).not.toBe(first?.ciphertextSha256);

    const unfed = new MailSealer({ ...options, measure: new MailMeasure() });
    unfed.begin();
    unfed.update(mail);
    expect(() => unfed.finish()).toThrow();
  });

  it('seals to hybrid recipients alone', () => {
    const recipient = {
      keyId: 'sealing-1',
      recipient: 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj',
    };
    expect(() => new MailSealer({ ...options, recipient })).toThrow(TypeError);
  });

  it('never takes facts that no reader would', () => {
    const facts: ManifestFacts = { ...sampleFacts, organisation: 'A\r\nB' };
    expect(() => new MailSealer({ ...options, facts })).toThrow(TypeError);
  });
});
