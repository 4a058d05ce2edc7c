import type { EventStore, ExpectedRevision } from '#libs/event-store';
import { secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { RETENTION_STREAM } from './retention-events.ts';
import type { RetentionEvent } from './retention-events.ts';
import type { RetentionKind, RetentionRule } from './retention-rules.ts';

/** What retention did so far, as the record has it. */
export interface RetentionStanding {
  /** When the last run ended; null: none ever did. */
  readonly endedAt: Instant | null;
  /** When the run began that has not ended: it is under way, in whichever process, or was broken off. */
  readonly underWaySince: Instant | null;
  /** Of which types the runs announced that they take the content. */
  readonly types: ReadonlyMap<RetentionKind, readonly string[]>;
  readonly done: ReadonlyMap<RetentionKind, Done>;
}

interface Done {
  /** Nothing of this kind that was recorded before is left to be looked at. */
  readonly upTo: Instant;
  /** When a run last looked at all of them. */
  readonly wholeAt: Instant;
}

export const NO_RETENTION_YET: RetentionStanding = {
  endedAt: null,
  underWaySince: null,
  types: new Map(),
  done: new Map(),
};

/** 30 days: what no other run would come upon (a record put back by other means, a clock that was wrong for months) is found by then. */
const WHOLE_EVERY_SECONDS = 30 * 86_400;

export function evolveRetention(standing: RetentionStanding, event: RetentionEvent): RetentionStanding {
  const done = new Map(standing.done);
  if (event.type === 'ContentRemovalBegun') {
    const types = new Map(standing.types);
    for (const { kind, types: announced } of event.data.rules) {
      const known = types.get(kind);
      if (known !== undefined && announced.some((type) => !known.includes(type))) done.delete(kind); // it has learnt a type since
      types.set(kind, announced);
    }
    return { ...standing, types, done, underWaySince: event.data.begunAt };
  }
  const { rules, removedAt } = event.data;
  for (const { kind, before, held, alive, lookedFrom, leftFrom } of rules) {
    const known = done.get(kind);
    if (lookedFrom !== undefined && (known === undefined || known.upTo < lookedFrom)) continue; // it began beyond what is known to be done
    const wholeAt = lookedFrom === undefined ? removedAt : (known?.wholeAt ?? removedAt);
    const reached = lookedFrom !== undefined && lookedFrom > before ? lookedFrom : before;
    if (held + alive === 0) done.set(kind, { upTo: reached, wholeAt });
    else if (leftFrom === undefined) done.delete(kind);
    else done.set(kind, { upTo: leftFrom, wholeAt });
  }
  return { ...standing, done, endedAt: removedAt, underWaySince: null };
}

/** From when on a run must look, of each kind that need not be looked at as a whole. */
export function lookFrom(
  { done, types }: RetentionStanding,
  rules: readonly RetentionRule[],
  now: Instant,
): Map<RetentionKind, Instant> {
  return new Map(
    rules.flatMap(({ kind, types: wanted }) => {
      const known = done.get(kind);
      const isWhole = known === undefined || wanted.some((type) => types.get(kind)?.includes(type) !== true);
      return isWhole || Math.abs(secondsBetween(known.wholeAt, now)) > WHOLE_EVERY_SECONDS ? [] : [[kind, known.upTo]];
    }),
  );
}

/** The local hours of the night in which a run begins that is not late: from two until five. */
const QUIET_HOURS = { from: 2, until: 5 };
/** Longer than the quiet hours are: one run in each night. */
const NIGHT_SECONDS = 4 * 3600;
const DAY_SECONDS = 86_400;
/** Two days: one night may be missed. */
export const LATE_SECONDS = 2 * DAY_SECONDS;
/** After so long a run was broken off, by whichever process; runs of a whole record take minutes. */
const BROKEN_OFF_SECONDS = 6 * 3600;

/**
 * In quiet hours, once a night; at any hour, once a day has gone by since the last run, or since `startedAt` where there was none.
 * Not while one is under way. A last run that lies ahead, since the clock was set back, is none. Where the last one is long ago, nothing goes on the day
 * of a start: the machine may have come up with a clock that is wrong.
 *
 * @param timeZone IANA name
 */
export function isRunDue(
  { endedAt, underWaySince }: RetentionStanding,
  { now, startedAt, timeZone }: { readonly now: Instant; readonly startedAt: Instant; readonly timeZone: string },
): boolean {
  if (underWaySince !== null && Math.abs(secondsBetween(underWaySince, now)) < BROKEN_OFF_SECONDS) return false;
  if (endedAt !== null && endedAt > now) return true;
  const isFirstDay = Math.abs(secondsBetween(startedAt, now)) < DAY_SECONDS; // a start that lies ahead was by a wrong clock
  if (endedAt !== null && isFirstDay && secondsBetween(endedAt, now) > LATE_SECONDS) return false;
  const isQuiet = isQuietHour(now, timeZone);
  if (endedAt === null) return isQuiet || secondsBetween(startedAt, now) >= DAY_SECONDS;
  const seconds = secondsBetween(endedAt, now);
  return seconds >= DAY_SECONDS || (isQuiet && seconds >= NIGHT_SECONDS);
}

function isQuietHour(now: Instant, timeZone: string): boolean {
  const hour = Number(new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit' }).format(new Date(now)));
  return hour >= QUIET_HOURS.from && hour < QUIET_HOURS.until;
}

/** Asked as often as one likes: only what was recorded since the last time is read. */
export class RetentionRuns {
  private standing = NO_RETENTION_YET;
  private revision: ExpectedRevision = 'NONE';

  constructor(private readonly store: EventStore) {}

  /** `revision`: where to append, so that no other run comes between. @throws EventStoreUnavailable */
  async now(): Promise<{ standing: RetentionStanding; revision: ExpectedRevision }> {
    const fromRevision = typeof this.revision === 'number' ? this.revision + 1 : 0;
    for await (const event of this.store.readStream(RETENTION_STREAM, { fromRevision })) {
      this.standing = evolveRetention(this.standing, event as unknown as RetentionEvent);
      this.revision = event.revision;
    }
    return { standing: this.standing, revision: this.revision };
  }
}
