import { createHash } from 'node:crypto';

/** RFC 6962 §2.1: what is hashed as a leaf can never be taken for what is hashed as a node. */
const LEAF_PREFIX = Uint8Array.of(0x00);
const NODE_PREFIX = Uint8Array.of(0x01);

/** SHA-256(0x00 ‖ leaf), 32 bytes (RFC 6962 §2.1). */
export function merkleLeafHash(leaf: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF_PREFIX).update(leaf).digest();
}

/** SHA-256(0x01 ‖ left ‖ right), 32 bytes (RFC 6962 §2.1). */
export function merkleNodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE_PREFIX).update(left).update(right).digest();
}

/**
 * The Merkle Tree Hash of RFC 6962 §2.1 over leaves that come one after another. Holds one hash for each whole subtree on the
 * right edge: at most 53 of 32 bytes, however many leaves. Leaves are hashed at once and not kept.
 */
export class MerkleTree {
  /** Roots of whole subtrees from the left, ever smaller: one for each bit that is set in `size`. */
  private readonly edge: Buffer[] = [];
  private count = 0;

  /** How many leaves there are. */
  get size(): number {
    return this.count;
  }

  append(leaf: Uint8Array): void {
    let hash = merkleLeafHash(leaf);
    // As in a binary counter: each carry joins two subtrees of the same size.
    for (let carry = this.count; carry % 2 === 1; carry = Math.floor(carry / 2)) {
      hash = merkleNodeHash(this.edge.pop() as Buffer, hash);
    }
    this.edge.push(hash);
    this.count++;
  }

  /** 32 bytes. Of no leaves: SHA-256 of nothing. May be asked at any time; leaves may follow. */
  root(): Buffer {
    const [smallest, ...larger] = this.edge.toReversed();
    if (smallest === undefined) return createHash('sha256').digest();
    return larger.reduce((right, left) => merkleNodeHash(left, right), smallest);
  }
}
