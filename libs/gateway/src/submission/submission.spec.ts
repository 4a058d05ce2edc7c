import { describe, expect, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { instantOf, newEventId, newPersonId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { acceptSubmission, requestSha256, submissionIdOf, submissions } from './submission.ts';
import type { SubmissionEvent, SubmissionFacts } from './submission.ts';

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
