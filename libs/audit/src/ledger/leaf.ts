import { createHash } from 'node:crypto';
import type { RecordedEvent } from '#libs/event-store';

/**
 * The leaf of one event: who it is and a digest of its stored bytes, never its content. So a list of leaves proves that something did
 * not happen between two checkpoints without showing what did, and a leaf stays true when the keys of its personal data are destroyed.
 *
 * The bytes are RFC 8785 (JCS) of `{id, recordSha256, revision, stream, time, type}`, `recordSha256` in lower-case hex over the
 * event's stored bytes. They are written by hand because the members are fixed and already in order, and because
 * `JSON.stringify` of a well-formed string is its JCS form (RFC 8785 §3.2.2.2).
 */
export function ledgerLeaf(
  event: Pick<RecordedEvent, 'id' | 'revision' | 'stream' | 'time' | 'type' | 'bytes'>,
): Buffer {
  const text = JSON.stringify;
  const digest = createHash('sha256').update(event.bytes).digest('hex');
  return Buffer.from(
    `{"id":${text(event.id)},"recordSha256":"${digest}","revision":${event.revision},"stream":${text(event.stream)},` +
      `"time":${text(event.time)},"type":${text(event.type)}}`,
  );
}
