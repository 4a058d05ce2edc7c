import { describe, expect, it } from '@jest/globals';
import { sealSample, testKeys } from '#libs/sealing/testing';
import type { SealTerms } from './policy.ts';
import { readPolicy } from './read-policy.ts';
import { termsInManifest } from './terms-in-manifest.ts';

const free: SealTerms = {
  lifetimeSeconds: null,
  ...{ mayDownload: true, mayReply: true, mayForward: true, proof: 'any', isSharedMailbox: false },
  ...{ carrierSubject: 'own', carrierText: {} },
};

describe('the terms that a policy seals under', () => {
  it.each<[Partial<SealTerms>, string[]]>([
    [{}, []],
    [{ proof: 'account' }, ['account']],
    [{ mayDownload: false }, ['no-download']],
    [{ mayForward: false }, ['no-forward']],
    [{ mayReply: false }, ['no-reply']],
    [{ isSharedMailbox: true }, ['shared-mailbox']],
    [{ lifetimeSeconds: 3600, carrierSubject: 'original' }, []],
  ])('%j stand in the manifest as %j, with the name of the rule', (change, terms) => {
    const said = termsInManifest('health-records', { ...free, ...change });
    expect(said).toEqual({ policy: 'health-records', terms });
    const { manifest } = sealSample(Buffer.from('Subject: x\r\n\r\n'), testKeys(), said);
    expect([manifest.policy, manifest.terms ?? []]).toEqual(['health-records', terms]);
  });

  it('are those of the rule of a document', () => {
    const read = readPolicy(
      'rules: [{ name: journal, seal: { mayDownload: false, proof: account, sharedMailbox: true } }]',
      () => new Date('2026-11-30T12:00:00Z'),
    );
    const treatment = 'policy' in read ? read.policy.rules[0]?.treatment : undefined;
    expect(treatment?.action === 'seal' && termsInManifest('journal', treatment.terms)).toEqual({
      policy: 'journal',
      terms: ['account', 'no-download', 'shared-mailbox'],
    });
  });
});
