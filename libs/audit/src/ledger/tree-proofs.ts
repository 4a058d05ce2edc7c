import { merkleNodeHash, MerkleTree } from './merkle-tree.ts';

/** Hashes in a full tile, and so leaves under one hash of the next level (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
/** log2 of TILE_WIDTH. */
const TILE_HEIGHT = 8;

/**
 * Where the hashes of a tree lie, by the levels of C2SP tlog-tiles: level 0 holds leaf hashes, level n the hash of each full run of
 * 256 hashes of level n - 1. Only whole runs have a hash above them.
 */
export interface TreeHashes {
  /** `count` hashes of 32 bytes from `first` on, all of which exist; otherwise a RangeError. */
  hashes(level: number, first: number, count: number): Buffer[];
}

/** The Merkle Tree Hash of the first `size` leaves (RFC 6962 §2.1). */
export function rootAt(tree: TreeHashes, size: number): Buffer {
  return size === 0 ? new MerkleTree().root() : rangeHash(tree, 0, size);
}

/** The audit path of leaf `index` in the tree of the first `size` leaves (RFC 6962 §2.1.1). @throws RangeError */
export function inclusionProof(tree: TreeHashes, index: number, size: number): Buffer[] {
  if (!(index >= 0 && index < size)) throw new RangeError(`leaf ${index} is not in a tree of ${size}`);
  return path(tree, index, 0, size);
}

/** The consistency proof from the tree of `from` leaves to that of `to` (RFC 6962 §2.1.2); empty when they are equal or `from` is 0. */
export function consistencyProof(tree: TreeHashes, from: number, to: number): Buffer[] {
  if (!(from >= 0 && from <= to)) throw new RangeError(`a tree of ${from} leaves does not come before one of ${to}`);
  return from === 0 || from === to ? [] : subproof(tree, from, 0, to, true);
}

/** Roots of the whole subtrees that the first `size` leaves fall into, from the left: what a tree can be continued from. */
export function edgeAt(tree: TreeHashes, size: number): Buffer[] {
  const edge: Buffer[] = [];
  for (let start = 0; start < size;) {
    const width = largestPowerOfTwo(size - start, true);
    edge.push(rangeHash(tree, start, start + width));
    start += width;
  }
  return edge;
}

function path(tree: TreeHashes, index: number, start: number, end: number): Buffer[] {
  if (end - start === 1) return [];
  const split = start + largestPowerOfTwo(end - start, false);
  return index < split
    ? [...path(tree, index, start, split), rangeHash(tree, split, end)]
    : [...path(tree, index, split, end), rangeHash(tree, start, split)];
}

function subproof(tree: TreeHashes, from: number, start: number, end: number, isKnown: boolean): Buffer[] {
  if (from === end) return isKnown ? [] : [rangeHash(tree, start, end)];
  const split = start + largestPowerOfTwo(end - start, false);
  return from <= split
    ? [...subproof(tree, from, start, split, isKnown), rangeHash(tree, split, end)]
    : [...subproof(tree, from, split, end, false), rangeHash(tree, start, split)];
}

/** MTH(D[start:end]) where `start` is a multiple of the largest power of two not over the width. */
function rangeHash(tree: TreeHashes, start: number, end: number): Buffer {
  const width = end - start;
  const whole = largestPowerOfTwo(width, true);
  if (whole !== width)
    return merkleNodeHash(rangeHash(tree, start, start + whole), rangeHash(tree, start + whole, end));
  const height = Math.log2(width);
  const level = Math.floor(height / TILE_HEIGHT);
  const perHash = TILE_WIDTH ** level;
  let hashes = tree.hashes(level, start / perHash, width / perHash);
  while (hashes.length > 1) hashes = pairs(hashes);
  return hashes[0] as Buffer;
}

function pairs(hashes: readonly Buffer[]): Buffer[] {
  const above: Buffer[] = [];
  for (let index = 0; index < hashes.length; index += 2) {
    above.push(merkleNodeHash(hashes[index] as Buffer, hashes[index + 1] as Buffer));
  }
  return above;
}

/** The largest power of two that is at most `n` (or, exclusive, less than `n`). */
function largestPowerOfTwo(n: number, isInclusive: boolean): number {
  let power = 1;
  while (isInclusive ? power * 2 <= n : power * 2 < n) power *= 2;
  return power;
}
