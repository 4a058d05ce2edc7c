import { Allowance, isText, noteSuccess, recordOf, Tickets } from '#libs/ephemeral-store';
import type { AllowanceLimits, EphemeralStore } from '#libs/ephemeral-store';
import { digestOf, DomainError, newSecret } from '#libs/vocabulary';
import type { MailAddress, MessageId, PersonId } from '#libs/vocabulary';
import type { KeptOfRequest } from './identity-provider.ts';

/** One browser's way to the identity provider and back, for one message. */
export interface SignInAttempt extends KeptOfRequest {
  /** Which browser began it, in whichever tab, and may end it. */
  readonly browserId: string;
  readonly messageId: MessageId;
  readonly personId: PersonId;
  /** The address that is to be proven: the recipient's, byte for byte. */
  readonly address: MailAddress;
}

/** What an answer found that names an attempt by its state. */
export type ClaimedAttempt =
  | { readonly status: 'claimed' | 'spent'; readonly attempt: SignInAttempt }
  /** Another browser's: it is as it was. `wasSpent`: its own browser had been back with it. */
  | { readonly status: 'elsewhere'; readonly attempt: SignInAttempt; readonly wasSpent: boolean }
  /** A state that nobody made, or whose time is over. */
  | { readonly status: 'unknown' };

/**
 * 15 minutes: as long as the ciphertext waits, and longer than a code is good for. (Security.md A5 has 10 minutes; that is kept
 * where another company's provider answers. This way leads to our own bridge and holds the reader's wait for a mail.)
 */
const ATTEMPT_TTL_SECONDS = 900;
/**
 * Attempts begun in an hour for one person; each may leave one failure in the record. Anyone who knows a message's address can begin
 * them, so all that strangers can spend leaves every other network its last ten (threats.md).
 */
const BEGUN_PER_HOUR: AllowanceLimits = {
  host: 20,
  site: 60,
  block: 200,
  inAll: 200,
  lastResort: { host: 10, block: 50 },
  known: 20,
};

/** More sign-ins were begun for this person within the hour than anyone could make use of. */
export class TooManySignIns extends DomainError {
  constructor() {
    super('too-many-sign-ins');
  }
}

export class SignInAttempts {
  private readonly begun: Allowance;
  private readonly tickets: Tickets<SignInAttempt>;

  constructor(private readonly store: EphemeralStore) {
    this.begun = new Allowance(store, 'sign-ins-begun');
    this.tickets = new Tickets(store, {
      kind: 'sign-in',
      ttlSeconds: ATTEMPT_TTL_SECONDS,
      parse: parseAttempt,
      onceClaimed: (attempt) => ({ ...attempt, nonce: '', codeVerifier: '' }),
    });
  }

  /** @throws TooManySignIns; EphemeralStoreFull */
  async begin(wish: Omit<SignInAttempt, keyof KeptOfRequest>, networkPrefix: string): Promise<SignInAttempt> {
    const { personId, browserId } = wish;
    const visitor = { networkPrefix, browserDigest: digestOf(browserId) };
    const { standing } = await this.begun.spend(personId, visitor, BEGUN_PER_HOUR, personId);
    if (standing === 'over') throw new TooManySignIns();
    const attempt: SignInAttempt = {
      ...wish,
      // 256 bits: RFC 7636 §4.1 asks as much of a code verifier.
      state: newSecret(),
      nonce: newSecret(),
      codeVerifier: newSecret(),
    };
    await this.tickets.issue(browserId, attempt, attempt.state);
    return attempt;
  }

  /** The browser and its network signed in for that person: what strangers spend is not theirs any more. */
  async noteSuccess({ personId, browserId }: SignInAttempt, networkPrefix: string): Promise<void> {
    await noteSuccess(this.store, personId, { networkPrefix, browserDigest: digestOf(browserId) });
  }

  /**
   * Bound first, then spent: of any number of answers at once in the browser that began it, one claims the attempt; the others find
   * it spent. What it was for stays known as long.
   */
  async claim(state: string, browserId: string): Promise<ClaimedAttempt> {
    const claim = await this.tickets.claim(state, browserId);
    if (claim === null) return { status: 'unknown' };
    const { value: attempt } = claim;
    if (claim.status === 'elsewhere') return { status: 'elsewhere', attempt, wasSpent: claim.wasClaimed };
    return { status: claim.status === 'first' ? 'claimed' : 'spent', attempt };
  }

  /** Of what was claimed and could not be finished through no fault of the reader: it waits anew, in the browser that began it. @throws EphemeralStoreFull */
  async giveBack(attempt: SignInAttempt): Promise<void> {
    await this.tickets.issue(attempt.browserId, attempt, attempt.state);
  }

  /** Whether this is the first time that another browser comes with it: recorded once, however often they try. */
  async isFirstElsewhere({ state }: SignInAttempt): Promise<boolean> {
    return (await this.tickets.noteElsewhere(state))?.isFirstTime === true;
  }
}

const parseAttempt = recordOf<SignInAttempt>({
  ...{ state: isText, nonce: isText, codeVerifier: isText },
  ...{ browserId: isText, messageId: isText, personId: isText, address: isText },
});
