/**
 * The event store beside what the disk and SQLite can do at all, in the same run and on the same file system (the system's
 * temporary directory, or SEGL_BENCH_DIR): appends beside overwriting 4 KiB and fdatasync (by the thread that asks, and by another one that it
 * asks, as an append does), a projection beside a bare scan.
 */
import { fdatasyncSync, openSync, closeSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { ProjectionRunner, ReadModels, SqliteEventStore, streamName } from '#libs/event-store';
import type { DomainEvent, Projection, StreamName } from '#libs/event-store';
import { newEventId } from '#libs/vocabulary';

interface Figure {
  name: string;
  ratio: number;
  aim: string;
  detail: string;
}
type Viewed = DomainEvent<
  'MessageViewed',
  { messageId: string; recipientId: string; viewedAt: string; method: string; form: string }
>;

const APPEND_ROUNDS = 15;
const APPENDS_A_ROUND = 60;
const CALLERS = 64;
const PROJECTED_EVENTS = 100_000;
const PROJECTION_ROUNDS = 5;

export async function bench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(process.env.SEGL_BENCH_DIR ?? tmpdir(), 'segl-bench-'));
  try {
    return [...(await appends(directory)), ...(await projection(directory))];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function appends(directory: string): Promise<Figure[]> {
  const store = await SqliteEventStore.open(join(directory, 'appends.sqlite'));
  const file = openSync(join(directory, 'raw'), 'w');
  const page = Buffer.alloc(4096, 1);
  const sync = (): void => {
    writeSync(file, page, 0, page.length, 0);
    fdatasyncSync(file);
  };
  const one = async (): Promise<void> => {
    await store.append(newStream(), 'NONE', [viewed()]);
  };
  const grouped = (): Promise<unknown> =>
    Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let n = 0; n < APPENDS_A_ROUND / 6; n++) await one();
      }),
    );
  await grouped();
  const another = syncingThread(join(directory, 'raw-by-another'));

  const singles: number[] = [];
  const groups: number[] = [];
  const asked: number[] = [];
  const microseconds = { sync: [] as number[], asked: [] as number[], single: [] as number[], grouped: [] as number[] };
  for (let round = 0; round < APPEND_ROUNDS; round++) {
    const syncMs = (await timed(() => repeat(APPENDS_A_ROUND, sync))) / APPENDS_A_ROUND;
    const askedMs = (await timed(() => repeat(APPENDS_A_ROUND, another.sync))) / APPENDS_A_ROUND;
    const singleMs = (await timed(() => repeat(APPENDS_A_ROUND, one))) / APPENDS_A_ROUND;
    const groupedMs = (await timed(grouped)) / (CALLERS * (APPENDS_A_ROUND / 6));
    singles.push(syncMs / singleMs);
    groups.push(syncMs / groupedMs);
    asked.push(askedMs / singleMs);
    microseconds.asked.push(askedMs * 1000);
    microseconds.sync.push(syncMs * 1000);
    microseconds.single.push(singleMs * 1000);
    microseconds.grouped.push(groupedMs * 1000);
  }
  closeSync(file);
  await another.end();
  await store.close();
  const sync_ = `fdatasync ${median(microseconds.sync).toFixed(0)} µs`;
  return [
    {
      name: 'durable append, one caller / fdatasync rate',
      ratio: median(singles),
      aim: '≥ 0.65',
      detail: `${median(microseconds.single).toFixed(0)} µs an append, ${sync_}`,
    },
    {
      name: 'durable append, one caller / by another thread',
      ratio: median(asked),
      aim: '',
      detail: `asked of another thread ${median(microseconds.asked).toFixed(0)} µs, ${sync_}`,
    },
    {
      name: `durable append, ${CALLERS} callers / fdatasync rate`,
      ratio: median(groups),
      aim: '≥ 8',
      detail: `${median(microseconds.grouped).toFixed(1)} µs an append, ${sync_}`,
    },
  ];
}

/** The bare write and fdatasync, by a thread that is asked for it and answers: the least that any append off the main thread can take. */
function syncingThread(path: string): { sync: () => Promise<void>; end: () => Promise<unknown> } {
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const { fdatasyncSync, openSync, writeSync } = require('node:fs');
     const file = openSync(workerData, 'w');
     const page = Buffer.alloc(4096, 1);
     parentPort.on('message', () => {
       writeSync(file, page, 0, page.length, 0);
       fdatasyncSync(file);
       parentPort.postMessage(0);
     });`,
    { eval: true, workerData: path },
  );
  return {
    sync: () =>
      new Promise<void>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', () => {
          worker.off('error', reject);
          resolve();
        });
        worker.postMessage(0);
      }),
    end: () => worker.terminate(),
  };
}

const views: Projection<Viewed> = {
  name: 'views.v1',
  schema: 'CREATE TABLE views (message TEXT PRIMARY KEY, shown INTEGER NOT NULL, last_viewed_at TEXT NOT NULL) STRICT',
  on: {
    MessageViewed: (db, { data }) =>
      db.run(
        'INSERT INTO views VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET shown = shown + 1, last_viewed_at = excluded.last_viewed_at',
        data.messageId,
        data.viewedAt,
      ),
  },
};

async function projection(directory: string): Promise<Figure[]> {
  const path = join(directory, 'projected.sqlite');
  const store = await SqliteEventStore.open(path);
  for (let n = 0; n < PROJECTED_EVENTS; n += 500) {
    // Five events to a message, each a stream of its own here: a stream is no matter to a projection.
    await store.append(
      newStream(),
      'NONE',
      Array.from({ length: 500 }, (_, index) => viewed(Math.floor((n + index) / 5))),
    );
  }
  const readModels = ReadModels.open(join(directory, 'read-models.sqlite'));
  const runner = new ProjectionRunner(store, readModels, [views]);
  runner.start();
  await runner.caughtUp();

  const raw = new DatabaseSync(path, { readOnly: true });
  const page = raw.prepare(
    'SELECT position, stream, revision, bytes FROM events WHERE position > ? ORDER BY position LIMIT 1000',
  );
  const scan = (): void => {
    for (let rows = page.all(0); rows.length > 0; rows = page.all(rows.at(-1)?.position ?? 0));
  };
  const follow = async (): Promise<void> => {
    let events = 0;
    const done = new AbortController();
    for await (const message of store.subscribe({ signal: done.signal })) {
      if (message.kind === 'event') events++;
      else done.abort();
    }
    if (events !== PROJECTED_EVENTS) throw new Error(`${events} events instead of ${PROJECTED_EVENTS}`);
  };
  const rebuild = async (): Promise<void> => {
    await runner.rebuild(views.name);
    await runner.caughtUp();
  };
  const rates = { scan: [] as number[], follow: [] as number[], rebuild: [] as number[] };
  const ratios = { follow: [] as number[], rebuild: [] as number[] };
  let stallMs = 0;
  for (let round = 0; round < PROJECTION_ROUNDS; round++) {
    const scanMs = await timed(scan);
    const followMs = await timed(follow);
    const delay = monitorEventLoopDelay({ resolution: 1 }); // a new one each time: it would count the scan's own stall
    delay.enable();
    const rebuildMs = await timed(rebuild);
    delay.disable();
    stallMs = Math.max(stallMs, delay.max / 1e6);
    ratios.follow.push(scanMs / followMs);
    ratios.rebuild.push(scanMs / rebuildMs);
    rates.scan.push(PROJECTED_EVENTS / scanMs);
    rates.follow.push(PROJECTED_EVENTS / followMs);
    rates.rebuild.push(PROJECTED_EVENTS / rebuildMs);
  }
  const { sum } = readModels.db.get<{ sum: number }>('SELECT sum(shown) AS sum FROM views') ?? { sum: 0 };
  if (sum !== PROJECTED_EVENTS) throw new Error(`${sum} views counted instead of ${PROJECTED_EVENTS}`);
  await runner.stop();
  readModels.close();
  raw.close();
  await store.close();
  const bare = `.all(1000) scan ${median(rates.scan).toFixed(0)} k/s`;
  return [
    {
      name: 'subscription, parsed events / bare scan',
      ratio: median(ratios.follow),
      aim: '',
      detail: `${median(rates.follow).toFixed(0)} k events/s, ${bare}`,
    },
    {
      name: 'projection rebuild / bare scan',
      ratio: median(ratios.rebuild),
      aim: '≥ 0.5',
      detail: `${median(rates.rebuild).toFixed(0)} k events/s, ${bare}`,
    },
    {
      name: 'projection rebuild, longest stall / 50 ms',
      ratio: stallMs / 50,
      aim: '≤ 1',
      detail: `${stallMs.toFixed(1)} ms`,
    },
  ];
}

function viewed(message = Math.floor(Math.random() * 1e9)): Viewed {
  return {
    type: 'MessageViewed',
    id: newEventId(),
    data: {
      messageId: message.toString().padStart(32, 'm'),
      recipientId: 'abcdefghijklmnopqrstuvwxyz',
      viewedAt: '2026-11-25T12:00:00.000Z',
      method: 'passcode',
      form: 'page',
    },
  };
}

function newStream(): StreamName {
  return streamName('message', newEventId());
}

async function repeat(times: number, work: () => unknown): Promise<void> {
  for (let n = 0; n < times; n++) await work();
}

async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? NaN;
}
