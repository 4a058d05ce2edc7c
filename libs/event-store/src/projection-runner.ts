import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, SystemClock } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import type { DomainEvent } from './domain-event.ts';
import type { EventDescriptors } from './event-descriptor.ts';
import type { EventStore, Position, RecordedEvent } from './event-store.ts';
import { ProjectionFollower } from './projection-follower.ts';
import type { FollowerLimits } from './projection-follower.ts';
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
  /**
   * Sees every event of the log, of whatever type, as it was recorded, before the handler of its type does; also one that is passed
   * over. A damaged record stops such a projection until the record is restored.
   */
  readonly every?: (db: ReadModelDatabase, event: RecordedEvent) => void;
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
    } = options;
    const limits: FollowerLimits = { maxBatchEvents, maxBatchMs, minBackoffMs, maxBackoffMs };
    this.readModels = readModels;
    this.projections = projections;
    this.followers = projections.map(
      (projection) => new ProjectionFollower(store, readModels, projection, clock, limits),
    );
  }

  /** Makes the tables that are missing, then follows the store until `stop`. @throws Error when tables cannot be made */
  start(): void {
    if (this.running !== null) return;
    openProjectionBook(this.readModels);
    this.readModels.transaction(() => {
      for (const projection of this.projections) installProjection(this.readModels, projection);
    });
    this.readModels.endOpening();
    const stop = new AbortController();
    this.running = { stop, done: Promise.all(this.followers.map((follower) => follower.run(stop.signal))) };
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
    return this.followers.map((follower) => follower.status());
  }

  /**
   * Resolves once every projection has handled everything appended before this call, for queries that must see it.
   * @throws ProjectionsBehind after `timeoutMs`
   */
  async caughtUp(timeoutMs = 30_000): Promise<void> {
    const behind = new Set(this.followers);
    const all = Promise.all(this.followers.map((follower) => follower.caughtUp().then(() => behind.delete(follower))));
    const timeout = new AbortController();
    try {
      await Promise.race([all, sleep(timeoutMs, undefined, { signal: timeout.signal })]);
    } finally {
      timeout.abort();
    }
    if (behind.size > 0) throw new ProjectionsBehind([...behind].map((follower) => follower.status()));
  }

  /** Empties the tables of a projection and fills them anew from the first event. @throws Error for a name that is not run here */
  rebuild(name: string): void {
    const projection = this.projections.find((candidate) => candidate.name === name);
    if (projection === undefined) throw new Error(`no projection ${name} here; there are: ${this.names()}`);
    openProjectionBook(this.readModels);
    this.readModels.transaction(() => {
      dropProjection(this.readModels, name);
      installProjection(this.readModels, projection);
    });
    for (const follower of this.followers) if (follower.name === name) follower.beginAgain();
  }

  /** Names of projections that the file still holds and nobody here runs: older shapes, kept until they are dropped. */
  leftovers(): string[] {
    openProjectionBook(this.readModels);
    const run = new Set(this.projections.map(({ name }) => name));
    return installedProjections(this.readModels).filter((name) => !run.has(name));
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
