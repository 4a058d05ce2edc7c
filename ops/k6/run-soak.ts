import { setTimeout as pause } from 'node:timers/promises';
import { runK6 } from './k6.ts';
import { PortalWatch } from './portal-watch.ts';
import { journeyLine, journeyTable, machineLine } from './report.ts';
import { settingsOf } from './run.ts';
import type { Run } from './run.ts';
import { verdictOf } from './soak-verdict.ts';
import type { Growth } from './soak-verdict.ts';

const READERS = 500;
const SECONDS = 600;
/** Two minutes over a message, from the attachment to the last click. */
const VISIT_SECONDS = 120;
/** Longer than a server keeps a connection on which nothing comes (seconds). */
const UNTIL_ALL_CLOSED_SECONDS = 10;
/** Readers come over the time of one visit, and what they make warm is warm after it: before that, memory grows as it should. */
const VISITS_TO_JUDGE_BY = 4;
const MIB = 1024 * 1024;

const mib = ({ earlier, later }: Growth) => `${(earlier / MIB).toFixed(0)} → ${(later / MIB).toFixed(0)} MiB`;

/** Many readers behind one address, for long. @returns whether there was no error, memory stayed flat and nothing was left open */
export async function runSoak(run: Run): Promise<boolean> {
  const [seconds, readers] = [run.seconds ?? SECONDS, run.readers ?? READERS];
  const visitSeconds = run.visitSeconds ?? VISIT_SECONDS;
  const watch = new PortalWatch(run.house.pid, run.house.managementPort, 5000);
  const before = await watch.look();
  const summary = await runK6(run.k6, 'visits.ts', settingsOf(run, { readers, seconds, visitSeconds }));
  const during = watch.figures.slice(1);
  watch.end();
  const { processors, machine } = watch.shares();
  await pause(UNTIL_ALL_CLOSED_SECONDS * 1000);
  const after = await watch.look();
  const visits = journeyLine(summary, 'visit');
  const verdict = verdictOf(before, during, after);
  run.say(journeyTable([visits], seconds));
  run.say(machineLine(during));
  run.say(
    `processors: main thread ${processors.main.toFixed(2)}, pool ${processors.pool.toFixed(2)}, writer ${processors.writer.toFixed(2)}, others ${(processors.workers + processors.v8).toFixed(2)}; the machine's ${(machine * 100).toFixed(0)} % busy`,
  );
  run.say(`${visits.errors === 0 ? 'no' : visits.errors} errors in ${visits.rounds} visits by ${readers} readers`);
  const isLongEnough = seconds >= VISITS_TO_JUDGE_BY * visitSeconds;
  const memory = isLongEnough ? (verdict.isFlat ? 'is flat' : 'GREW') : 'is not judged, four visits take longer';
  run.say(
    `memory ${memory}: ${mib(verdict.resident)} resident, ${mib(verdict.kept)} kept beside what waits (${mib(verdict.waiting)})`,
  );
  run.say(
    `${verdict.isNothingLeft ? 'nothing is left open' : 'LEFT OPEN'}: ${verdict.filesLeft} files and ${verdict.handlesLeft} handles more than before the first reader`,
  );
  return visits.isWithin && (verdict.isFlat || !isLongEnough) && verdict.isNothingLeft;
}
