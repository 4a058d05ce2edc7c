import { describe, expect, it } from '@jest/globals';
import { DomainError } from './domain-error.ts';
import { Turns } from './turns.ts';

const turnsOf = (atOnce: number, maxInLine: number) =>
  new Turns({ atOnce, maxInLine, refusal: () => new DomainError('no-turn') });

describe('turns', () => {
  it('are never more than so many at once, and come in order', async () => {
    const turns = turnsOf(4, 50);
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

  it('are refused past the end of the line, and given again once there is room', async () => {
    const turns = turnsOf(1, 1);
    const gate = Promise.withResolvers<void>();
    const first = turns.take(() => gate.promise);
    const second = turns.take(async () => 'second');
    expect(turns.isFull).toBe(true);
    await expect(turns.take(async () => 'third')).rejects.toMatchObject({ code: 'no-turn' });
    gate.resolve();
    await first;
    expect(await second).toBe('second');
    expect(await turns.take(async () => 'fourth')).toBe('fourth');
  });

  it('go on after work that failed', async () => {
    const turns = turnsOf(1, 5);
    await expect(turns.take(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await Promise.all([1, 2, 3].map((value) => turns.take(async () => value)))).toEqual([1, 2, 3]);
  });
});
