import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReadModelsBusy, ReadModelThread } from './read-model-thread.ts';
import { ReadModels } from './read-models.ts';
import type * as slowQuestions from './testing/slow-questions.ts';

const QUESTIONS = new URL('./testing/slow-questions.ts', import.meta.url);
/** Several times what the longest wait of these tests is, and no more: a thread ends when SQLite comes back to it. */
const ENDLESS = 1e8;

describe('a thread that reads', () => {
  let place: string;
  let readModels: ReadModels;
  let threads: { close(): void }[];
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'segl-thread-'));
    readModels = ReadModels.open(join(place, 'read-models.sqlite'));
    threads = [];
  });
  afterEach(async () => {
    for (const thread of threads) thread.close();
    readModels.close();
    await rm(place, { recursive: true });
  });
  const open = (options = {}) => {
    const thread = new ReadModelThread<typeof slowQuestions>(join(place, 'read-models.sqlite'), QUESTIONS, options);
    threads.push(thread);
    return thread;
  };

  it('keeps nobody waiting but who asked', async () => {
    const thread = open();
    await thread.ask('countTo', 1); // it is started
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    await expect(thread.ask('countTo', 3_000_000)).resolves.toBe(3_000_000);
    delay.disable();
    const beganAt = performance.now();
    await thread.ask('countTo', 3_000_000);
    const tookMs = performance.now() - beganAt;
    expect(delay.max / 1e6).toBeLessThan(tookMs + 200); // the loop turned while the thread counted
    expect(delay.count).toBeGreaterThan(3);
  });

  it('gives up a question that takes too long, and answers the next', async () => {
    const thread = open({ timeoutMs: 4000 });
    const late = thread.ask('countTo', ENDLESS);
    const next = thread.ask('countTo', 2);
    await expect(late).rejects.toThrow(ReadModelsBusy);
    await expect(next).resolves.toBe(2);
  });

  it('refuses more than may wait', async () => {
    const thread = open({ maxWaiting: 1 });
    const answers = [1, 2, 3].map((count) => thread.ask('countTo', count).catch((error: unknown) => error));
    expect((await Promise.all(answers)).map((one) => (one instanceof ReadModelsBusy ? 'busy' : one))).toEqual([
      1,
      2,
      'busy',
    ]);
  });

  it('cannot write', async () => {
    await expect(open().ask('write')).rejects.toThrow(/readonly/);
  });

  it('answers nobody once it is closed', async () => {
    const thread = open();
    const asked = thread.ask('countTo', ENDLESS);
    thread.close();
    await expect(asked).rejects.toThrow(ReadModelsBusy);
    await expect(thread.ask('countTo', 1)).rejects.toThrow(ReadModelsBusy);
  });
});
