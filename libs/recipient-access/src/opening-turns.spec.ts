import { describe, expect, it } from '@jest/globals';
import { OpeningTurns, TooManyOpenings } from './opening-turns.ts';

/** Work that goes on until it is told to end. */
function openEnded() {
  const begun: (() => void)[] = [];
  return { begun, work: () => new Promise<void>((end) => begun.push(end)) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('turns at opening', () => {
  it('lets so many in at once, the others in order, and refuses past the end of the line', async () => {
    const turns = new OpeningTurns(2, 1);
    const { begun, work } = openEnded();
    const first = turns.take(work);
    const second = turns.take(work);
    const third = turns.take(work);
    await expect(turns.take(work)).rejects.toBeInstanceOf(TooManyOpenings);
    expect(begun).toHaveLength(2);
    begun[0]?.();
    await first;
    await settled();
    expect(begun).toHaveLength(3);
    begun[1]?.();
    begun[2]?.();
    await Promise.all([second, third]);
  });

  it('hands the turn on when work fails', async () => {
    const turns = new OpeningTurns(1, 5);
    await expect(turns.take(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    const results = await Promise.all([1, 2, 3].map((value) => turns.take(() => Promise.resolve(value))));
    expect(results).toEqual([1, 2, 3]);
  });
});
