import { describe, expect, it } from '@jest/globals';
import { HashingTurns, MAX_HASHES_AT_ONCE } from './hashing-turns.ts';

describe('turns at hashing', () => {
  it('are four at the most, whatever the machine', async () => {
    const turns = new HashingTurns();
    let underWay = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resume) => setTimeout(resume, 1));
      underWay -= 1;
    };
    await Promise.all(Array.from({ length: 40 }, () => turns.take(work)));
    expect(most).toBeLessThanOrEqual(MAX_HASHES_AT_ONCE);
  });

  it('are refused past the end of the line with a page of their own', async () => {
    const turns = new HashingTurns({ atOnce: 1, maxInLine: 0 });
    const gate = Promise.withResolvers<void>();
    const first = turns.take(() => gate.promise);
    await expect(turns.take(async () => 'second')).rejects.toMatchObject({ code: 'passcode-busy' });
    gate.resolve();
    await first;
  });
});
