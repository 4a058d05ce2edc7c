import type { EventStore } from '#libs/event-store';
import { readState, decideAndAppend } from '#libs/event-store';
import { decryptPersonalData, encryptPersonalData, type Person } from '#libs/keyring';
import {
  MessageNotOpenable,
  messageStream,
  openability,
  openSealedMail,
  SealBroken,
  sealedMessages,
  type Manifest,
  type Openability,
  type SealedMessage,
  type SealedMessageEvent,
} from '#libs/sealing';
import type { ReaderIdentity } from '#libs/oidc-bridge';
import type { Clock } from '#libs/vocabulary';
import { newEventId, type EventId, type Instant, type MailAddress, type MessageId } from '#libs/vocabulary';
import type { EncryptedPersonalData, Keyring, PersonDirectory } from '#libs/keyring';
import type { DenialReason } from './access-events.ts';
import { type JourneyFacts, nextStep, type NextStep } from './next-step.ts';
import { CannotBeShown } from './open-carrier/open-carrier.ts';
import type { WaitingCiphertext } from './open-carrier/waiting-ciphertext.ts';
import type { OpeningsRecord } from './openings-record.ts';
import type { PortalSessions } from './portal-session.ts';
import { proofOf, type ProofInSession } from './portal-session.ts';
import type { RecipientAccessSettings } from './settings.ts';

type SealedFacts = Extract<SealedMessage, { status: 'sealed' }>;

/** Who is asking: this browser's session, and the network address as the trusted proxies give it. */
export interface Asking {
  readonly sessionId: string;
  readonly networkAddress: string | null;
}

/** Where a journey stands, and what its page may say before sign-in: from the recorded event alone, nothing is decrypted for it. */
export interface Journey {
  readonly step: NextStep;
  readonly sender: MailAddress | null;
  readonly recipient: MailAddress | null;
  readonly recipientPerson: Person | null;
  readonly sealedAt: Instant | null;
  readonly expiresAt: Instant | null;
  readonly proof: ProofInSession | null;
}

/** A message whose every byte was verified, for a reader who proved its recipient's address. Not yet recorded, so not yet to be shown. */
export interface VerifiedMail {
  readonly mail: Buffer;
  readonly manifest: Manifest;
  readonly facts: SealedFacts;
  readonly recipient: Person;
  readonly proof: ProofInSession;
}

/** What an event about a view needs, beside what the step adds. */
export interface ViewFacts {
  readonly eventId: EventId;
  readonly now: Instant;
  readonly method: string;
  readonly recipientId: Person['personId'];
  readonly networkAddress?: EncryptedPersonalData;
  readonly reader?: EncryptedPersonalData;
}

/**
 * What the steps of a journey share: where it stands, the verified mail, and the record that comes before any of it is shown.
 * Everything that cannot be shown leaves as CannotBeShown, with its reason in the record where the message is ours.
 */
export class MessageForReader {
  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly keyring: Keyring,
    private readonly waiting: WaitingCiphertext,
    private readonly sessions: PortalSessions,
    private readonly openings: OpeningsRecord,
    private readonly clock: Clock,
    private readonly settings: RecipientAccessSettings,
  ) {}

  /**
   * @throws CannotBeShown when the message is ours and may not be shown, with the reason in the record;
   * EventStoreUnavailable, PersonDirectoryUnavailable, EphemeralStoreUnavailable
   */
  async journey(messageId: MessageId, sessionId: string): Promise<Journey> {
    const now = this.clock.now();
    const { state } = await readState(this.store, messageStream(messageId), sealedMessages);
    const isCiphertextWaiting = await this.waiting.isWaiting(messageId);
    const none = { sender: null, recipient: null, recipientPerson: null, sealedAt: null, expiresAt: null, proof: null };
    const reason = denialOf(openability(state, now));
    if (reason !== null) return this.deny(messageId, reason);
    if (state.status !== 'sealed') return { step: 'cannot-be-shown', ...none };

    const recipient = await this.recipientOf(state);
    if (recipient === null) return this.deny(messageId, 'person-erased');
    const proof = proofOf(await this.sessions.touch(sessionId, now), recipient.address);
    const facts: JourneyFacts = {
      openability: openability(state, now),
      isCiphertextWaiting,
      hasProofOfRecipient: proof !== null,
    };
    const step = nextStep(facts);
    if (step === 'cannot-be-shown') return { step, ...none };
    // A stranger who keeps asking does not keep it here: only a step of its reader does.
    if (proof !== null) await this.waiting.keepWaiting(messageId);
    return {
      step,
      sender: await this.senderOf(state),
      recipient: recipient.address,
      recipientPerson: recipient.person,
      sealedAt: state.sealedAt,
      expiresAt: state.expiresAt,
      proof,
    };
  }

  /**
   * Decrypts and verifies, for a session that holds a proof of the recipient's address.
   * @throws CannotBeShown; EventStoreUnavailable; PersonDirectoryUnavailable; EphemeralStoreUnavailable
   */
  async verifiedMail(messageId: MessageId, { sessionId }: Asking): Promise<VerifiedMail> {
    const now = this.clock.now();
    const { state } = await readState(this.store, messageStream(messageId), sealedMessages);
    const reason = denialOf(openability(state, now));
    if (reason !== null) return this.deny(messageId, reason);
    if (state.status !== 'sealed') throw new CannotBeShown('unknown-message');

    const recipient = await this.recipientOf(state);
    if (recipient === null) return this.deny(messageId, 'person-erased');
    const proof = proofOf(await this.sessions.touch(sessionId, now), recipient.address);
    if (proof === null || proof.personId !== recipient.person.personId) return this.deny(messageId, 'not-proven');
    // A directory that takes no writes takes no erasures either: nothing is shown on the strength of it.
    await this.persons.checkWritable();
    const identity = this.keyring.sealingIdentity(state.sealingKeyId);
    if (identity === null) return this.denySignedIn(messageId, 'key-destroyed');
    await this.waiting.keepWaiting(messageId);
    const ciphertext = await this.waiting.read(messageId);
    if (ciphertext === null) throw new CannotBeShown('not-waiting');
    try {
      const opened = await openSealedMail(ciphertext, {
        identity,
        verifierFor: (keyId) => this.keyring.manifestVerifier(keyId),
        recorded: state,
        recipient: recipient.address,
        sender: await this.senderOf(state),
      });
      return { ...opened, facts: state, recipient: recipient.person, proof };
    } catch (error) {
      if (error instanceof SealBroken) return this.denySignedIn(messageId, 'seal-broken');
      if ((error as { code?: unknown }).code === 'ephemeral-value-gone') throw new CannotBeShown('not-waiting');
      throw error;
    }
  }

  /**
   * Appends what `decide` says to the message's stream, at the revision it was decided on: what resolves here is durable, and
   * a revocation confirmed before it makes it fail. The event's id is made here, for this one response.
   *
   * @throws CannotBeShown when the message may no longer be shown; EventStoreUnavailable
   */
  async record(
    messageId: MessageId,
    { recipient, proof }: VerifiedMail,
    networkAddress: string | null,
    decide: (state: SealedMessage, facts: ViewFacts) => SealedMessageEvent[],
  ): Promise<void> {
    const eventId = newEventId();
    const encrypted = {
      ...(this.settings.recordNetworkAddress && networkAddress !== null
        ? { networkAddress: encryptPersonalData(recipient, eventId, 'networkAddress', networkAddress) }
        : {}),
      ...(proof.reader === undefined
        ? {}
        : { reader: encryptPersonalData(recipient, eventId, 'reader', readerForRecord(proof.reader)) }),
    };
    const facts: ViewFacts = {
      eventId,
      now: this.clock.now(),
      method: proof.method,
      recipientId: recipient.personId,
      ...encrypted,
    };
    try {
      await decideAndAppend(this.store, messageStream(messageId), sealedMessages, (state) => decide(state, facts));
    } catch (error) {
      if (!(error instanceof MessageNotOpenable)) throw error;
      const { state } = await readState(this.store, messageStream(messageId), sealedMessages);
      return this.denySignedIn(messageId, denialOf(openability(state, this.clock.now())) ?? 'revoked');
    }
  }

  private async deny(messageId: MessageId, reason: DenialReason): Promise<never> {
    await this.openings.record({ type: 'ViewDenied', data: { messageId, reason, deniedAt: this.clock.now() } });
    throw new CannotBeShown(reason);
  }

  /** For a reader who proved the address: recorded in any case, whatever strangers did with the day's cap. */
  private async denySignedIn(messageId: MessageId, reason: DenialReason): Promise<never> {
    await this.openings.recordUncapped({ type: 'ViewDenied', data: { messageId, reason, deniedAt: this.clock.now() } });
    throw new CannotBeShown(reason);
  }

  private async recipientOf(state: SealedFacts): Promise<{ address: MailAddress; person: Person } | null> {
    const person = await this.persons.findById(state.recipientId);
    if (person === null) return null;
    return { person, address: decryptPersonalData(person, state.eventId, 'recipient', state.recipient) as MailAddress };
  }

  private async senderOf(state: SealedFacts): Promise<MailAddress | null> {
    const person = await this.persons.findById(state.senderId);
    return person && (decryptPersonalData(person, state.eventId, 'sender', state.sender) as MailAddress);
  }
}

function denialOf(answer: Openability): DenialReason | null {
  return answer === 'revoked' || answer === 'expired' ? answer : null;
}

/** As it stands in the record, under the key of the mailbox's person. */
export function readerForRecord(reader: ReaderIdentity): Record<string, string | null> {
  return reader.kind === 'stated'
    ? { kind: reader.kind, name: reader.name }
    : { kind: reader.kind, issuer: reader.issuer, subject: reader.subject, address: reader.address };
}
