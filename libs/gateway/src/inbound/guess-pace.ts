import { EphemeralStoreFull, EphemeralStoreUnavailable, EphemeralStoreUnsafe } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';

/** 5 failures, then a network waits. With 10 minutes: at most 720 guesses a day from one machine. */
const FAILURES = 5;
const WINDOW_SECONDS = 10 * 60;
/** 10,000 networks are remembered here; past that, the one that failed longest ago is forgotten. */
const MAX_NETWORKS = 10_000;

/**
 * Holds whoever guesses passwords to a pace, for each network by itself: no stranger can lock an account of somebody else. Counted
 * here, and in the shared store where there is one, which is asked once a network has failed here: so nobody who has not failed takes room
 * there, and each gateway more allows one failure more. Without the store for a while, each counts for itself.
 */
export class GuessPace {
  private readonly failedAt = new Map<string, number[]>();

  /** @param now milliseconds of a clock that only goes forward */
  constructor(
    private readonly store: EphemeralStore | null = null,
    private readonly now: () => number = () => performance.now(),
  ) {}

  async mayTry(network: string): Promise<boolean> {
    const failures = this.recent(network).length;
    if (failures === 0) return true;
    if (failures >= FAILURES) return false;
    return (await this.countInStore(network, 0)) < FAILURES;
  }

  async hasFailed(network: string): Promise<void> {
    const recent = [...this.recent(network), this.now()];
    this.failedAt.delete(network); // and to the end, as the newest
    this.failedAt.set(network, recent);
    const [oldest] = this.failedAt.keys();
    if (this.failedAt.size > MAX_NETWORKS && oldest !== undefined) this.failedAt.delete(oldest);
    await this.countInStore(network, 1);
  }

  private async countInStore(network: string, by: 0 | 1): Promise<number> {
    const key: EphemeralKey = `smtp-guesses:${network}`;
    try {
      return (await this.store?.increment(key, { by, ttlSeconds: WINDOW_SECONDS })) ?? 0;
    } catch (error) {
      if (error instanceof EphemeralStoreUnavailable || error instanceof EphemeralStoreFull) return 0;
      if (error instanceof EphemeralStoreUnsafe) return 0;
      throw error;
    }
  }

  private recent(network: string): number[] {
    const since = this.now() - WINDOW_SECONDS * 1000;
    return (this.failedAt.get(network) ?? []).filter((at) => at > since);
  }
}
