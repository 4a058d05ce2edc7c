import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFacts, ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import type { DomainEvent } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { instantOf, newPersonId } from '#libs/vocabulary';
import type { MessageId, PersonId } from '#libs/vocabulary';
import { appointCanary } from '../canary/canary-events.ts';
import { newestCanaryView } from '../canary/newest-canary-view.ts';
import { queryAuditTrail } from '../query/query-audit-trail.ts';
import type { AuditFilter } from '../query/audit-filter.ts';
import { auditTrail } from './audit-trail.ts';

const [canary, anna] = [newPersonId(), newPersonId()];
const [ofCanary, toCanary, ofAnna] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [
  MessageId,
  MessageId,
  MessageId,
];
const now = instantOf('2026-11-30T12:00:00Z');

const sealed = (messageId: MessageId, senderId: PersonId, recipientId: PersonId) => ({
  type: 'MessageSealed',
  data: { messageId, senderId, recipientId, sealedAt: now },
});
const viewed = (recipientId: PersonId) => ({
  type: 'MessageViewed',
  version: 2,
  data: { recipientId, viewedAt: now, method: 'passcode', signInId: null, form: 'page' },
});

describe('the canary in the trail', () => {
  let sqlite: Awaited<ReturnType<typeof openTemporarySqlite>>;
  let readModels: ReadModels;
  let runner: ProjectionRunner;
  beforeAll(async () => {
    sqlite = await openTemporarySqlite();
    const append = (category: string, id: string, ...events: object[]) =>
      appendFacts(sqlite.store, streamName(category, id), events as DomainEvent[]);
    await appointCanary(sqlite.store, canary, now);
    await appointCanary(sqlite.store, canary, now); // at each start and run
    await append('message', ofCanary, sealed(ofCanary, canary, canary));
    await append('openings', ofCanary, { type: 'CarrierOpened', data: { messageId: ofCanary, openedAt: now } });
    await append('passcodes', canary, { type: 'OtpExhausted', data: { challengeId: 'x', exhaustedAt: now } });
    await append('message', ofCanary, viewed(canary));
    await append('message', ofAnna, sealed(ofAnna, anna, anna));
    await append('message', toCanary, sealed(toCanary, anna, canary)); // somebody wrote to it
    await append('message', ofCanary, { type: 'MessageRevoked', data: { revokedAt: now, revokedBy: 'alice' } });
    // Somebody wants what Anna reads to be nowhere: she has a part in the record already.
    await appointCanary(sqlite.store, anna, now);
    await append('message', ofAnna, viewed(anna));
    readModels = ReadModels.open(':memory:');
    runner = new ProjectionRunner(sqlite.store, readModels, [auditTrail], { minBackoffMs: 5, maxBackoffMs: 20 });
    runner.start();
    await runner.caughtUp();
  });
  afterAll(async () => {
    await runner.stop();
    readModels.close();
    await sqlite.cleanUp();
  });

  const typesOf = (filter: AuditFilter) =>
    queryAuditTrail(readModels.db, filter).rows.map(({ type, messageId }) => [type, messageId]);
  const ofPeople = [
    ['CanaryAppointed', null],
    ['MessageSealed', ofAnna],
    ['MessageSealed', toCanary],
    ['MessageRevoked', ofCanary],
    ['CanaryAppointed', null],
    ['MessageViewed', ofAnna],
  ];

  it('is left out of what people did, but for what somebody else has a part in', () => {
    expect(typesOf({})).toEqual(ofPeople);
    expect(typesOf({ types: ['MessageViewed'] })).toEqual([['MessageViewed', ofAnna]]);
    expect(queryAuditTrail(readModels.db, {}, { order: 'newest-first', limit: 1 }).rows).toMatchObject([
      { type: 'MessageViewed', messageId: ofAnna },
    ]);
  });

  it('is there where it is asked for, or named', () => {
    expect(typesOf({ withCanary: true })).toHaveLength(ofPeople.length + 4);
    expect(typesOf({ messageId: ofCanary }).map(([type]) => type)).toEqual([
      ...['MessageSealed', 'CarrierOpened', 'MessageViewed', 'MessageRevoked'],
    ]);
    expect(typesOf({ readerId: canary })).toEqual([['MessageViewed', ofCanary]]);
  });

  it('was read when its own mail was, and no other', () => {
    const event = queryAuditTrail(readModels.db, { messageId: ofCanary, types: ['MessageViewed'] }).rows[0];
    expect(newestCanaryView(readModels.db)).toBe(event?.time);
  });
});
