import { digestOf, isSameDigest, isSecret, newSecret } from '#libs/vocabulary';
import type { EphemeralKey, EphemeralStore } from './ephemeral-store.ts';
import { changeJson, getJson, putJson } from './json-records.ts';
import type { ParseJson } from './json-records.ts';

interface Kept<T> {
  readonly owner: string;
  readonly value: T;
}

/**
 * What waits to be taken once, by the owner that it was left for: a browser, or a browser in one sign-in. The owner is checked
 * before anything is spent, so whoever comes with another's ticket (a scanner, a preview, a thief) leaves it where it is; and
 * taking is one step over all processes: of a hundred at once, one gets it. The store holds digests of secret and owner only.
 */
export class Tickets<T> {
  private readonly store: EphemeralStore;
  private readonly kind: string;
  private readonly ttlSeconds: number;
  private readonly parseValue: ParseJson<T>;

  /** @param parseValue null for a value of another release: such a ticket reads as none */
  constructor(store: EphemeralStore, options: { kind: string; ttlSeconds: number; parse: ParseJson<T> }) {
    this.store = store;
    this.kind = options.kind;
    this.ttlSeconds = options.ttlSeconds;
    this.parseValue = options.parse;
  }

  /** @returns the secret that names it. @throws EphemeralStoreFull */
  async issue(owner: string, value: T): Promise<string> {
    const secret = newSecret();
    await putJson(this.store, this.keyOf(secret), { owner: digestOf(owner), value }, this.ttlSeconds);
    return secret;
  }

  /** The value, and the ticket is gone. Null for another owner's (which stays), one that was taken, is over, or never was. */
  async take(secret: unknown, owner: string): Promise<T | null> {
    if (!isSecret(secret)) return null;
    let found: T | null = null;
    // compareAndSet behind changeJson: removed only while it is still the record whose owner was looked at.
    const after = await changeJson(this.store, this.keyOf(secret), this.parse, (kept) => {
      found = kept !== null && isOwner(kept, owner) ? kept.value : null;
      return found === null ? 'leave' : 'remove';
    });
    return after === null ? found : null;
  }

  /** As take, and it stays. */
  async look(secret: unknown, owner: string): Promise<T | null> {
    if (!isSecret(secret)) return null;
    const kept = await getJson(this.store, this.keyOf(secret), this.parse);
    return kept !== null && isOwner(kept, owner) ? kept.value : null;
  }

  /** Whether anybody could still take it. */
  async isWaiting(secret: string): Promise<boolean> {
    return (await getJson(this.store, this.keyOf(secret), this.parse)) !== null;
  }

  private keyOf(secret: string): EphemeralKey {
    return `${this.kind}:${digestOf(secret)}`;
  }

  private readonly parse: ParseJson<Kept<T>> = (json) => {
    const { owner, value } = (json ?? {}) as Partial<Kept<unknown>>;
    const parsed = typeof owner === 'string' ? this.parseValue(value) : null;
    return parsed === null ? null : { owner: owner as string, value: parsed };
  };
}

function isOwner({ owner }: Kept<unknown>, claimed: string): boolean {
  return isSameDigest(owner, digestOf(claimed));
}
