import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, SystemClock } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import type { DomainEvent } from './domain-event.ts';
import type { EventDescriptors } from './event-descriptor.ts';
import type { EventStore, Position, RecordedEvent } from './event-store.ts';
import { ProjectionFollower } from './projection-follower.ts';
import type { FollowerLimits } from './projection-follower.ts';
import { beginSuccession, isInstalled, isBeingFilled, isInTheWay, succeed } from './projection-succession.ts';
import { dropProjection, installedProjections, installProjection, openProjectionBook } from './projection-tables.ts';
import type { ProjectionTables } from './projection-tables.ts';
import type { ProjectionStop } from './projection-stop.ts';
import type { ReadModelDatabase, ReadModels } from './read-models.ts';

/**
 * Tables, and one function for each event that changes them. A handler sees each event once, in order; it must not wait for
 * anything and must depend on nothing but the tables and the event, since it is run again on a rebuild.
 */
export interface Projection<Event extends DomainEvent> extends ProjectionTables {
  /** Not of events whose content retention removed: `every` sees those alone. */
  readonly on?: {
    readonly [Type in Event['type']]?: (
      db: ReadModelDatabase,
      event: RecordedEvent<Extract<Event, { type: Type }>>,
    ) => void;
  };
  /** Sees every event of the log, of whatever type, as it was recorded, before the handler of its type does. */
  readonly every?: (db: ReadModelDatabase, event: RecordedEvent) => void;
  /**
   * `every` counts events, and its count would be another one without one of them: it sees those too that were passed over, and a damaged record
   * stops such a projection until the record is restored, whatever was decided.
   */
  readonly countsAll?: true;
  /** How older versions of the events in `on` are read. Without it there is no version but the first. */
  readonly events?: EventDescriptors<Event>;
}

export interface ProjectionStatus {
  readonly name: string;
  /** Of the last event handled; null before the first. */
  readonly position: Position | null;
  /** Has reached the present since it last subscribed. */
  readonly isCaughtUp: boolean;
  /** Age of the oldest event that waits to be handled; while the store is away, since when; 0 when nothing waits. */
  readonly lagSeconds: number;
  /** Why it stands still, or last did and is not yet caught up again. */
  readonly lastError: string | null;
  /** Where it stands still until somebody does something about it; null when it goes on, or will by itself. */
  readonly stop: ProjectionStop | null;
}

export interface ProjectionRunnerOptions extends Partial<FollowerLimits> {
  readonly clock?: Clock;
}

/**
 * Of a rebuild, which a command makes that serves nobody meanwhile: a sixth less processor time than in batches of 20 ms, since the index of words is written at
 * each commit. Other processes that write into the file wait so long; between two batches there is a moment for them.
 */
const REBUILD_LIMITS = { maxBatchEvents: 10_000, maxBatchMs: 250, pauseMs: 5 } satisfies Partial<FollowerLimits>;

/** Not everything was handled in the time given. */
export class ProjectionsBehind extends DomainError {
  constructor(behind: readonly ProjectionStatus[]) {
    const reasons = behind.map(
      ({ name, lagSeconds, lastError }) => `${name} by ${lagSeconds} s (${lastError ?? 'still at it'})`,
    );
    super('projections-behind', `read models are behind: ${reasons.join('; ')}`);
  }
}

/**
 * Keeps projections up with the event store. Each goes its own way from its own saved position: one that fails stands still,
 * is tried again with growing pauses, and holds up no other. Two runners on one file do no harm.
 */
export class ProjectionRunner {
  private readonly readModels: ReadModels;
  // Of whatever events: each projection was checked where it was written.
  private readonly projections: readonly Projection<never>[];
  private readonly followers: readonly ProjectionFollower[];
  /** Those of which an earlier shape serves until they are filled. */
  private readonly successors = new Map<string, ProjectionFollower>();
  private readonly store: EventStore;
  private readonly clock: Clock;
  private readonly limits: FollowerLimits;
  private running: { stop: AbortController; done: Promise<unknown> } | null = null;

  constructor(
    store: EventStore,
    readModels: ReadModels,
    projections: readonly Projection<never>[],
    options: ProjectionRunnerOptions = {},
  ) {
    const {
      clock = new SystemClock(),
      maxBatchEvents = 1000,
      maxBatchMs = 20,
      minBackoffMs = 100,
      maxBackoffMs = 10_000,
      gatherMs,
    } = options;
    this.limits = { maxBatchEvents, maxBatchMs, minBackoffMs, maxBackoffMs, gatherMs };
    this.store = store;
    this.clock = clock;
    this.readModels = readModels;
    this.projections = projections;
    this.followers = projections.map(
      (projection) => new ProjectionFollower(store, readModels, projection, clock, this.limits),
    );
  }

  /**
   * Makes the tables that are missing, then follows the store until `stop`. Where an earlier shape has their names, it serves until the new tables are
   * filled, and is dropped then.
   * @throws Error when tables cannot be made
   */
  start(): void {
    if (this.running !== null) return;
    openProjectionBook(this.readModels);
    const inTheWay = this.readModels.transaction(() => {
      const behindOthers = this.projections.filter((projection) => isInTheWay(this.readModels, projection));
      for (const projection of this.projections)
        if (!behindOthers.includes(projection)) installProjection(this.readModels, projection);
      return behindOthers;
    });
    this.readModels.endOpening();
    const stop = new AbortController();
    const follow = async (follower: ProjectionFollower): Promise<void> => {
      const projection = inTheWay.find(({ name }) => name === follower.name);
      if (projection !== undefined) await this.fillBeside(projection, stop.signal, true);
      await follower.run(stop.signal);
    };
    this.running = { stop, done: Promise.all(this.followers.map(follow)) };
  }

  /** Resolves when nothing touches the read models any more. May be called twice, and before `start`. */
  async stop(): Promise<void> {
    const running = this.running;
    if (running === null) return;
    running.stop.abort();
    await running.done;
    this.running = null;
  }

  status(): ProjectionStatus[] {
    return this.followers.map((follower) => (this.successors.get(follower.name) ?? follower).status());
  }

  /**
   * Resolves once every projection, or each of those that are named, has handled everything appended before this call, for queries that must see it.
   * @throws ProjectionsBehind after `timeoutMs`
   */
  async caughtUp(timeoutMs = 30_000, names?: readonly string[]): Promise<void> {
    const followers = this.followers.filter(({ name }) => names?.includes(name) ?? true);
    const behind = new Set(followers);
    const all = Promise.all(followers.map((follower) => follower.caughtUp().then(() => behind.delete(follower))));
    const timeout = new AbortController();
    try {
      await Promise.race([all, sleep(timeoutMs, undefined, { signal: timeout.signal })]);
    } finally {
      timeout.abort();
    }
    const late = new Set([...behind].map(({ name }) => name));
    if (late.size > 0) throw new ProjectionsBehind(this.status().filter(({ name }) => late.has(name)));
  }

  /**
   * Fills tables anew from the first event, beside those that answer meanwhile, in this process and others; they take their place in one
   * transaction. Broken off, nothing has changed.
   * @throws Error for a name that is not run here, when `signal` aborts, and in front of an event that the projection cannot take
   */
  async rebuild(name: string, signal: AbortSignal = new AbortController().signal): Promise<void> {
    const projection = this.projections.find((candidate) => candidate.name === name);
    if (projection === undefined) throw new Error(`no projection ${name} here; there are: ${this.names()}`);
    openProjectionBook(this.readModels);
    await this.fillBeside(projection, signal, false);
    for (const follower of this.followers) if (follower.name === name) follower.beginAgain();
  }

  /** @param isWaiting whether nothing of it can be asked before: then it waits in front of an event that it cannot take, and says so in its status */
  private async fillBeside(projection: Projection<never>, stop: AbortSignal, isWaiting: boolean): Promise<void> {
    const { readModels } = this;
    const ended = new AbortController();
    let failure: unknown = null;
    const inOne = <Result>(work: () => Result) => readModels.whenFree(() => readModels.transaction(work));
    const succession = await inOne(() =>
      isWaiting && isInstalled(readModels, projection.name) ? null : beginSuccession(readModels, projection),
    );
    if (succession === null) return; // another process was faster
    const limits = isWaiting ? this.limits : { ...this.limits, ...REBUILD_LIMITS };
    const follower = new ProjectionFollower(this.store, readModels, projection, this.clock, limits, {
      ...succession,
      caughtUp: async () => {
        await inOne(() => {
          if (isInstalled(readModels, succession.bookName)) succeed(readModels, projection, succession);
        });
        ended.abort();
      },
      gone: () => ended.abort(),
      stopped: (error) => {
        if (isWaiting) return;
        failure = error;
        ended.abort();
      },
    });
    if (isWaiting) this.successors.set(projection.name, follower);
    await follower.run(AbortSignal.any([stop, ended.signal]));
    this.successors.delete(projection.name);
    if (failure !== null) throw failure;
    if (!ended.signal.aborted && !isWaiting) throw new Error(`the rebuild of ${projection.name} was broken off`);
  }

  /** Names of projections that the file still holds and nobody here runs: older shapes, kept until they are dropped. */
  leftovers(): string[] {
    openProjectionBook(this.readModels);
    const run = new Set(this.projections.map(({ name }) => name));
    return installedProjections(this.readModels).filter((name) => !run.has(name) && !isBeingFilled(name));
  }

  /** Drops the tables of an older shape, once its successor is caught up. @returns false when there is none of this name */
  dropProjection(name: string): boolean {
    if (this.projections.some((projection) => projection.name === name))
      throw new Error(`projection ${name} is in use`);
    openProjectionBook(this.readModels);
    return this.readModels.transaction(() => dropProjection(this.readModels, name));
  }

  private names(): string {
    return this.projections.map(({ name }) => name).join(', ');
  }
}
