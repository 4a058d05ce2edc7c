import { expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { FixedClock, instantOf } from '#libs/vocabulary';
import { AskedRuns, CanaryAskedTooOften, MAX_ASKED_RUNS_PER_HOUR } from './asked-runs.ts';

it('lets canary mails be asked for so often in an hour, by all processes together, and says when again', async () => {
  let elapsedMs = 0;
  const clock = new FixedClock(instantOf('2026-11-25T10:00:00.000Z'));
  const store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024, clock: () => elapsedMs });
  const elapse = (seconds: number) => {
    elapsedMs += seconds * 1000;
    clock.advance(seconds);
  };
  try {
    const processes = [new AskedRuns(store, clock), new AskedRuns(store, clock)] as const;
    await processes[0].count();
    await processes[0].giveBack(); // one was under way
    for (let asked = 0; asked < MAX_ASKED_RUNS_PER_HOUR; asked++) await processes[asked % 2 === 0 ? 0 : 1].count();
    elapse(600);
    await expect(processes[0].count()).rejects.toMatchObject({ retryAfterSeconds: 3000 });
    clock.advance(-7200); // a clock that was set back
    await expect(processes[1].count()).rejects.toThrow(CanaryAskedTooOften);
    await expect(processes[1].count()).rejects.toMatchObject({ retryAfterSeconds: 3600 });
    elapse(3000);
    await processes[1].count();
  } finally {
    await store.close();
  }
});
