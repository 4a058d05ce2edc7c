/**
 * The audit trail over a realistic history: how fast it is rebuilt, and how long each question takes while events arrive. 200,000 events;
 * SEGL_BENCH_EVENTS=1000000,10000000 for the sizes that are aimed at (ten million need 20 GB in SEGL_BENCH_DIR, and patience: with
 * SEGL_BENCH_HISTORY=<directory> a history is kept there, and a run that was broken off goes on where it stood).
 */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Audit from '#libs/audit';
import type * as Events from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';
import { historyOf } from './history.ts';
import type { History, HistoryRecord } from './history.ts';

interface Figure {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const SIZES = (process.env.SEGL_BENCH_EVENTS ?? '200000').split(',').map(Number);
const KEPT_IN = process.env.SEGL_BENCH_HISTORY;
const ASKED_EACH = 200;
const AIM_EVENTS_PER_SECOND = 20_000;
const AIM_P95_MS = 50;

// The rooms above the stores have decorators, which are not erasable: they are taken as they are built.
const built = (room: string): string => new URL(`../../dist/libs/${room}/src/index.js`, import.meta.url).href;

export async function bench(): Promise<Figure[]> {
  const audit = (await import(built('audit'))) as typeof Audit;
  const events = (await import(built('event-store'))) as typeof Events;
  const figures: Figure[] = [];
  for (const size of SIZES) figures.push(...(await measured(audit, events, size)));
  return figures;
}

async function measured(audit: typeof Audit, events: typeof Events, size: number): Promise<Figure[]> {
  const directory = await placeFor(size);
  const store = await events.SqliteEventStore.open(join(directory, 'events.sqlite'));
  const readModels = events.ReadModels.open(join(directory, 'read-models.sqlite'));
  const history = historyOf(4711);
  const runner = new events.ProjectionRunner(store, readModels, [audit.auditTrail]);
  try {
    const records = history.records(size + ASKED_EACH * 1000);
    const [there, followedBefore] = [
      countIn(directory, 'events', 'events'),
      countIn(directory, 'read-models', 'audit_event'),
    ];
    for (let n = 0; n < there; n++) records.next();
    await take(store, records, Math.max(0, size - there));
    const [beganAt, cpuAt] = [performance.now(), process.cpuUsage()];
    runner.start();
    await runner.caughtUp(24 * 3600_000);
    const { user, system } = process.cpuUsage(cpuAt);
    const followed = size - followedBefore;
    const perSecond = followed / ((performance.now() - beganAt) / 1000);
    const { size: bytes } = await stat(join(directory, 'read-models.sqlite'));
    const rebuilt: Figure = {
      name: `audit trail of ${size}: followed from the first event, beside the aim`,
      ratio: perSecond / AIM_EVENTS_PER_SECOND,
      aim: 'at least 1 (20,000/s)',
      detail: `${Math.round(perSecond)} events/s, ${Math.round((followed / (user + system)) * 1e6)} a second of processor; ${Math.round(bytes / size)} bytes an event`,
    };
    const [againAt, cpuAgainAt] = [performance.now(), process.cpuUsage()];
    await runner.rebuild(audit.auditTrail.name);
    const again = process.cpuUsage(cpuAgainAt);
    const againPerSecond = size / ((performance.now() - againAt) / 1000);
    const beside: Figure = {
      name: `audit trail of ${size}: rebuilt beside the one that serves, beside the aim`,
      ratio: againPerSecond / AIM_EVENTS_PER_SECOND,
      aim: 'at least 1 (20,000/s)',
      detail: `${Math.round(againPerSecond)} events/s, ${Math.round((size / (again.user + again.system)) * 1e6)} a second of processor`,
    };
    const charts = await chartFigures(audit, events, { store, readModels, size });
    return [
      rebuilt,
      beside,
      ...charts,
      ...(await questions(audit, readModels.db, history, size, () => take(store, records, 100))),
    ];
  } finally {
    await runner.stop();
    readModels.close();
    await store.close();
    if (KEPT_IN === undefined) await rm(directory, { recursive: true, force: true });
  }
}

/** A directory of this run's own, or the one that is kept. */
async function placeFor(size: number): Promise<string> {
  if (KEPT_IN === undefined) return mkdtemp(join(process.env.SEGL_BENCH_DIR ?? tmpdir(), 'segl-bench-'));
  const directory = join(KEPT_IN, String(size));
  await mkdir(directory, { recursive: true });
  return directory;
}

/** How many rows an earlier run left. */
function countIn(directory: string, file: string, table: string): number {
  const database = new DatabaseSync(join(directory, `${file}.sqlite`));
  try {
    const isThere = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined;
    return isThere ? Number(database.prepare(`SELECT max(rowid) AS count FROM ${table}`).get()?.['count'] ?? 0) : 0;
  } finally {
    database.close();
  }
}

/** What charts cost: the counts are kept beside the trail, and asked over a thread of their own there. */
async function chartFigures(
  audit: typeof Audit,
  events: typeof Events,
  { store, readModels, size }: { store: Events.EventStore; readModels: Events.ReadModels; size: number },
): Promise<Figure[]> {
  const runner = new events.ProjectionRunner(store, readModels, [audit.auditFigures]);
  const beganAt = performance.now();
  runner.start();
  await runner.caughtUp(24 * 3600_000);
  const perSecond = size / ((performance.now() - beganAt) / 1000);
  await runner.stop();
  const now =
    readModels.db.get<{ time: Instant }>('SELECT max(time) AS time FROM audit_event')?.time ?? ('' as Instant);
  const trail = audit.trailIn(readModels.db);
  const times: number[] = [];
  for (let n = 0; n < ASKED_EACH; n++) {
    const [kind, days] = [audit.FIGURE_KINDS[n % 6] ?? 'views', audit.FIGURE_DAYS[n % 4] ?? 365];
    const askedAt = performance.now();
    await audit.figuresOf(trail, kind, { days, timeZone: 'Europe/Copenhagen', now });
    times.push(performance.now() - askedAt);
  }
  times.sort((a, b) => a - b);
  const p95 = times[Math.floor(times.length * 0.95)] ?? 0;
  const detail = `longest ${(times.at(-1) ?? 0).toFixed(1)} ms; counted at ${Math.round(perSecond)} events/s`;
  return [{ name: `of ${size}: a chart, p95 beside 50 ms`, ratio: p95 / AIM_P95_MS, aim: 'under 1', detail }];
}

/** Moves so many records of the history into the store. */
async function take(store: Events.SqliteEventStore, records: Generator<HistoryRecord>, count: number): Promise<void> {
  let batch: HistoryRecord[] = [];
  for (let taken = 1; taken <= count; taken++) {
    const { value } = records.next();
    if (value === undefined) break;
    batch.push(value);
    if (batch.length === 500 || taken === count) {
      await store.importRecorded(batch);
      batch = [];
    }
  }
}

async function questions(
  audit: typeof Audit,
  db: Events.ReadModelDatabase,
  history: History,
  size: number,
  arrive: () => Promise<void>,
): Promise<Figure[]> {
  const any = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item;
  const [first, last] = ['ASC', 'DESC'].map(
    (order) => db.get<{ time: Instant }>(`SELECT time FROM audit_event ORDER BY sequence ${order} LIMIT 1`)?.time ?? '',
  ) as [string, string];
  const moment = (): number => Date.parse(first) + Math.random() * (Date.parse(last) - Date.parse(first));
  const hours = (from: number, count: number) => ({
    from: new Date(from).toISOString() as Instant,
    to: new Date(from + count * 3600_000).toISOString() as Instant,
  });
  const page = { limit: 50, order: 'newest-first' } as const;
  const busiest = history.senderIds[0];
  const trail = audit.trailIn(db);
  const middles = Array.from(
    { length: 50 },
    () => audit.queryAuditTrail(db, hours(moment(), 24), { limit: 1 }).next ?? undefined,
  );
  const asked: Record<string, () => unknown> = {
    'a message': () => audit.queryAuditTrail(db, { messageId: any(history.messageIds) }, page),
    'a recipient': () => audit.queryAuditTrail(db, { recipientId: any(history.recipientIds) }, page),
    'a reader': () => audit.queryAuditTrail(db, { readerId: any(history.recipientIds) }, page),
    'a person in any part': () => audit.queryAuditTrail(db, { personId: any(history.recipientIds) }, page),
    'the busiest sender': () => audit.queryAuditTrail(db, { senderId: busiest }, page),
    'a type': () => audit.queryAuditTrail(db, { types: ['MessageViewed', 'AttachmentDownloaded'] }, page),
    'an outcome': () => audit.queryAuditTrail(db, { outcome: 'refused' }, page),
    'a method': () => audit.queryAuditTrail(db, { method: 'google' }, page),
    'a strength': () => audit.queryAuditTrail(db, { evidence: 'file-downloaded' }, page),
    'an hour': () => audit.queryAuditTrail(db, hours(moment(), 1), page),
    'a month and a type': () => audit.queryAuditTrail(db, { ...hours(moment(), 720), types: ['MessageRevoked'] }, page),
    'a submission': () => audit.queryAuditTrail(db, { submissionId: any(history.submissionIds) }, page),
    'rare words': () => audit.queryAuditTrail(db, { words: 'wrong attachment' }, page),
    'words of every third event': () => audit.queryAuditTrail(db, { words: 'nordlys' }, page),
    'a sender and a reader': () =>
      audit.queryAuditTrail(db, { senderId: busiest, recipientId: any(history.recipientIds) }, page),
    'a page in the middle': () => audit.queryAuditTrail(db, {}, { ...page, after: any(middles) }),
    "a message's timeline": () => audit.messageTimeline(trail, any(history.messageIds), page),
    "a person's timeline": () => audit.personTimeline(trail, any(history.recipientIds), page),
    'what hardly ever happens to a busy sender': () =>
      audit.queryAuditTrail(db, { senderId: busiest, words: 'withdrawn' }, page),
  };
  const figures: Figure[] = [];
  for (const [name, ask] of Object.entries(asked)) {
    const times: number[] = [];
    for (let n = 0; n < ASKED_EACH; n++) {
      if (n % 20 === 0) await arrive();
      const beganAt = performance.now();
      await ask();
      times.push(performance.now() - beganAt);
    }
    times.sort((a, b) => a - b);
    const [p50 = 0, p95 = 0] = [times[Math.floor(times.length * 0.5)], times[Math.floor(times.length * 0.95)]];
    const detail = `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, longest ${(times.at(-1) ?? 0).toFixed(1)} ms`;
    figures.push({ name: `of ${size}: ${name}, p95 beside 50 ms`, ratio: p95 / AIM_P95_MS, aim: 'under 1', detail });
  }
  return figures;
}
