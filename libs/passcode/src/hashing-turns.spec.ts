import { describe, expect, it } from '@jest/globals';
import { HashingTurns, MAX_HASHES_AT_ONCE } from './hashing-turns.ts';

describe('turns at hashing', () => {
  it('are never more than so many at once, and come in order', async () => {
    const turns = new HashingTurns({ atOnce: 4 });
    const order: number[] = [];
    let underWay = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        turns.take(async () => {
          order.push(index);
          most = Math.max(most, ++underWay);
          await new Promise((resume) => setTimeout(resume, 1));
          underWay -= 1;
        }),
      ),
    );
    expect(most).toBe(4);
    expect(order).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

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

  it('are refused past the end of the line, and given again once there is room', async () => {
    const turns = new HashingTurns({ atOnce: 1, maxInLine: 1 });
    const gate = Promise.withResolvers<void>();
    const first = turns.take(() => gate.promise);
    const second = turns.take(async () => 'second');
    expect(turns.isFull).toBe(true);
    await expect(turns.take(async () => 'third')).rejects.toMatchObject({ code: 'passcode-busy' });
    gate.resolve();
    await first;
    expect(await second).toBe('second');
    expect(await turns.take(async () => 'fourth')).toBe('fourth');
  });

  it('go on after work that failed', async () => {
    const turns = new HashingTurns({ atOnce: 1 });
    await expect(turns.take(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await turns.take(async () => 'next')).toBe('next');
  });
});
