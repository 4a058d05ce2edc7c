import { digestOf, isSameDigest, newSecret } from '#libs/vocabulary';
import type { EphemeralKey, EphemeralStore } from './ephemeral-store.ts';
import { changeJson, getJson, putJson } from './json-records.ts';
import type { ParseJson } from './json-records.ts';
import { isFlag, isText, orNull, recordOf } from './record-shapes.ts';

interface Kept<T> {
  readonly owner: string;
  readonly value: T;
  /** Of the one call that claimed it; null as long as it waits. */
  readonly claimedBy: string | null;
  readonly wasSeenElsewhere: boolean;
}

export type ClaimedTicket<T> =
  /** `first` for one call; `again` for every other of the owner, with what stays known (`onceClaimed`). */
  | { readonly status: 'first' | 'again'; readonly value: T }
  /** Another owner's: it is as it was. `wasClaimed`: its owner had claimed it already. */
  | { readonly status: 'elsewhere'; readonly value: T; readonly wasClaimed: boolean };

export interface TicketOptions<T> {
  readonly kind: string;
  readonly ttlSeconds: number;
  /** Null for a value of another release: such a ticket reads as none. */
  readonly parse: ParseJson<T>;
  /** What stays of a value that was claimed: everything by default. */
  readonly onceClaimed?: (value: T) => T;
}

/**
 * What waits to be taken once, by the owner that it was left for: a browser, or a browser in one sign-in. The owner is checked
 * before anything is spent, so another who comes with it (a scanner, a preview, a thief) leaves it where it is; and taking is
 * one step over all processes: of a hundred at once, one gets it. `take` removes a ticket; `claim` spends it and keeps it known
 * for its time. The store holds digests of secret and owner only.
 */
export class Tickets<T> {
  private readonly store: EphemeralStore;
  private readonly options: TicketOptions<T>;
  private readonly parse: ParseJson<Kept<T>>;

  constructor(store: EphemeralStore, options: TicketOptions<T>) {
    this.store = store;
    this.options = options;
    this.parse = recordOf<Kept<T>>({
      owner: isText,
      value: (value) => options.parse(value) !== null,
      claimedBy: orNull(isText),
      wasSeenElsewhere: isFlag,
    });
  }

  /**
   * @param secret what names it, where that is made elsewhere; one that is there already takes the place of what it named
   * @returns the secret. @throws EphemeralStoreFull
   */
  async issue(owner: string, value: T, secret = newSecret()): Promise<string> {
    const kept: Kept<T> = { owner: digestOf(owner), value, claimedBy: null, wasSeenElsewhere: false };
    await putJson(this.store, this.keyOf(secret), kept, this.options.ttlSeconds);
    return secret;
  }

  /**
   * The value, and the ticket is gone. Null for another owner's and for one that `may` refuses (both stay), for one that was
   * taken, is over, or never was. `may` is asked in the same step, of the very value that would be taken.
   */
  async take(secret: string, owner: string, may: (value: T) => boolean = () => true): Promise<T | null> {
    let found: T | null = null;
    // compareAndSet behind changeJson: removed only while it is still the record whose owner was looked at.
    await changeJson(this.store, this.keyOf(secret), this.parse, (kept) => {
      found = kept !== null && kept.claimedBy === null && isOwner(kept, owner) && may(kept.value) ? kept.value : null;
      return found === null ? 'leave' : 'remove';
    });
    return found;
  }

  /** Spends it and keeps it known. Null for one that is over or never was. */
  async claim(secret: string, owner: string): Promise<ClaimedTicket<T> | null> {
    const { onceClaimed = (value: T) => value } = this.options;
    const claimedBy = newSecret();
    let before: Kept<T> | null = null;
    const after = await this.changeKept(secret, (kept) => {
      before = kept;
      if (!isOwner(kept, owner) || kept.claimedBy !== null) return null;
      return { ...kept, claimedBy, value: onceClaimed(kept.value) };
    });
    if (after === null || before === null) return null;
    const { value } = before as Kept<T>;
    if (!isOwner(after, owner)) return { status: 'elsewhere', value, wasClaimed: after.claimedBy !== null };
    return { status: after.claimedBy === claimedBy ? 'first' : 'again', value };
  }

  /** As take, and it stays. */
  async look(secret: string, owner: string): Promise<T | null> {
    const kept = await getJson(this.store, this.keyOf(secret), this.parse);
    return kept !== null && isOwner(kept, owner) ? kept.value : null;
  }

  /** Changes what is known of it, claimed or not; does nothing when it is over. `next` may be called several times. */
  async change(secret: string, next: (value: T) => T): Promise<void> {
    await this.changeKept(secret, (kept) => ({ ...kept, value: next(kept.value) }));
  }

  /** That another than its owner came with it. Null when it is over. `isFirstTime`: true for one call at most. */
  async noteElsewhere(secret: string): Promise<{ readonly value: T; readonly isFirstTime: boolean } | null> {
    let isFirstTime = false;
    const kept = await this.changeKept(secret, (current) => {
      isFirstTime = !current.wasSeenElsewhere;
      return isFirstTime ? { ...current, wasSeenElsewhere: true } : null;
    });
    return kept === null ? null : { value: kept.value, isFirstTime };
  }

  private changeKept(secret: string, next: (kept: Kept<T>) => Kept<T> | null): Promise<Kept<T> | null> {
    return changeJson(this.store, this.keyOf(secret), this.parse, (kept) => {
      const value = kept === null ? null : next(kept);
      return value === null ? 'leave' : { value, ttlSeconds: this.options.ttlSeconds };
    });
  }

  private keyOf(secret: string): EphemeralKey {
    return `${this.options.kind}:${digestOf(secret)}`;
  }
}

function isOwner({ owner }: Kept<unknown>, claimed: string): boolean {
  return isSameDigest(owner, digestOf(claimed));
}
