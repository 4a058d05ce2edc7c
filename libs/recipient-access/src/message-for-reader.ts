import type { EventStore } from '#libs/event-store';
import { readState, decideAndAppend } from '#libs/event-store';
import { decryptPersonalData, encryptPersonalData } from '#libs/keyring';
import {
  MessageNotOpenable,
  messageStream,
  openability,
  openSealedMail,
  SealBroken,
  sealedMessages,
} from '#libs/sealing';
import type { Manifest, SealedMessage, SealedMessageEvent } from '#libs/sealing';
import type { ReaderIdentity } from '#libs/oidc-bridge';
import type { Clock, EventId, Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { newEventId } from '#libs/vocabulary';
import type { EncryptedPersonalData, Keyring, PersonDirectory, Person } from '#libs/keyring';
import type { DenialReason } from './access-events.ts';
import { admission, lastingRefusal } from './admission.ts';
import type { Admission } from './admission.ts';
import { CannotBeShown } from './cannot-be-shown.ts';
import { nextStep } from './next-step.ts';
import type { NextStep } from './next-step.ts';
import type { OpeningsRecord } from './openings-record.ts';
import type { PortalSessions, ProofInSession } from './portal-session.ts';
import { proofOf } from './portal-session.ts';
import type { RecipientAccessSettings } from './settings.ts';
import { CiphertextDiffers } from './waiting-ciphertext.ts';
import type { WaitingCiphertext } from './waiting-ciphertext.ts';

type SealedFacts = Extract<SealedMessage, { status: 'sealed' }>;

/** Who is asking: this browser's session, and the network address as the trusted proxies give it. */
export interface Asking {
  readonly sessionId: string;
  readonly networkAddress: string | null;
  /** Whether this browser handed the message in (opened-here.ts). */
  readonly hasOpened: boolean;
}

/** Where a journey stands, and what its page may say before sign-in: from the recorded event alone, nothing is decrypted for it. */
export interface Journey {
  readonly step: Exclude<NextStep, 'cannot-be-shown'>;
  /** Null once the sender was erased from the directory. */
  readonly sender: MailAddress | null;
  /** Null where it was not recorded, too. */
  readonly senderName: string | null;
  readonly recipient: MailAddress;
  readonly sealedAt: Instant;
  readonly expiresAt: Instant;
}

/** What a sign-in is for; nothing when this browser has proven it already. */
export type ToProve =
  | { readonly isProven: true }
  | { readonly isProven: false; readonly address: MailAddress; readonly personId: Person['personId'] };

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
  readonly signInId: EventId | null;
  readonly recipientId: Person['personId'];
  readonly networkAddress?: EncryptedPersonalData;
  readonly reader?: EncryptedPersonalData;
}

/** What is known of a message and of who asks for it, and what that comes to. */
interface Looked {
  readonly decided: Admission;
  readonly facts: SealedFacts | null;
  readonly recipient: { readonly address: MailAddress; readonly person: Person } | null;
  readonly proof: ProofInSession | null;
}

interface Admitted {
  readonly facts: SealedFacts;
  readonly recipient: { readonly address: MailAddress; readonly person: Person };
  readonly proof: ProofInSession;
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
   * Takes ciphertext in as it streams, unless its message is over for good; nothing is read of it otherwise.
   * @throws CannotBeShown for what this portal did not seal, may not show any more, or finds altered; EphemeralStoreFull,
   * EventStoreUnavailable, PersonDirectoryUnavailable, EphemeralStoreUnavailable; whatever the source throws
   */
  async takeIn(messageId: MessageId, ciphertext: AsyncIterable<Uint8Array>): Promise<void> {
    const now = this.clock.now();
    const { decided, facts } = await this.look(messageId, null, now);
    const refusal = lastingRefusal(decided);
    if (refusal !== null || facts === null) return this.deny(messageId, refusal ?? 'unknown-message');
    try {
      await this.waiting.takeIn(messageId, ciphertext, facts);
    } catch (error) {
      if (!(error instanceof CiphertextDiffers)) throw error;
      return this.deny(messageId, 'altered');
    }
    await this.openings.record({ type: 'CarrierOpened', data: { messageId, openedAt: now } });
  }

  /**
   * Who neither handed the message in here nor proved its recipient's address gets `introduce`, whatever the message is.
   * @throws CannotBeShown to the others, when the message is over for good or waits nowhere, with the reason in the record where
   * it is ours; EventStoreUnavailable, PersonDirectoryUnavailable, EphemeralStoreUnavailable
   */
  async journey(messageId: MessageId, { sessionId, hasOpened }: Asking): Promise<Journey | { step: 'introduce' }> {
    const { decided, facts, recipient, proof } = await this.look(messageId, sessionId, this.clock.now());
    if (proof === null && !hasOpened) return { step: 'introduce' };
    const step = nextStep(decided);
    if (step === 'cannot-be-shown' || facts === null || recipient === null) {
      return this.deny(messageId, decided.isAdmitted ? 'unknown-message' : decided.reason);
    }
    // A stranger who keeps asking does not keep it here: only a step of its reader does.
    if (proof !== null) await this.waiting.keepWaiting(messageId);
    return {
      step,
      sender: await this.senderOf(facts),
      senderName: await this.senderNameOf(facts),
      recipient: recipient.address,
      sealedAt: facts.sealedAt,
      expiresAt: facts.expiresAt,
    };
  }

  /**
   * Whose address a sign-in for the message has to prove. Whether it waits makes no difference: a sign-in that turned from
   * impossible to possible would tell when somebody hands it in.
   * @throws CannotBeShown when the message is over for good, with the reason in the record; what the stores throw when they are away
   */
  async toProve(messageId: MessageId, { sessionId, hasOpened }: Asking): Promise<ToProve> {
    const { decided, facts, recipient, proof } = await this.look(messageId, sessionId, this.clock.now());
    if (decided.isAdmitted || proof !== null) return { isProven: true };
    const refusal = lastingRefusal(decided);
    if (refusal !== null || facts === null || recipient === null) {
      return this.deny(messageId, refusal ?? 'unknown-message');
    }
    // A sign-in that begins is a step, the whole time again: of the browser that handed it in, and of no other.
    if (hasOpened) await this.waiting.keepWaiting(messageId);
    return { isProven: false, address: recipient.address, personId: recipient.person.personId };
  }

  /** Forgets what waits, for a reader who proved the address. @returns whether it was one; throws what the stores throw */
  async forgetFor(messageId: MessageId, { sessionId }: Asking): Promise<boolean> {
    const { proof } = await this.look(messageId, sessionId, this.clock.now());
    if (proof !== null) await this.waiting.forget(messageId);
    return proof !== null;
  }

  /**
   * Whether this session may have the message now, without decrypting anything: asked before a turn at opening is taken, so that
   * whoever has proven nothing takes none.
   * @throws CannotBeShown; EventStoreUnavailable; PersonDirectoryUnavailable; EphemeralStoreUnavailable
   */
  async requireAdmitted(messageId: MessageId, { sessionId }: Asking): Promise<Admitted> {
    const { decided, facts, recipient, proof } = await this.look(messageId, sessionId, this.clock.now());
    if (!decided.isAdmitted) {
      return proof === null ? this.deny(messageId, decided.reason) : this.denySignedIn(messageId, decided.reason);
    }
    if (facts === null || recipient === null || proof === null) return this.deny(messageId, 'unknown-message');
    return { facts, recipient, proof };
  }

  /**
   * Decrypts and verifies, for a session that holds a proof of the recipient's address.
   * @throws CannotBeShown; EventStoreUnavailable; PersonDirectoryUnavailable; EphemeralStoreUnavailable
   */
  async verifiedMail(messageId: MessageId, asking: Asking): Promise<VerifiedMail> {
    const { facts, recipient, proof } = await this.requireAdmitted(messageId, asking);
    // A directory that takes no writes takes no erasures either: nothing is shown on the strength of it.
    await this.persons.checkWritable();
    const identity = this.keyring.sealingIdentity(facts.sealingKeyId);
    if (identity === null) return this.denySignedIn(messageId, 'key-destroyed');
    await this.waiting.keepWaiting(messageId);
    const ciphertext = await this.waiting.read(messageId);
    if (ciphertext === null) throw new CannotBeShown('not-waiting');
    try {
      const opened = await openSealedMail(ciphertext, {
        identity,
        verifierFor: (keyId) => this.keyring.manifestVerifier(keyId),
        recorded: facts,
        recipient: recipient.address,
        sender: await this.senderOf(facts),
      });
      return { ...opened, facts, recipient: recipient.person, proof };
    } catch (error) {
      if (error instanceof SealBroken) return this.denySignedIn(messageId, 'seal-broken');
      if ((error as { code?: unknown }).code === 'ephemeral-value-gone') throw new CannotBeShown('not-waiting');
      throw error;
    }
  }

  /**
   * Appends what `decides` say to the message's stream, together, at the revision it was decided on: what resolves here is durable,
   * and a revocation confirmed before it makes it fail. The events' ids are made here, for this one response.
   *
   * @throws CannotBeShown when the message may no longer be shown; EventStoreUnavailable
   */
  async record(
    messageId: MessageId,
    verified: VerifiedMail,
    networkAddress: string | null,
    ...decides: ((state: SealedMessage, facts: ViewFacts) => SealedMessageEvent[])[]
  ): Promise<void> {
    const each = decides.map((decide) => ({ decide, facts: this.viewFacts(verified, networkAddress) }));
    try {
      await decideAndAppend(this.store, messageStream(messageId), sealedMessages, (state) =>
        each.flatMap(({ decide, facts }) => decide(state, facts)),
      );
    } catch (error) {
      if (!(error instanceof MessageNotOpenable)) throw error;
      return this.denySignedIn(messageId, error.reason === 'expired' ? 'expired' : 'revoked');
    }
  }

  private viewFacts({ recipient, proof }: VerifiedMail, networkAddress: string | null): ViewFacts {
    const eventId = newEventId();
    return {
      eventId,
      now: this.clock.now(),
      method: proof.method,
      signInId: proof.signInId ?? null,
      recipientId: recipient.personId,
      ...(this.settings.recordNetworkAddress && networkAddress !== null
        ? { networkAddress: encryptPersonalData(recipient, eventId, 'networkAddress', networkAddress) }
        : {}),
      ...(proof.reader === undefined
        ? {}
        : { reader: encryptPersonalData(recipient, eventId, 'reader', readerForRecord(proof.reader)) }),
    };
  }

  /** Gathers the facts, and has them decided. @param sessionId null for an upload, which is nobody's yet */
  private async look(messageId: MessageId, sessionId: string | null, now: Instant): Promise<Looked> {
    const { state } = await readState(this.store, messageStream(messageId), sealedMessages);
    const facts = state.status === 'sealed' ? state : null;
    const recipient = facts && (await this.recipientOf(facts));
    const proof = recipient && sessionId !== null ? await this.proofIn(sessionId, recipient, now) : null;
    const decided = admission({
      openability: openability(state, now),
      isRecipientKnown: recipient !== null,
      isKeyThere: facts !== null && this.keyring.sealingIdentity(facts.sealingKeyId) !== null,
      isCiphertextHere: sessionId === null || (await this.waiting.isWaiting(messageId)),
      hasProofOfRecipient: proof !== null,
    });
    return { decided, facts, recipient, proof };
  }

  /** Of the address, byte for byte, and of the person that it was sealed for: an erased one's successor is somebody else. */
  private async proofIn(
    sessionId: string,
    { address, person }: NonNullable<Looked['recipient']>,
    now: Instant,
  ): Promise<ProofInSession | null> {
    const proof = proofOf(await this.sessions.touch(sessionId, now), address);
    return proof?.personId === person.personId ? proof : null;
  }

  /** What is not ours, or waits nowhere, is counted and never recorded. */
  private async deny(messageId: MessageId, reason: CannotBeShown['reason']): Promise<never> {
    if (isRecorded(reason)) {
      await this.openings.record({ type: 'ViewDenied', data: { messageId, reason, deniedAt: this.clock.now() } });
    }
    throw new CannotBeShown(reason);
  }

  /** For a reader who proved the address: recorded in any case, whatever strangers did with the day's cap. */
  private async denySignedIn(messageId: MessageId, reason: CannotBeShown['reason']): Promise<never> {
    if (isRecorded(reason)) {
      await this.openings.recordUncapped({
        type: 'ViewDenied',
        data: { messageId, reason, deniedAt: this.clock.now() },
      });
    }
    throw new CannotBeShown(reason);
  }

  private async recipientOf(state: SealedFacts): Promise<{ address: MailAddress; person: Person } | null> {
    const person = await this.persons.findById(state.recipientId);
    if (person === null) return null;
    return { person, address: decryptPersonalData(person, state.eventId, 'recipient', state.recipient) as MailAddress };
  }

  private async senderNameOf({ senderId, eventId, senderName }: SealedFacts): Promise<string | null> {
    if (senderName === undefined) return null;
    const person = await this.persons.findById(senderId);
    return person && (decryptPersonalData(person, eventId, 'senderName', senderName) as string);
  }

  private async senderOf(state: SealedFacts): Promise<MailAddress | null> {
    const person = await this.persons.findById(state.senderId);
    return person && (decryptPersonalData(person, state.eventId, 'sender', state.sender) as MailAddress);
  }
}

function isRecorded(reason: CannotBeShown['reason']): reason is DenialReason {
  return reason !== 'unknown-message' && reason !== 'not-waiting' && reason !== 'not-sealed-mail';
}

/** As it stands in the record, under the key of the mailbox's person. */
export function readerForRecord(reader: ReaderIdentity): Record<string, string | null> {
  return reader.kind === 'stated'
    ? { kind: reader.kind, name: reader.name }
    : { kind: reader.kind, issuer: reader.issuer, subject: reader.subject, address: reader.address };
}
