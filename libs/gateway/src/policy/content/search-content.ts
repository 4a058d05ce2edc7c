import { setImmediate as nextTurn } from 'node:timers/promises';
import { asciiDigits } from '#libs/vocabulary';
import type { ContentDetector } from './detector.ts';

/** 64 Ki characters: some milliseconds for one expression. */
const WINDOW_CHARACTERS = 64 * 1024;
/** 2 Ki characters: what is longer than this, and lies across the edge of two windows, may be missed. */
const OVERLAP_CHARACTERS = 2 * 1024;
/** A thousand different things found say as much as more would. */
const MAX_COUNTED = 1000;

/**
 * How many different things each detector finds in the texts, by the detector's id: one that stands in body, quote and attachment counts
 * once. In pieces, other work in between; what was found is kept no longer than the count takes.
 */
export async function searchContent(
  texts: Iterable<string>,
  detectors: readonly ContentDetector[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map(detectors.map(({ id }) => [id, new Set<string>()]));
  for (const text of texts) {
    for (let start = 0; start < text.length; start += WINDOW_CHARACTERS) {
      const window = asSearched(text.slice(Math.max(0, start - OVERLAP_CHARACTERS), start + WINDOW_CHARACTERS));
      for (const { id, findIn } of detectors) {
        collect(found.get(id) as Set<string>, findIn(window));
        await nextTurn();
      }
    }
  }
  return new Map([...found].map(([id, things]) => [id, things.size]));
}

function collect(things: Set<string>, more: Iterable<string>): void {
  for (const thing of more) {
    if (things.size >= MAX_COUNTED) return;
    things.add(thing);
  }
}

/**
 * As a person reads it: full-width and other forms of digits and letters as plain ones, nothing invisible between them, every
 * kind of hyphen as `-`, and line ends and other white space as one space.
 */
function asSearched(text: string): string {
  return asciiDigits(text.normalize('NFKC'))
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/\s+/g, ' ');
}
