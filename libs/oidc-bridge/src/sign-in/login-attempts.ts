import { Injectable } from '@nestjs/common';
import { Allowance, changeJson, EphemeralStore, getJson, putJson } from '#libs/ephemeral-store';
import type { AllowanceLimits, EphemeralKey } from '#libs/ephemeral-store';
import { digestOf, DomainError, isSameDigest, isSecret, newSecret } from '#libs/vocabulary';
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
  /** Of the one request that took it. */
  readonly claimedBy: string | null;
  /** Where the browser was led then; null as long as the provider is being asked, or when it was led nowhere. */
  readonly end: AttemptEnd | null;
  /** Whether the record has a failure of this attempt: it gets one at most, and one of other browsers. */
  readonly hasFailed: boolean;
  readonly wasSeenElsewhere: boolean;
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

  constructor(private readonly store: EphemeralStore) {
    this.begun = new Allowance(store, 'logins-begun');
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
    const stored: Stored = { attempt, claimedBy: null, end: null, hasFailed: false, wasSeenElsewhere: false };
    await putJson(this.store, keyOf(state), stored, ATTEMPT_TTL_SECONDS);
  }

  /**
   * Bound first, then spent: only the browser that began it claims it, and of any number of its calls at once, one gets `first`.
   * @returns null for what is no state of ours, or is no more
   */
  async claim(state: unknown, browserId: string): Promise<Claim | null> {
    if (!isSecret(state)) return null;
    const claimedBy = newSecret();
    let attempt: LoginAttempt | null = null;
    const after = await this.change(state, (stored) => {
      ({ attempt } = stored);
      if (!isSameDigest(stored.attempt.browserDigest, digestOf(browserId))) return null;
      // What the provider's answer is checked with serves once.
      return stored.claimedBy === null ? { ...stored, claimedBy, attempt: { ...stored.attempt, kept: {} } } : null;
    });
    if (after === null || attempt === null) return null;
    if (!isSameDigest(after.attempt.browserDigest, digestOf(browserId))) {
      return { status: 'elsewhere', attempt, wasClaimed: after.claimedBy !== null };
    }
    return { status: after.claimedBy === claimedBy ? 'first' : 'again', attempt };
  }

  /** Where the browser goes on: a second click goes there too. */
  async settle(state: string, end: AttemptEnd | null, { hasFailed }: { readonly hasFailed: boolean }): Promise<void> {
    await this.change(state, (stored) => ({ ...stored, end, hasFailed }));
  }

  async endOf(state: string): Promise<AttemptEnd | null> {
    return (await getJson(this.store, keyOf(state), parseStored))?.end ?? null;
  }

  /** @returns whether that is the first time that another browser came with it: true for one caller at most */
  async noteSeenElsewhere(state: string): Promise<boolean> {
    let isFirst = false;
    await this.change(state, (stored) => {
      isFirst = !stored.wasSeenElsewhere;
      return isFirst ? { ...stored, wasSeenElsewhere: true } : null;
    });
    return isFirst;
  }

  private change(state: string, next: (stored: Stored) => Stored | null): Promise<Stored | null> {
    return changeJson(this.store, keyOf(state), parseStored, (stored) => {
      const value = stored === null ? null : next(stored);
      return value === null ? 'leave' : { value, ttlSeconds: ATTEMPT_TTL_SECONDS };
    });
  }
}

function keyOf(state: string): EphemeralKey {
  return `sign-in-attempt:${digestOf(state)}`;
}

/** Written by this class alone; what is checked is what tells one release's shape from another's. */
function parseStored(json: unknown): Stored | null {
  const stored = (json ?? {}) as Stored;
  const { uid, upstreamId, browserDigest, clientId, clientKind, purpose, kept } = (stored.attempt ??
    {}) as Partial<LoginAttempt>;
  const isStored =
    [uid, upstreamId, browserDigest, clientId, clientKind, purpose].every((text) => typeof text === 'string') &&
    typeof kept === 'object' &&
    typeof stored.hasFailed === 'boolean' &&
    typeof stored.wasSeenElsewhere === 'boolean' &&
    [stored.claimedBy, stored.end, stored.attempt.wantedAddress, stored.attempt.personId].every(
      (part) => part !== undefined,
    );
  return isStored ? stored : null;
}
