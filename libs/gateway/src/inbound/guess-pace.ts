/** 5 failures, then a network waits. With 10 minutes: at most 720 guesses a day from one machine. */
const FAILURES = 5;
const WINDOW_MILLISECONDS = 10 * 60_000;
/** 10,000 networks are remembered; past that, the one that failed longest ago is forgotten. */
const MAX_NETWORKS = 10_000;

/** Holds whoever guesses passwords to a pace, for each network by itself: no stranger can lock an account of somebody else. */
export class GuessPace {
  private readonly failedAt = new Map<string, number[]>();

  /** @param now milliseconds of a clock that only goes forward */
  constructor(private readonly now: () => number = () => performance.now()) {}

  mayTry(network: string): boolean {
    return this.recent(network).length < FAILURES;
  }

  hasFailed(network: string): void {
    const recent = [...this.recent(network), this.now()];
    this.failedAt.delete(network); // and to the end, as the newest
    this.failedAt.set(network, recent);
    const [oldest] = this.failedAt.keys();
    if (this.failedAt.size > MAX_NETWORKS && oldest !== undefined) this.failedAt.delete(oldest);
  }

  private recent(network: string): number[] {
    const since = this.now() - WINDOW_MILLISECONDS;
    return (this.failedAt.get(network) ?? []).filter((at) => at > since);
  }
}
