import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { merkleLeafHash, merkleNodeHash, MerkleTree } from './merkle-tree.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

/**
 * Numbers published by others, frozen: leaves and tree heads of the Certificate Transparency reference implementation
 * (google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc; the same in transparency-dev/merkle, testonly/constants.go).
 */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  hex,
);
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
/** The hasher's own: transparency-dev/merkle, rfc6962/rfc6962_test.go (leaf "L123456", node "N123" ‖ "N456"). */
const LEAF_L123456 = '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56';
const NODE_N123_N456 = 'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb';

/** RFC 6962 §2.1, word for word: k is the largest power of two smaller than n. */
function treeHash(leaves: readonly Uint8Array[]): Buffer {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return sha256(hex('00'), first);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(hex('01'), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

function treeOf(leaves: readonly Uint8Array[]): MerkleTree {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.append(leaf);
  return tree;
}

describe('the Merkle tree', () => {
  it.each(ROOTS.map((root, size) => [size, root] as const))('has the published root over %i leaves', (size, root) => {
    expect(treeOf(LEAVES.slice(0, size)).root().toString('hex')).toBe(root);
    expect(treeHash(LEAVES.slice(0, size)).toString('hex')).toBe(root); // the definition in this file is the published one too
  });

  it('hashes leaves and nodes as published', () => {
    expect(merkleLeafHash(Buffer.from('L123456')).toString('hex')).toBe(LEAF_L123456);
    expect(merkleNodeHash(Buffer.from('N123'), Buffer.from('N456')).toString('hex')).toBe(NODE_N123_N456);
  });

  it('agrees with the recursive definition on any leaves, asked on the way or not', () => {
    const leaves = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 70 });
    fc.assert(
      fc.property(leaves, fc.nat(70), (all, stop) => {
        const tree = new MerkleTree();
        all.forEach((leaf, index) => {
          if (index === stop) tree.root();
          tree.append(leaf);
        });
        expect(tree.size).toBe(all.length);
        expect(tree.root().equals(treeHash(all))).toBe(true);
      }),
    );
  });

  it('agrees with it at every size up to 300', () => {
    const tree = new MerkleTree();
    const leaves: Buffer[] = [];
    for (let size = 1; size <= 300; size++) {
      const leaf = Buffer.from(`leaf ${size}`);
      leaves.push(leaf);
      tree.append(leaf);
      if (!tree.root().equals(treeHash(leaves))) throw new Error(`differs at ${size}`);
    }
  });

  it('tells another order, a leaf missing, doubled or changed, and a leaf made of two nodes', () => {
    const others = [
      LEAVES.toReversed(),
      LEAVES.slice(1),
      [...LEAVES, LEAVES[7] as Buffer],
      LEAVES.with(3, hex('2022')),
      [Buffer.concat([treeHash(LEAVES.slice(0, 4)), treeHash(LEAVES.slice(4))])],
    ];
    const roots = others.map((leaves) => treeOf(leaves).root().toString('hex'));
    expect(new Set([...roots, treeOf(LEAVES).root().toString('hex')]).size).toBe(6);
  });

  it('keeps 1 hash for 65 536 leaves, and 16 for one less', () => {
    const tree = new MerkleTree();
    const edge = () => (tree as unknown as { edge: unknown[] }).edge.length;
    for (let size = 0; size < 2 ** 16 - 1; size++) tree.append(Buffer.of(1));
    expect(edge()).toBe(16);
    tree.append(Buffer.of(1));
    expect(edge()).toBe(1);
  });
});
