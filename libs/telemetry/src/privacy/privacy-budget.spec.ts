import { describe, expect, it } from '@jest/globals';
import { DIMENSIONS } from '../dimensions.ts';
import { MIN_PERSONS, privacyBudget } from './privacy-budget.ts';
import type { PrivacyBudget } from './privacy-budget.ts';

/** How likely each written count of a cell is, by the mechanism as it stands in noisy-cells.ts; `null` is nothing written. */
function outcomes(persons: number, budget: PrivacyBudget): Map<number | null, number> {
  const epsilon = budget.noiseEpsilonThousandths / 1000;
  const noise = (size: number) =>
    ((1 - Math.exp(-epsilon)) / (1 + Math.exp(-epsilon))) * Math.exp(-epsilon * Math.abs(size));
  const outcome = new Map<number | null, number>();
  let written = 0;
  let sampledBy = 0.5 ** persons; // binomial(persons, 1/2), from 0 up
  for (let sampled = 0; sampled <= persons; sampled++) {
    if (sampled >= MIN_PERSONS) {
      for (let count = budget.threshold; count < persons + 400; count++) {
        const probability = sampledBy * noise(count - sampled);
        outcome.set(count, (outcome.get(count) ?? 0) + probability);
        written += probability;
      }
    }
    sampledBy *= (persons - sampled) / (sampled + 1);
  }
  return outcome.set(null, 1 - written);
}

/** The smallest delta with which the first is within e^epsilon of the second. */
function deltaBetween(one: Map<number | null, number>, other: Map<number | null, number>, epsilon: number): number {
  let delta = 0;
  for (const [outcome, probability] of one) {
    delta += Math.max(0, probability - Math.exp(epsilon) * (other.get(outcome) ?? 0));
  }
  return delta;
}

describe('what one person can be told', () => {
  it.each([0.5, 2, 8])('is no more than was set, at an epsilon of %d', (epsilon) => {
    const budget = privacyBudget({ epsilon, periodDays: 30 });
    const ofDimension = epsilon / DIMENSIONS.length;
    for (const persons of [0, 8, 9, 10, 11, 19, 20, 40, 80, 120]) {
      const [without, withOne] = [outcomes(persons, budget), outcomes(persons + 1, budget)];
      const slack = 1e-12; // of adding up
      expect(deltaBetween(withOne, without, ofDimension)).toBeLessThanOrEqual(1e-6 / DIMENSIONS.length + slack);
      expect(deltaBetween(without, withOne, ofDimension)).toBeLessThanOrEqual(1e-6 / DIMENSIONS.length + slack);
    }
  });

  it('is told with noise that is not much more than it must be', () => {
    const budget = privacyBudget({ epsilon: 2, periodDays: 30 });
    const [without, withOne] = [outcomes(120, budget), outcomes(121, budget)];
    expect(deltaBetween(withOne, without, 0.3 * (2 / DIMENSIONS.length))).toBeGreaterThan(1e-6);
  });

  it.each([0, -1, 20.5, NaN, 0.001])('cannot be set to %d', (epsilon) =>
    expect(() => privacyBudget({ epsilon, periodDays: 30 })).toThrow(RangeError),
  );
});
