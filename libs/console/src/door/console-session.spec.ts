import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { instantOf, parseMailAddress, plusSeconds } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { ConsoleSettings } from '../settings.ts';
import { ConsoleSessions } from './console-session.ts';

const startedAt = instantOf('2026-11-25T10:00:00.000Z');
const QUARTER_SECONDS = 900;

describe('a session at the console', () => {
  let store: MemoryEphemeralStore;
  let sessions: ConsoleSessions;
  let elapsedMs: number;

  beforeEach(async () => {
    elapsedMs = 0;
    store = new MemoryEphemeralStore({ maxBytes: 1024 * 1024, clock: () => elapsedMs });
    const settings = Object.assign(new ConsoleSettings(), { sessionIdleSeconds: 1800, sessionMaxSeconds: 8 * 3600 });
    sessions = new ConsoleSessions(store, settings);
    const address = parseMailAddress('officer@example.com');
    await sessions.begin('one', { personId: 'p' as PersonId, address, roles: ['officer'], startedAt, openCase: {} });
  });
  afterEach(() => store.close());

  /** Asked every quarter of an hour; the clock on the wall is off by so much. @returns after how many hours it was over */
  async function hoursUntilOver(wallClockOffSeconds: number): Promise<number> {
    for (let quarter = 1; quarter < 100; quarter++) {
      elapsedMs = quarter * QUARTER_SECONDS * 1000;
      const now = plusSeconds(startedAt, quarter * QUARTER_SECONDS + wallClockOffSeconds);
      if ((await sessions.touch('one', now)) === null) return quarter / 4;
      await sessions.openCase('one', { caseNumber: `${quarter}` }, now);
    }
    return Infinity;
  }

  it('ends after eight hours, whoever still works', async () => {
    expect(await hoursUntilOver(0)).toBe(8);
  });

  it('is no longer for a clock that was set back', async () => {
    expect(await hoursUntilOver(-24 * 3600)).toBe(8);
  });

  it('is over early by a clock that was set forward', async () => {
    expect(await hoursUntilOver(4 * 3600)).toBe(4);
  });

  it('ends when nobody asks for half an hour', async () => {
    elapsedMs = 1800 * 1000;
    expect(await sessions.touch('one', startedAt)).toBeNull();
  });
});
