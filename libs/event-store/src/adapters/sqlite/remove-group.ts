// Loaded in the writer's thread: no imports by #libs, nothing that type stripping cannot erase.
import { isLeaf, leafOfRecord } from '../../record-leaf.ts';
import type { RecordHeader } from '../../record-leaf.ts';
import { EVENTS_ARE_NEVER_CHANGED } from './sqlite-file.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Whose content goes: two lists of equal length. */
export interface RemoveRequest {
  readonly kind: 'remove';
  readonly seq: number;
  readonly positions: readonly number[];
  readonly ids: readonly string[];
}

export type RemoveReply =
  | { readonly seq: number; readonly kind: 'removed' }
  /** Another event stands there, or none. */
  | { readonly seq: number; readonly kind: 'differs'; readonly position: number };

const SELECT_BYTES = 'SELECT bytes FROM events WHERE position = ?';
const UPDATE_BYTES = 'UPDATE events SET bytes = CAST(? AS BLOB) WHERE position = ?';

/** All of it or nothing: every leaf is made, over the bytes that stand there now, before the first row is written. Runs inside the group's transaction. */
export function removeGroup(file: SqliteFile, { seq, positions, ids }: RemoveRequest): RemoveReply {
  const leaves = new Map<number, string>();
  for (const [index, position] of positions.entries()) {
    const [bytes] = (file.prepare(SELECT_BYTES).get(position) as unknown as [Uint8Array] | undefined) ?? [];
    const record = bytes === undefined ? null : recordIn(bytes);
    if (bytes === undefined || record === null || record.id !== ids[index]) return { seq, kind: 'differs', position };
    if (!isLeaf(record)) leaves.set(position, leafOfRecord(record, bytes));
  }
  if (leaves.size === 0) return { seq, kind: 'removed' };
  // Whatever else is running still cannot change an event: the trigger is gone inside this transaction alone.
  file.database().exec('DROP TRIGGER events_are_never_changed');
  const update = file.prepare(UPDATE_BYTES);
  for (const [position, leaf] of leaves) update.run(leaf, position);
  file.database().exec(EVENTS_ARE_NEVER_CHANGED);
  return { seq, kind: 'removed' };
}

function recordIn(
  bytes: Uint8Array,
): (RecordHeader & { readonly data?: unknown; readonly recordSha256?: unknown }) | null {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as RecordHeader;
  } catch {
    return null; // damaged: nobody may cover that up
  }
}
