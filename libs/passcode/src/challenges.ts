import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { changeJson, EphemeralStore, getJson, putJson } from '#libs/ephemeral-store';
import type { EphemeralKey } from '#libs/ephemeral-store';
import { DomainError } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import { isLocale } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';
import { MESSAGE_BUDGET, newChallengeId, parseChallengeId } from './passcode.ts';
import type { ChallengeId, OtpBudget, OtpForm } from './passcode.ts';

/** What became of the code mail, as the browser that asked for it is told. */
export type CodeDelivery =
  | { readonly status: 'sending' | 'taken' | 'refused' | 'failed'; readonly at: Instant }
  | { readonly status: 'trying-again'; readonly at: Instant; readonly nextTryAt: Instant };

/** What went wrong with the last thing that this browser did, until it does something else. */
export type EntryProblem =
  | { readonly kind: 'malformed' | 'expired' | 'superseded' | 'short-codes-suspended' | 'no-tries-left' }
  | { readonly kind: 'wrong'; readonly triesLeft: number }
  | { readonly kind: 'limit-reached'; readonly retryAt: Instant }
  /** The client that chose the address has had its codes for this hour, over all addresses. */
  | { readonly kind: 'client-limit-reached' }
  /** Another code was asked for so soon that the last one is still coming: none was made. */
  | { readonly kind: 'on-its-way' };

export interface IssuedCode {
  readonly codeNumber: number;
  readonly form: OtpForm;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

/** A challenge as the browser knows it that began it. The digest of its code lies elsewhere (IssuedOtps). */
export interface Challenge {
  /** SHA-256 of the id: a dump of the store is no way into a browser. */
  readonly browserDigest: string;
  readonly personId: PersonId;
  readonly address: MailAddress;
  readonly locale: Locale;
  readonly budget: OtpBudget;
  /** Where the browser goes with a proof, and where it goes to begin anew. Paths of this portal. */
  readonly returnTo: string;
  readonly startAgainAt: string;
  readonly code: IssuedCode | null;
  readonly delivery: CodeDelivery | null;
  readonly problem: EntryProblem | null;
  readonly isExhausted: boolean;
  /** After acceptance: a second click, or a browser that lost the first answer, is led to the same proof. */
  readonly proofId: string | null;
}

export interface BeginChallenge {
  /** web-ui `Browser.id`: it outlives a sign-in, so that a second tab goes on after the first. */
  readonly browserId: string;
  readonly person: { readonly personId: PersonId };
  /** The very string that codes are mailed to and that a proof will be of. */
  readonly address: MailAddress;
  /** Path of this portal to which a proof is brought as `?proof=…`. */
  readonly returnTo: string;
  readonly locale: Locale;
  /** Path of this portal where somebody goes whose challenge is over. Default: the start page. */
  readonly startAgainAt?: string;
  /** The network that asks, /24 of IPv4 or /64 of IPv6. Counted, never kept; absent: only counted with all others. */
  readonly networkPrefix?: string;
  /** On whose account codes are counted. Default: the address stands in a sealed message. */
  readonly budget?: OtpBudget;
}

/** 30 minutes since the last thing that happened in it: room for a second code, short of an evening. */
const CHALLENGE_TTL_SECONDS = 1800;
/**
 * Challenges begun in an hour for one person: from one network, and in all. Many times what the limits on codes leave of use, and
 * few enough that nobody fills the store with them, however many browsers they make up.
 */
const MAX_BEGUN_PER_HOUR_AND_NETWORK = 20;
const MAX_BEGUN_PER_HOUR = 200;
/** 10: an office behind one address still signs in at a client with few codes. */
const MIN_CLIENT_CODES_OF_A_NETWORK = 10;
const SECONDS_PER_HOUR = 3600;
/** A path, so that no challenge sends a browser to another host. */
const LOCAL_PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;

/** No such challenge, or it is not this browser's: the two are not told apart. */
export class ChallengeNotHere extends DomainError {
  constructor() {
    super('challenge-not-here');
  }
}

/** More challenges were begun for this person within the hour than anyone could make use of. */
export class TooManyChallenges extends DomainError {
  constructor() {
    super('too-many-challenges');
  }
}

/** A client has had as many codes sent in this hour, to addresses of its own choosing, as its configuration says. */
export class ClientCodesSpent extends DomainError {
  constructor() {
    super('client-codes-spent');
  }
}

/** Challenges wait in the ephemeral store, each for the browser that began it and for no other. */
@Injectable()
export class Challenges {
  constructor(private readonly store: EphemeralStore) {}

  /** @throws TypeError for a path that leads elsewhere; TooManyChallenges; EphemeralStoreFull */
  async begin({
    browserId,
    person,
    startAgainAt = '/',
    budget = MESSAGE_BUDGET,
    ...wish
  }: BeginChallenge): Promise<ChallengeId> {
    for (const path of [wish.returnTo, startAgainAt]) {
      if (!LOCAL_PATH.test(path)) throw new TypeError('a challenge returns to a path of this portal');
    }
    await this.countBegun(budget.of === 'message' ? person.personId : `client:${person.personId}`, wish.networkPrefix);
    const challengeId = newChallengeId();
    const challenge: Challenge = {
      browserDigest: digestOf(browserId),
      personId: person.personId,
      address: wish.address,
      locale: wish.locale,
      budget,
      returnTo: wish.returnTo,
      startAgainAt,
      code: null,
      delivery: null,
      problem: null,
      isExhausted: false,
      proofId: null,
    };
    await putJson(this.store, keyOf(challengeId), challenge, CHALLENGE_TTL_SECONDS);
    return challengeId;
  }

  /** By network first, so that one network alone never uses up what there is for all. */
  private async countBegun(subject: string, networkPrefix: string | undefined): Promise<void> {
    const window = { ttlSeconds: SECONDS_PER_HOUR };
    if (networkPrefix !== undefined) {
      const key: EphemeralKey = `challenges-begun:${subject}:${digestOf(networkPrefix)}`;
      if ((await this.store.increment(key, window)) > MAX_BEGUN_PER_HOUR_AND_NETWORK) throw new TooManyChallenges();
    }
    const inAll = await this.store.increment(`challenges-begun:${subject}`, window);
    if (inAll > MAX_BEGUN_PER_HOUR) throw new TooManyChallenges();
  }

  /** @throws ChallengeNotHere */
  async find(challengeId: ChallengeId): Promise<Challenge> {
    const challenge = await getJson(this.store, keyOf(challengeId), parseChallenge);
    if (challenge === null) throw new ChallengeNotHere();
    return challenge;
  }

  /** @throws ChallengeNotHere, also when another browser began it */
  async ofBrowser(browserId: string, challengeId: ChallengeId): Promise<Challenge> {
    const challenge = await this.find(challengeId);
    if (!isSame(challenge.browserDigest, digestOf(browserId))) throw new ChallengeNotHere();
    return challenge;
  }

  /** Changes what is told of a challenge; does nothing when it has gone. `next` may be called several times. */
  async change(challengeId: ChallengeId, next: (current: Challenge) => Partial<Challenge>): Promise<void> {
    await changeJson(this.store, keyOf(challengeId), parseChallenge, (current) =>
      current === null ? 'leave' : { value: { ...current, ...next(current) }, ttlSeconds: CHALLENGE_TTL_SECONDS },
    );
  }

  /** The delivery of a code, unless a newer one has taken its place. @returns whether it still matters */
  async tellDelivery(challengeId: ChallengeId, codeNumber: number, delivery: CodeDelivery): Promise<boolean> {
    const changed = await changeJson(this.store, keyOf(challengeId), parseChallenge, (current) =>
      current !== null && isWaitingFor(current, codeNumber)
        ? { value: { ...current, delivery }, ttlSeconds: CHALLENGE_TTL_SECONDS }
        : 'leave',
    );
    return changed !== null && isWaitingFor(changed, codeNumber);
  }

  /**
   * One of the tries of a challenge, claimed before anything is compared, over all processes at once. @returns its number from 1
   */
  async claimTry(challengeId: ChallengeId): Promise<number> {
    return this.store.increment(triesKeyOf(challengeId), { ttlSeconds: 2 * CHALLENGE_TTL_SECONDS });
  }

  /**
   * One of the codes that a client may have sent in an hour, over all addresses and processes: claimed before anything is
   * decided. By network first, so that one network alone, with as many addresses as it likes, never uses up what there is for
   * all (threats.md A13). Always there where the address stands in a sealed message.
   */
  async claimCode(budget: OtpBudget, networkPrefix: string): Promise<boolean> {
    if (budget.of === 'message') return true;
    const ofNetwork = await this.countClientCodes(networkKeyOf(budget.clientId, networkPrefix), 1);
    if (ofNetwork > codesOfANetwork(budget)) return false;
    return (await this.countClientCodes(budget.clientId, 1)) <= budget.codesPerHour;
  }

  /** For a code that was not made after all. */
  async giveCodeBack(budget: OtpBudget, networkPrefix: string): Promise<void> {
    if (budget.of === 'message') return;
    await this.countClientCodes(networkKeyOf(budget.clientId, networkPrefix), -1);
    await this.countClientCodes(budget.clientId, -1);
  }

  /**
   * To be asked before a client's address becomes a person in the directory, so that nobody fills that with addresses.
   * @throws ClientCodesSpent
   */
  async checkBudget(budget: OtpBudget, networkPrefix: string): Promise<void> {
    if (budget.of === 'message') return;
    const ofNetwork = await this.countClientCodes(networkKeyOf(budget.clientId, networkPrefix), 0);
    const inAll = await this.countClientCodes(budget.clientId, 0);
    if (ofNetwork >= codesOfANetwork(budget) || inAll >= budget.codesPerHour) throw new ClientCodesSpent();
  }

  private countClientCodes(whose: string, by: number): Promise<number> {
    return this.store.increment(`client-codes:${whose}`, { by, ttlSeconds: SECONDS_PER_HOUR });
  }

  /** For a try that came to nothing, since something else failed: it was not the reader's fault. */
  async giveTryBack(challengeId: ChallengeId): Promise<void> {
    await this.store.increment(triesKeyOf(challengeId), { by: -1, ttlSeconds: 2 * CHALLENGE_TTL_SECONDS });
  }
}

function isWaitingFor({ code, proofId, isExhausted }: Challenge, codeNumber: number): boolean {
  return code?.codeNumber === codeNumber && proofId === null && !isExhausted;
}

/** @throws ChallengeNotHere for a text that can be no challenge's id */
export function challengeIdIn(text: string): ChallengeId {
  const challengeId = parseChallengeId(text);
  if (challengeId === null) throw new ChallengeNotHere();
  return challengeId;
}

function keyOf(challengeId: ChallengeId): EphemeralKey {
  return `challenge:${challengeId}`;
}

function triesKeyOf(challengeId: ChallengeId): EphemeralKey {
  return `challenge-tries:${challengeId}`;
}

function digestOf(browserId: string): string {
  return createHash('sha256').update(browserId).digest('base64url');
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** What one network may have of a client's codes in an hour: a quarter, and never fewer than ten (threats.md A13). */
function codesOfANetwork({ codesPerHour }: OtpBudget & { of: 'client' }): number {
  return Math.max(MIN_CLIENT_CODES_OF_A_NETWORK, Math.ceil(codesPerHour / 4));
}

function networkKeyOf(clientId: string, networkPrefix: string): string {
  return `${clientId}:${digestOf(networkPrefix)}`;
}

function isBudget(budget: unknown): boolean {
  const { of, clientId, codesPerHour } = (budget ?? {}) as { [Field in 'of' | 'clientId' | 'codesPerHour']?: unknown };
  return of === 'message' || (of === 'client' && typeof clientId === 'string' && typeof codesPerHour === 'number');
}

/** Written by this class alone; what is checked is what tells one release's shape from another's. */
function parseChallenge(json: unknown): Challenge | null {
  const challenge = (json ?? {}) as Challenge;
  const isChallenge =
    [challenge.browserDigest, challenge.personId, challenge.address, challenge.returnTo, challenge.startAgainAt].every(
      (text) => typeof text === 'string',
    ) &&
    isLocale(challenge.locale) &&
    isBudget(challenge.budget) &&
    typeof challenge.isExhausted === 'boolean' &&
    [challenge.code, challenge.delivery, challenge.problem, challenge.proofId].every((part) => part !== undefined);
  return isChallenge ? challenge : null;
}
