import { secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/** An event for each answer would make the next answer: an hour of following is one event. */
const SECONDS_BETWEEN = 3600;
/** Programs stand in the configuration; this only bounds what a process remembers of them. */
const MAX_REMEMBERED = 1000;

/** Who follows the record, and when that was last said in it. */
export class Followers {
  private readonly saidAt = new Map<string, Instant>();

  /** Whether it is to be said now. @param isBeginning someone who starts at the very beginning always is */
  isDue(clientId: string, now: Instant, isBeginning: boolean): boolean {
    const last = this.saidAt.get(clientId);
    if (!isBeginning && last !== undefined && Math.abs(secondsBetween(last, now)) < SECONDS_BETWEEN) return false;
    if (this.saidAt.size >= MAX_REMEMBERED) this.saidAt.clear();
    this.saidAt.set(clientId, now);
    return true;
  }
}
