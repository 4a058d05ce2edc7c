import type { SampledCells } from './period-counts.ts';
import type { Chance } from './privacy/chance.ts';
import { MIN_PERSONS, SAMPLED_OF } from './privacy/privacy-budget.ts';
import type { PrivacyBudget } from './privacy/privacy-budget.ts';

/** A count as it may be known. */
export interface NoisyCell {
  readonly value: string;
  /** Persons, as well as can be told: sampled ones with noise, times what one of them stands for. */
  readonly persons: number;
  /** The true number of this process's persons is within this many of it 19 times out of 20. */
  readonly margin: number;
}

/** The cells of one dimension that may be written, each with noise of its own. Called once for a dimension and period: a second draw would tell more. */
export function noisyCells(cells: SampledCells, budget: PrivacyBudget, chance: Chance): NoisyCell[] {
  const noisy: NoisyCell[] = [];
  for (const [value, sampled] of cells) {
    if (sampled < MIN_PERSONS) continue;
    const count = sampled + chance.discreteLaplace(budget.noiseEpsilonThousandths);
    if (count < budget.threshold) continue;
    const persons = count * SAMPLED_OF;
    noisy.push({ value, persons, margin: Math.ceil(Math.hypot(budget.noise95 * SAMPLED_OF, sampling95(persons))) });
  }
  return noisy;
}

/** 1.96 standard deviations of persons that were told from one in `SAMPLED_OF` of them. */
function sampling95(persons: number): number {
  return 1.96 * Math.sqrt(persons * (SAMPLED_OF - 1));
}
