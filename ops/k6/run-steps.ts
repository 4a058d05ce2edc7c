import { availableParallelism } from 'node:os';
import { runK6 } from './k6.ts';
import { bottleneckOf, kneeOf } from './knee.ts';
import type { Step } from './knee.ts';
import { PortalWatch } from './portal-watch.ts';
import { journeyLine } from './report.ts';
import { settingsOf } from './run.ts';
import type { Run } from './run.ts';

const READERS = [1, 2, 4, 8, 16, 32];
const SECONDS = 10;
/** What fills different parts of the machine: opening, argon2, the record. */
const JOURNEYS = ['seal', 'passcode', 'view'];

/** Ever more readers who never wait, one journey after the other. @returns whether none met an error */
export async function runSteps(run: Run): Promise<boolean> {
  let errors = 0;
  for (const journey of run.journeys.length > 0 ? run.journeys : JOURNEYS) {
    const steps: Step[] = [];
    run.say(
      `\n# ${journey}\nreaders  rounds/s   p95 ms   main   pool  writer  its disk  others  machine  turned away  errors`,
    );
    for (const readers of READERS) {
      const { step, errors: met, turnedAway } = await measure(run, journey, readers);
      errors += met;
      steps.push(step);
      run.say(rowOf(step, turnedAway, met));
    }
    const knee = kneeOf(steps);
    const last = steps.at(-1);
    if (knee === undefined || last === undefined) continue;
    const { resource, taken } = bottleneckOf(last.shares, availableParallelism());
    run.say(
      `knee: ${knee.readers} readers, ${knee.roundsPerSecond.toFixed(1)} rounds/s; full: ${resource} (${(taken * 100).toFixed(0)} %)`,
    );
  }
  return errors === 0;
}

async function measure(
  run: Run,
  journey: string,
  readers: number,
): Promise<{ step: Step; errors: number; turnedAway: number }> {
  const seconds = run.seconds ?? SECONDS;
  const readySeconds = 1 + 0.4 * readers;
  const k6 = runK6(run.k6, 'rounds.ts', settingsOf(run, { journeys: [journey], readers, seconds, readySeconds }));
  const [summary, shares] = await Promise.all([k6, sharesOf(run, readySeconds + 1, seconds - 2)]);
  const { rounds, errors, turnedAway, p95Ms } = journeyLine(summary, journey);
  return { step: { readers, roundsPerSecond: rounds / seconds, p95Ms, shares }, errors, turnedAway };
}

/** Of the time in which all of them are at it. */
async function sharesOf({ house }: Run, afterSeconds: number, seconds: number) {
  await new Promise((resume) => setTimeout(resume, afterSeconds * 1000));
  const watch = new PortalWatch(house.pid, house.managementPort, 1000);
  await new Promise((resume) => setTimeout(resume, seconds * 1000));
  watch.end();
  return watch.shares();
}

function rowOf(
  { readers, roundsPerSecond, p95Ms, shares: { processors, writerOnDisk, machine } }: Step,
  turnedAway: number,
  errors: number,
) {
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  const cells = [
    readers,
    roundsPerSecond.toFixed(1),
    p95Ms.toFixed(0),
    percent(processors.main),
    percent(processors.pool),
  ];
  const rest = [processors.writer, writerOnDisk, processors.workers + processors.v8, machine].map(percent);
  return [...cells, ...rest, turnedAway, errors]
    .map((cell, at) => String(cell).padStart([7, 10, 9, 7, 7, 8, 10, 8, 9, 13, 8][at] ?? 8))
    .join('');
}
