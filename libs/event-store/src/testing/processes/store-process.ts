// A process of its own with a store in it, for tests that kill it or break its disk. Driven over IPC; run from source:
//   fork(file, [path], { execArgv: ['--conditions=segl-source'] })
import { createHash } from 'node:crypto';
import type { EventId } from '#libs/vocabulary';
import { SqliteEventStore, ReadModels, ProjectionRunner, streamName } from '../../index.ts';
import type { DomainEvent, Projection } from '../../index.ts';

export type StoreCommand =
  /** Appends events `from`, `from + 1`, … to a stream of its own, one by one, until the process is killed. */
  | { do: 'append-for-ever'; writer: string; from: number }
  /** Projects into this file until the process is killed. */
  | { do: 'project'; readModels: string }
  /** One append and one read; answered either way. */
  | { do: 'append-once'; writer: string; from: number };
export type StoreAnswer =
  { ready: true } | { acknowledged: number; writer: string } | { caughtUp: true } | { failed: string; message: string };

export interface Ticked extends DomainEvent<'Ticked', { writer: string; n: number; filling: string }> {
  id: EventId;
}

/** The same event has the same id in every life of the process: what may have been written is repeated, not doubled. */
export function tick(writer: string, n: number): Ticked {
  const hex = createHash('sha256').update(`${writer} ${n}`).digest('hex');
  const id =
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}` as EventId;
  return { type: 'Ticked', id, data: { writer, n, filling: 'x'.repeat((n % 7) * 300) } };
}

/** Adds, so that an event handled twice or not at all shows. */
export const tickCounts: Projection<Ticked> = {
  name: 'tick-counts.v1',
  schema: 'CREATE TABLE tick_counts (writer TEXT PRIMARY KEY, ticks INTEGER NOT NULL, total INTEGER NOT NULL) STRICT',
  on: {
    Ticked: (db, { data }) =>
      db.run(
        'INSERT INTO tick_counts VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET ticks = ticks + 1, total = total + excluded.total',
        data.writer,
        data.n,
      ),
  },
};

function tell(answer: StoreAnswer): void {
  process.send?.(answer);
}

async function obey(store: SqliteEventStore, command: StoreCommand): Promise<void> {
  if (command.do === 'project') {
    const runner = new ProjectionRunner(store, ReadModels.open(command.readModels), [tickCounts], {
      maxBatchEvents: 50,
    });
    runner.start();
    await runner.caughtUp();
    tell({ caughtUp: true });
    return;
  }
  const { writer, from } = command;
  const stream = streamName('ticks', writer);
  for (let n = from; ; n++) {
    await store.append(stream, n === 0 ? 'NONE' : n - 1, [tick(writer, n)]);
    if (command.do === 'append-once') for await (const _ of store.readStream(stream, { fromRevision: n }));
    tell({ acknowledged: n, writer });
    if (command.do === 'append-once') return;
  }
}

const path = process.argv[2];
if (process.send !== undefined && path !== undefined && import.meta.main) {
  const store = await SqliteEventStore.open(path);
  process.on('message', (command: StoreCommand) => {
    obey(store, command).catch((error: Error & { code?: string }) =>
      tell({ failed: error.code ?? error.name, message: error.message }),
    );
  });
  tell({ ready: true });
}
