import { getJson, isText, putJson, recordOf } from '#libs/ephemeral-store';
import type { EphemeralKey, EphemeralStore } from '#libs/ephemeral-store';
import { DomainError, plusSeconds, secondsBetween } from '#libs/vocabulary';
import type { Clock, Instant } from '#libs/vocabulary';

/** Canary mails that may be asked for within an hour, in all processes together: each costs a seal, two mails, and events that are kept. */
export const MAX_ASKED_RUNS_PER_HOUR = 12;

const HOUR_SECONDS = 3600;
const COUNT_KEY: EphemeralKey = 'canary:asked';
const HOUR_KEY: EphemeralKey = 'canary:asked-hour';

const parseHour = recordOf<{ readonly endsAt: Instant }>({ endsAt: isText });

export class CanaryAskedTooOften extends DomainError {
  /** @param retryAfterSeconds 1 to 3600 */
  constructor(readonly retryAfterSeconds: number) {
    super(
      'canary-asked-too-often',
      `${MAX_ASKED_RUNS_PER_HOUR} canary mails were asked for within an hour; the next one can be in ${retryAfterSeconds} s`,
    );
  }
}

/** How many canary mails were asked for: those that are sent by themselves have their own pauses. */
export class AskedRuns {
  constructor(
    private readonly store: EphemeralStore,
    private readonly clock: Clock,
  ) {}

  /** @throws CanaryAskedTooOften, EphemeralStoreUnavailable */
  async count(): Promise<void> {
    const asked = await this.store.increment(COUNT_KEY, { ttlSeconds: HOUR_SECONDS });
    const now = this.clock.now();
    if (asked === 1) await putJson(this.store, HOUR_KEY, { endsAt: plusSeconds(now, HOUR_SECONDS) }, HOUR_SECONDS);
    if (asked <= MAX_ASKED_RUNS_PER_HOUR) return;
    const hour = await getJson(this.store, HOUR_KEY, parseHour);
    // The store's own time ends the hour; a clock that was set only makes this a worse guess.
    const left = hour === null ? HOUR_SECONDS : Math.ceil(secondsBetween(now, hour.endsAt));
    throw new CanaryAskedTooOften(Math.min(HOUR_SECONDS, Math.max(1, left)));
  }

  /** For one that was not sent. */
  async giveBack(): Promise<void> {
    await this.store.increment(COUNT_KEY, { by: -1, ttlSeconds: HOUR_SECONDS });
  }
}
