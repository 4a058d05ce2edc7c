import { Injectable } from '@nestjs/common';
import {
  Allowance,
  EphemeralStore,
  isText,
  oneOf,
  orNull,
  recordLike,
  recordOf,
  tableOf,
  Tickets,
} from '#libs/ephemeral-store';
import type { AllowanceLimits } from '#libs/ephemeral-store';
import { digestOf, DomainError } from '#libs/vocabulary';
import type { MailAddress, PersonId } from '#libs/vocabulary';
import type { SignInRequest } from '../proof.ts';
import type { KeptForUpstream } from '../upstreams/upstream.ts';

/** One journey to a provider and back: bound to a browser, a provider and a sign-in. */
export interface LoginAttempt {
  readonly uid: string;
  readonly upstreamId: string;
  readonly browserDigest: string;
  readonly clientId: string;
  readonly clientKind: SignInRequest['clientKind'];
  readonly wantedAddress: MailAddress | null;
  readonly personId: PersonId | null;
  /** `reader`: who somebody is that has proved a shared mailbox already. */
  readonly purpose: 'sign-in' | 'reader';
  readonly kept: KeptForUpstream;
}

/** What became of the state that a browser came back with. */
export type Claim =
  | { readonly status: 'first'; readonly attempt: LoginAttempt }
  | { readonly status: 'again'; readonly attempt: LoginAttempt }
  /** Another browser than the one that began: nothing was spent. `wasClaimed`: its own browser had been back already. */
  | { readonly status: 'elsewhere'; readonly attempt: LoginAttempt; readonly wasClaimed: boolean };

interface Stored {
  readonly attempt: LoginAttempt;
  /** Where the browser was led; null as long as the provider is being asked, or when it was led nowhere. */
  readonly end: AttemptEnd | null;
}

export interface AttemptEnd {
  readonly path: string;
  /** What waits there to be taken once; null when it was a notice. */
  readonly outcomeId: string | null;
}

/** 10 minutes to sign in at a provider (threats.md A5). */
export const ATTEMPT_TTL_SECONDS = 600;

/**
 * Attempts begun in an hour, for one address, and for one client over all of its people. They bound what strangers can write into
 * the record and what they can make wait. Each client's are counted apart: whoever names addresses to an application never takes
 * a recipient's own. And the bounds of an address are the same whether the portal knows it or not, or counting to them would
 * tell (threats.md A12). At our own portal, which names recipients alone, strangers cannot spend the last of it.
 */
const MAX_PER_HOUR = {
  recipient: { host: 20, site: 60, block: 200, inAll: 200, lastResort: { host: 10, block: 50 }, known: 20 },
  address: { host: 20, site: 60, block: 200, inAll: 200, lastResort: null, known: 0 },
  client: { host: 200, site: 600, block: 1000, inAll: 2000, lastResort: null, known: 0 },
} satisfies Record<string, AllowanceLimits>;

/** More attempts were begun for this address, or at this client, than people make. */
export class TooManySignIns extends DomainError {
  constructor() {
    super('too-many-sign-ins');
  }
}

type Begun = Pick<SignInRequest, 'clientId' | 'clientKind' | 'wantedAddress' | 'personId'>;

/** Attempts wait in the ephemeral store under a digest of their state, so that any portal process takes the browser back. */
@Injectable()
export class LoginAttempts {
  private readonly begun: Allowance;
  private readonly tickets: Tickets<Stored>;

  constructor(store: EphemeralStore) {
    this.begun = new Allowance(store, 'logins-begun');
    this.tickets = new Tickets(store, {
      kind: 'sign-in-attempt',
      ttlSeconds: ATTEMPT_TTL_SECONDS,
      parse: parseStored,
      // What the provider's answer is checked with serves once.
      onceClaimed: (stored) => ({ ...stored, attempt: { ...stored.attempt, kept: {} } }),
    });
  }

  /** @throws TooManySignIns */
  async countBegun(
    { clientId, clientKind, wantedAddress, personId }: Begun,
    networkPrefix: string,
    browserId: string | null = null,
  ): Promise<void> {
    const visitor = { networkPrefix, ...(browserId === null ? {} : { browserDigest: digestOf(browserId) }) };
    const isRecipient = clientKind === 'portal' && wantedAddress !== null;
    if (wantedAddress !== null) {
      const limits = isRecipient ? MAX_PER_HOUR.recipient : MAX_PER_HOUR.address;
      const subject = `${clientId}:${digestOf(wantedAddress)}`;
      const { standing } = await this.begun.spend(subject, visitor, limits, isRecipient ? personId : null);
      if (standing === 'over') throw new TooManySignIns();
    }
    // Our own portal names none but recipients, who must not be kept out by what others do.
    if (isRecipient) return;
    const { standing } = await this.begun.spend(clientId, visitor, MAX_PER_HOUR.client);
    if (standing === 'over') throw new TooManySignIns();
  }

  async keep(state: string, attempt: LoginAttempt): Promise<void> {
    await this.tickets.issue(attempt.browserDigest, { attempt, end: null }, state);
  }

  /**
   * Bound first, then spent: only the browser that began it claims it, and of any number of its calls at once, one gets `first`.
   * @returns null for what is no state of ours, or is no more
   */
  async claim(state: unknown, browserId: string): Promise<Claim | null> {
    if (typeof state !== 'string') return null;
    const claim = await this.tickets.claim(state, digestOf(browserId));
    if (claim === null) return null;
    const { value, ...rest } = claim;
    return { ...rest, attempt: value.attempt };
  }

  /** Where the browser goes on: a second click goes there too. */
  async settle(state: string, end: AttemptEnd | null): Promise<void> {
    await this.tickets.change(state, (stored) => ({ ...stored, end }));
  }

  async endOf(state: string, { browserDigest }: LoginAttempt): Promise<AttemptEnd | null> {
    return (await this.tickets.look(state, browserDigest))?.end ?? null;
  }

  /** @returns whether that is the first time that another browser came with it: true for one caller at most */
  async noteSeenElsewhere(state: string): Promise<boolean> {
    return (await this.tickets.noteElsewhere(state))?.isFirstTime === true;
  }
}

const parseStored = recordOf<Stored>({
  attempt: recordLike<LoginAttempt>({
    ...{ uid: isText, upstreamId: isText, browserDigest: isText, clientId: isText, clientKind: isText },
    ...{ wantedAddress: orNull(isText), personId: orNull(isText), purpose: oneOf('sign-in', 'reader') },
    kept: tableOf(isText),
  }),
  end: orNull(recordLike<AttemptEnd>({ path: isText, outcomeId: orNull(isText) })),
});
