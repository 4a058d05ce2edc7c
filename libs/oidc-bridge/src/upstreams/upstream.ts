import { DomainError } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import type { SignInFailure, SignInMethod } from '../sign-in-events.ts';
import type { StandingListener, Trouble } from './standing.ts';

/** What an upstream needs back to finish what it began: JSON, kept in the ephemeral store for ten minutes at most, never in a cookie. */
export type KeptForUpstream = Readonly<Record<string, string>>;

/** @param secrets of one attempt: state, nonce and PKCE verifier */
export function keptForUpstream(
  upstream: string,
  { state, nonce, codeVerifier }: { readonly state: string; readonly nonce: string; readonly codeVerifier: string },
): KeptForUpstream {
  return { upstream, state, nonce, codeVerifier };
}

export interface BeginUpstream {
  /** 256 random bits, base64url: made, kept and compared by whoever begins. */
  readonly state: string;
  /** The one redirect URI of this upstream. */
  readonly redirectUri: string;
  readonly wantedAddress: MailAddress | null;
  readonly locale: Locale;
  /** After an account there that did not do: another one is to be chosen. False by default. */
  readonly isForAnother?: boolean;
  /** Of this attempt alone, where whoever begins keeps them (keptForUpstream); made by the upstream by default. */
  readonly secrets?: { readonly nonce: string; readonly codeVerifier: string };
}

export interface FinishUpstream {
  /** The address that the browser came back to, query and all. `state` was compared already. */
  readonly callback: URL;
  readonly redirectUri: string;
  readonly kept: KeptForUpstream;
}

/** An account at a provider, after its token was checked in every respect. */
export interface UpstreamIdentity {
  readonly method: SignInMethod;
  readonly issuer: string;
  readonly subject: string;
  /** The address that the provider's token proves by this upstream's rules; null when it proves none. */
  readonly provenAddress: MailAddress | null;
  /** Why it proves none: for the record. */
  readonly unproven: Extract<SignInFailure, 'address-unverified' | 'guest-account'> | null;
  /** What the provider calls this account, proven or not: shown to whoever is signed in and to nobody else, kept nowhere. */
  readonly shownAs: string | null;
  /** Console roles that its claims map to; only ever from an organisation's own provider. */
  readonly roles: readonly string[];
}

/** How well an account of this upstream suits an address, as far as the address tells: the order and the hint on the sign-in page. */
export type Suitability = 'fits' | 'may-fit' | 'does-not-fit';

/** An identity provider as configured. One folder each under upstreams/; the rules of a provider live in its folder alone. */
export abstract class Upstream {
  /** Its name in the configuration: in the redirect URI, in the record. a–z, 0–9, hyphen. */
  abstract readonly id: string;
  abstract readonly method: SignInMethod;
  /** What the button says after "Sign in with": a product's name, or what the organisation calls its own. */
  abstract readonly name: string;
  /** As configured, for the record. */
  abstract readonly issuer: string;
  /** Whether it may sign staff in to the console. */
  abstract readonly givesRoles: boolean;

  abstract suits(address: MailAddress): Suitability;

  /** False for a while after it could not be reached: its button then says so. Asks nobody. */
  abstract isReachable(): boolean;

  /** Why it could not be used when it was last asked; null when it could, or was not asked yet. Asks nobody. */
  abstract trouble(): Trouble | null;

  /** The one who hears of it when this changes, instead of the one before. */
  abstract tell(listener: StandingListener): void;

  /** Asks for what it says of itself, now. Whatever comes of it is its trouble. */
  abstract examine(): Promise<void>;

  /** Where to send the browser, and what to keep. @throws UpstreamUnreachable */
  abstract begin(wish: BeginUpstream): Promise<{ readonly location: URL; readonly kept: KeptForUpstream }>;

  /**
   * Exchanges the code and checks the token. Never twice for the same `kept`.
   * @throws UpstreamRefused with the reason for the record; UpstreamUnreachable
   */
  abstract finish(attempt: FinishUpstream): Promise<UpstreamIdentity>;
}

/** What came back is not what this upstream's rules accept, or the reader turned back there. */
export class UpstreamRefused extends DomainError {
  readonly reason: SignInFailure;

  /** @param detail for the log, in our own words: nothing that a visitor sent */
  constructor(reason: SignInFailure, detail?: string) {
    super('upstream-refused', detail ?? reason);
    this.reason = reason;
  }
}

/** It does not know us, or not by this credential: nothing that a visitor could bring about. */
export class ClientRefused extends UpstreamRefused {
  constructor(detail: string) {
    super('provider-error', detail);
  }
}

/** No answer, a late one, or one that is not to be used: the button rests for a while, the other ways in stay. */
export class UpstreamUnreachable extends DomainError {
  constructor(detail: string, options?: ErrorOptions) {
    super('upstream-unreachable', detail, options);
  }
}
