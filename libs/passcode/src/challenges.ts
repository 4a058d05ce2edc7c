import { Injectable } from '@nestjs/common';
import {
  Allowance,
  changeJson,
  EphemeralStore,
  getJson,
  isFlag,
  isNumber,
  isText,
  oneOf,
  orNull,
  putJson,
  recordLike,
  recordOf,
} from '#libs/ephemeral-store';
import type { AllowanceLimits, EphemeralKey, Spent } from '#libs/ephemeral-store';
import { digestOf, DomainError, isSameDigest } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import { isLocale } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';
import { isOutOfTime, MESSAGE_BUDGET, newChallengeId, parseChallengeId } from './passcode.ts';
import type { ChallengeId, OtpBudget, OtpForm, PasscodeLimits } from './passcode.ts';

/** What became of the code mail, as its page shows it to the browser that asked. */
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
  /** The network that asks (ClientNetwork.prefix). Counted, never kept. */
  readonly networkPrefix: string;
  /** On whose account codes are counted. Default: the address stands in a sealed message. */
  readonly budget?: OtpBudget;
}

/** What is compared with a challenge that waits, and what replaces its own. */
export type TakeUpChallenge = Pick<
  BeginChallenge,
  'browserId' | 'address' | 'budget' | 'returnTo' | 'startAgainAt' | 'locale'
>;

/** 30 minutes since the last thing that happened in it: room for a second code, short of an evening. */
const CHALLENGE_TTL_SECONDS = 1800;
/**
 * Challenges begun in an hour for one person: many times what the limits on codes leave of use, and few enough that nobody fills
 * the store with them, however many browsers they make up. Strangers never spend the last ten of another network.
 */
const BEGUN_PER_HOUR: AllowanceLimits = {
  host: 20,
  site: 60,
  block: 200,
  inAll: 200,
  lastResort: { host: 10, block: 50 },
  known: 20,
};
/** The address is a client's choice: no one is kept out of a message by it. */
const BEGUN_FOR_CLIENTS: AllowanceLimits = { ...BEGUN_PER_HOUR, lastResort: null, known: 0 };
/** What each browser or network that signed in before has of codes beside those of all. */
const KNOWN_CODES_PER_HOUR = 6;
/** 10: an office behind one address still signs in at a client with few codes. */
const MIN_CLIENT_CODES_OF_A_NETWORK = 10;
/** A path, so that no challenge sends a browser to another host. */
const LOCAL_PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;

/** No such challenge, or it is not this browser's: the answer is the same. */
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
  private readonly begun: Allowance;
  private readonly codes: Allowance;

  constructor(private readonly store: EphemeralStore) {
    this.begun = new Allowance(store, 'challenges-begun');
    this.codes = new Allowance(store, 'codes-asked-for');
  }

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
    const visitor = { networkPrefix: wish.networkPrefix, browserDigest: digestOf(browserId) };
    const { personId } = person;
    const { standing } =
      budget.of === 'message'
        ? await this.begun.spend(personId, visitor, BEGUN_PER_HOUR, personId)
        : await this.begun.spend(`client:${personId}`, visitor, BEGUN_FOR_CLIENTS);
    if (standing === 'over') throw new TooManyChallenges();
    const challengeId = newChallengeId();
    const challenge: Challenge = {
      browserDigest: visitor.browserDigest,
      personId,
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

  /** That a code was made in it: from then on `takeUp` finds it. Strangers' challenges without one leave nothing more behind. */
  async noteCodeMade(challengeId: ChallengeId, challenge: Challenge): Promise<void> {
    await putJson(this.store, latestKeyOf(challenge), challengeId, CHALLENGE_TTL_SECONDS);
  }

  /**
   * A reader who presses the attachment's button again in the same browser goes on with the code that is on its way: another one would
   * cost one of the hour's. The challenge leads to where the newer journey wants its proof, from then on.
   * @returns null when none of this browser waits for a code of this address, or nothing will come of the one it waits for
   */
  async takeUp(
    { browserId, address, budget = MESSAGE_BUDGET, returnTo, startAgainAt = '/', locale }: TakeUpChallenge,
    now: Instant,
  ): Promise<ChallengeId | null> {
    const key = latestKeyOf({ browserDigest: digestOf(browserId), address, budget });
    const latest = await getJson(this.store, key, parseLatest);
    if (latest === null) return null;
    let isTakenUp = false;
    await changeJson(this.store, keyOf(latest), parseChallenge, (current) => {
      isTakenUp = current !== null && current.address === address && canGoOn(current, digestOf(browserId), now);
      return isTakenUp && current !== null
        ? { value: { ...current, returnTo, startAgainAt, locale, problem: null }, ttlSeconds: CHALLENGE_TTL_SECONDS }
        : 'leave';
    });
    return isTakenUp ? latest : null;
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
    if (!isSameDigest(challenge.browserDigest, digestOf(browserId))) throw new ChallengeNotHere();
    return challenge;
  }

  /** Changes what is known of a challenge; does nothing when it has gone. `next` may be called several times. */
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
   * One of the codes of an hour, over all processes, claimed before anything is decided: of those to one person, where the address
   * stands in a sealed message; else of those that a client may have sent, over all addresses (threats.md A13).
   */
  claimCode(
    { personId, browserDigest, budget }: Pick<Challenge, 'personId' | 'browserDigest' | 'budget'>,
    networkPrefix: string,
    { codesPerHour, codesPerHourAndNetwork: host }: PasscodeLimits,
  ): Promise<Spent> {
    const visitor = { networkPrefix, browserDigest };
    if (budget.of === 'client') return this.codes.spend(`client:${budget.clientId}`, visitor, limitsOfClient(budget));
    const ofNetworks = { host, site: 2 * host, block: 3 * host, inAll: codesPerHour };
    return this.codes.spend(
      personId,
      visitor,
      { ...ofNetworks, lastResort: { host: 1, block: 3 }, known: KNOWN_CODES_PER_HOUR },
      personId,
    );
  }

  /**
   * To be asked before a client's address becomes a person in the directory, so that nobody fills that with addresses.
   * @throws ClientCodesSpent
   */
  async checkBudget(budget: OtpBudget, networkPrefix: string): Promise<void> {
    if (budget.of === 'message') return;
    const isLeft = await this.codes.isLeft(`client:${budget.clientId}`, { networkPrefix }, limitsOfClient(budget));
    if (!isLeft) throw new ClientCodesSpent();
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

/** Named by browser, address and account alike: no other browser comes to it. */
function latestKeyOf({
  browserDigest,
  address,
  budget,
}: Pick<Challenge, 'browserDigest' | 'address' | 'budget'>): EphemeralKey {
  const account = budget.of === 'message' ? '' : budget.clientId;
  return `challenge-latest:${digestOf(`${browserDigest}\0${budget.of}\0${account}\0${address}`)}`;
}

function parseLatest(json: unknown): ChallengeId | null {
  return typeof json === 'string' ? parseChallengeId(json) : null;
}

function canGoOn(
  { browserDigest, code, delivery, isExhausted, proofId, problem }: Challenge,
  browser: string,
  now: Instant,
) {
  const isHere = isSameDigest(browserDigest, browser) && !isExhausted && proofId === null;
  const isDelivered = delivery?.status !== 'refused' && delivery?.status !== 'failed';
  const isOver = problem?.kind === 'no-tries-left' || problem?.kind === 'short-codes-suspended';
  return isHere && isDelivered && !isOver && code !== null && !isOutOfTime(code, now);
}

function triesKeyOf(challengeId: ChallengeId): EphemeralKey {
  return `challenge-tries:${challengeId}`;
}

/** One network may have a quarter of a client's codes in an hour, and never fewer than ten (threats.md A13). */
function limitsOfClient({ codesPerHour }: OtpBudget & { of: 'client' }): AllowanceLimits {
  const quarter = Math.max(MIN_CLIENT_CODES_OF_A_NETWORK, Math.ceil(codesPerHour / 4));
  return { host: quarter, site: quarter, block: quarter, inAll: codesPerHour, lastResort: null, known: 0 };
}

const isMessageBudget = recordLike<OtpBudget & { of: 'message' }>({ of: oneOf('message') });
const isClientBudget = recordLike<OtpBudget & { of: 'client' }>({
  ...{ of: oneOf('client'), clientId: isText, codesPerHour: isNumber },
});
/** Unions whose parts one release writes as the next: whether there is something is all that is asked. */
const isThere = (value: unknown) => value !== undefined;

const parseChallenge = recordOf<Challenge>({
  ...{ browserDigest: isText, personId: isText, address: isText, returnTo: isText, startAgainAt: isText },
  ...{ locale: isLocale, budget: (value) => isMessageBudget(value) || isClientBudget(value), isExhausted: isFlag },
  ...{ code: isThere, delivery: isThere, problem: isThere, proofId: orNull(isText) },
});
