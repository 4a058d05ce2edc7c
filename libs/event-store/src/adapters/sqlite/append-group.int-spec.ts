import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newStream, noted } from '../../testing/contract/noted.ts';
import { openTemporarySqlite } from '../../testing/index.ts';
import type { TemporarySqlite } from '../../testing/index.ts';
import { recordEvents } from '../../recorded-event.ts';
import type { Instant } from '#libs/vocabulary';
import { writeGroup } from './append-group.ts';
import type { AppendRequest } from './append-group.ts';
import { SqliteFile } from './sqlite-file.ts';

let opened: TemporarySqlite;
let file: SqliteFile;
let reader: SqliteFile;
beforeEach(async () => {
  opened = await openTemporarySqlite();
  file = new SqliteFile(opened.path, 'rw', 0);
  reader = new SqliteFile(opened.path, 'ro', 0);
});
afterEach(async () => {
  reader.release();
  file.release();
  await opened.cleanUp();
});

function request(seq: number): AppendRequest {
  const stream = newStream();
  const records = recordEvents(stream, 'NONE', [noted('x')], '2026-11-30T12:00:00.000Z' as Instant);
  return { kind: 'append', seq, stream, expected: -1, texts: records.map(({ text }) => text) };
}

function committed(): unknown {
  return reader.prepare('SELECT count(*) FROM events').get();
}

it('commits together what comes while the group is being decided, and nothing before', () => {
  const arriving = [[request(1), request(2)], [request(3)], []];
  const seen: unknown[] = [];
  const replies = writeGroup(file, () => {
    seen.push(committed());
    return arriving.shift() ?? [];
  });
  expect(replies).toMatchObject([1, 2, 3].map((seq) => ({ seq, kind: 'appended', revision: 0, position: seq })));
  expect(seen).toEqual([[0], [0], [0]]);
  expect(committed()).toEqual([3]);
});

it('takes nothing of a group when what came last cannot be written', () => {
  const broken = { ...request(2), texts: [null as unknown as string] };
  const arriving = [[request(1)], [broken], []];
  expect(() => writeGroup(file, () => arriving.shift() ?? [])).toThrow('NOT NULL');
  expect(committed()).toEqual([0]);
});
