import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { cellValue, OTHER } from './dimensions.ts';
import type { Dimension, Dimensions } from './dimensions.ts';

/** 10 different visits: what one of them did cannot be told from the count (PRODUCT.md, promise 9). */
export const MIN_VISITS = 10;
/** 200 values of a dimension: far above what exists, so that made-up versions cannot fill the memory. */
const MAX_CELLS_PER_DIMENSION = 200;
/** Of the keyed hash of a visit: collisions would only make a count wait for one visit more. */
const VISIT_MARK_CHARACTERS = 22;

export interface CountedCell {
  readonly value: string;
  readonly count: number;
}

export interface DimensionTally {
  readonly dimension: Dimension;
  readonly cells: readonly CountedCell[];
}

interface Cell {
  count: number;
  /** Marks of the visits so far; dropped once there are enough, since nobody needs to know them any more. */
  visits: Set<string> | null;
}

/**
 * Adds up in memory, where things happen. A cell is a dimension and a value and nothing else: no time, no message, no other
 * dimension. It is handed out only with ten different visits in it, and then begins from zero. Visits are told apart by a
 * hash under a key that this process made for itself, keeps in memory and never shows.
 */
export class Tally {
  private readonly key = createSecretKey(randomBytes(32));
  private readonly cells = new Map<Dimension, Map<string, Cell>>();

  /** @param visitId what is the same all through a visit and differs from other visits; not kept */
  count<Name extends Dimension>(visitId: string, dimension: Name, value: Dimensions[Name]): void {
    const cell = this.cell(dimension, cellValue(value));
    cell.count += 1;
    if (cell.visits === null) return;
    cell.visits.add(this.mark(dimension, visitId));
    if (cell.visits.size >= MIN_VISITS) cell.visits = null;
  }

  /** The cells that may be known, taken out; all others wait for more. */
  takeReady(): DimensionTally[] {
    const ready: DimensionTally[] = [];
    for (const [dimension, cells] of this.cells) {
      const full = [...cells].filter(([, cell]) => cell.visits === null);
      for (const [value] of full) cells.delete(value);
      if (full.length > 0) ready.push({ dimension, cells: full.map(([value, { count }]) => ({ value, count })) });
    }
    return ready;
  }

  /** How many cells wait for more visits. */
  get waitingCells(): number {
    return [...this.cells.values()].flatMap((cells) => [...cells.values()]).filter((cell) => cell.visits !== null)
      .length;
  }

  private cell(dimension: Dimension, value: string): Cell {
    const cells = this.cells.get(dimension) ?? new Map<string, Cell>();
    this.cells.set(dimension, cells);
    const name = cells.has(value) || cells.size < MAX_CELLS_PER_DIMENSION ? value : OTHER;
    const cell = cells.get(name) ?? { count: 0, visits: new Set() };
    cells.set(name, cell);
    return cell;
  }

  private mark(dimension: Dimension, visitId: string): string {
    // The dimension is part of it, so that not even this memory joins what one visit did in two of them.
    const hash = createHmac('sha256', this.key).update(`${dimension}\0${visitId}`).digest('base64url');
    return hash.slice(0, VISIT_MARK_CHARACTERS);
  }
}
