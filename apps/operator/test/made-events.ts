import { DatabaseSync } from 'node:sqlite';
import { SqliteEventStore, streamName } from '#libs/event-store';
import type { DomainEvent } from '#libs/event-store';

/** Appends events to streams that are interwoven, some appends of several events, some events large. */
export async function makeEvents(path: string, count: number, options: { fillingBytes?: number } = {}): Promise<void> {
  const store = await SqliteEventStore.open(path);
  const revisions = new Map<number, number>();
  const appends: Promise<unknown>[] = [];
  for (let made = 0; made < count;) {
    const stream = (made * 7) % 97;
    const many = Math.min(1 + (made % 5), count - made);
    const last = revisions.get(stream) ?? -1;
    const events = Array.from({ length: many }, (_, i): DomainEvent => {
      const n = made + i;
      const filling = 'æ🦭x'.repeat(options.fillingBytes === undefined ? n % 40 : options.fillingBytes / 7);
      return { type: `Made${n % 3}`, data: { n, filling } };
    });
    appends.push(store.append(streamName('made', `s${stream}`), last < 0 ? 'NONE' : last, events));
    revisions.set(stream, last + many);
    made += many;
    if (appends.length === 500 || options.fillingBytes !== undefined) await Promise.all(appends.splice(0));
  }
  await Promise.all(appends);
  await store.close();
}

export interface StoredEvent {
  readonly stream: string;
  readonly revision: number;
  readonly bytes: Uint8Array;
}

/** What stands in the file, read without our own code, in the order of all events. */
export function storedEvents(path: string): StoredEvent[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare('SELECT stream, revision, bytes FROM events ORDER BY position').all() as unknown as StoredEvent[];
  } finally {
    db.close();
  }
}

/** 0 also while there is no file yet, or no table in it. */
export function countStored(path: string): number {
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      return (db.prepare('SELECT count(*) AS n FROM events').get() as { n: number }).n;
    } finally {
      db.close();
    }
  } catch {
    return 0;
  }
}
