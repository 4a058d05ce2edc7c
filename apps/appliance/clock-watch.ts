import type { Logger } from 'pino';

/** What the two clocks of a machine say at one moment. */
interface Reading {
  readonly wallMs: number;
  /** Counts on whatever happens to the other; stands still while the machine sleeps. */
  readonly monotonicMs: number;
}

/** Below it is what synchronising does all day. */
const JUMP_SECONDS = 5;
const LOOK_SECONDS = 10;

/** By how many seconds the wall clock moved beside the time that went by: negative where it was set back. */
export function jumpSeconds(before: Reading, after: Reading): number {
  return (after.wallMs - before.wallMs - (after.monotonicMs - before.monotonicMs)) / 1000;
}

/**
 * Says in the log when the clock is set. The record keeps events in the order of their positions, whatever their times say; whoever reads
 * it later is to know from when to when its times cannot be compared.
 */
export function watchClock(log: Logger): NodeJS.Timeout {
  const read = (): Reading => ({ wallMs: Date.now(), monotonicMs: performance.now() });
  let before = read();
  const look = () => {
    const after = read();
    const seconds = Math.round(jumpSeconds(before, after));
    before = after;
    if (Math.abs(seconds) < JUMP_SECONDS) return;
    const what =
      seconds < 0
        ? 'the clock was set back: times of the record run backwards here, its order does not'
        : 'the clock was set forward, or the machine slept: codes and sessions may have ended early';
    log.warn({ clockJumpSeconds: seconds }, what);
  };
  return setInterval(look, LOOK_SECONDS * 1000).unref();
}
