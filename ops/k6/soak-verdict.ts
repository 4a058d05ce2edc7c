import type { PortalFigures } from './portal-watch.ts';

/** Bytes, in the second quarter of the time and in the last. */
export interface Growth {
  readonly earlier: number;
  readonly later: number;
}

export interface SoakVerdict {
  /** Medians: what the machine gives the process. */
  readonly resident: Growth;
  /** The lowest of each, garbage having just been collected: what the process keeps, beside what waits in its ephemeral store. */
  readonly kept: Growth;
  /** What waits there, median: it grows until the first of it is forgotten, and is bounded by a setting. */
  readonly waiting: Growth;
  readonly isFlat: boolean;
  /** Open files and active handles after all readers left, over those before the first came. */
  readonly filesLeft: number;
  readonly handlesLeft: number;
  readonly isNothingLeft: boolean;
}

/** What a garbage collector may put off. A leak of a kilobyte at each request is more within ten minutes of 500 readers. */
const MAY_GROW = 1.1;
/**
 * Connections of the portal to itself, two ends each, which are kept for ten minutes: as many as sign-ins asked its own provider at
 * once; and the files of read models that the first question opens. One left open by each visit is thousands.
 */
const MAY_BE_LEFT = 64;

/** @param during in the order of time, from the first reader's coming on */
export function verdictOf(before: PortalFigures, during: readonly PortalFigures[], after: PortalFigures): SoakVerdict {
  const growthOf = (bytesOf: (figures: PortalFigures) => number, share: number): Growth => {
    const quarter = (nth: number) =>
      shareOf(
        during.slice(Math.floor((during.length * (nth - 1)) / 4), Math.ceil((during.length * nth) / 4)).map(bytesOf),
        share,
      );
    return { earlier: quarter(2), later: quarter(4) };
  };
  const resident = growthOf(({ residentBytes }) => residentBytes, 0.5);
  const kept = growthOf(({ heapBytes, waitingBytes }) => heapBytes - waitingBytes, 0);
  const waiting = growthOf(({ waitingBytes }) => waitingBytes, 0.5);
  const filesLeft = after.openFiles - before.openFiles;
  const handlesLeft = after.activeHandles - before.activeHandles;
  return {
    resident,
    kept,
    waiting,
    isFlat: [resident, kept].every(({ earlier, later }) => later <= earlier * MAY_GROW),
    filesLeft,
    handlesLeft,
    isNothingLeft: filesLeft <= MAY_BE_LEFT && handlesLeft <= MAY_BE_LEFT,
  };
}

function shareOf(values: readonly number[], share: number): number {
  const ascending = [...values].sort((one, other) => one - other);
  return ascending[Math.floor(ascending.length * share)] ?? NaN;
}
