// The thread that writes, so that no fsync ever stops the main one. Erasable TypeScript, relative imports only.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { writeGroup } from './append-group.ts';
import type { WriteReply, WriteRequest } from './append-group.ts';
import { packReplies, unpackRequests } from './crossing.ts';
import type { PackedReplies, PackedRequest } from './crossing.ts';
import { createFileIfMissing, faultOf, isBusy, SqliteFile } from './sqlite-file.ts';

export interface WriterStart {
  readonly path: string;
  readonly busyTimeoutMs: number;
  /** Only at the first start: a file that was there and is gone is a fault, not a reason to begin anew. */
  readonly mayCreate: boolean;
}
/** Requests come in the order they were made, several at a time. */
export type WriterInbox = { readonly requests: readonly PackedRequest[] } | 'close';
export type WriterOutbox =
  | { readonly kind: 'started' }
  | { readonly kind: 'not-started'; readonly words: string; readonly detail: string }
  | { readonly kind: 'replies'; readonly replies: PackedReplies };

/** Bounds how long the first of a group waits for the last, and what a group holds in memory. */
const MAX_GROUP_REQUESTS = 1024;
const MAX_GROUP_CHARACTERS = 8 * 1024 * 1024;

if (parentPort === null) throw new Error('runs as a worker thread only');
const main = parentPort;
const { path, busyTimeoutMs, mayCreate } = workerData as WriterStart;
const file = new SqliteFile(path, 'rw', busyTimeoutMs);
const waiting: WriteRequest[] = [];
let isClosing = false;

function tell(message: WriterOutbox): void {
  main.postMessage(message);
}

function detailOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What waits, as far as there is room for it in the group. */
function joinGroup(group: WriteRequest[]): readonly WriteRequest[] {
  takeWhatArrived();
  let count = 0;
  let characters = charactersIn(group);
  for (const request of waiting) {
    characters += charactersIn([request]);
    const size = group.length + count;
    if (size === MAX_GROUP_REQUESTS || (size > 0 && characters > MAX_GROUP_CHARACTERS)) break;
    count++;
  }
  const joining = waiting.splice(0, count);
  group.push(...joining);
  return joining;
}

function charactersIn(requests: readonly WriteRequest[]): number {
  let characters = 0;
  for (const request of requests) if ('texts' in request) for (const text of request.texts) characters += text.length;
  return characters;
}

function write(): readonly WriteReply[] {
  const group: WriteRequest[] = [];
  try {
    return writeGroup(file, () => joinGroup(group));
  } catch (error) {
    if (!isBusy(error)) file.release(); // a connection that failed is not trusted again
    const { message: words } = faultOf(error);
    const detail = detailOf(error);
    return group.map(({ seq }) => ({ seq, kind: 'failed', words, detail }));
  }
}

function take(message: WriterInbox): void {
  if (message === 'close') isClosing = true;
  else waiting.push(...unpackRequests(message.requests));
}

/** Every message that has arrived, without a turn of the event loop for each. */
function takeWhatArrived(): void {
  for (let next = receiveMessageOnPort(main); next !== undefined; next = receiveMessageOnPort(main))
    take(next.message as WriterInbox);
}

/** What waits together is written together: also what came in while the group before it was written. */
main.on('message', (message: WriterInbox) => {
  take(message);
  for (takeWhatArrived(); waiting.length > 0; takeWhatArrived())
    tell({ kind: 'replies', replies: packReplies(write()) });
  if (!isClosing) return;
  file.release();
  main.close();
});

try {
  if (mayCreate) createFileIfMissing(path);
  file.database();
  tell({ kind: 'started' });
} catch (error) {
  file.release();
  tell({ kind: 'not-started', words: faultOf(error).message, detail: detailOf(error) });
  main.close();
}
