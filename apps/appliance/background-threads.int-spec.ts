import { spawnSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { describe, expect, it } from '@jest/globals';

const onLinux = process.platform === 'linux' ? describe : describe.skip;
const module = new URL('./background-threads.ts', import.meta.url).href;

const script = `import { readdirSync, readFileSync } from 'node:fs';
  const { lowerBackgroundThreads } = await import(${JSON.stringify(module)});
  lowerBackgroundThreads();
  const threads = readdirSync('/proc/self/task').map((thread) => [
    readFileSync('/proc/self/task/' + thread + '/comm', 'latin1').trim(),
    Number(readFileSync('/proc/self/task/' + thread + '/stat', 'latin1').split(') ')[1].split(' ')[16]),
  ]);
  process.stdout.write(JSON.stringify(threads));`;

onLinux("V8's own threads", () => {
  it('come after the main thread, which keeps its priority', () => {
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const threads = JSON.parse(stdout) as [name: string, nice: number][];
    const ofV8 = threads.filter(([name]) => name === 'V8Worker').map(([, nice]) => nice);
    expect(ofV8.length).toBeGreaterThan(0);
    expect(ofV8.every((nice) => nice === 10)).toBe(true);
    expect(threads[0]?.[1]).toBe(getPriority());
  });
});
