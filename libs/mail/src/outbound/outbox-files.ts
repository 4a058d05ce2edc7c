import { open, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { parseMessageId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { NOTE } from './outcome-notes.ts';

/** A carrier of an outbox, the reason beside one that was refused, or a note of what became of one that is not recorded yet, as it would lie in an outbox that no process works on. */
export interface OutboxFile {
  /** Below the outbox: `queue/…`, `staging/…`, `refused/…`, `kept/…`, `unrecorded/…`. */
  readonly path: string;
  readonly messageId: MessageId | null;
  readonly bytes: number;
  /** How long it has waited is by this, milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Valid until the next file is asked for. */
  content(): AsyncIterable<Uint8Array>;
}

/**
 * In the order in which a carrier goes through them, and the queue again, since a try that failed puts it back there, at the earliest a
 * second later. So each carrier that lies here from beginning to end is met, wherever it goes meanwhile. A note is written before its carrier goes: notes come last.
 */
const FOLDERS = ['staging', 'queue', 'sending', 'queue', 'kept', 'refused', 'unrecorded'] as const;
const UNDER_WAY: readonly string[] = ['staging', 'queue', 'sending'];

/**
 * Everything of an outbox once, beside running processes: only looks. What is being sent is given as waiting in the queue; what is still
 * being written, as not there. Nothing where there is no outbox.
 *
 * @throws what the file system throws, but for what goes elsewhere meanwhile
 */
export async function* filesOfOutbox(directory: string): AsyncGenerator<OutboxFile, void, undefined> {
  const met = new Set<string>();
  for (const folder of FOLDERS) {
    for (const name of (await orNull(readdir(join(directory, folder)))) ?? []) {
      const messageId =
        name
          .split('.')
          .map(parseMessageId)
          .findLast((id) => id !== null) ?? null;
      const isUnderWay = UNDER_WAY.includes(folder);
      const key = isUnderWay ? `${messageId}` : `${folder}/${name}`;
      if (met.has(key) || (isUnderWay && (messageId === null || name.endsWith('.part')))) continue;
      if (folder === 'unrecorded' && !NOTE.test(name)) continue; // still being written
      const file = await orNull(open(join(directory, folder, name), 'r'));
      if (file === null) continue; // further on meanwhile, and met there
      try {
        met.add(key);
        yield await described(file, pathAtRest(folder, name), messageId);
      } finally {
        await file.close();
      }
    }
  }
}

async function described(file: FileHandle, path: string, messageId: MessageId | null): Promise<OutboxFile> {
  const { size, mtimeMs } = await file.stat();
  const content = () => file.createReadStream({ start: 0, autoClose: false });
  return { path, messageId, bytes: size, modifiedMs: mtimeMs, content };
}

/** `sending/<owner>.<attempts>.<message>` waits, due at once: its process is another installation's. */
function pathAtRest(folder: string, name: string): string {
  return folder === 'sending' ? `queue/${'0'.repeat(15)}.${name.split('.').slice(1).join('.')}` : `${folder}/${name}`;
}

function orNull<Found>(looking: Promise<Found>): Promise<Found | null> {
  return looking.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
