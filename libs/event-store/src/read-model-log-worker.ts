// Copies the write-ahead log of the read models into their file, off the main thread: it ends in an fsync or two, and on a slow
// disk these take longer than anyone may be kept waiting. Erasable TypeScript, no imports by #libs.
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

export type LogCommand = 'copy' | 'close';

if (parentPort === null) throw new Error('runs as a worker thread only');
const main = parentPort;
const db = new DatabaseSync(workerData as string);
// PASSIVE takes no lock that a writer or a reader would have to wait for, and never waits itself.
const copy = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');

main.on('message', (command: LogCommand) => {
  if (command === 'close') {
    db.close();
    main.close();
    return;
  }
  try {
    copy.all();
  } catch {
    // The log keeps everything: it only stays longer. What is wrong with the disk shows where something is written.
  }
  main.postMessage('done');
});
