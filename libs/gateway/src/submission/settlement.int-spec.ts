import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, instantOf, parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { settlementBy, submissionIdOf } from './submission.ts';

describe('a staged carrier whose submission is not accepted', () => {
  let record: TemporarySqlite;
  let clock: FixedClock;
  let settle: () => Promise<string>;

  beforeAll(async () => {
    record = await openTemporarySqlite();
  });
  afterAll(() => record.cleanUp());
  beforeEach(() => {
    clock = new FixedClock(instantOf('2026-12-01T12:00:00Z'));
    const envelope = {
      ...{
        submissionId: submissionIdOf('office', null),
        messageId: 'a'.repeat(32) as MessageId,
        stagedAt: clock.now(),
      },
      ...{ mailFrom: '' as const, rcptTo: parseMailAddress('anna@example.com') },
    };
    const settlement = settlementBy(record.store, clock);
    settle = () => settlement(envelope);
  });

  it('waits a minute, in which the record may still say so', async () => {
    clock.advance(59);
    expect(await settle()).toBe('later');
    clock.advance(1);
    expect(await settle()).toBe('discard');
  });

  it('waits on where the clock was set forward meanwhile', async () => {
    clock.advance(86_400);
    expect(await settle()).toBe('later');
  });
});
