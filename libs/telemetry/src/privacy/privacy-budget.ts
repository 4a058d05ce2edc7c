import { DIMENSIONS } from '../dimensions.ts';

/** What one person may at most be told by all that is written of one period: the operator's choice. */
export interface PrivacySettings {
  /** Of all dimensions together. */
  readonly epsilon: number;
  /** Length of a period in days. */
  readonly periodDays: number;
}

/** 2 within 30 days: deployed systems that are called private range from 1 to 16 for a day. */
export const DEFAULT_PRIVACY: PrivacySettings = { epsilon: 2, periodDays: 30 };

/** One in a million for all dimensions of a period: that a cell which exists for one person's sake alone is written at all. */
const DELTA = 1e-6;
/** Different persons that a cell needs before it can be written (PRODUCT.md, promise 9). */
export const MIN_PERSONS = 10;
/** One person in two is counted, by a secret coin for each period and dimension. */
export const SAMPLED_OF = 2;

/** What the noise of one dimension's cells comes to. */
export interface PrivacyBudget {
  readonly settings: PrivacySettings;
  /** Of the noise, in thousandths, rounded down: never weaker than was asked for. */
  readonly noiseEpsilonThousandths: number;
  /** The smallest noisy count, of sampled persons, that is written. */
  readonly threshold: number;
  /** Half the width of a 95 % interval of the noise, in sampled persons. */
  readonly noise95: number;
}

/**
 * The theorem. Let two histories differ in one person, with all they ever did in the period. In a dimension that person is in one cell, adds one
 * to it, and is sampled with probability q = 1/2. Noise of ε₀ and a threshold τ make a dimension (ε₀, δ₀)-private for those who are sampled: where
 * the cell has ten on both sides, by the noise (the threshold only looks at the noisy count); where it has ten on one side and nine on the other, nothing is
 * written on the second, and on the first with a probability of P(10 + noise ≥ τ) ≤ δ₀; else nothing on both. Sampling makes it (ln(1 + q(e^ε₀ − 1)), q·δ₀)
 * (Balle, Barthe, Gaboardi 2018, theorem 8), which is set to ε/k and δ/k for k dimensions; the dimensions compose to ε and δ (Dwork, Roth 2014,
 * theorem 3.16). A period is written once for an installation, and no two that are written share a day whatever their lengths (`written-periods.ts`), so that
 * processes, restarts and changed settings add nothing.
 *
 * @throws RangeError for an epsilon that is not above 0 or is above 20, or so small that no noise of ours is as strong
 */
export function privacyBudget(settings: PrivacySettings): PrivacyBudget {
  const { epsilon } = settings;
  if (!(epsilon > 0 && epsilon <= 20)) throw new RangeError('epsilon is above 0, and at most 20');
  const ofDimension = epsilon / DIMENSIONS.length;
  const ofSampled = Math.log1p(SAMPLED_OF * Math.expm1(ofDimension));
  const noiseEpsilonThousandths = Math.floor(ofSampled * 1000);
  if (noiseEpsilonThousandths < 1) throw new RangeError('epsilon is too small for this noise');
  const noiseEpsilon = noiseEpsilonThousandths / 1000;
  const delta = (SAMPLED_OF * DELTA) / DIMENSIONS.length;
  return {
    settings,
    noiseEpsilonThousandths,
    threshold: MIN_PERSONS + smallestAtMost(noiseEpsilon, delta),
    noise95: smallestAtMost(noiseEpsilon, 0.025),
  };
}

/** The smallest k with P(noise ≥ k) ≤ bound: P is e^(-εk) / (1 + e^(-ε)) for k ≥ 1. */
function smallestAtMost(epsilon: number, bound: number): number {
  return Math.max(1, Math.ceil(-Math.log(bound * (1 + Math.exp(-epsilon))) / epsilon));
}
