import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * What V8 may have for what was just made, in bytes, before it grows no more. By itself it takes 128 MiB here. What is small costs a sign-in: some 4 % of
 * its processor time beside 32 MiB, with which opening 25 MB takes 2.25 times the mail.
 */
const ENOUGH_BYTES = 16 * 1024 * 1024;
/** By how much V8 lets it grow after a collection that left much: twice as large is its own default, 1 is not at all. */
type Growth = 1 | 2;

/**
 * Keeps the memory small in which V8 makes what is new. It doubles it while a program loads, and never gives it back under load; each page that is
 * touched stays resident. It cannot be bounded once a process runs, but its growth can be. While V8 marks its old generation it goes beyond this
 * (`--separate-gc-phases`): whatever makes megabytes at a time must not leave them to the collector (libs/mail/src/carrier).
 */
export function boundYoungGeneration(): void {
  let growth: Growth = 2;
  const allow = (wanted: Growth) => {
    if (wanted !== growth) setFlagsFromString(`--semi-space-growth-factor=${(growth = wanted)}`);
  };
  allow(1); // loading is one long turn, in which nobody could stop it
  const observer = new PerformanceObserver(() => allow(youngBytes() < ENOUGH_BYTES ? 2 : 1));
  observer.observe({ entryTypes: ['gc'] });
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
