import { streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant, PersonId } from '#libs/vocabulary';

/** How an address was proven. */
export type SignInMethod = 'microsoft' | 'google' | 'organisation' | 'passcode';

/** Why a sign-in came to nothing. For the record alone: readers get one page for all of these. */
export type SignInFailure =
  /** The reader turned back, at the provider's page or ours. */
  | 'cancelled'
  /** The provider answered with an error of its own. */
  | 'provider-error'
  | 'provider-unreachable'
  /** Finished by another browser than the one that began. */
  | 'wrong-browser'
  /** Finished with another provider than the one it began with (RFC 9700 §4.4). */
  | 'wrong-provider'
  | 'wrong-issuer'
  | 'wrong-tenant'
  | 'wrong-audience'
  | 'wrong-nonce'
  /** A code, a state or a proof that was used before, or that nobody waits for any more. */
  | 'replayed'
  /** Algorithm, key, key scope or signature of a token. */
  | 'token-signature'
  /** Expired, not yet valid, of another version, or without a claim that every token has. */
  | 'token-invalid'
  | 'guest-account'
  /** The provider does not vouch for the address (email_verified, xms_edov, authority over the domain). */
  | 'address-unverified'
  /** A proven address, and not the one that was wanted. */
  | 'other-address'
  /** The proof names a person who was erased since. */
  | 'person-erased';

/** An outcome, never an error: who tried to be whom, as far as it was known. At most one for each attempt. */
export type AuthenticationFailed = DomainEvent<
  'AuthenticationFailed',
  {
    /** Whose address was wanted; absent when a client asked for none. */
    personId?: PersonId;
    /** The client of the bridge that asked: `portal`, or a name from the configuration. */
    clientId: string;
    method?: SignInMethod;
    /** The upstream by its name in the configuration, and its issuer as configured. Never what a visitor sent. */
    upstream?: string;
    issuer?: string;
    reason: SignInFailure;
    failedAt: Instant;
  }
>;

/** Shared with `RecipientAuthenticated`: everything about the sign-ins of one person stands in one stream. */
export function signInsStream(personId: PersonId): StreamName {
  return streamName('signins', personId);
}

/** Failures of a client that named no address. */
export function clientSignInsStream(clientId: string): StreamName {
  return streamName(clientSignInEvents.category, clientId);
}

/** Part of the vocabulary of two kinds of streams. */
export const authenticationFailed = {
  AuthenticationFailed: {
    version: 1,
    evidence: 'proof-failed',
    outcome: 'failed',
    persons: { personId: 'claimant' },
    encrypted: {},
    messages: {},
    facts: { happenedAt: 'failedAt', method: 'method', reason: 'reason' },
    words: ['clientId', 'method', 'upstream', 'issuer', 'reason'],
  },
} as const satisfies StreamDescriptor<AuthenticationFailed>['events'];

export const clientSignInEvents = {
  category: 'clientsignins',
  names: 'client',
  events: authenticationFailed,
} as const satisfies StreamDescriptor<AuthenticationFailed>;
