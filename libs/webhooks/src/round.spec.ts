import { describe, expect, it } from '@jest/globals';
import { instantOf, secondsBetween } from '#libs/vocabulary';
import type { Instant, MessageId } from '#libs/vocabulary';
import type { Sent } from './receiver.ts';
import { nextTryAt } from './retry-schedule.ts';
import { eventsOfRound } from './round.ts';

const noon = instantOf('2026-11-30T12:00:00Z');
const messageId = 'a'.repeat(32) as MessageId;
const webhook = (webhookId: string, attempts = 0) => ({ webhookId, messageId, body: '{}', since: noon, attempts });
const failed: Sent = { outcome: 'failed', cause: 'answered with status 500' };
const eventsOf = (...tried: { webhook: ReturnType<typeof webhook>; sent: Sent }[]) =>
  eventsOfRound({ clientId: 'office', tried, now: noon, chance: () => 0 });

describe('a round', () => {
  it('records what was taken and what waits until when, in one event', () => {
    expect(
      eventsOf(
        { webhook: webhook('a'), sent: { outcome: 'delivered' } },
        { webhook: webhook('b', 1), sent: failed },
        { webhook: webhook('c'), sent: { outcome: 'gone' } },
      ),
    ).toEqual([
      {
        type: 'WebhooksTried',
        data: {
          clientId: 'office',
          delivered: ['a'],
          deferred: [{ webhookId: 'b', attempts: 2, dueAt: '2026-11-30T12:05:00.000Z' }],
          triedAt: noon,
        },
      },
    ]);
  });

  it('gives up what failed ten times, and records that of its message', () => {
    expect(eventsOf({ webhook: webhook('a', 9), sent: failed })).toEqual([
      {
        type: 'WebhookGivenUp',
        data: {
          ...{ clientId: 'office', webhookId: 'a', messageId, attempts: 10 },
          ...{ reason: 'tries-used-up', givenUpAt: noon },
        },
      },
    ]);
  });

  it('records nothing where all there was is a 410', () => {
    expect(eventsOf({ webhook: webhook('a'), sent: { outcome: 'gone' } })).toEqual([]);
  });
});

describe('the schedule', () => {
  const pauses = (chance: number) =>
    Array.from({ length: 10 }, (_, index) => nextTryAt(index + 1, noon, chance)).map((at: Instant | null) =>
      at === null ? null : secondsBetween(noon, at),
    );

  it('is that of Standard Webhooks, over three days, and ends', () => {
    expect(pauses(0)).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, null]);
  });

  it('is at most a tenth later by chance', () => {
    expect(pauses(1).slice(0, 3)).toEqual([6, 330, 1980]);
  });
});
