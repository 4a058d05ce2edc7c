import { describe, expect, it } from '@jest/globals';
import { admission } from './admission.ts';
import type { AdmissionFacts } from './admission.ts';
import { nextStep } from './next-step.ts';

const open: AdmissionFacts = {
  openability: 'open',
  isRecipientKnown: true,
  isKeyThere: true,
  isCiphertextHere: true,
  hasProofOfRecipient: true,
  proofLack: null,
};

describe('the next step of a journey', () => {
  it.each([
    ['open', true, false, 'prove-address'],
    ['open', true, true, 'confirm'],
    ['open', false, true, 'cannot-be-shown'],
    ['open', false, false, 'cannot-be-shown'],
    ['revoked', true, true, 'cannot-be-shown'],
    ['expired', true, true, 'cannot-be-shown'],
    ['unknown', true, true, 'cannot-be-shown'],
  ] as const)(
    'a message that is %s, waiting: %s, proven: %s → %s',
    (openability, isCiphertextHere, hasProofOfRecipient, step) => {
      expect(nextStep(admission({ ...open, openability, isCiphertextHere, hasProofOfRecipient }))).toBe(step);
    },
  );

  it.each(['account-required', 'reader-required'] as const)(
    'is to prove it in another way where the proof is %s',
    (proofLack) => {
      expect(nextStep(admission({ ...open, proofLack }))).toBe('prove-address');
    },
  );
});
