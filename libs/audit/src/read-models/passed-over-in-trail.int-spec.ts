import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { appendFacts, passOver, ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { instantOf, SystemClock } from '#libs/vocabulary';
import { LedgerTree } from '../ledger/ledger-tree.ts';
import { ledgerProjection } from '../ledger/ledger-projection.ts';
import { queryAuditTrail } from '../query/query-audit-trail.ts';
import { auditTrail } from './audit-trail.ts';

it('an event that a later release wrote stops the trail, which goes on without it once that was decided; the ledger counts it', async () => {
  const sqlite = await openTemporarySqlite();
  const readModels = ReadModels.open(':memory:');
  const pace = { minBackoffMs: 5, maxBackoffMs: 20 };
  const runner = new ProjectionRunner(sqlite.store, readModels, [auditTrail, ledgerProjection], pace);
  const trail = () => runner.status().find(({ name }) => name === auditTrail.name);
  try {
    const message = streamName('message', 'a'.repeat(32));
    const now = instantOf('2026-11-30T12:00:00Z');
    await appendFacts(sqlite.store, message, [
      { type: 'MessageHologrammed', data: {} },
      { type: 'MessageRevoked', data: { revokedAt: now, revokedBy: 'alice' } },
    ]);
    runner.start();
    for (const giveUpAt = Date.now() + 20_000; trail()?.stop == null && Date.now() < giveUpAt;) await sleep(5);
    const stop = trail()?.stop ?? null;
    expect(stop).toMatchObject({ why: 'event-refused', eventType: 'MessageHologrammed' });
    expect(queryAuditTrail(readModels.db).rows).toEqual([]);
    const decision = { passedOverBy: 'olga', reason: 'of a release that was rolled back' };
    await passOver(sqlite.store, new SystemClock(), { name: auditTrail.name, stop }, decision);
    await runner.caughtUp();
    expect(queryAuditTrail(readModels.db).rows.map(({ type }) => type)).toEqual(['MessageRevoked', 'EventPassedOver']);
    expect(new LedgerTree(readModels.db).size).toBe(3);
  } finally {
    await runner.stop();
    readModels.close();
    await sqlite.cleanUp();
  }
});
