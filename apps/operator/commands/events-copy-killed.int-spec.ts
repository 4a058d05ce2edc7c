import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { builtSegl } from '../test/built-segl.ts';
import { countStored, makeEvents, storedEvents } from '../test/made-events.ts';

/** Tells on stderr, at the end, the most memory that the process ever had, in KiB. */
const MEMORY = `data:text/javascript,process.on('exit',()=>process.stderr.write('maxRSS='+process.resourceUsage().maxRSS))`;
const KILLS = 24;

describe('segl events copy as a process', () => {
  let directory: string;
  let source: string;
  let target: string;
  const alive = new Set<ChildProcess>();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-copy-'));
    [source, target] = [join(directory, 'source.sqlite'), join(directory, 'target.sqlite')];
  });
  afterEach(async () => {
    for (const child of alive) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  function startCopy(to = target) {
    const argv = ['--import', MEMORY, builtSegl(), 'events', 'copy'];
    const child = spawn(process.execPath, [...argv, '--json', '--from', `sqlite:${source}`, '--to', `sqlite:${to}`], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    alive.add(child);
    const pieces = { out: '', said: '' };
    child.stdout.on('data', (piece) => (pieces.out += String(piece)));
    child.stderr.on('data', (piece) => (pieces.said += String(piece)));
    const ended = once(child, 'close').then(([code]) => {
      alive.delete(child);
      return { code: code as number | null, ...pieces };
    });
    return { child, ended };
  }

  it(`goes on after ${KILLS} kills at any moment, and both sides are the same to the byte`, async () => {
    await makeEvents(source, 60_000);
    const stages: number[] = [];
    while (stages.length < KILLS) {
      const before = countStored(target);
      const { child, ended } = startCopy();
      let isOver = false;
      void ended.then(() => (isOver = true));
      // Every third one wherever it happens to be, reading and comparing mostly; the others while they write.
      if (stages.length % 3 === 2) await sleep(300 + Math.random() * 900);
      else while (!isOver && countStored(target) === before) await sleep(1);
      child.kill('SIGKILL');
      const { code } = await ended;
      expect([null, 0]).toContain(code); // killed, or done: nothing that it met on the way makes it fail
      if (code === null) {
        expect(countStored(target)).toBeGreaterThanOrEqual(before);
        stages.push(countStored(target));
      } else {
        // It was done before the kill: once more from the beginning.
        for (const end of ['', '-wal', '-shm']) await rm(`${target}${end}`, { force: true });
      }
    }
    // Killed on its way, again and again: how far it comes between two kills is the machine's matter.
    expect(stages.filter((stage) => stage > 0 && stage < 60_000).length).toBeGreaterThan(KILLS / 4);
    const { code, out, said } = await startCopy().ended;
    expect([code, said.replace(/maxRSS.*/, '')]).toEqual([0, expect.not.stringContaining('segl:')]);
    expect(JSON.parse(out)).toMatchObject({ events: 60_000, copied: 60_000 - (stages.at(-1) ?? 0), grew: 0 });
    const [one, other] = [storedEvents(source), storedEvents(target)];
    expect(other.length).toBe(one.length);
    const differing = one.filter((event, index) => {
      const copy = other[index];
      return (
        copy?.stream !== event.stream ||
        copy.revision !== event.revision ||
        !Buffer.from(copy.bytes).equals(Buffer.from(event.bytes))
      );
    });
    expect(differing).toEqual([]);
  }, 900_000); // a busy machine takes seconds to start a process, forty times

  it('needs no more memory for 200 MB of events than for 60', async () => {
    const maxKibOf = async (count: number) => {
      await rm(source, { force: true });
      await makeEvents(source, count, { fillingBytes: 100_000 });
      const { code, said } = await startCopy(join(directory, `${count}.sqlite`)).ended;
      expect(code).toBe(0);
      return Number(/maxRSS=(\d+)/.exec(said)?.[1]);
    };
    const [small, large] = [await maxKibOf(600), await maxKibOf(2000)];
    expect((large - small) / 1024).toBeLessThan(64); // garbage between collections; the rest of the events would be 140
  }, 120_000);
});
