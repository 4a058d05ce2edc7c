import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';

const TASKS = '/proc/self/task';
/** As Node names the threads on which V8 marks, sweeps and compiles for every thread of the process. */
const NAME = 'V8Worker';
/** That of the threads in which mails are read. */
const NICENESS = 10;

/**
 * V8's own threads work for the threads that read hostile mails as they do for this one, and at its priority: on two cores they took
 * the time of those who asked for a page. They step back (Linux alone has a priority for each thread), and the collection of what is
 * new waits for them no longer: it is done in milliseconds by the thread that needs it, whose priority it then has.
 */
export function lowerBackgroundThreads(): void {
  setFlagsFromString('--no-parallel-scavenge');
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync(TASKS)) {
    try {
      if (readFileSync(`${TASKS}/${thread}/comm`, 'latin1').trim() === NAME) setPriority(Number(thread), NICENESS);
    } catch {
      // It has just ended, or a sandbox forbids it, as one without systemd's @resources does.
    }
  }
}
