// Loaded in the writer's thread: no imports by #libs, nothing that type stripping cannot erase.
import type { Writing } from './sqlite-file.ts';

/** Records of another store as they cross to the writer's thread: three lists of equal length. */
export interface ImportRequest {
  readonly kind: 'import';
  readonly seq: number;
  readonly streams: readonly string[];
  readonly revisions: readonly number[];
  readonly texts: readonly string[];
}

export type ImportReply =
  | { readonly seq: number; readonly kind: 'imported' }
  /** Another event is there. */
  | { readonly seq: number; readonly kind: 'contradicted'; readonly stream: string; readonly revision: number }
  /** The stream stands before the event's predecessor; `actual` is -1 when there is none. */
  | {
      readonly seq: number;
      readonly kind: 'gap';
      readonly stream: string;
      readonly revision: number;
      readonly actual: number;
    };

const SELECT_LAST_REVISION = 'SELECT max(revision) FROM events WHERE stream = ?';
const SELECT_IS_THERE = 'SELECT bytes = CAST(? AS BLOB) FROM events WHERE stream = ? AND revision = ?';
const INSERT_EVENT = 'INSERT INTO events (stream, revision, bytes) VALUES (?, ?, CAST(? AS BLOB))';

/** All of it or nothing: everything is decided before the first row is written. Runs inside the group's transaction. */
export function importGroup(writing: Writing, { seq, streams, revisions, texts }: ImportRequest): ImportReply {
  const lastRevisions = new Map<string, number>();
  const missing: number[] = [];
  for (const [index, stream] of streams.entries()) {
    const revision = revisions[index] as number;
    const last = lastRevisions.get(stream) ?? lastRevisionOf(writing, stream);
    if (revision > last + 1) return { seq, kind: 'gap', stream, revision, actual: last };
    if (revision === last + 1) {
      missing.push(index);
      lastRevisions.set(stream, revision);
      continue;
    }
    lastRevisions.set(stream, last);
    const there = writing(SELECT_IS_THERE).get(texts[index] as string, stream, revision) as unknown as
      [number] | undefined;
    if (there?.[0] !== 1) return { seq, kind: 'contradicted', stream, revision };
  }
  const insert = writing(INSERT_EVENT);
  for (const index of missing) insert.run(streams[index] as string, revisions[index] as number, texts[index] as string);
  return { seq, kind: 'imported' };
}

function lastRevisionOf(writing: Writing, stream: string): number {
  const [last] = writing(SELECT_LAST_REVISION).get(stream) as unknown as [number | null];
  return last ?? -1;
}
