import { readState } from '#libs/event-store';
import type { EventStore, ReadState } from '#libs/event-store';
import { decryptPersonalData } from '#libs/keyring';
import type { Keyring, Person, PersonDirectory } from '#libs/keyring';
import { messageStream, openability, proofLack, sealedMessages } from '#libs/sealing';
import type { ProofLack, SealedMessage } from '#libs/sealing';
import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { admission } from './admission.ts';
import type { Admission } from './admission.ts';
import { proofOf } from './portal-session.ts';
import type { PortalSession, PortalSessions, ProofInSession } from './portal-session.ts';
import type { WaitingCiphertext } from './waiting-ciphertext.ts';

export type SealedFacts = Extract<SealedMessage, { status: 'sealed' }>;

/** Who is asking: this browser's session, and the network address as the trusted proxies give it. */
export interface Asking {
  readonly sessionId: string;
  readonly networkAddress: string | null;
  /** Whether this browser handed the message in (opened-here.ts). */
  readonly hasOpened: boolean;
}

/** What is known of a message and of who asks for it, and what that comes to. */
export interface Looked {
  /** When it was begun, in milliseconds of performance.now(). */
  readonly since: number;
  readonly decided: Admission;
  /** The message's stream as it was read. */
  readonly read: ReadState<SealedMessage>;
  readonly facts: SealedFacts | null;
  readonly recipient: { readonly address: MailAddress; readonly person: Person } | null;
  readonly proof: ProofInSession | null;
  /** Whether the session holds a proof of the person whom it was sealed for, also where the message is over. */
  readonly isReader: boolean;
}

interface Found extends Pick<Looked, 'since' | 'isReader' | 'read'> {
  readonly session: PortalSession | null | 'upload';
  readonly now: Instant;
}

/** Gathers the facts about a message and whoever asks for it, and has them decided. Writes nothing, but ends a session whose person was erased. */
export class KnownMessages {
  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly keyring: Keyring,
    private readonly waiting: WaitingCiphertext,
    private readonly sessions: PortalSessions,
  ) {}

  /**
   * Null for a stranger: who neither handed the message in here nor proved the address of its recipient. Whatever the message is, the
   * same was looked at for one: their own session, and the message's stream, once each; and nothing is written.
   */
  async look(messageId: MessageId, { sessionId, hasOpened }: Asking, now: Instant): Promise<Looked | null> {
    const since = performance.now();
    const session = await this.sessions.touch(sessionId, now);
    const read = await readState(this.store, messageStream(messageId), sealedMessages);
    const { state } = read;
    const recipientId = state.status === 'unknown' ? null : state.recipientId;
    const isReader = session?.proofs.some(({ personId }) => personId === recipientId) ?? false;
    if (!hasOpened && !isReader) return null;
    const looked = await this.decide(messageId, { read, session, isReader, now, since });
    const mayBeErased = isReader && looked.recipient === null && recipientId !== null;
    if (mayBeErased && (await this.persons.findById(recipientId)) === null) await this.sessions.end(sessionId);
    return looked;
  }

  /** For an upload, which is nobody's yet: what is in its hands need not wait already. */
  async lookAt(messageId: MessageId, now: Instant): Promise<Looked> {
    const since = performance.now();
    const read = await readState(this.store, messageStream(messageId), sealedMessages);
    return this.decide(messageId, { read, session: 'upload', isReader: false, now, since });
  }

  private async decide(messageId: MessageId, found: Found): Promise<Looked> {
    const { read, session, now, since, isReader } = found;
    const { state } = read;
    const facts = state.status === 'sealed' ? state : null;
    const recipient = facts && (await this.recipientOf(facts));
    const proof = recipient && session !== 'upload' ? proofIn(session, recipient) : null;
    const decided = admission({
      openability: openability(state, now),
      isRecipientKnown: recipient !== null,
      isKeyThere: facts !== null && this.keyring.sealingIdentity(facts.sealingKeyId) !== null,
      isCiphertextHere: session === 'upload' || (await this.waiting.isWaiting(messageId)),
      hasProofOfRecipient: proof !== null,
      proofLack: facts && proof && lackOf(facts, proof),
    });
    return { since, decided, read, facts, recipient, proof, isReader };
  }

  async recipientOf(state: SealedFacts): Promise<{ address: MailAddress; person: Person } | null> {
    const person = await this.persons.findById(state.recipientId);
    if (person === null) return null;
    return { person, address: decryptPersonalData(person, state.eventId, 'recipient', state.recipient) as MailAddress };
  }

  /** Null where nothing is known of the sender any more, and as a name where none was recorded. */
  async namedSenderOf(state: SealedFacts): Promise<{ address: MailAddress | null; name: string | null }> {
    const { senderId, eventId, senderName } = state;
    const person = await this.persons.findById(senderId);
    if (person === null) return { address: null, name: null };
    const name = senderName && (decryptPersonalData(person, eventId, 'senderName', senderName) as string);
    return { address: addressIn(state, person), name: name ?? null };
  }

  async senderOf(state: SealedFacts): Promise<MailAddress | null> {
    const person = await this.persons.findById(state.senderId);
    return person && addressIn(state, person);
  }
}

function addressIn({ eventId, sender }: SealedFacts, person: Person): MailAddress {
  return decryptPersonalData(person, eventId, 'sender', sender) as MailAddress;
}

/** What the terms of the message still ask of the proof; null where it is enough. */
export function lackOf(facts: SealedFacts, { method, reader }: ProofInSession): ProofLack | null {
  return proofLack(facts, { method, isReaderNamed: reader !== undefined });
}

/** Of the address, byte for byte, and of the person that it was sealed for: an erased one's successor is somebody else. */
function proofIn(
  session: PortalSession | null,
  { address, person }: NonNullable<Looked['recipient']>,
): ProofInSession | null {
  const proof = proofOf(session, address);
  return proof?.personId === person.personId ? proof : null;
}
