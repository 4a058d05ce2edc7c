import { setTimeout as sleep } from 'node:timers/promises';
import { RevisionConflict } from '#libs/event-store';
import type { ContentRemoval, EventStore } from '#libs/event-store';
import { DomainError, plusSeconds, secondsBetween, SteadyClock } from '#libs/vocabulary';
import type { Clock, Instant, Mandate } from '#libs/vocabulary';
import { trailIn } from '../query/audit-trail-source.ts';
import { removalBegun, removeAnnounced } from './remove-contents.ts';
import type { RemovalPace, RetainedRecord, RetentionCounts } from './remove-contents.ts';
import { RETENTION_STREAM } from './retention-events.ts';
import { RETENTION_KINDS, retentionRules } from './retention-rules.ts';
import type { RetentionDays } from './retention-rules.ts';
import { isRunDue, LATE_SECONDS, lookFrom, RetentionRuns } from './retention-runs.ts';

export interface RetentionKeeperOptions {
  readonly days: RetentionDays;
  /** Whose nights are quiet; IANA name. */
  readonly timeZone: string;
  /** How often it is looked whether a run is due. */
  readonly intervalMs?: number;
  /** Of a clock that is never set (SteadyClock). Only tests give one. */
  readonly monotonicMs?: () => number;
  readonly onRun: (counted: readonly RetentionCounts[]) => void;
  readonly onFault: (error: unknown) => void;
}

/** Small enough that readers do not notice, with a pause that is theirs. */
const PACE = { batchEvents: 200, pauseMs: 20 } satisfies RemovalPace;
const LOOK_MS = 60_000;
/** After one that failed: the log need not have it every minute. */
const AGAIN_AFTER_SECONDS = 3600;
/** What the settings say may go has not gone. */
class RetentionLate extends DomainError {
  constructor(words: string, options?: ErrorOptions) {
    super('retention-late', words, options);
  }
}

/**
 * Lets the settings of retention hold by themselves: once a day, in bounded batches. Several may run on one record: each begins by recording so at the
 * revision at which it found that a run was due, and one of them wins.
 */
export class RetentionKeeper {
  private running: { stop: AbortController; done: Promise<void> } | null = null;
  private readonly runs: RetentionRuns;
  /** By which content is old enough: nothing brings back what a clock that is wrong for a minute lets go. */
  private readonly steady: SteadyClock;
  private readonly startedAt: Instant;
  private failedAt: Instant | null = null;
  private fault: unknown = null;

  constructor(
    private readonly record: RetainedRecord<EventStore & ContentRemoval>,
    private readonly clock: Clock,
    private readonly options: RetentionKeeperOptions,
  ) {
    this.runs = new RetentionRuns(record.store);
    this.steady = new SteadyClock(clock, options.monotonicMs);
    this.startedAt = clock.now();
  }

  start(): void {
    if (this.running !== null) return;
    const stop = new AbortController();
    this.running = { stop, done: this.run(stop.signal) };
  }

  /** Ends after the batch that it is at; what is left is for the next run. May be called twice. */
  async stop(): Promise<void> {
    this.running?.stop.abort();
    await this.running?.done;
    this.running = null;
  }

  /** When the last run ended, whichever process made it; null: none ever did. @throws EventStoreUnavailable */
  async lastEndedAt(): Promise<Instant | null> {
    return (await this.runs.now()).standing.endedAt;
  }

  /** By when the next run is to have ended; later is `RetentionLate`. @throws EventStoreUnavailable */
  async dueAt(): Promise<Instant> {
    return plusSeconds((await this.lastEndedAt()) ?? this.startedAt, LATE_SECONDS);
  }

  /** @returns when the last run ended, in words. @throws RetentionLate, EventStoreUnavailable */
  async requireTimely(): Promise<string> {
    return retentionSentence(await this.lastEndedAt(), {
      now: this.clock.now(),
      since: this.startedAt,
      cause: this.fault,
    });
  }

  /** @returns what went; null where no run is due, or another process has it. @throws RemovalRefused, ProjectionsBehind, EventStoreUnavailable */
  async runWhenDue(signal?: AbortSignal): Promise<RetentionCounts[] | null> {
    const { record, clock } = this;
    const { days, timeZone } = this.options;
    const now = this.steady.now();
    const { standing, revision } = await this.runs.now();
    if (!isRunDue(standing, { now, startedAt: this.startedAt, timeZone })) return null;
    await record.caughtUp();
    const rules = retentionRules(days, now);
    const mandate = mandateOf(days);
    try {
      await record.store.append(RETENTION_STREAM, revision, [removalBegun(rules, mandate, now)]);
    } catch (error) {
      if (error instanceof RevisionConflict) return null; // another process was faster
      throw error;
    }
    const pace: RemovalPace = {
      ...PACE,
      ...(signal !== undefined && { signal }),
      ...(!(await this.isRestored()) && { lookFrom: lookFrom(standing, rules, now) }),
    };
    return removeAnnounced(record, rules, { by: mandate.by, now, clock, pace });
  }

  private async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        if (!this.isResting()) {
          const counted = await this.runWhenDue(stop);
          if (counted !== null) this.options.onRun(counted);
          if (counted !== null) this.fault = this.failedAt = null;
        }
      } catch (error) {
        if (stop.aborted) return;
        this.fault = error;
        this.failedAt = this.clock.now();
        this.options.onFault(error);
      }
      await sleep(this.options.intervalMs ?? LOOK_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  private isResting(): boolean {
    return this.failedAt !== null && Math.abs(secondsBetween(this.failedAt, this.clock.now())) < AGAIN_AFTER_SECONDS;
  }

  /** A backup may have been read while a run went on, and then brings content back that the run, in the same backup, says is gone. */
  private async isRestored(): Promise<boolean> {
    const { readModels, trail = trailIn(readModels.db) } = this.record;
    const types = ['BackupRestored', 'ContentRemoved'];
    const page = await trail.page({ types }, { order: 'newest-first', limit: 1 });
    return page.rows[0]?.type === 'BackupRestored';
  }
}

/** Likewise, of whichever process, as it is seen from outside: where no run has ended yet that is not late. @throws RetentionLate, EventStoreUnavailable */
export async function requireTimelyRetention(store: EventStore, now: Instant): Promise<string> {
  const { endedAt } = (await new RetentionRuns(store).now()).standing;
  return retentionSentence(endedAt, { now, since: null });
}

/**
 * @param since when a process began that makes runs; null where that is not known, and then none that was never made is late
 * @returns when the last run ended, in words
 * @throws RetentionLate
 */
function retentionSentence(
  endedAt: Instant | null,
  { now, since, cause = null }: { readonly now: Instant; readonly since: Instant | null; readonly cause?: unknown },
): string {
  const words = endedAt === null ? 'no run has ended yet' : `the last run ended at ${endedAt}`;
  const from = endedAt ?? since;
  const isLate = from !== null && secondsBetween(from, now) > LATE_SECONDS;
  if (isLate) throw new RetentionLate(`${words}; 48 hours are allowed`, cause === null ? {} : { cause });
  return words;
}

/** Nobody in particular: whoever wrote the settings, in force when it ran. */
function mandateOf(days: RetentionDays): Mandate {
  const words = RETENTION_KINDS.flatMap((kind) => {
    const kept = days[`${kind}Days`];
    return kept === undefined ? [] : [`${kind} after ${kept} days`];
  });
  return { by: 'segl', reason: `settings of retention: ${words.join(', ')}` };
}
