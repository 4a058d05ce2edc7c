import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReadModels } from '#libs/event-store';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import {
  COUNTED_AT_MOST,
  dueWebhooks,
  waitingWebhooks,
  webhooksPutOffTooFar,
  webhooksSinceBefore,
  webhookStandings,
} from './waiting-webhooks.ts';
import type { WaitingWebhook } from './waiting-webhooks.ts';

const noon = instantOf('2026-11-30T12:00:00Z');
const tomorrow = instantOf('2026-12-01T12:00:00Z');
let directory: string;
let readModels: ReadModels;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'segl-waiting-'));
  readModels = ReadModels.open(join(directory, 'webhooks.sqlite'));
  readModels.execute(waitingWebhooks.schema);
  for (const clientId of ['office', 'archive', 'idle'])
    readModels.db.run('INSERT INTO webhook_client VALUES (?, 0, NULL)', clientId);
});
afterEach(async () => {
  readModels.close();
  await rm(directory, { recursive: true, force: true });
});

function wait(clientId: string, count: number): void {
  readModels.db.run(
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
     INSERT INTO webhook_waiting SELECT ? || n, ?, 'm', '{}', ?, 0, '' FROM numbers`,
    ...[count, clientId, clientId, noon],
  );
}

describe('what waits for programs', () => {
  it('is counted for each, up to a bound: it is asked on the main thread, at each scrape', () => {
    wait('office', COUNTED_AT_MOST + 5);
    wait('archive', 3);
    expect(webhookStandings(readModels.db)).toEqual([
      { clientId: 'archive', offReason: null, waiting: 3, oldestSince: noon },
      { clientId: 'idle', offReason: null, waiting: 0, oldestSince: null },
      { clientId: 'office', offReason: null, waiting: COUNTED_AT_MOST, oldestSince: noon },
    ]);
  });

  it('is due after a clock was set back, where it waits longer than so many tries allow, and nothing else is', () => {
    wait('office', 3);
    const put = (id: string, attempts: number, dueAt: string) =>
      readModels.db.run(
        'UPDATE webhook_waiting SET attempts = ?, due_at = ? WHERE webhook_id = ?',
        attempts,
        dueAt,
        id,
      );
    put('office1', 1, plusSeconds(noon, 5.5)); // the first pause is five seconds, and a tenth more by chance
    put('office2', 1, tomorrow); // tried tomorrow, by a clock that has been set back since
    put('office3', 9, plusSeconds(noon, 86_400 * 1.1)); // the last pause is a day
    expect(dueWebhooks(readModels.db, 'office', noon, 10)).toEqual([]);
    const putOff = webhooksPutOffTooFar(readModels.db, 'office', noon, 10);
    expect(putOff.map(({ webhookId }) => webhookId)).toEqual(['office2']);
  });

  it('is read in pages of what is old, each once', () => {
    wait('office', 25);
    const ids: string[] = [];
    for (let after: WaitingWebhook | null = null, isMore = true; isMore;) {
      const page = webhooksSinceBefore(readModels.db, 'office', { before: tomorrow, after, limit: 10 });
      ids.push(...page.map(({ webhookId }) => webhookId));
      after = page.at(-1) ?? null;
      isMore = page.length === 10;
    }
    expect([ids.length, new Set(ids).size]).toEqual([25, 25]);
    expect(webhooksSinceBefore(readModels.db, 'office', { before: noon, after: null, limit: 10 })).toEqual([]);
  });
});
