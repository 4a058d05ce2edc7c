import { randomBytes } from 'node:crypto';

/**
 * Random whole numbers. The only source of noise: made of bytes by integers alone, since what a floating-point logarithm gives away in its
 * last bits can undo the noise (Mironov, "On significance of the least significant bits for differential privacy", CCS 2012).
 */
export class Chance {
  private readonly bytes: (count: number) => Uint8Array;

  /** @param bytes unpredictable ones; only tests give others */
  constructor(bytes: (count: number) => Uint8Array = randomBytes) {
    this.bytes = bytes;
  }

  /** Each of 0 … bound - 1 as likely as the others. @param bound 1 to 2^47 */
  below(bound: number): number {
    const limit = 2 ** 48 - (2 ** 48 % bound);
    for (;;) {
      const drawn = Buffer.from(this.bytes(6)).readUIntBE(0, 6);
      if (drawn < limit) return drawn % bound;
    }
  }

  /** True with the probability numerator / denominator. */
  isHit(numerator: number, denominator: number): boolean {
    return this.below(denominator) < numerator;
  }

  /**
   * True with the probability exp(-numerator / denominator), for 0 ≤ numerator ≤ denominator: the first k at which a coin of γ/k falls is odd
   * with probability exp(-γ) (Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", 2020, algorithm 1; von Neumann 1951).
   */
  isHitOfExp(numerator: number, denominator: number): boolean {
    let k = 1;
    while (this.isHit(numerator, denominator * k)) k++;
    return k % 2 === 1;
  }

  /**
   * Discrete Laplace noise: x with a probability that is proportional to exp(-|x| · epsilonThousandths / 1000). Added to a count that one person
   * can change by one, it gives epsilon-differential privacy (Ghosh, Roughgarden, Sundararajan 2009). Exact, by algorithm 2 of the same
   * paper as above with s = epsilonThousandths and t = 1000.
   *
   * @param epsilonThousandths 1 or more, whole
   */
  discreteLaplace(epsilonThousandths: number): number {
    for (;;) {
      const uniform = this.below(1000);
      if (!this.isHitOfExp(uniform, 1000)) continue;
      let whole = 0;
      while (this.isHitOfExp(1, 1)) whole++;
      const size = Math.floor((uniform + 1000 * whole) / epsilonThousandths);
      const isNegative = this.isHit(1, 2);
      if (isNegative && size === 0) continue; // zero would come twice
      return isNegative ? -size : size;
    }
  }
}
