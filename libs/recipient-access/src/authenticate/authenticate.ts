import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EphemeralStore } from '#libs/ephemeral-store';
import { decideAndAppend, EventStore, type Fold } from '#libs/event-store';
import { encryptPersonalData, PersonDirectory } from '#libs/keyring';
import { takeAddressProof } from '#libs/passcode';
import { Clock, DomainError, newEventId, type PersonId } from '#libs/vocabulary';
import { RecipientAccessSettings } from '../settings.ts';
import { signInsStream, type SignInEvent } from '../access-events.ts';
import { PortalSessions } from '../portal-session.ts';

/** The proof was used, has expired, or belongs to another browser or journey. */
export class ProofNotAccepted extends DomainError {
  constructor() {
    super('proof-not-accepted');
  }
}

/**
 * Turns a proof of an address into a session of this browser. The proof is good once, in the browser session it was made in,
 * and for the journey it was made for.
 */
export class Authenticate extends Command<{ readonly personId: PersonId }> {
  readonly proofId: string;
  readonly sessionId: string;
  readonly returnTo: string;
  /** The session id that replaces the old one when the proof holds: made by whoever can set the cookie. */
  readonly nextSessionId: () => string;
  readonly networkAddress: string | null;

  constructor(facts: Pick<Authenticate, 'proofId' | 'sessionId' | 'returnTo' | 'nextSessionId' | 'networkAddress'>) {
    super();
    this.proofId = facts.proofId;
    this.sessionId = facts.sessionId;
    this.returnTo = facts.returnTo;
    this.nextSessionId = facts.nextSessionId;
    this.networkAddress = facts.networkAddress;
  }
}

/** Sign-ins stand side by side: nothing is decided on earlier ones. */
const signIns: Fold<null, SignInEvent> = { initialState: () => null, evolve: () => null };

@CommandHandler(Authenticate)
export class AuthenticateHandler implements ICommandHandler<Authenticate> {
  constructor(
    private readonly store: EventStore,
    private readonly ephemeral: EphemeralStore,
    private readonly persons: PersonDirectory,
    private readonly sessions: PortalSessions,
    private readonly clock: Clock,
    private readonly settings: RecipientAccessSettings,
  ) {}

  /** @throws ProofNotAccepted; EventStoreUnavailable: without a record there is no session */
  async execute(command: Authenticate): Promise<{ personId: PersonId }> {
    const proof = await takeAddressProof(this.ephemeral, command.proofId);
    if (proof === null || proof.sessionId !== command.sessionId || proof.returnTo !== command.returnTo) {
      throw new ProofNotAccepted();
    }
    const person = await this.persons.findById(proof.personId);
    if (person === null) throw new ProofNotAccepted(); // erased since
    const now = this.clock.now();
    const id = newEventId();
    const networkAddress =
      this.settings.recordNetworkAddress && command.networkAddress !== null
        ? encryptPersonalData(person, id, 'networkAddress', command.networkAddress)
        : undefined;
    const { method, personId } = proof;
    const data: SignInEvent['data'] = {
      personId,
      method,
      authenticatedAt: now,
      ...(networkAddress === undefined ? {} : { networkAddress }),
    };
    const event: SignInEvent = { id, type: 'RecipientAuthenticated', data };
    await decideAndAppend(this.store, signInsStream(personId), signIns, () => [event]);

    const sessionId = command.nextSessionId();
    await this.sessions.begin(sessionId, { address: proof.address, personId, method, provenAt: proof.provenAt }, now);
    await this.sessions.end(command.sessionId);
    return { personId };
  }
}
