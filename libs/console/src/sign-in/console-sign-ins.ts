import { Injectable } from '@nestjs/common';
import { Allowance, EphemeralStore, isText, noteSuccess, recordOf, Tickets } from '#libs/ephemeral-store';
import type { AllowanceLimits } from '#libs/ephemeral-store';
import type { RequestSecrets } from '#libs/oidc-bridge';
import { digestOf, DomainError, newSecret } from '#libs/vocabulary';

/** One browser's way to the bridge and back. */
export interface ConsoleSignIn extends RequestSecrets {
  /** The page of the console to go on at. */
  readonly back: string;
}

/** More sign-ins were begun within the hour than the organisation's own people can make use of. */
export class TooManyConsoleSignIns extends DomainError {
  constructor() {
    super('too-many-console-sign-ins');
  }
}

/** As long as an interaction of the bridge. */
const ATTEMPT_SECONDS = 900;
/** Sign-ins begun in an hour, from one network and in all: strangers know the address too. A browser that was signed in has its own. */
const BEGUN_PER_HOUR: AllowanceLimits = {
  host: 60,
  site: 120,
  block: 300,
  inAll: 1000,
  lastResort: { host: 10, block: 50 },
  known: 60,
};
const EVERYBODY = 'console';

@Injectable()
export class ConsoleSignIns {
  private readonly begun: Allowance;
  private readonly tickets: Tickets<ConsoleSignIn>;

  constructor(private readonly store: EphemeralStore) {
    this.begun = new Allowance(store, 'console-sign-ins-begun');
    this.tickets = new Tickets(store, {
      kind: 'console-sign-in',
      ttlSeconds: ATTEMPT_SECONDS,
      parse: recordOf<ConsoleSignIn>({ state: isText, nonce: isText, codeVerifier: isText, back: isText }),
      onceClaimed: (attempt) => ({ ...attempt, nonce: '', codeVerifier: '' }),
    });
  }

  /** @throws TooManyConsoleSignIns; EphemeralStoreFull */
  async begin(browserId: string, networkPrefix: string, back: string): Promise<ConsoleSignIn> {
    const visitor = { networkPrefix, browserDigest: digestOf(browserId) };
    const { standing } = await this.begun.spend(EVERYBODY, visitor, BEGUN_PER_HOUR, EVERYBODY);
    if (standing === 'over') throw new TooManyConsoleSignIns();
    // 256 bits: RFC 7636 §4.1 asks as much of a code verifier.
    const attempt = { state: newSecret(), nonce: newSecret(), codeVerifier: newSecret(), back };
    await this.tickets.issue(browserId, attempt, attempt.state);
    return attempt;
  }

  /** Somebody came in from there: what strangers spend is not theirs any more. */
  async noteSuccess(browserId: string, networkPrefix: string): Promise<void> {
    await noteSuccess(this.store, EVERYBODY, { networkPrefix, browserDigest: digestOf(browserId) });
  }

  /** The attempt that a state names, once, in the browser that began it. `again`: it was here before. Null for nobody's. */
  async claim(
    state: string,
    browserId: string,
  ): Promise<{ readonly status: 'first' | 'again'; readonly attempt: ConsoleSignIn } | null> {
    const claim = await this.tickets.claim(state, browserId);
    if (claim === null || claim.status === 'elsewhere') return null;
    return { status: claim.status, attempt: claim.value };
  }

  /** Of what was claimed and could not be finished through no fault of theirs: it waits anew in the same browser. @throws EphemeralStoreFull */
  async giveBack(browserId: string, attempt: ConsoleSignIn): Promise<void> {
    await this.tickets.issue(browserId, attempt, attempt.state);
  }
}
