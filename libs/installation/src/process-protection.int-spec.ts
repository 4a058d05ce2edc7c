import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const withLimits = existsSync('/usr/bin/prlimit') ? describe : describe.skip;
const module = new URL('./process-protection.ts', import.meta.url).href;
const SCRIPT = `import { readFileSync } from 'node:fs';
  const { protectProcess } = await import(${JSON.stringify(module)});
  const leaks = protectProcess();
  const core = /^Max core file size +(\\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))[1];
  process.stdout.write(JSON.stringify({ leaks, core }));`;

function startedBy(...options: string[]): { leaks: string[]; core: string } {
  const args = [...options, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', SCRIPT];
  const shell = 'ulimit -Sc 0; ulimit -Sc "$(ulimit -Hc)"; exec "$@"'; // as much of a core file as this user may have
  const { stdout, stderr } = spawnSync('sh', ['-c', shell, 'sh', process.execPath, ...args], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as { leaks: string[]; core: string };
}

withLimits('what could leave the memory of the process (skipped without util-linux)', () => {
  it('is kept from core files by itself, whatever it was started with', () => {
    const { leaks, core } = startedBy();
    expect(core).toBe('1'); // with 0 it would still go to a pipe
    expect(leaks).not.toContain('core-file');
  });

  it('is said where a signal would open a debugger', () => {
    expect(startedBy().leaks).toContain('debugger');
    expect(startedBy('--disable-sigusr1').leaks).not.toContain('debugger');
  });

  it('is said where a debugger is open already', () => {
    expect(startedBy('--inspect=127.0.0.1:0').leaks).toContain('inspector');
    expect(startedBy().leaks).not.toContain('inspector');
  });
});
