// Loaded in the writer's thread: no imports by #libs, nothing that type stripping cannot erase.
import { importGroup } from './import-group.ts';
import type { ImportReply, ImportRequest } from './import-group.ts';
import { removeGroup } from './remove-group.ts';
import type { RemoveReply, RemoveRequest } from './remove-group.ts';
import type { SqliteFile, Writing } from './sqlite-file.ts';

/** One append as it crosses to the writer's thread. */
export interface AppendRequest {
  readonly kind: 'append';
  readonly seq: number;
  readonly stream: string;
  /** -1 when no stream is expected. */
  readonly expected: number;
  readonly texts: readonly string[];
}
/** Asks whether an append would be taken, by a write that is none. */
export interface CheckRequest {
  readonly kind: 'check';
  readonly seq: number;
}
export type WriteRequest = AppendRequest | CheckRequest | ImportRequest | RemoveRequest;

export type WriteReply =
  | ImportReply
  | RemoveReply
  | { readonly seq: number; readonly kind: 'appended'; readonly revision: number; readonly position: number }
  | { readonly seq: number; readonly kind: 'conflict'; readonly actual: number }
  | { readonly seq: number; readonly kind: 'writable' }
  | { readonly seq: number; readonly kind: 'failed'; readonly words: string; readonly detail: string };

const SELECT_LAST_REVISION = 'SELECT max(revision) FROM events WHERE stream = ?';
// The text is bound as UTF-8, and the cast keeps these bytes as they are.
const INSERT_EVENT =
  'INSERT INTO events (stream, revision, bytes) VALUES (?, ?, CAST(? AS BLOB)) ON CONFLICT (stream, revision) DO NOTHING';
const SELECT_IDS = `SELECT CAST(bytes AS TEXT) ->> 'id', position FROM events WHERE stream = ? AND revision BETWEEN ? AND ? ORDER BY revision`;

/**
 * Decides each request on its own and commits them together: one fsync for all that were waiting. Nothing is answered before
 * the commit, so an answer never rests on what a crash could take back.
 *
 * @param waiting what has come since it was asked before: asked until nothing has, so what comes while the group is being decided belongs to it
 * @throws what SQLite throws: then nothing of the group was written, or whether it was is unknown
 */
export function writeGroup(file: SqliteFile, waiting: () => readonly WriteRequest[]): WriteReply[] {
  let requests = waiting();
  const db = file.database();
  const writing: Writing = (sql) => file.prepareOn(db, sql);
  writing('BEGIN IMMEDIATE').run();
  try {
    const replies: WriteReply[] = [];
    let isAnythingRemoved = false;
    for (; requests.length > 0; requests = waiting()) {
      for (const request of requests) {
        replies.push(decide(file, writing, request));
        if (request.kind === 'remove') isAnythingRemoved = true;
      }
    }
    writing('COMMIT').run();
    // What was there is overwritten in the file itself as far as nobody reads it, and nobody waits for that.
    if (isAnythingRemoved) db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return replies;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function decide(file: SqliteFile, writing: Writing, request: WriteRequest): WriteReply {
  switch (request.kind) {
    case 'append':
      return append(writing, request);
    case 'check':
      return check(writing, request);
    case 'import':
      return importGroup(writing, request);
    case 'remove':
      return removeGroup(file, request);
  }
}

function append(writing: Writing, { seq, stream, expected, texts }: AppendRequest): WriteReply {
  if (expected !== -1) {
    const actual = lastRevision(writing, stream);
    if (actual !== expected) return notThere(writing, { seq, stream, expected, texts }, actual);
  }
  const insert = writing(INSERT_EVENT);
  let revision = expected;
  let position = 0;
  for (const text of texts) {
    const { changes, lastInsertRowid } = insert.run(stream, ++revision, text);
    // Only the first can be there already: of a stream that was not to be there.
    if (changes === 0) return notThere(writing, { seq, stream, expected, texts }, lastRevision(writing, stream));
    position = Number(lastInsertRowid);
  }
  return { seq, kind: 'appended', revision, position };
}

type Append = Pick<AppendRequest, 'seq' | 'stream' | 'expected' | 'texts'>;

/** The events right behind `expected` have these very ids: this append has happened before, and is answered as it was. */
function notThere(writing: Writing, { seq, stream, expected, texts }: Append, actual: number): WriteReply {
  const revision = expected + texts.length;
  const there = writing(SELECT_IDS)
    .all(stream, expected + 1, revision)
    .map(row);
  const isRepetition =
    there.length === texts.length && there.every(([id], index) => id === idOf(texts[index] as string));
  if (!isRepetition) return { seq, kind: 'conflict', actual };
  return { seq, kind: 'appended', revision, position: Number(there.at(-1)?.[1]) };
}

function idOf(text: string): string {
  return (JSON.parse(text) as { id: string }).id;
}

/** -1 when there is no such stream. */
function lastRevision(writing: Writing, stream: string): number {
  const [last] = row(writing(SELECT_LAST_REVISION).get(stream));
  return last === null ? -1 : Number(last);
}

function check(writing: Writing, { seq }: CheckRequest): WriteReply {
  writing('UPDATE write_check SET beat = beat + 1').run();
  return { seq, kind: 'writable' };
}

/** node:sqlite's types do not know setReturnArrays. */
function row(value: unknown): readonly unknown[] {
  return value as readonly unknown[];
}
