import { describe, expect, it } from '@jest/globals';
import { SubmissionPlaces } from './submission-places.ts';

/** Asks for places that are kept. @returns how many were given */
async function ask(places: SubmissionPlaces, clientId: string, times: number, until: Promise<void>): Promise<number> {
  const answers = Array.from({ length: times }, () =>
    Promise.race([places.take(clientId, () => until).catch((error: { code?: string }) => error.code), tick('kept')]),
  );
  return (await Promise.all(answers)).filter((answer) => answer === 'kept').length;
}

const tick = <T>(value: T) => new Promise<T>((resolve) => setImmediate(resolve, value));

describe('places for submissions', () => {
  it('leave every program one, and none more than half of what is free', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const places = new SubmissionPlaces(16);
    const given = [];
    for (const clientId of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) given.push(await ask(places, clientId, 40, promise));
    expect(given).toEqual([8, 4, 2, 1, 1, 1, 1]);
    resolve();
    await tick(null);
    expect(await ask(places, 'z', 40, new Promise(() => undefined))).toBe(8); // all came back
  });

  it('are given back by what fails, too', async () => {
    const places = new SubmissionPlaces(1);
    for (let turn = 0; turn < 3; turn++) {
      await expect(places.take('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }
    expect(await ask(places, 'a', 2, new Promise(() => undefined))).toBe(1);
  });
});
