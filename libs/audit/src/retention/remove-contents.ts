import { setTimeout as sleep } from 'node:timers/promises';
import { appendFacts, MAX_REMOVED_EVENTS } from '#libs/event-store';
import type { ContentRemoval, EventStore, ReadModels } from '#libs/event-store';
import type { Clock, Instant, Mandate, PersonId } from '#libs/vocabulary';
import type { AuditRow } from '../query/audit-page.ts';
import { trailIn } from '../query/audit-trail-source.ts';
import type { AuditTrailSource } from '../query/audit-trail-source.ts';
import { standingHolds } from '../query/standing-holds.ts';
import { reduceRow } from '../read-models/reduce-trail.ts';
import { RETENTION_STREAM } from './retention-events.ts';
import type { RetentionEvent } from './retention-events.ts';
import type { RetentionKind, RetentionRule } from './retention-rules.ts';
import { retentionVerdict, Sealings } from './what-may-go.ts';
import type { RetentionVerdict, Sealing } from './what-may-go.ts';

/** The record and the trail made of it, which holds everything recorded so far after `caughtUp`. */
export interface RetainedRecord<Store extends EventStore = EventStore> {
  readonly store: Store;
  readonly readModels: ReadModels;
  /** Who is asked which events are old enough; by default the calling thread asks the read models itself. */
  readonly trail?: AuditTrailSource;
  readonly caughtUp: () => Promise<void>;
}

/** Of the events of one rule that are old enough: how many are to go, or went, and why the others stay. */
export interface RetentionCounts extends Omit<RetentionRule, 'types'> {
  readonly counts: Readonly<Record<RetentionVerdict, number>>;
}

/** How it goes about it: by default it looks at everything, in batches as large as they may be, without a pause. */
export interface RemovalPace {
  /** Events of a kind that were recorded before are not looked at: earlier runs have. */
  readonly lookFrom?: ReadonlyMap<RetentionKind, Instant>;
  /** 1 to MAX_REMOVED_EVENTS. */
  readonly batchEvents?: number;
  /** Milliseconds that belong to everybody else, after each batch. */
  readonly pauseMs?: number;
  /** Aborted, it ends after the batch that it is at. */
  readonly signal?: AbortSignal;
}

type Removed = Extract<RetentionEvent, { type: 'ContentRemoved' }>['data']['rules'][number];

/** What would go now. Changes nothing. @throws BadAuditQuery, ProjectionsBehind, EventStoreUnavailable */
export async function planRemoval(
  record: RetainedRecord,
  rules: readonly RetentionRule[],
  now: Instant,
): Promise<RetentionCounts[]> {
  const planned: RetentionCounts[] = [];
  for (const rule of rules) planned.push((await walk(record, rule, now, {}, null)).counted);
  return planned;
}

/**
 * Removes the content of what may go, and records that: before the first, and after the last; nothing where nothing goes. Broken off, it is finished by
 * running it again. Holds are asked anew right before each batch goes.
 *
 * @throws RemovalRefused, ProjectionsBehind, EventStoreUnavailable
 */
export async function removeContents(
  record: RetainedRecord<EventStore & ContentRemoval>,
  rules: readonly RetentionRule[],
  mandate: Mandate,
  clock: Clock,
): Promise<RetentionCounts[]> {
  const { store } = record;
  const now = clock.now();
  let isBegun = false;
  const beforeFirst = async () => {
    if (!isBegun) await appendFacts(store, RETENTION_STREAM, [removalBegun(rules, mandate, now)]);
    isBegun = true;
  };
  const { counted, removed } = await removeOld(record, rules, now, {}, beforeFirst);
  if (isBegun) await recordRemoved(store, mandate.by, removed, clock);
  return counted;
}

/** What is recorded before the first content goes. */
export function removalBegun(
  rules: readonly RetentionRule[],
  { by, ...mandate }: Mandate,
  now: Instant,
): Extract<RetentionEvent, { type: 'ContentRemovalBegun' }> {
  const begun = rules.map(({ kind, types, before }) => ({ kind, types: [...types], before }));
  return { type: 'ContentRemovalBegun', data: { by, ...mandate, rules: begun, begunAt: now } };
}

/** Removes what may go by rules that were announced (`removalBegun`), and records it, whether anything went or not. @throws as removeContents; what `pace.signal` aborts with */
export async function removeAnnounced(
  record: RetainedRecord<EventStore & ContentRemoval>,
  rules: readonly RetentionRule[],
  { by, now, clock, pace }: { by: string; now: Instant; clock: Clock; pace: RemovalPace },
): Promise<RetentionCounts[]> {
  const { counted, removed } = await removeOld(record, rules, now, pace, async () => undefined);
  await recordRemoved(record.store, by, removed, clock);
  return counted;
}

async function removeOld(
  record: RetainedRecord<EventStore & ContentRemoval>,
  rules: readonly RetentionRule[],
  now: Instant,
  pace: RemovalPace,
  beforeFirst: () => Promise<void>,
): Promise<{ counted: RetentionCounts[]; removed: Removed[] }> {
  const { store, readModels } = record;
  const counted: RetentionCounts[] = [];
  const removed: Removed[] = [];
  for (const rule of rules) {
    const walked = await walk(record, rule, now, pace, {
      begin: beforeFirst,
      async remove(rows) {
        await store.removeContents(rows.map(({ eventId: id, position }) => ({ id, position })));
        await readModels.whenFree(() =>
          readModels.transaction(() => {
            for (const row of rows) reduceRow(readModels.db, row);
          }),
        );
      },
    });
    const { kind, before } = rule;
    const { remove, held, alive } = walked.counted.counts;
    const { lookedFrom, leftFrom } = walked;
    counted.push(walked.counted);
    removed.push({
      ...{ kind, before, removed: remove, held, alive },
      ...(lookedFrom !== null && { lookedFrom }),
      ...(leftFrom !== null && { leftFrom }),
    });
  }
  return { counted, removed };
}

interface Removal {
  /** Before anything goes. */
  begin(): Promise<void>;
  remove(rows: readonly AuditRow[]): Promise<void>;
}

interface Walked {
  readonly counted: RetentionCounts;
  readonly lookedFrom: Instant | null;
  /** When the oldest was recorded that was left as it is. */
  readonly leftFrom: Instant | null;
}

/** Looks at events that are old enough, a page at a time. @param removal null: only counts */
async function walk(
  { store, readModels, trail = trailIn(readModels.db), caughtUp }: RetainedRecord,
  { kind, types, before }: RetentionRule,
  now: Instant,
  { lookFrom, batchEvents: limit = MAX_REMOVED_EVENTS, pauseMs = 0, signal }: RemovalPace,
  removal: Removal | null,
): Promise<Walked> {
  const sealings = new Sealings(store);
  const heldNow = async () => {
    await caughtUp();
    return new Set<PersonId>((await standingHolds(trail)).map(({ personId }) => personId));
  };
  const counts = { remove: 0, gone: 0, held: 0, alive: 0 };
  const lookedFrom = lookFrom?.get(kind) ?? null;
  let leftFrom: Instant | null = null;
  // The canary's events too: everything that is old enough.
  const filter = { types: [...types], from: lookedFrom ?? undefined, to: before, withCanary: true };
  const isAny = lookedFrom === null || lookedFrom < before;
  for (let after: string | null | undefined = isAny ? undefined : null; after !== null;) {
    signal?.throwIfAborted();
    await caughtUp();
    const { rows, next } = await trail.page(filter, { after, limit });
    const under: (readonly Sealing[])[] = [];
    for (const row of rows) under.push(await sealings.under(row));
    const judge = (held: ReadonlySet<PersonId>) =>
      rows.map((row, at) => ({ row, verdict: retentionVerdict(row, { now, held, sealings: under[at] ?? [] }) }));
    let judged = judge(await heldNow());
    if (removal !== null && judged.some(({ verdict }) => verdict === 'remove')) {
      await removal.begin();
      judged = judge(await heldNow()); // right before they go: a hold may have come meanwhile
      const mayGo = judged.flatMap(({ row, verdict }) => (verdict === 'remove' ? [row] : []));
      if (mayGo.length > 0) await removal.remove(mayGo);
    }
    for (const { row, verdict } of judged) {
      counts[verdict]++;
      const isLeft = verdict === 'held' || verdict === 'alive';
      if (isLeft && (leftFrom === null || row.time < leftFrom)) leftFrom = row.time;
    }
    after = next;
    if (after !== null && pauseMs > 0) await sleep(pauseMs, undefined, { signal });
  }
  return { counted: { kind, before, counts }, lookedFrom, leftFrom };
}

function recordRemoved(store: EventStore, by: string, rules: Removed[], clock: Clock): Promise<void> {
  return appendFacts(store, RETENTION_STREAM, [
    { type: 'ContentRemoved', data: { by, rules, removedAt: clock.now() } } satisfies RetentionEvent,
  ]);
}
