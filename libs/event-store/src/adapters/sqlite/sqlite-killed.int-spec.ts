import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ReadModels } from '../../read-models.ts';
import { streamName } from '../../recorded-event.ts';
import { ProjectionRunner } from '../../projection-runner.ts';
import { openTemporarySqlite } from '../../testing/index.ts';
import type { TemporarySqlite } from '../../testing/index.ts';
import { tick, tickCounts } from '../../testing/processes/store-process.ts';
import type { StoreAnswer, StoreCommand } from '../../testing/processes/store-process.ts';

const PROCESS_FILE = join(import.meta.dirname, '../../testing/processes/store-process.ts');

/** Each round starts processes anew, which a busy machine takes its time for. */
jest.setTimeout(120_000);

describe('processes that are killed', () => {
  let opened: TemporarySqlite;
  /** By writer, the last event whose append was answered. */
  const acknowledged = new Map<string, number>();
  const alive = new Set<ChildProcess>();

  beforeEach(async () => {
    opened = await openTemporarySqlite();
    acknowledged.clear();
  });
  afterEach(async () => {
    for (const child of alive) child.kill('SIGKILL');
    await opened.cleanUp();
  });

  async function startProcess(): Promise<{
    child: ChildProcess;
    tell(command: StoreCommand): void;
    kill(): Promise<void>;
  }> {
    const child = fork(PROCESS_FILE, [opened.path], { execArgv: ['--conditions=segl-source'] });
    alive.add(child);
    await once(child, 'message');
    child.on('message', (answer: StoreAnswer) => {
      if ('failed' in answer) throw new Error(`${answer.failed}: ${answer.message}`);
      if ('acknowledged' in answer) acknowledged.set(answer.writer, answer.acknowledged);
    });
    return {
      child,
      tell: (command) => void child.send(command),
      async kill() {
        child.kill('SIGKILL');
        await once(child, 'close'); // by then every answer that it gave has been read
        alive.delete(child);
      },
    };
  }

  function appendForEver(process: { tell(command: StoreCommand): void }, writer: string): void {
    process.tell({ do: 'append-for-ever', writer, from: (acknowledged.get(writer) ?? -1) + 1 });
  }

  it('lose nothing that was acknowledged, and double nothing', async () => {
    const fewest = () => (acknowledged.size < 5 ? 0 : Math.min(...acknowledged.values()));
    // On a slow disk a process is killed before it comes to much: it goes on until every writer has come some way.
    for (let round = 0; round < 6 || fewest() <= 8; round++) {
      const [one, two] = await Promise.all([startProcess(), startProcess()]);
      for (const writer of ['a', 'b', 'c']) appendForEver(one, writer);
      for (const writer of ['d', 'e']) appendForEver(two, writer);
      await sleep(40 + Math.random() * 120);
      await Promise.all([one.kill(), sleep(Math.random() * 20).then(() => two.kill())]);

      for (const [writer, last] of acknowledged) {
        let revision = -1;
        for await (const event of opened.store.readStream(streamName('ticks', writer))) {
          expect(event).toMatchObject({ revision: ++revision, id: tick(writer, revision).id, data: { n: revision } });
        }
        // One more may have been written and not answered.
        expect([last, last + 1]).toContain(revision);
      }
    }
    const file = new DatabaseSync(opened.path, { readOnly: true });
    expect({ ...file.prepare('PRAGMA integrity_check').get() }).toEqual({ integrity_check: 'ok' });
    file.close();
  });

  it('handle each event once in their projections', async () => {
    const path = join(opened.directory, 'read-models.sqlite');
    for (let round = 0; round < 5; round++) {
      const process = await startProcess();
      process.tell({ do: 'project', readModels: path });
      for (const writer of ['a', 'b', 'c']) appendForEver(process, writer);
      await sleep(60 + Math.random() * 150);
      await process.kill();
    }
    const readModels = ReadModels.open(path);
    const before = readModels.db.get<{ ticks: number }>('SELECT sum(ticks) AS ticks FROM tick_counts');
    expect(before?.ticks).toBeGreaterThan(0);
    const runner = new ProjectionRunner(opened.store, readModels, [tickCounts]);
    runner.start();
    await runner.caughtUp();
    const counted = readModels.db.all('SELECT writer, ticks, total FROM tick_counts ORDER BY writer');
    const wanted = [];
    for (const writer of ['a', 'b', 'c']) {
      let ticks = 0;
      for await (const _ of opened.store.readStream(streamName('ticks', writer))) ticks++;
      wanted.push({ writer, ticks, total: (ticks * (ticks - 1)) / 2 });
    }
    expect(counted.map((row) => ({ ...(row as object) }))).toEqual(wanted);
    await runner.stop();
    readModels.close();
  });
});
