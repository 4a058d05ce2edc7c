import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { cellValue, DIMENSIONS } from './dimensions.ts';
import type { Dimension, Dimensions } from './dimensions.ts';
import { SAMPLED_OF } from './privacy/privacy-budget.ts';

/** How many sampled persons are in each cell of a dimension. */
export type SampledCells = ReadonlyMap<string, number>;

/**
 * The persons of one period, added up in memory. Each is in one cell of a dimension, however often they come and whatever they do; which of
 * several values that is, and whether they are counted at all, hangs on a key that is made for this period, never shown, and dropped with it.
 * What is kept of a person is 53 bits of a hash under that key. Nobody's count hangs on anybody else.
 */
export class PeriodCounts {
  private readonly key: KeyObject;
  private readonly valueOf = new Map<Dimension, Map<number, string>>();

  /** @param key only tests give one */
  constructor(key: Uint8Array = randomBytes(32)) {
    this.key = createSecretKey(key);
  }

  /** @param personId of somebody who has proven an address: an identity that a visitor can invent must never be one */
  count<Name extends Dimension>(personId: string, dimension: Name, value: Dimensions[Name]): void {
    const mark = this.hash('person', dimension, personId);
    if (this.hash('sampled', dimension, personId) % SAMPLED_OF !== 0) return;
    const values = this.valueOf.get(dimension) ?? new Map<number, string>();
    this.valueOf.set(dimension, values);
    const kept = values.get(mark);
    const cell = cellValue(value);
    // The same draw whatever the order in which the values came, and however often.
    const draw = (each: string) => this.hash('value', dimension, personId, each);
    if (kept === undefined || (kept !== cell && draw(cell) < draw(kept))) values.set(mark, cell);
  }

  /** In the order of `DIMENSIONS`, cells in the order of their names: neither says anything of when they came to be. */
  cells(): ReadonlyMap<Dimension, SampledCells> {
    return new Map(DIMENSIONS.map((dimension) => [dimension, this.cellsOf(dimension)]));
  }

  private cellsOf(dimension: Dimension): SampledCells {
    const cells = new Map<string, number>();
    for (const value of this.valueOf.get(dimension)?.values() ?? []) cells.set(value, (cells.get(value) ?? 0) + 1);
    return new Map([...cells].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }

  private hash(...of: readonly string[]): number {
    const digest = createHmac('sha256', this.key).update(of.join('\0')).digest();
    return digest.readUIntBE(0, 6) * 32 + (digest.readUInt8(6) >> 3);
  }
}
