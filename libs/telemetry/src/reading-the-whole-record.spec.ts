import { describe, expect, it } from '@jest/globals';
import { attackOnAYear } from './testing/attack-on-a-year.ts';

/** Its figures are printed by `npm run bench -- telemetry`. */
describe('somebody who reads the whole record of a year', () => {
  it('would have named nearly everybody’s browser by exact counts (the control)', () => {
    expect(attackOnAYear('control').namedThen).toBeGreaterThan(0.9);
  });

  it('names no more persons’ browsers than guessing the commonest does', () => {
    const years = ['a', 'b', 'c', 'd', 'e'].map(attackOnAYear);
    for (const { equations } of years) expect(equations).toBeGreaterThan(0); // something is known: the attack has what to work on
    const gains = years.map(({ named, guessed }) => named - guessed);
    expect(gains.reduce((sum, gain) => sum + gain, 0) / gains.length).toBeLessThanOrEqual(0.02);
  });
});
