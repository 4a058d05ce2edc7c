import { describe, expect, it } from '@jest/globals';
import { seededBytes } from '../testing/seeded-bytes.ts';
import { Chance } from './chance.ts';

const DRAWS = 40_000;

describe('whole numbers by chance', () => {
  it('are each as likely as the others', () => {
    const chance = new Chance(seededBytes('uniform'));
    const counts = Array.from({ length: 7 }, () => 0);
    for (let draw = 0; draw < DRAWS; draw++) counts[chance.below(7)]! += 1;
    const expected = DRAWS / 7;
    for (const count of counts) expect(Math.abs(count - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it.each([
    [0, 1000],
    [250, 1000],
    [1000, 1000],
  ])('hit with the probability exp(-%i/%i)', (numerator, denominator) => {
    const chance = new Chance(seededBytes('exp'));
    let hits = 0;
    for (let draw = 0; draw < DRAWS; draw++) if (chance.isHitOfExp(numerator, denominator)) hits++;
    const expected = Math.exp(-numerator / denominator);
    expect(Math.abs(hits / DRAWS - expected)).toBeLessThanOrEqual(4 * Math.sqrt((expected * (1 - expected)) / DRAWS));
  });
});

describe('discrete Laplace noise', () => {
  it.each([300, 1000, 2500])('has its distribution at an epsilon of %i thousandths', (thousandths) => {
    const chance = new Chance(seededBytes('laplace'));
    const counts = new Map<number, number>();
    for (let draw = 0; draw < DRAWS; draw++) {
      const noise = chance.discreteLaplace(thousandths);
      counts.set(noise, (counts.get(noise) ?? 0) + 1);
    }
    const epsilon = thousandths / 1000;
    const probability = (noise: number) =>
      ((1 - Math.exp(-epsilon)) / (1 + Math.exp(-epsilon))) * Math.exp(-epsilon * Math.abs(noise));
    for (let noise = -8; noise <= 8; noise++) {
      const expected = DRAWS * probability(noise);
      expect(Math.abs((counts.get(noise) ?? 0) - expected)).toBeLessThan(4 * Math.sqrt(expected) + 1);
    }
  });
});
