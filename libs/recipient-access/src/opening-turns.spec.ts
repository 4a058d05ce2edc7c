import { expect, it } from '@jest/globals';
import { OpeningTurns } from './opening-turns.ts';

it('turns at opening are refused past the end of the line with a page of their own', async () => {
  const turns = new OpeningTurns(1, 0);
  const gate = Promise.withResolvers<void>();
  const first = turns.take(() => gate.promise);
  await expect(turns.take(async () => 'second')).rejects.toMatchObject({ code: 'too-many-openings' });
  gate.resolve();
  await first;
});
