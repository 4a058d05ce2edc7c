import { describe, expect, it } from '@jest/globals';
import { nextStep } from './next-step.ts';

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
    (openability, isCiphertextWaiting, hasProofOfRecipient, step) => {
      expect(nextStep({ openability, isCiphertextWaiting, hasProofOfRecipient })).toBe(step);
    },
  );

  it('never lets anyone read without a proof, whatever else is so', () => {
    for (const openability of ['open', 'revoked', 'expired', 'unknown'] as const) {
      for (const isCiphertextWaiting of [true, false]) {
        expect(nextStep({ openability, isCiphertextWaiting, hasProofOfRecipient: false })).not.toBe('confirm');
      }
    }
  });
});
