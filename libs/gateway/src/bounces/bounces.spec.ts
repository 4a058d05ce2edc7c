import { describe, expect, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf, newPersonId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import type { BounceEvent } from '../bounce-events.ts';
import { bounces, MAX_BOUNCES_RECORDED, reasonOf, recordBounce } from './bounces.ts';

const noon = instantOf('2026-11-30T12:00:00Z');
const facts = {
  messageId: 'abcdefghijklmnopqrstuvwxyz234567' as MessageId,
  senderId: newPersonId(),
  recipientId: newPersonId(),
  reason: 'no-such-mailbox' as const,
  status: '5.1.1',
  bounceSha256: 'aa',
};
const bounced = (bounceSha256 = 'aa'): BounceEvent => ({
  type: 'CarrierBounced',
  data: { ...facts, bounceSha256, bouncedAt: noon },
});

describe('a bounce', () => {
  it('is recorded with its reason', () =>
    given(bounces)
      .when((state) => recordBounce(state, { ...facts, now: noon }))
      .then(bounced()));

  it('is recorded once, however often it is sent', () =>
    given(bounces, bounced())
      .when((state) => recordBounce(state, { ...facts, now: noon }))
      .then());

  it('is recorded a few times and no more, whatever is sent', () =>
    given(bounces, ...Array.from({ length: MAX_BOUNCES_RECORDED }, (_, index) => bounced(`a${index}`)))
      .when((state) => recordBounce(state, { ...facts, bounceSha256: 'other', now: noon }))
      .then());

  it.each([
    ['5.1.1', 'no-such-mailbox'],
    ['5.1.10', 'no-such-mailbox'],
    ['5.2.1', 'mailbox-unavailable'],
    ['5.2.2', 'mailbox-full'],
    ['5.3.4', 'mail-system'],
    ['4.4.1', 'network'],
    ['5.5.0', 'protocol'],
    ['5.6.1', 'content'],
    ['5.7.26', 'policy'],
    ['5.0.0', 'unknown'],
    ['nonsense', 'unknown'],
    [null, 'unknown'],
  ])('with status %s says %s', (status, reason) => expect(reasonOf(status)).toBe(reason));
});
