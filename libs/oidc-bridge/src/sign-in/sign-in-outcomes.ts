import { Injectable } from '@nestjs/common';
import { changeJson, EphemeralStore, getJson, putJson } from '#libs/ephemeral-store';
import type { EphemeralKey } from '#libs/ephemeral-store';
import type { BridgeProof, ReaderIdentity } from '../proof.ts';
import { digestOf, isSameDigest, isSecret, newSecret } from '#libs/vocabulary';

/** What came of a way to sign in, on its way to the page that ends it. */
export type SignInOutcome =
  | { readonly kind: 'proven'; readonly proof: BridgeProof }
  /** An account, and not one that proves the address. `shownAs` is for whoever is signed in there, on one page. */
  | { readonly kind: 'not-proven'; readonly upstreamId: string; readonly shownAs: string | null }
  | { readonly kind: 'reader'; readonly reader: ReaderIdentity };

interface Kept<Value> {
  readonly uid: string;
  readonly browserDigest: string;
  readonly value: Value;
}

/** Whose a thing is: of one sign-in in one browser. */
export interface Owner {
  readonly uid: string;
  readonly browserId: string;
}

/** 2 minutes: the browser comes for it with its next request. */
const OUTCOME_TTL_SECONDS = 120;
/** 7 minutes to say who one is at a shared mailbox: together with the rest of the way, within the 10 that a proof is good for. */
const PENDING_TTL_SECONDS = 420;

/** Outcomes and pending proofs wait in the ephemeral store, each for the browser and the sign-in that it was made in. */
@Injectable()
export class SignInOutcomes {
  constructor(private readonly store: EphemeralStore) {}

  /** @returns its id, to be brought by the browser: once */
  async leave(owner: { uid: string; browserDigest: string }, outcome: SignInOutcome): Promise<string> {
    const outcomeId = newSecret();
    await putJson(this.store, outcomeKey(outcomeId), { ...owner, value: outcome }, OUTCOME_TTL_SECONDS);
    return outcomeId;
  }

  /** Once. Null when it was taken before, is no more, or belongs to another browser or sign-in: theirs it stays then. */
  async take(outcomeId: unknown, owner: Owner): Promise<SignInOutcome | null> {
    if (!isSecret(outcomeId)) return null;
    return this.takeIf(outcomeKey(outcomeId), (kept: Kept<SignInOutcome>) => isOf(owner, kept));
  }

  /** A proof of a shared mailbox, until it is known who reads there. A newer one takes its place. */
  async keepPending(owner: Owner, proof: BridgeProof): Promise<void> {
    const kept = { uid: owner.uid, browserDigest: digestOf(owner.browserId), value: proof };
    await putJson(this.store, pendingKey(owner), kept, PENDING_TTL_SECONDS);
  }

  async pending(owner: Owner): Promise<BridgeProof | null> {
    return (await getJson(this.store, pendingKey(owner), parseKept<BridgeProof>))?.value ?? null;
  }

  /**
   * Once: of a hundred callers at once, one gets it. In one step with the look at it, so that a proof that took its place
   * meanwhile is judged by itself. @returns null too for one that `may` refuses, which stays
   */
  async takePending(owner: Owner, may: (proof: BridgeProof) => boolean = () => true): Promise<BridgeProof | null> {
    return this.takeIf(pendingKey(owner), (kept: Kept<BridgeProof>) => may(kept.value));
  }

  private async takeIf<Value extends object>(
    key: EphemeralKey,
    may: (kept: Kept<Value>) => boolean,
  ): Promise<Value | null> {
    let taken: Value | null = null;
    await changeJson(this.store, key, parseKept<Value>, (kept) => {
      taken = kept !== null && may(kept) ? kept.value : null;
      return taken === null ? 'leave' : 'remove';
    });
    return taken;
  }
}

function isOf({ uid, browserId }: Owner, kept: Kept<unknown>): boolean {
  return kept.uid === uid && isSameDigest(kept.browserDigest, digestOf(browserId));
}

function outcomeKey(outcomeId: string): EphemeralKey {
  return `sign-in-outcome:${digestOf(outcomeId)}`;
}

/** Named by browser and sign-in alike: no other pair comes to it. */
function pendingKey({ uid, browserId }: Owner): EphemeralKey {
  return `pending-proof:${digestOf(`${uid}\0${browserId}`)}`;
}

/** Written by this class alone. */
function parseKept<Value extends object>(json: unknown): Kept<Value> | null {
  const { uid, browserDigest, value } = (json ?? {}) as Partial<Kept<Value>>;
  const isKept = typeof uid === 'string' && typeof browserDigest === 'string' && typeof value === 'object';
  return isKept && value !== null ? { uid, browserDigest, value } : null;
}
