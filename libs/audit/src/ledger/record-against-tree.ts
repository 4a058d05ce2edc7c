import { DamagedRecord } from '#libs/event-store';
import type { EventStore, ReadModelDatabase } from '#libs/event-store';
import { DomainError, secondsBetween } from '#libs/vocabulary';
import type { Clock, Instant } from '#libs/vocabulary';
import { eventsFrom } from './events-from.ts';
import { ledgerLeaf } from './leaf.ts';
import { LedgerTree } from './ledger-tree.ts';
import { merkleLeafHash } from './merkle-tree.ts';

/** Some 10 ms of this thread; a keeper looks every five seconds, so that ten million events are looked at in a day and a half. */
const EVENTS_AT_ONCE = 500;
/** Once around in a day at the most. */
const ROUND_SECONDS = 86_400;

/** An event is not any more what it was when the tree was made of it: somebody, or a disk, changed it. */
export class RecordAltered extends DomainError {
  constructor(index: number, found: string, options?: ErrorOptions) {
    super(
      'record-altered',
      `event ${index} of the record is not what it was when it was read: ${found}; "segl audit verify --log" names all there are`,
      options,
    );
  }
}

/**
 * Looks again and again, a little at a time, whether the events that the store holds now are those that the tree was made of. The tree is a read
 * model: an event that somebody changes in the database after it was read would be found by no checkpoint, until the whole log is verified.
 */
export class RecordAgainstTree {
  private readonly tree: LedgerTree;
  /** The next leaf; null: it begins somewhere, so that processes that are often started anew look at all of it as well. */
  private next: number | null = null;
  private left = 0;
  private roundBeganAt: Instant | null = null;

  constructor(
    private readonly store: EventStore,
    db: ReadModelDatabase,
    private readonly clock: Clock,
  ) {
    this.tree = new LedgerTree(db);
  }

  /** @throws RecordAltered; EventStoreUnavailable; RangeError while the tree is filled anew */
  async look(): Promise<void> {
    const { size } = this.tree;
    if (size === 0 || this.isResting(size)) return;
    const first = this.next !== null && this.next < size ? this.next : 0;
    const count = Math.min(EVENTS_AT_ONCE, size - first, this.left);
    const hashes = this.tree.hashes(0, first, count);
    let at = 0;
    try {
      for await (const event of eventsFrom(this.store, this.tree, first, count)) {
        if (hashes[at]?.equals(merkleLeafHash(ledgerLeaf(event))) === false)
          throw new RecordAltered(first + at, `${event.type} ${event.id} in ${event.stream} stands there`);
        at++;
      }
    } catch (cause) {
      throw cause instanceof DamagedRecord ? new RecordAltered(first + at, cause.message, { cause }) : cause;
    }
    this.next = first + count;
    this.left -= count;
  }

  private isResting(size: number): boolean {
    if (this.left > 0) return false;
    const now = this.clock.now();
    if (this.roundBeganAt !== null && Math.abs(secondsBetween(this.roundBeganAt, now)) < ROUND_SECONDS) return true;
    this.roundBeganAt = now;
    this.left = size;
    this.next ??= Math.floor(Math.random() * size);
    return false;
  }
}
