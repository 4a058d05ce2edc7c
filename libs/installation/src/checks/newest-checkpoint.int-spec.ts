import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ledgerProjection } from '#libs/audit';
import { ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, plusSeconds, SystemClock } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import type { CheckedParts } from './check.ts';
import { CHECK_OF_CHECKPOINT } from './newest-checkpoint.ts';

const POURED = [{ type: 'Poured', data: {} }];

describe('the age of the newest checkpoint', () => {
  let sqlite: Awaited<ReturnType<typeof openTemporarySqlite>>;
  let models: ReadModels;
  let runner: ProjectionRunner;
  let clock: FixedClock;
  const ago = (seconds: number): Instant => plusSeconds(new SystemClock().now(), -seconds);
  beforeEach(async () => {
    clock = new FixedClock(ago(7200));
    sqlite = await openTemporarySqlite({ clock });
    models = ReadModels.open(join(sqlite.directory, 'read-models.sqlite'));
    runner = new ProjectionRunner(sqlite.store, models, [ledgerProjection]);
    runner.start();
  });
  afterEach(async () => {
    await runner.stop();
    models.close();
    await sqlite.cleanUp();
  });

  const pour = (table: string) => sqlite.store.append(streamName('table', table), 'NONE', POURED);
  const sign = async (size: number) => {
    const data = { origin: 'o', size, root: 'r', signedAt: clock.now(), note: 'n' };
    await sqlite.store.append(streamName('ledger', 'checkpoints'), 'NONE', [{ type: 'CheckpointSigned', data }]);
  };
  const check = async () => {
    await runner.caughtUp();
    return CHECK_OF_CHECKPOINT.run({
      eventStore: async () => sqlite.store,
      trail: async () => models.db,
    } as unknown as CheckedParts);
  };

  it('is said, and is well while only checkpoints stand behind it, however old', async () => {
    await pour('a');
    await sign(1);
    expect(await check()).toBe(`signed at ${clock.now()}, 1 events`);
  });

  it('is well while what was recorded since is younger than an hour', async () => {
    await pour('a');
    await sign(1);
    clock.advance(5400);
    await pour('b');
    expect(await check()).toMatch(/^signed at /);
  });

  it('is not where something older waits, signed before or never', async () => {
    await pour('a');
    await expect(check()).rejects.toThrow(/^none was signed yet; what was recorded at .* is in none$/);
    await sign(1);
    await pour('b');
    await expect(check()).rejects.toThrow(/^signed at .*, 1 events; what was recorded at .* is in none$/);
  });
});
