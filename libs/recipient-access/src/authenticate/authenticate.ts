import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { appendFacts, EventStore } from '#libs/event-store';
import { encryptPersonalData, PersonDirectory } from '#libs/keyring';
import type { Person } from '#libs/keyring';
import { signInsStream } from '#libs/oidc-bridge';
import type { SignInFailure } from '#libs/oidc-bridge';
import { Clock, newEventId } from '#libs/vocabulary';
import type { EventId, Instant, MessageId, PersonId } from '#libs/vocabulary';
import type { SignInEvent } from '../access-events.ts';
import { readerForRecord } from '../message-for-reader.ts';
import { PortalSessions } from '../portal-session.ts';
import { RecipientAccessSettings } from '../settings.ts';
import { IdentityProvider, IdentityProviderUnavailable } from './identity-provider.ts';
import type { ProvenAddress } from './proof-claims.ts';
import { SignInAttempts } from './sign-in-attempts.ts';
import type { SignInAttempt } from './sign-in-attempts.ts';
import { SignInRefused } from './sign-in-refused.ts';

export type Authentication =
  | {
      readonly status: 'authenticated';
      readonly messageId: MessageId;
      readonly personId: PersonId;
      readonly method: string;
    }
  /** Recorded with its reason; the reader is asked to try again, and not told why. */
  | { readonly status: 'failed'; readonly messageId: MessageId; readonly isCancelled: boolean }
  /** The same browser came twice with one answer, as a second click does: nothing happened, and nothing is wrong. */
  | { readonly status: 'repeated'; readonly messageId: MessageId }
  /** An answer that nobody waits for. There is nobody to record it of. */
  | { readonly status: 'unknown' };

/**
 * Turns the answer of the identity provider into a session of this browser, whatever the method was: a passcode, an account, an
 * organisation's own provider. The answer is good once, in the browser that asked for it, for the message it was asked for.
 */
export class Authenticate extends Command<Authentication> {
  /** The query with which the browser came back. */
  readonly answer: URLSearchParams;
  /** Null when it brought no cookie of ours. */
  readonly browserId: string | null;
  readonly sessionId: string | null;
  /** The session id that replaces the old one when the proof holds: made by the caller, which can set the cookie. */
  readonly nextSessionId: () => string;
  readonly networkAddress: string | null;
  /** ClientNetwork.prefix: it is known from then on. */
  readonly networkPrefix: string;

  constructor(facts: Omit<Authenticate, keyof Command<Authentication>>) {
    super();
    this.answer = facts.answer;
    this.browserId = facts.browserId;
    this.sessionId = facts.sessionId;
    this.nextSessionId = facts.nextSessionId;
    this.networkAddress = facts.networkAddress;
    this.networkPrefix = facts.networkPrefix;
  }
}

@CommandHandler(Authenticate)
export class AuthenticateHandler implements ICommandHandler<Authenticate> {
  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly attempts: SignInAttempts,
    private readonly provider: IdentityProvider,
    private readonly sessions: PortalSessions,
    private readonly clock: Clock,
    private readonly settings: RecipientAccessSettings,
  ) {}

  /**
   * @throws IdentityProviderUnavailable, recorded where it is another issuer that is away; EventStoreUnavailable: without a record there is no session;
   * PersonDirectoryUnavailable, EphemeralStoreUnavailable
   */
  async execute(command: Authenticate): Promise<Authentication> {
    // A client without a cookie of ours, such as a scanner or a preview, spends nothing and is nobody to record.
    if (command.browserId === null) return { status: 'unknown' };
    const claimed = await this.attempts.claim(command.answer.get('state') ?? '', command.browserId);
    if (claimed.status === 'unknown') return { status: 'unknown' };
    const { attempt } = claimed;
    const { messageId, personId } = attempt;
    if (claimed.status === 'spent') return { status: 'repeated', messageId };
    if (claimed.status === 'elsewhere') {
      const reason = claimed.wasSpent ? 'replayed' : 'wrong-browser';
      return (await this.attempts.isFirstElsewhere(attempt)) ? this.fail(attempt, reason) : failed(attempt, reason);
    }

    let proof: ProvenAddress;
    try {
      proof = await this.provider.finish(command.answer, attempt);
    } catch (error) {
      const isElsewhere = !this.provider.isOwnBridge;
      if (error instanceof IdentityProviderUnavailable) {
        if (isElsewhere) await this.fail(attempt, 'provider-unreachable');
        // Our own fault, answered "come back": the same answer is good once more, so that a page that is loaded again goes on.
        else await this.attempts.giveBack(attempt);
      }
      if (!(error instanceof SignInRefused)) throw error;
      // Our own bridge has recorded that somebody turned back, with the way they had chosen.
      if (error.reason === 'cancelled' && !isElsewhere) return failed(attempt, 'cancelled');
      return this.fail(attempt, error.reason);
    }
    if (proof.address !== attempt.address) return this.fail(attempt, 'other-address', proof);
    const person = await this.persons.findById(personId);
    if (person === null) return this.fail(attempt, 'person-erased', proof);

    const now = this.clock.now();
    const authenticated = this.authenticated(person, proof, command.networkAddress, now);
    await this.record(personId, authenticated);
    const { address, method, issuer, subject, reader } = proof;
    const sessionId = command.nextSessionId();
    await this.sessions.begin(
      sessionId,
      {
        address,
        personId,
        method,
        issuer,
        subject,
        signInId: authenticated.id,
        provenAt: now,
        ...(reader === undefined ? {} : { reader }),
      },
      now,
    );
    if (command.sessionId !== null) await this.sessions.end(command.sessionId);
    await this.attempts.noteSuccess(attempt, command.networkPrefix);
    return { status: 'authenticated', messageId, personId, method };
  }

  private authenticated(
    person: Person,
    proof: ProvenAddress,
    network: string | null,
    now: Instant,
  ): SignInEvent & { readonly id: EventId } {
    const { personId } = person;
    const { method, issuer, subject, reader, challengeId = null } = proof;
    const id = newEventId();
    const encrypted = (field: string, value: string | Record<string, string | null>) => ({
      [field]: encryptPersonalData(person, id, field, value),
    });
    const data = {
      personId,
      method,
      issuer,
      challengeId,
      ...(method === 'passcode' ? {} : encrypted('subjectId', subject)),
      ...(reader === undefined ? {} : encrypted('reader', readerForRecord(reader))),
      authenticatedAt: now,
      ...(this.settings.recordNetworkAddress && network !== null ? encrypted('networkAddress', network) : {}),
    };
    return { id, type: 'RecipientAuthenticated', version: 2, data };
  }

  private async fail(attempt: SignInAttempt, reason: SignInFailure, proof?: ProvenAddress): Promise<Authentication> {
    const { personId } = attempt;
    const how = proof === undefined ? { issuer: this.provider.issuer } : { method: proof.method, issuer: proof.issuer };
    const data = { personId, clientId: this.provider.clientId, ...how, reason, failedAt: this.clock.now() };
    await this.record(personId, { type: 'AuthenticationFailed', data });
    return failed(attempt, reason);
  }

  private async record(personId: PersonId, event: SignInEvent): Promise<void> {
    await appendFacts(this.store, signInsStream(personId), [event]);
  }
}

function failed({ messageId }: SignInAttempt, reason: SignInFailure): Authentication {
  return { status: 'failed', messageId, isCancelled: reason === 'cancelled' };
}
