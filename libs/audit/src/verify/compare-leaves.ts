/** One leaf as it was found: what it hashes to, and how to speak of it. */
export interface FoundLeaf {
  readonly hash: string;
  readonly name: string;
}

export type LeafFinding =
  | { readonly kind: 'altered'; readonly index: number; readonly found: string }
  | { readonly kind: 'removed'; readonly index: number; readonly count: number }
  | { readonly kind: 'inserted'; readonly index: number; readonly found: string }
  | { readonly kind: 'reordered'; readonly index: number; readonly found: string };

/** How far apart a leaf may have been moved and still be called reordered; beyond it is named removed and inserted. */
const WINDOW = 1024;

/**
 * Compares leaves with the authentic hashes of a tree, both in order, and says what is different. `index` is the place in the
 * authentic log. Stops after `maxFindings`. What stands behind the end of the authentic hashes is not looked at.
 *
 * @returns how many authentic leaves were there to be met, and whether the leaves ended before them
 */
export class LeafComparison {
  readonly findings: LeafFinding[] = [];
  /** Authentic hashes not met yet, in order, with their places. */
  private expected: { hash: string; index: number }[] = [];
  /** Found leaves not explained yet. */
  private found: FoundLeaf[] = [];
  private nextIndex: number;

  private readonly maxFindings: number;

  constructor(firstIndex: number, maxFindings = 100) {
    this.maxFindings = maxFindings;
    this.nextIndex = firstIndex;
  }

  get isFull(): boolean {
    return this.findings.length >= this.maxFindings;
  }

  expect(hash: string): void {
    this.expected.push({ hash, index: this.nextIndex++ });
    this.settle(WINDOW);
  }

  see(leaf: FoundLeaf): void {
    this.found.push(leaf);
    this.settle(WINDOW);
  }

  /** Everything was given. @returns how many authentic leaves are missing at the end: the found ones are cut short by so many */
  end(): number {
    this.settle(0);
    const missing = this.expected.length;
    for (const { name } of this.found) this.add({ kind: 'inserted', index: this.nextIndex, found: name });
    return missing;
  }

  /** Meets what is equal, and explains what is not once `window` of both are there to look at. */
  private settle(window: number): void {
    let [e, f] = [0, 0];
    for (;;) {
      const [expected, found] = [this.expected[e], this.found[f]];
      if (expected === undefined || found === undefined) break;
      if (expected.hash === found.hash) {
        e++;
        f++;
        continue;
      }
      if (window > 0 && Math.min(this.expected.length - e, this.found.length - f) <= window) break;
      [this.expected, this.found] = [this.expected.slice(e), this.found.slice(f)];
      [e, f] = [0, 0];
      this.explain();
    }
    if (e > 0) this.expected = this.expected.slice(e);
    if (f > 0) this.found = this.found.slice(f);
  }

  /** The first of both differ: takes away the least that makes the rest go on alike. */
  private explain(): void {
    const [expected, found] = [this.expected[0], this.found[0]];
    if (expected === undefined || found === undefined) return;
    const laterFound = this.found.slice(0, WINDOW).findIndex(({ hash }) => hash === expected.hash);
    const laterExpected = this.expected.slice(0, WINDOW).findIndex(({ hash }) => hash === found.hash);
    if (laterFound > 0 && laterExpected > 0) {
      // Both are there, in another order: the one that stands here too early goes back to its place.
      this.add({ kind: 'reordered', index: this.expected[laterExpected]?.index ?? expected.index, found: found.name });
      this.found.splice(0, 1);
      this.expected.splice(laterExpected, 1);
    } else if (laterExpected > 0) {
      this.add({ kind: 'removed', index: expected.index, count: laterExpected });
      this.expected.splice(0, laterExpected);
    } else if (laterFound > 0) {
      for (const { name } of this.found.splice(0, laterFound)) {
        this.add({ kind: 'inserted', index: expected.index, found: name });
      }
    } else {
      this.add({ kind: 'altered', index: expected.index, found: found.name });
      this.expected.splice(0, 1);
      this.found.splice(0, 1);
    }
  }

  private add(finding: LeafFinding): void {
    if (!this.isFull) this.findings.push(finding);
  }
}
