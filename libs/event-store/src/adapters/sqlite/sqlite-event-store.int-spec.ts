import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newStream, noted } from '../../testing/contract/noted.ts';
import { openTemporarySqlite } from '../../testing/index.ts';
import type { TemporarySqlite } from '../../testing/index.ts';
import { SqliteEventStore } from './sqlite-event-store.ts';

let opened: TemporarySqlite;
beforeEach(async () => {
  opened = await openTemporarySqlite();
});
afterEach(() => opened.cleanUp());

/** Pages that the write-ahead log holds. */
function pagesInLog(): number {
  const db = new DatabaseSync(opened.path, { readOnly: true });
  const { log } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as { log: number };
  db.close();
  return log;
}

it('writes two pages for an append: one of the events and one of the index', async () => {
  for (let warm = 0; warm < 20; warm++) await opened.store.append(newStream(), 'NONE', [noted('x')]);
  const counts: number[] = [];
  for (let time = 0; time < 9; time++) {
    const before = pagesInLog();
    await opened.store.append(newStream(), 'NONE', [noted('x')]);
    counts.push(pagesInLog() - before);
  }
  expect(counts.sort((one, other) => one - other)[4]).toBe(2); // now and then a page is split
});

it('gives positions that go on where they ended, also in a file with AUTOINCREMENT as older releases made it', async () => {
  await opened.store.close();
  const db = new DatabaseSync(opened.path);
  const { sql } = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'events'").get() as { sql: string };
  db.exec(
    `DROP TABLE events; ${sql.replace('position INTEGER PRIMARY KEY', 'position INTEGER PRIMARY KEY AUTOINCREMENT')}`,
  );
  db.close();
  const store = await SqliteEventStore.open(opened.path);
  const positions = [];
  for (let time = 0; time < 3; time++)
    positions.push((await store.append(newStream(), 'NONE', [noted('x'), noted('y')])).position);
  expect(positions).toEqual(['2', '4', '6']);
  expect((await Array.fromAsync(store.readAll())).map(({ position }) => position)).toEqual([...'123456']);
  await store.close();
});

it('delivers together what is appended while a subscriber gathers, and history at once', async () => {
  const append = () => opened.store.append(newStream(), 'NONE', [noted('x')]);
  await append();
  const stop = new AbortController();
  const messages = opened.store.subscribe({ signal: stop.signal, gatherMs: 60_000 })[Symbol.asyncIterator]();
  const nextKind = async () => ((await messages.next()).value as { kind: string } | undefined)?.kind;
  expect([await nextKind(), await nextKind()]).toEqual(['event', 'caught-up']);
  const waiting = nextKind();
  await append();
  const nothing = Symbol('nothing yet');
  const appended = append().then(() => sleep(100, nothing)); // ten times as long as a subscriber that does not gather
  expect(await Promise.race([waiting, appended])).toBe(nothing);
  stop.abort(); // as `caughtUp` of a projection: a subscription that begins now gets them without waiting
  expect(await waiting).toBeUndefined();
  const again = opened.store.subscribe({ signal: new AbortController().signal, gatherMs: 60_000 });
  const kinds: string[] = [];
  for await (const { kind } of again) {
    kinds.push(kind);
    if (kind === 'caught-up') break;
  }
  expect(kinds).toEqual(['event', 'event', 'event', 'caught-up']);
});
