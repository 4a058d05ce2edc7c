import type { ThreadShares } from './portal-watch.ts';

/** A journey with so many readers at once who never wait. */
export interface Step {
  readonly readers: number;
  readonly roundsPerSecond: number;
  readonly p95Ms: number;
  readonly shares: ThreadShares;
}

/** Readers who come on top bring more rounds than this, or the portal is full: twice as many readers, a tenth more rounds. */
const MORE = 1.1;

/** The first step after which more readers bring no more rounds; the last one where each brought more. */
export function kneeOf(steps: readonly Step[]): Step | undefined {
  const best = steps.findIndex((step, at) =>
    steps.slice(at + 1).every((later) => later.roundsPerSecond < step.roundsPerSecond * MORE),
  );
  return steps[best];
}

export interface Bottleneck {
  readonly resource: string;
  /** How much of it was taken: 1 is all there is. */
  readonly taken: number;
}

const WORDS = {
  main: 'the main thread',
  pool: 'the thread pool (argon2)',
  writer: 'the writer of the event store, computing',
  workers: 'the threads that read mails and answer questions',
} as const;
/** Of a thread, the disk or the machine: beyond this share there is no room worth the name. */
const FULL = 0.85;

/**
 * Which resource is taken most, each against what there is of it: one processor for a thread, all of them for the pool and
 * the workers. Where the machine's processors are full before any of these, it says whose they are: other programs', k6 among
 * them, or which of ours.
 */
export function bottleneckOf({ processors, writerOnDisk, machine }: ThreadShares, processorCount: number): Bottleneck {
  const candidates: Bottleneck[] = [
    { resource: WORDS.main, taken: processors.main },
    { resource: WORDS.pool, taken: processors.pool / processorCount },
    { resource: WORDS.writer, taken: processors.writer },
    { resource: 'the disk, under the writer of the event store', taken: writerOnDisk },
    { resource: WORDS.workers, taken: processors.workers / processorCount },
  ];
  const most = candidates.reduce((one, other) => (other.taken > one.taken ? other : one));
  if (most.taken >= FULL || machine < FULL) return most;
  const ours = Object.values(processors).reduce((sum, each) => sum + each, 0);
  if (ours < (machine * processorCount) / 2) {
    const others = (machine * processorCount - ours).toFixed(2);
    return {
      resource: `the machine's processors, of which other programs have ${others} of ${processorCount}`,
      taken: machine,
    };
  }
  const kinds = Object.keys(WORDS) as (keyof typeof WORDS)[];
  const largest = kinds.reduce((one, other) => (processors[other] > processors[one] ? other : one));
  const share = `${processors[largest].toFixed(2)} of ${processorCount}`;
  return { resource: `the machine's processors, of which ${WORDS[largest]} has ${share}`, taken: machine };
}
