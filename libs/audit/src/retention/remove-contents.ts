import { appendFacts, MAX_REMOVED_EVENTS } from '#libs/event-store';
import type { ContentRemoval, EventStore, ReadModels } from '#libs/event-store';
import type { Clock, Instant, Mandate, PersonId } from '#libs/vocabulary';
import type { AuditRow } from '../query/audit-page.ts';
import { trailIn } from '../query/audit-trail-source.ts';
import { standingHolds } from '../query/standing-holds.ts';
import { reduceRow } from '../read-models/reduce-trail.ts';
import { RETENTION_STREAM } from './retention-events.ts';
import type { RetentionEvent } from './retention-events.ts';
import type { RetentionRule } from './retention-rules.ts';
import { retentionVerdict, Sealings } from './what-may-go.ts';
import type { RetentionVerdict, Sealing } from './what-may-go.ts';

/** The record and the trail made of it, which holds everything recorded so far after `caughtUp`. */
export interface RetainedRecord<Store extends EventStore = EventStore> {
  readonly store: Store;
  readonly readModels: ReadModels;
  readonly caughtUp: () => Promise<void>;
}

/** Of the events of one rule that are old enough: how many are to go, or went, and why the others stay. */
export interface RetentionCounts extends Omit<RetentionRule, 'types'> {
  readonly counts: Readonly<Record<RetentionVerdict, number>>;
}

/** What would go now. Changes nothing. @throws BadAuditQuery, ProjectionsBehind, EventStoreUnavailable */
export async function planRemoval(
  record: RetainedRecord,
  rules: readonly RetentionRule[],
  now: Instant,
): Promise<RetentionCounts[]> {
  const planned: RetentionCounts[] = [];
  for (const rule of rules) planned.push(await walk(record, rule, now, null));
  return planned;
}

/**
 * Removes the content of what may go, and records that: before the first, and after the last. Broken off, it is finished by running it again. Holds are
 * asked anew right before each thousand events go.
 *
 * @throws RemovalRefused, ProjectionsBehind, EventStoreUnavailable
 */
export async function removeContents(
  record: RetainedRecord<EventStore & ContentRemoval>,
  rules: readonly RetentionRule[],
  { by, ...mandate }: Mandate,
  clock: Clock,
): Promise<RetentionCounts[]> {
  const { store, readModels } = record;
  const now = clock.now();
  const begun = rules.map(({ kind, types, before }) => ({ kind, types: [...types], before }));
  let isBegun = false;
  const removed: RetentionCounts[] = [];
  for (const rule of rules) {
    const counted = await walk(record, rule, now, {
      async begin() {
        if (isBegun) return;
        await note(store, { type: 'ContentRemovalBegun', data: { by, ...mandate, rules: begun, begunAt: now } });
        isBegun = true;
      },
      async remove(rows) {
        await store.removeContents(rows.map(({ eventId: id, position }) => ({ id, position })));
        await readModels.whenFree(() =>
          readModels.transaction(() => {
            for (const row of rows) reduceRow(readModels.db, row);
          }),
        );
      },
    });
    removed.push(counted);
  }
  if (isBegun) {
    const counts = removed.map(({ kind, before, counts: { remove, held, alive } }) => ({
      kind,
      before,
      removed: remove,
      held,
      alive,
    }));
    await note(store, { type: 'ContentRemoved', data: { by, rules: counts, removedAt: clock.now() } });
  }
  return removed;
}

interface Removal {
  /** Before anything goes. */
  begin(): Promise<void>;
  remove(rows: readonly AuditRow[]): Promise<void>;
}

/** Looks at every event that is old enough, a page at a time. @param removal null: only counts */
async function walk(
  { store, readModels, caughtUp }: RetainedRecord,
  { kind, types, before }: RetentionRule,
  now: Instant,
  removal: Removal | null,
): Promise<RetentionCounts> {
  const trail = trailIn(readModels.db);
  const sealings = new Sealings(store);
  const heldNow = async () => {
    await caughtUp();
    return new Set<PersonId>((await standingHolds(trail)).map(({ personId }) => personId));
  };
  const counts = { remove: 0, gone: 0, held: 0, alive: 0 };
  for (let after: string | null | undefined; after !== null;) {
    await caughtUp();
    const { rows, next } = await trail.page({ types: [...types], to: before }, { after, limit: MAX_REMOVED_EVENTS });
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
    for (const { verdict } of judged) counts[verdict]++;
    after = next;
  }
  return { kind, before, counts };
}

function note(store: EventStore, event: RetentionEvent): Promise<void> {
  return appendFacts(store, RETENTION_STREAM, [event]);
}
