import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { MailReader } from './mail-reader.ts';

const onLinux = process.platform === 'linux' ? describe : describe.skip;

/** Of each thread of this process (proc_pid_stat(5), field 19). */
function niceness(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const [, fields = ''] = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1').split(') ');
    return Number(fields.split(' ')[16]);
  });
}

onLinux('the thread in which mails are taken apart', () => {
  it('comes after everybody who waits for the main thread', async () => {
    const reader = new MailReader({ workers: 1 });
    const before = niceness().filter((nice) => nice === 10).length;
    await reader.read(Buffer.from('Subject: x\r\n\r\nx'));
    expect(niceness().filter((nice) => nice === 10)).toHaveLength(before + 1);
    await reader.close();
  });

  it('steps back before it loads anything of ours', () => {
    const source = readFileSync(join(import.meta.dirname, 'reading-worker.ts'), 'utf8');
    const loaded = [...source.matchAll(/^import .*'([^']+)';$/gm)].map(([, name]) => name);
    expect(loaded).toEqual(['node:os']);
  });
});
