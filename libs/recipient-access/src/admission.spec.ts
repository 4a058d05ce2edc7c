import { describe, expect, it } from '@jest/globals';
import { admission, lastingRefusal } from './admission.ts';
import type { AdmissionFacts } from './admission.ts';
import { nextStep } from './next-step.ts';

const all: AdmissionFacts = {
  openability: 'open',
  isRecipientKnown: true,
  isKeyThere: true,
  isCiphertextHere: true,
  hasProofOfRecipient: true,
  proofLack: null,
};
const BOOLEANS = ['isRecipientKnown', 'isKeyThere', 'isCiphertextHere', 'hasProofOfRecipient'] as const;

/** Every set of facts that there can be. */
function everySet(): AdmissionFacts[] {
  let sets: AdmissionFacts[] = (['open', 'revoked', 'expired', 'unknown'] as const).map((openability) => ({
    ...all,
    openability,
  }));
  for (const name of BOOLEANS) sets = sets.flatMap((facts) => [facts, { ...facts, [name]: false }]);
  for (const proofLack of ['account-required', 'reader-required'] as const)
    sets = sets.flatMap((facts) => [facts, { ...facts, proofLack }]);
  return sets;
}

describe('admission', () => {
  it('is given to one set of facts alone', () => {
    expect(everySet().filter((facts) => admission(facts).isAdmitted)).toEqual([all]);
  });

  it.each([
    [{ openability: 'unknown' }, 'unknown-message'],
    [{ openability: 'revoked' }, 'revoked'],
    [{ openability: 'expired' }, 'expired'],
    [{ isRecipientKnown: false }, 'person-erased'],
    [{ isKeyThere: false }, 'key-destroyed'],
    [{ isCiphertextHere: false }, 'not-waiting'],
    [{ hasProofOfRecipient: false }, 'not-proven'],
    [{ proofLack: 'account-required' }, 'account-required'],
    [{ proofLack: 'reader-required' }, 'reader-required'],
    [{ hasProofOfRecipient: false, proofLack: 'account-required' }, 'not-proven'],
  ] as const)('is refused for %j: %s', (lacking, reason) => {
    expect(admission({ ...all, ...lacking })).toEqual({ isAdmitted: false, reason });
  });

  it('is refused for what lasts longest, whatever else is lacking', () => {
    for (const facts of everySet()) {
      if (facts.openability === 'open') continue;
      const reason = facts.openability === 'unknown' ? 'unknown-message' : facts.openability;
      expect(admission(facts)).toEqual({ isAdmitted: false, reason });
    }
  });

  it('never leads anybody to the message without a proof, nor to anything of one that is over', () => {
    for (const facts of everySet()) {
      const step = nextStep(admission(facts));
      if (!facts.hasProofOfRecipient || facts.proofLack !== null) expect(step).not.toBe('confirm');
      if (lastingRefusal(admission(facts)) !== null) expect(step).toBe('cannot-be-shown');
    }
  });

  it('takes an upload in whether or not it waits already and no matter who brings it, unless it is over for good', () => {
    for (const facts of everySet()) {
      const taken = lastingRefusal(admission(facts)) === null;
      expect(taken).toBe(facts.openability === 'open' && facts.isRecipientKnown && facts.isKeyThere);
    }
  });
});
