import type { Instant } from '#libs/vocabulary';
import { secondsBetween } from '#libs/vocabulary';

/** Who is set up wrong asks again and again: one event a minute says so, and how many others there were. */
const SECONDS_BETWEEN = 60;
/** Bounds what a process remembers of them. */
const MAX_REMEMBERED = 1000;

/** Which refusals go into the record. */
export class RefusalsRecorded {
  private readonly seen = new Map<string, { readonly at: Instant; readonly others: number }>();

  /** @returns how many were left out since the last one that was recorded; null when this one is left out as well */
  next(clientId: string, now: Instant): number | null {
    const last = this.seen.get(clientId);
    if (last !== undefined && Math.abs(secondsBetween(last.at, now)) < SECONDS_BETWEEN) {
      this.seen.set(clientId, { at: last.at, others: last.others + 1 });
      return null;
    }
    if (this.seen.size >= MAX_REMEMBERED) this.seen.clear();
    this.seen.set(clientId, { at: now, others: 0 });
    return last?.others ?? 0;
  }
}
