// Verifies one exported file in a thread of its own: hashes and signatures of a large one take seconds, and nobody waits meanwhile.
// Erasable TypeScript, no imports by #libs.
import type { FileHandle } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { exportLines } from './csv-lines.ts';
import { readTrustedKey } from './note.ts';
import { verifyExport } from './verify-export.ts';

export interface FileToVerify {
  /** Handed over: closed here. */
  readonly file: FileHandle;
  /** As vkeys. */
  readonly keys: readonly string[];
}

if (parentPort === null) throw new Error('runs as a worker thread only');
const { file, keys } = workerData as FileToVerify;
const report = await verifyExport(exportLines(linesOf(file)), {
  keys: keys.flatMap((key) => readTrustedKey(key) ?? []),
});
parentPort.postMessage(report);

async function* linesOf(handle: FileHandle): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of handle.createReadStream({ start: 0 }) as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
