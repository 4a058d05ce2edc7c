import { Injectable } from '@nestjs/common';
import { EphemeralStore, isText, oneOf, orNull, recordLike, Tickets } from '#libs/ephemeral-store';
import type { FieldCheck } from '#libs/ephemeral-store';
import { digestOf } from '#libs/vocabulary';
import { isReaderIdentity, parseBridgeProof } from '../proof.ts';
import type { BridgeProof, ReaderIdentity } from '../proof.ts';

/** What came of a way to sign in, on its way to the page that ends it. */
export type SignInOutcome =
  | { readonly kind: 'proven'; readonly proof: BridgeProof }
  /** An account, and not one that proves the address. `shownAs` is for whoever is signed in there, on one page. */
  | { readonly kind: 'not-proven'; readonly upstreamId: string; readonly shownAs: string | null }
  | { readonly kind: 'reader'; readonly reader: ReaderIdentity };

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
  private readonly outcomes: Tickets<SignInOutcome>;
  private readonly pendingProofs: Tickets<BridgeProof>;

  constructor(store: EphemeralStore) {
    this.outcomes = new Tickets(store, {
      kind: 'sign-in-outcome',
      ttlSeconds: OUTCOME_TTL_SECONDS,
      parse: parseOutcome,
    });
    this.pendingProofs = new Tickets(store, {
      kind: 'pending-proof',
      ttlSeconds: PENDING_TTL_SECONDS,
      parse: parseBridgeProof,
    });
  }

  /** @returns its id, to be brought by the browser: once */
  leave({ uid, browserDigest }: { uid: string; browserDigest: string }, outcome: SignInOutcome): Promise<string> {
    return this.outcomes.issue(`${uid}\0${browserDigest}`, outcome);
  }

  /** Once. Null when it was taken before, is no more, or belongs to another browser or sign-in: theirs it stays then. */
  async take(outcomeId: unknown, { uid, browserId }: Owner): Promise<SignInOutcome | null> {
    if (typeof outcomeId !== 'string') return null;
    return this.outcomes.take(outcomeId, `${uid}\0${digestOf(browserId)}`);
  }

  /** A proof of a shared mailbox, until it is known who reads there. A newer one takes its place. */
  async keepPending(owner: Owner, proof: BridgeProof): Promise<void> {
    await this.pendingProofs.issue(nameOf(owner), proof, nameOf(owner));
  }

  pending(owner: Owner): Promise<BridgeProof | null> {
    return this.pendingProofs.look(nameOf(owner), nameOf(owner));
  }

  /**
   * Once: of a hundred callers at once, one gets it. In one step with the look at it, so that a proof that took its place
   * meanwhile is judged by itself. @returns null too for one that `may` refuses, which stays
   */
  takePending(owner: Owner, may?: (proof: BridgeProof) => boolean): Promise<BridgeProof | null> {
    return this.pendingProofs.take(nameOf(owner), nameOf(owner), may);
  }
}

/** A pending proof is named by browser and sign-in alike: no other pair comes to it. */
function nameOf({ uid, browserId }: Owner): string {
  return `${uid}\0${browserId}`;
}

const isProven = recordLike<SignInOutcome & { kind: 'proven' }>({
  ...{ kind: oneOf('proven'), proof: (value) => parseBridgeProof(value) !== null },
});
const isNotProven = recordLike<SignInOutcome & { kind: 'not-proven' }>({
  ...{ kind: oneOf('not-proven'), upstreamId: isText, shownAs: orNull(isText) },
});
const isReader = recordLike<SignInOutcome & { kind: 'reader' }>({ kind: oneOf('reader'), reader: isReaderIdentity });
const isOutcome: FieldCheck = (value) => isProven(value) || isNotProven(value) || isReader(value);
const parseOutcome = (json: unknown) => (isOutcome(json) ? (json as SignInOutcome) : null);
