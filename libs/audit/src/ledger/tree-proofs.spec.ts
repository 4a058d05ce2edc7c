import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogOfTests } from '../testing/log-of-tests.ts';
import { GrowingTree, isConsistent, isIncluded, leafHash } from '../verify/tree-head.ts';
import { ledgerLeaf } from './leaf.ts';
import { consistencyProof, edgeAt, inclusionProof, rootAt } from './tree-proofs.ts';

const SIZE = 1500;
const log = new LogOfTests(SIZE);
const roots: Buffer[] = [new GrowingTree().root()];
const growing = new GrowingTree();
for (const event of log.events) {
  growing.add(leafHash(ledgerLeaf(event)));
  roots.push(growing.root());
}
const head = (size: number) => ({ size, root: roots[size] as Buffer });
const size = fc.integer({ min: 1, max: SIZE });

describe('a tree kept in tiles', () => {
  it('has the root at every size that a tree built leaf by leaf has', () => {
    for (let at = 0; at <= SIZE; at++) expect(rootAt(log, at).equals(roots[at] as Buffer)).toBe(true);
  });

  it('proves that a leaf is included, and no other leaf, place, size or root', () => {
    fc.assert(
      fc.property(size, fc.nat(), fc.nat(), (to, at, other) => {
        const index = at % to;
        const proof = inclusionProof(log, index, to);
        const leaf = (place: number) => leafHash(ledgerLeaf(log.events[place % SIZE] as never));
        expect(isIncluded(leaf(index), index, proof, head(to))).toBe(true);
        if (other % SIZE !== index) expect(isIncluded(leaf(other), index, proof, head(to))).toBe(false);
        if (to > 1) expect(isIncluded(leaf(index), (index + 1) % to, proof, head(to))).toBe(false);
        expect(isIncluded(leaf(index), index, proof, head((to % SIZE) + 1))).toBe(false);
        expect(isIncluded(leaf(index), index, [...proof, roots[1] as Buffer], head(to))).toBe(false);
      }),
    );
  });

  it('proves that a tree begins with an older one, and with no other', () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (one, two, salt) => {
        const [from, to] = [Math.min(one, two), Math.max(one, two)];
        const proof = consistencyProof(log, from, to);
        expect(isConsistent(head(from), head(to), proof)).toBe(true);
        const wrong = { size: from, root: roots[(from + 1 + (salt % (SIZE - 1))) % (SIZE + 1)] as Buffer };
        if (!wrong.root.equals(roots[from] as Buffer)) expect(isConsistent(wrong, head(to), proof)).toBe(false);
        if (proof.length > 0) expect(isConsistent(head(from), head(to), proof.slice(1))).toBe(false);
      }),
    );
  });

  it('can be continued from the edge of any size', () => {
    fc.assert(
      fc.property(size, (from) => {
        const tree = GrowingTree.from(from, edgeAt(log, from));
        expect(tree?.root().equals(roots[from] as Buffer)).toBe(true);
        for (const event of log.events.slice(from)) tree?.add(leafHash(ledgerLeaf(event)));
        expect(tree?.root().equals(roots[SIZE] as Buffer)).toBe(true);
        expect(GrowingTree.from(from, edgeAt(log, from).slice(1))).toBeNull();
      }),
      { numRuns: 30 },
    );
  });

  it('refuses what no tree has', () => {
    expect(() => inclusionProof(log, 5, 5)).toThrow(RangeError);
    expect(() => consistencyProof(log, 6, 5)).toThrow(RangeError);
  });
});
