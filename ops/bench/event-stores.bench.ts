/**
 * Both stores side by side: appends, catching up, and rebuilding read models. EventStoreDB's half runs when SEGL_BENCH_EVENTSTORE
 * names a server of its own for benchmarks (esdb://…?tls=false, what is written stays there); its reference is SQLite's figure in the
 * same run, and for a rebuild the vendor's client itself. SEGL_BENCH_EVENTS: how many events are rebuilt from (default 20000).
 */
import { EventStoreDBClient, START } from '@eventstore/db-client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEventStoreDb, ProjectionRunner, ReadModels, SqliteEventStore, streamName } from '#libs/event-store';
import type { DomainEvent, EventStore, Projection } from '#libs/event-store';
import { newEventId } from '#libs/vocabulary';

interface Figure {
  name: string;
  ratio: number;
  aim: string;
  detail: string;
}
type Viewed = DomainEvent<'MessageViewed', { messageId: string; viewedAt: string; method: string }>;
interface Rates {
  serial: number[];
  together: number[];
  catchUp: number[];
  rebuild: number[];
  bare: number[];
}

const SERIAL_APPENDS = 200;
const CALLERS = 64;
const APPENDS_A_CALLER = 8;
const ROUNDS = 5;
const EVENTS = Number(process.env.SEGL_BENCH_EVENTS ?? 20_000);
const server = process.env.SEGL_BENCH_EVENTSTORE;

const views: Projection<Viewed> = {
  name: 'views.v1',
  schema: 'CREATE TABLE views (message TEXT PRIMARY KEY, views INTEGER NOT NULL) STRICT',
  on: {
    MessageViewed: (db, { data }) =>
      db.run('INSERT INTO views VALUES (?, 1) ON CONFLICT DO UPDATE SET views = views + 1', data.messageId),
  },
};

export async function bench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(process.env.SEGL_BENCH_DIR ?? tmpdir(), 'segl-bench-'));
  const sqlite = await SqliteEventStore.open(join(directory, 'events.sqlite'));
  const eventStoreDb = server === undefined ? null : await openEventStoreDb(server);
  try {
    const ofSqlite = emptyRates();
    const ofServer = emptyRates();
    await fill(sqlite);
    if (eventStoreDb !== null) await fill(eventStoreDb);
    for (let round = 0; round < ROUNDS; round++) {
      await measure(sqlite, join(directory, `sqlite-${round}`), ofSqlite, () => bareOf(sqlite));
      if (eventStoreDb !== null) {
        await measure(eventStoreDb, join(directory, `server-${round}`), ofServer, () => bareReadAll(String(server)));
      }
    }
    return [...sqliteFigures(ofSqlite), ...(eventStoreDb === null ? [] : serverFigures(ofSqlite, ofServer))];
  } finally {
    await sqlite.close();
    await eventStoreDb?.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function fill(store: EventStore): Promise<void> {
  for (let n = 0; n < EVENTS; n += 500) {
    const events = Array.from({ length: Math.min(500, EVENTS - n) }, viewed);
    await store.append(streamName('message', newEventId()), 'NONE', events);
  }
}

async function measure(store: EventStore, path: string, rates: Rates, bare: () => Promise<number>): Promise<void> {
  const one = async (): Promise<void> => {
    await store.append(streamName('message', newEventId()), 'NONE', [viewed()]);
  };
  rates.serial.push(await rateOf(SERIAL_APPENDS, () => repeat(SERIAL_APPENDS, one)));
  rates.together.push(
    await rateOf(CALLERS * APPENDS_A_CALLER, () =>
      Promise.all(Array.from({ length: CALLERS }, () => repeat(APPENDS_A_CALLER, one))),
    ),
  );
  let events = 0;
  const catchUpMs = await timed(async () => {
    const done = new AbortController();
    for await (const { kind } of store.subscribe({ signal: done.signal })) {
      if (kind === 'event') events++;
      else done.abort();
    }
  });
  rates.catchUp.push((events / catchUpMs) * 1000);
  rates.bare.push(await bare());
  const readModels = ReadModels.open(`${path}.read-models.sqlite`);
  const runner = new ProjectionRunner(store, readModels, [views]);
  const rebuildMs = await timed(async () => {
    runner.start();
    while (!runner.status().every(({ isCaughtUp }) => isCaughtUp)) await sleep(10); // runner.caughtUp() would subscribe anew
  });
  rates.rebuild.push((events / rebuildMs) * 1000);
  await runner.stop();
  readModels.close();
}

/** Events a second of the port's own readAll. */
async function bareOf(store: EventStore): Promise<number> {
  let events = 0;
  const ms = await timed(async () => {
    for await (const _ of store.readAll()) events++;
  });
  return (events / ms) * 1000;
}

/** Events a second of the vendor's client, with nothing done to what it delivers. */
async function bareReadAll(url: string): Promise<number> {
  const client = EventStoreDBClient.connectionString(url);
  let events = 0;
  const ms = await timed(async () => {
    for await (const { event } of client.readAll({ fromPosition: START })) {
      if (event !== undefined && !event.type.startsWith('$')) events++;
    }
  });
  await client.dispose();
  return (events / ms) * 1000;
}

function sqliteFigures(rates: Rates): Figure[] {
  return [
    figure('SQLite: rebuild / readAll', rates.rebuild, rates.bare, ''),
    {
      name: 'SQLite: rebuild of a million events, s / 60 s',
      ratio: 1e6 / median(rates.rebuild) / 60,
      aim: '≤ 1',
      detail: `${(1e6 / median(rates.rebuild)).toFixed(1)} s, from ${EVENTS} events`,
    },
  ];
}

function serverFigures(sqlite: Rates, rates: Rates): Figure[] {
  return [
    figure('EventStoreDB / SQLite: append, one caller', rates.serial, sqlite.serial, ''),
    figure(`EventStoreDB / SQLite: append, ${CALLERS} callers`, rates.together, sqlite.together, ''),
    figure('EventStoreDB / SQLite: catching up', rates.catchUp, sqlite.catchUp, ''),
    figure('EventStoreDB: rebuild / bare readAll of the client', rates.rebuild, rates.bare, '≥ 0.8'),
  ];
}

/** The median of the ratios of each round. */
function figure(name: string, rates: readonly number[], reference: readonly number[], aim: string): Figure {
  const ratios = rates.map((rate, round) => rate / (reference[round] ?? NaN));
  return {
    name,
    ratio: median(ratios),
    aim,
    detail: `${median(rates).toFixed(0)}/s beside ${median(reference).toFixed(0)}/s`,
  };
}

function emptyRates(): Rates {
  return { serial: [], together: [], catchUp: [], rebuild: [], bare: [] };
}

function viewed(): Viewed {
  const messageId = Math.floor(Math.random() * 1e9)
    .toString()
    .padStart(32, 'm');
  return {
    type: 'MessageViewed',
    id: newEventId(),
    data: { messageId, viewedAt: '2026-11-25T12:00:00.000Z', method: 'passcode' },
  };
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let n = 0; n < times; n++) await work();
}

async function rateOf(count: number, work: () => Promise<unknown>): Promise<number> {
  return (count / (await timed(work))) * 1000;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? NaN;
}
