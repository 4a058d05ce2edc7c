// Answers questions to the read models over a connection that can only read. Erasable TypeScript, no imports by #libs; so is what it
// is given to ask with, when it runs from source.
import { parentPort, workerData } from 'node:worker_threads';
import { ReadModels } from './read-models.ts';
import type { ReadModelDatabase } from './read-models.ts';

export interface ThreadData {
  readonly path: string;
  /** URL of the module whose functions are the questions. */
  readonly questions: string;
}
export interface ThreadQuestion {
  readonly name: string;
  readonly parameters: readonly unknown[];
}
export type ThreadAnswer = { readonly answer: unknown } | { readonly error: unknown };

if (parentPort === null) throw new Error('runs as a worker thread only');
const main = parentPort;
const { path, questions } = workerData as ThreadData;
const asked = (await import(questions)) as Record<string, (db: ReadModelDatabase, ...parameters: unknown[]) => unknown>;
const readModels = ReadModels.openToRead(path);

main.on('message', (question: ThreadQuestion | 'close') => {
  if (question === 'close') {
    readModels.close();
    main.close();
    return;
  }
  main.postMessage(answerTo(question));
});

function answerTo({ name, parameters }: ThreadQuestion): ThreadAnswer {
  try {
    return { answer: asked[name]?.(readModels.db, ...parameters) };
  } catch (error) {
    return { error };
  }
}
