import { describe, expect, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf, newEventId, newPersonId, plusSeconds } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { acceptSubmission, beginHandOff, requestSha256, submissionIdOf, submissions } from './submission.ts';
import type { HandOffFacts, SubmissionEvent, SubmissionFacts } from './submission.ts';

const [anna, bo, office] = [newPersonId(), newPersonId(), newPersonId()];
const facts: SubmissionFacts = {
  eventId: newEventId(),
  clientId: 'office',
  requestSha256: 'a'.repeat(64),
  acceptedAt: instantOf('2026-11-22T12:00:00Z'),
  delivery: 'relay',
  messages: [{ recipientId: anna, messageId: 'b'.repeat(32) as MessageId }],
};
const { eventId, ...data } = facts;
const accepted: SubmissionEvent = { type: 'SubmissionAccepted', id: eventId, data };

describe('a submission', () => {
  it('is accepted once', () =>
    given(submissions)
      .when((state) => acceptSubmission(state, facts))
      .then(accepted));

  it('is no event when the same is asked again, even with other seals', () =>
    given(submissions, accepted)
      .when((state) => acceptSubmission(state, { ...facts, eventId: newEventId(), messages: [] }))
      .then());

  it('is refused when another request comes under its key', () =>
    given(submissions, accepted)
      .when((state) => acceptSubmission(state, { ...facts, requestSha256: 'c'.repeat(64) }))
      .thenThrows('submission-key-reused'));

  describe('that is handed to the relay at once', () => {
    const claim: HandOffFacts = {
      clientId: 'office',
      requestSha256: 'a'.repeat(64),
      messageId: 'b'.repeat(32) as MessageId,
      begunAt: instantOf('2026-11-22T12:00:00Z'),
      endsBy: instantOf('2026-11-22T12:01:00Z'),
    };
    const begun: SubmissionEvent = { type: 'SubmissionBegun', data: claim };
    const at = (time: string, change: Partial<HandOffFacts> = {}) => ({
      ...claim,
      begunAt: instantOf(`2026-11-22T${time}Z`),
      endsBy: plusSeconds(instantOf(`2026-11-22T${time}Z`), 60),
      ...change,
    });

    it('is claimed before anything is sent', () =>
      given(submissions)
        .when((state) => beginHandOff(state, claim))
        .then(begun));

    it('is nobody else’s until the claim ends, and then anybody’s', () => {
      given(submissions, begun)
        .when((state) => beginHandOff(state, at('12:00:59.999')))
        .thenThrows('submission-under-way');
      given(submissions, begun)
        .when((state) => beginHandOff(state, at('12:01:00')))
        .then({ type: 'SubmissionBegun', data: at('12:01:00') });
    });

    it('is not claimed for the rest of the day by a gateway that died before the clock was set back', () =>
      given(submissions, begun)
        .when((state) => beginHandOff(state, at('02:00:00')))
        .then({ type: 'SubmissionBegun', data: at('02:00:00') }));

    it('is accepted once the relay has it, and then only answered', () => {
      given(submissions, begun)
        .when((state) => acceptSubmission(state, { ...facts, delivery: 'at-once' }))
        .then({ ...accepted, data: { ...data, delivery: 'at-once' } });
      given(submissions, begun, accepted)
        .when((state) => beginHandOff(state, at('13:00:00')))
        .then();
    });

    it('is not another request under the same key', () => {
      for (const before of [[begun], [begun, accepted]])
        given(submissions, ...before)
          .when((state) => beginHandOff(state, at('13:00:00', { requestSha256: 'c'.repeat(64) })))
          .thenThrows('submission-key-reused');
      given(submissions, begun)
        .when((state) => acceptSubmission(state, { ...facts, requestSha256: 'c'.repeat(64) }))
        .thenThrows('submission-key-reused');
    });
  });

  it('is known by what it asks, not by the order of its recipients', () => {
    const request = {
      senderId: office,
      recipientIds: [anna, bo],
      delivery: 'relay' as const,
      mailSha256: 'd'.repeat(64),
    };
    const digest = requestSha256(request);
    expect(requestSha256({ ...request, recipientIds: [bo, anna] })).toBe(digest);
    for (const other of [
      { senderId: anna },
      { recipientIds: [anna] },
      { delivery: 'hand-out' as const },
      { mailSha256: 'e'.repeat(64) },
    ]) {
      expect(requestSha256({ ...request, ...other })).not.toBe(digest);
    }
  });

  it('has one id for a client and a key, and a new one where there is no key', () => {
    expect(submissionIdOf('office', 'k')).toBe(submissionIdOf('office', 'k'));
    const ids = [
      submissionIdOf('office', 'k'),
      submissionIdOf('office', 'l'),
      submissionIdOf('offic', 'ek'),
      submissionIdOf('office', null),
      submissionIdOf('office', null),
    ];
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[a-z2-7]{32}$/);
  });
});
