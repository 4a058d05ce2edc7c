import { createHash } from 'node:crypto';

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (leaf: Uint8Array): Buffer => sha256(LEAF, leaf);
const join = (left: Uint8Array, right: Uint8Array): Buffer => sha256(NODE, left, right);

/** A tree that leaves are added to (RFC 6962 §2.1), kept as the roots of its whole subtrees with their heights. */
export class GrowingTree {
  private readonly subtrees: { height: number; hash: Uint8Array }[] = [];
  size = 0;

  /** The tree of `size` leaves whose whole subtrees, from the left, hash to `edge`; null when there must be another number of them. */
  static from(size: number, edge: readonly Uint8Array[]): GrowingTree | null {
    const tree = new GrowingTree();
    let at = 0;
    for (let height = 52; height >= 0; height--) {
      if (Math.floor(size / 2 ** height) % 2 === 0) continue;
      const hash = edge[at++];
      if (hash?.length !== 32) return null;
      tree.subtrees.push({ height, hash });
    }
    if (at !== edge.length) return null;
    tree.size = size;
    return tree;
  }

  /** @param hash of a leaf, as `leafHash` makes it */
  add(hash: Uint8Array): void {
    let added = { height: 0, hash };
    for (;;) {
      const last = this.subtrees.at(-1);
      if (last?.height !== added.height) break;
      this.subtrees.pop();
      added = { height: added.height + 1, hash: join(last.hash, added.hash) };
    }
    this.subtrees.push(added);
    this.size++;
  }

  root(): Buffer {
    let root: Uint8Array | null = null;
    for (const { hash } of this.subtrees.toReversed()) root = root === null ? hash : join(hash, root);
    return root === null ? sha256() : Buffer.from(root);
  }
}

/** Whether the leaf stands at `index` in the tree of `size` leaves with that root (RFC 9162 §2.1.3.2, whose hashes are RFC 6962's). */
export function isIncluded(
  hash: Uint8Array,
  index: number,
  proof: readonly Uint8Array[],
  { size, root }: { size: number; root: Uint8Array },
): boolean {
  if (!(index >= 0 && index < size)) return false;
  let [node, last, result] = [index, size - 1, hash];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      result = join(sibling, result);
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    } else {
      result = join(result, sibling);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && Buffer.compare(result, root) === 0;
}

/** Whether the tree of `to` leaves begins with that of `from` (RFC 9162 §2.1.4.2). */
export function isConsistent(
  from: { size: number; root: Uint8Array },
  to: { size: number; root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && Buffer.compare(from.root, to.root) === 0;
  if (from.size === 0) return proof.length === 0 && Buffer.compare(from.root, sha256()) === 0;
  const isPowerOfTwo = Number.isInteger(Math.log2(from.size));
  const path = isPowerOfTwo ? [from.root, ...proof] : [...proof];
  let [node, last] = [from.size - 1, to.size - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  const first = path.shift();
  if (first === undefined) return false;
  let [before, after] = [first, first];
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [before, after] = [join(sibling, before), join(sibling, after)];
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    } else {
      after = join(after, sibling);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && Buffer.compare(before, from.root) === 0 && Buffer.compare(after, to.root) === 0;
}
