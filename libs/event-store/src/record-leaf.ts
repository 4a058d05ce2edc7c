// Loaded in the writer's thread too: no imports by #libs, nothing that type stripping cannot erase.
import { createHash } from 'node:crypto';

/** What of an event stays for ever, whatever becomes of its content. */
export interface RecordHeader {
  readonly id: string;
  readonly revision: number;
  readonly stream: string;
  readonly time: string;
  readonly type: string;
}

/**
 * The `version` of an event whose content was removed: its leaf stands where its record stood, `data` is empty, and folds and handlers of
 * single types pass over it. No shape that anybody writes has this number.
 */
export const CONTENT_REMOVED = 0;

/** Whether the leaf of an event is all that is left of it. */
export function isContentRemoved({ version }: { readonly version: number }): boolean {
  return version === CONTENT_REMOVED;
}

/**
 * The leaf of a record: who it is and a digest of its stored bytes, never its content. It is what the ledger proves (libs/audit/LEDGER.md), and what
 * stays in the store where retention removed the content: RFC 8785 (JCS) of `{id, recordSha256, revision, stream, time, type}`,
 * `recordSha256` in lower-case hex over the stored bytes. Written by hand because the members are fixed and already in order, and because
 * `JSON.stringify` of a well-formed string is its JCS form (RFC 8785 §3.2.2.2).
 */
export function leafOfRecord({ id, revision, stream, time, type }: RecordHeader, bytes: Uint8Array): string {
  const text = JSON.stringify;
  const digest = createHash('sha256').update(bytes).digest('hex');
  return (
    `{"id":${text(id)},"recordSha256":"${digest}","revision":${revision},"stream":${text(stream)},` +
    `"time":${text(time)},"type":${text(type)}}`
  );
}

/** Whether what was read from stored bytes is a leaf that stands for a record. */
export function isLeaf(record: { readonly data?: unknown; readonly recordSha256?: unknown }): boolean {
  return (
    record.data === undefined && typeof record.recordSha256 === 'string' && /^[0-9a-f]{64}$/.test(record.recordSha256)
  );
}
