import type { PortalFigures } from './portal-watch.ts';

export interface SoakVerdict {
  /** Resident bytes, median of the second quarter of the time and of the last. */
  readonly earlierBytes: number;
  readonly laterBytes: number;
  readonly isFlat: boolean;
  /** Open files and active handles after all readers left, over those before the first came. */
  readonly filesLeft: number;
  readonly handlesLeft: number;
  readonly isNothingLeft: boolean;
}

/** A tenth: what a garbage collector may put off. A leak of a kilobyte at each request is more within ten minutes of 500 readers. */
const MAY_GROW = 1.1;
/** Connections to others that are kept for the next request, read-model threads made on the first question. */
const MAY_BE_LEFT = 8;

/** @param during in the order of time, from the first reader's coming on */
export function verdictOf(before: PortalFigures, during: readonly PortalFigures[], after: PortalFigures): SoakVerdict {
  const quarter = (nth: number) =>
    medianBytes(during.slice(Math.floor((during.length * (nth - 1)) / 4), Math.ceil((during.length * nth) / 4)));
  const [earlierBytes, laterBytes] = [quarter(2), quarter(4)];
  const filesLeft = after.openFiles - before.openFiles;
  const handlesLeft = after.activeHandles - before.activeHandles;
  return {
    earlierBytes,
    laterBytes,
    isFlat: laterBytes <= earlierBytes * MAY_GROW,
    filesLeft,
    handlesLeft,
    isNothingLeft: filesLeft <= MAY_BE_LEFT && handlesLeft <= MAY_BE_LEFT,
  };
}

function medianBytes(figures: readonly PortalFigures[]): number {
  const ascending = figures.map(({ residentBytes }) => residentBytes).sort((one, other) => one - other);
  return ascending[Math.floor(ascending.length / 2)] ?? NaN;
}
