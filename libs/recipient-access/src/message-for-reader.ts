import { setTimeout as sleep } from 'node:timers/promises';
import { decideAndAppend } from '#libs/event-store';
import type { EventStore, ReadState } from '#libs/event-store';
import { encryptPersonalData } from '#libs/keyring';
import type { EncryptedPersonalData, Keyring, Person, PersonDirectory } from '#libs/keyring';
import type { ReaderIdentity } from '#libs/oidc-bridge';
import {
  DownloadNotAllowed,
  mayDownload,
  MessageNotOpenable,
  messageStream,
  openSealedMail,
  SealBroken,
  sealedMessages,
  SealedParts,
} from '#libs/sealing';
import type { Manifest, MessageTerm, OpenSealedMailOptions, SealedMessage, SealedMessageEvent } from '#libs/sealing';
import { newEventId } from '#libs/vocabulary';
import type { Clock, EventId, Instant, MailAddress, MessageId } from '#libs/vocabulary';
import type { DenialReason } from './access-events.ts';
import { isAboutProof, lastingRefusal } from './admission.ts';
import type { ProofRefusal } from './admission.ts';
import { CannotBeShown } from './cannot-be-shown.ts';
import { KnownMessages, lackOf } from './known-messages.ts';
import type { Asking, Looked, SealedFacts } from './known-messages.ts';
import { nextStep } from './next-step.ts';
import type { NextStep } from './next-step.ts';
import type { OpeningsRecord } from './openings-record.ts';
import type { PortalSessions, ProofInSession } from './portal-session.ts';
import type { RecipientAccessSettings } from './settings.ts';
import { CiphertextDiffers } from './waiting-ciphertext.ts';
import type { WaitingCiphertext } from './waiting-ciphertext.ts';

/** 100 ms from the first look at the message: several times what is looked up and written for any refusal (threats.md A21). */
const EVEN_MILLISECONDS = 100;

/** 5 ms: a turn that was given at once. Whoever had to wait for one is looked up again. */
const AT_ONCE_MS = 5;

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
  /** Why the address is to be proven: because it is not, or not as the terms of the message ask. Null where it is. */
  readonly toProve: ProofRefusal | null;
  readonly terms: readonly MessageTerm[];
}

/** What a sign-in is for. */
export interface ToProve {
  readonly address: MailAddress;
  readonly personId: Person['personId'];
  readonly terms: readonly MessageTerm[];
}

/** A message whose every byte was verified, for a reader who proved its recipient's address. Not yet recorded, so not yet to be shown. */
export interface VerifiedMail {
  readonly mail: Buffer;
  readonly manifest: Manifest;
  readonly facts: SealedFacts;
  /** Its stream as it was read for this. */
  readonly read: ReadState<SealedMessage>;
  readonly recipient: Person;
  readonly proof: ProofInSession;
}

/** As VerifiedMail, where only some of its bytes are wanted: each chunk of them is verified as it is opened. */
export interface VerifiedParts extends Pick<VerifiedMail, 'facts' | 'read' | 'recipient' | 'proof'> {
  readonly parts: SealedParts;
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

/** Who may have a message, as it was found a moment ago. */
export interface Admitted extends Pick<Looked, 'read'> {
  /** By performance.now(), in milliseconds. */
  readonly foundAt: number;
  readonly facts: SealedFacts;
  readonly recipient: { readonly address: MailAddress; readonly person: Person };
  readonly proof: ProofInSession;
}

/**
 * What the steps of a journey share: where it stands, the verified mail, and the record that comes before any of it is shown.
 * Everything that cannot be shown leaves as CannotBeShown, with its reason in the record where the message is ours.
 */
export class MessageForReader {
  private readonly known: KnownMessages;

  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly keyring: Keyring,
    private readonly waiting: WaitingCiphertext,
    sessions: PortalSessions,
    private readonly openings: OpeningsRecord,
    private readonly clock: Clock,
    private readonly settings: RecipientAccessSettings,
  ) {
    this.known = new KnownMessages(store, persons, keyring, waiting, sessions);
  }

  /**
   * Takes ciphertext in as it streams, unless its message is over for good; nothing is read of it otherwise.
   * @throws CannotBeShown for what this portal did not seal, may not show any more, or finds altered; UploadsBusy, EphemeralStoreFull,
   * EventStoreUnavailable, PersonDirectoryUnavailable, EphemeralStoreUnavailable; whatever the source throws
   */
  async takeIn(messageId: MessageId, ciphertext: AsyncIterable<Uint8Array>, networkPrefix: string): Promise<void> {
    const now = this.clock.now();
    const looked = await this.known.lookAt(messageId, now);
    const refusal = lastingRefusal(looked.decided);
    const { facts } = looked;
    if (refusal !== null || facts === null) return this.deny(messageId, refusal ?? 'unknown-message', looked);
    try {
      await this.waiting.takeIn(messageId, ciphertext, facts, networkPrefix);
    } catch (error) {
      if (!(error instanceof CiphertextDiffers)) throw error;
      return this.deny(messageId, 'altered', looked);
    }
    await this.openings.record({ type: 'CarrierOpened', data: { messageId, openedAt: now } });
  }

  /**
   * A stranger gets `introduce`, whatever the message is.
   * @throws CannotBeShown to the others, when the message is over for good or waits nowhere, with the reason in the record where
   * it is ours; EventStoreUnavailable, PersonDirectoryUnavailable, EphemeralStoreUnavailable
   */
  async journey(messageId: MessageId, asking: Asking): Promise<Journey | { step: 'introduce' }> {
    const looked = await this.known.look(messageId, asking, this.clock.now());
    if (looked === null) return { step: 'introduce' };
    const { decided, facts, recipient, proof } = looked;
    const step = nextStep(decided);
    if (step === 'cannot-be-shown' || facts === null || recipient === null) {
      return this.deny(messageId, decided.isAdmitted ? 'unknown-message' : decided.reason, looked);
    }
    // Who handed it in and keeps asking does not keep it here: only a step of its reader does.
    if (proof !== null) await this.waiting.keepWaiting(messageId);
    const sender = await this.known.namedSenderOf(facts);
    return {
      step,
      sender: sender.address,
      senderName: sender.name,
      recipient: recipient.address,
      sealedAt: facts.sealedAt,
      expiresAt: facts.expiresAt,
      toProve: decided.isAdmitted || !isAboutProof(decided.reason) ? null : decided.reason,
      terms: facts.terms ?? [],
    };
  }

  /**
   * Whose address a sign-in for the message has to prove, and how; null when none begins: for a stranger, whatever the message is, and
   * for who has proven it already as its terms ask. Whether it waits makes no difference.
   * @throws CannotBeShown when the message is over for good, with the reason in the record; what the stores throw when they are away
   */
  async toProve(messageId: MessageId, asking: Asking): Promise<ToProve | null> {
    const looked = await this.known.look(messageId, asking, this.clock.now());
    if (looked === null || looked.decided.isAdmitted) return null;
    const { decided, facts, recipient, proof } = looked;
    if (proof !== null && (facts === null || lackOf(facts, proof) === null)) return null;
    const refusal = lastingRefusal(decided);
    if (refusal !== null || facts === null || recipient === null) {
      return this.deny(messageId, refusal ?? 'unknown-message', looked);
    }
    // A sign-in that begins is a step, the whole time again.
    await this.waiting.keepWaiting(messageId);
    return { address: recipient.address, personId: recipient.person.personId, terms: facts.terms ?? [] };
  }

  /** Forgets what waits, for a reader who proved the address. @returns whether it was one; throws what the stores throw */
  async forgetFor(messageId: MessageId, asking: Asking): Promise<boolean> {
    const looked = await this.known.look(messageId, asking, this.clock.now());
    if (looked === null || looked.proof === null) return false;
    await this.waiting.forget(messageId);
    return true;
  }

  /**
   * Whether this session may have the message now, without decrypting anything: asked before a turn at opening is taken, so that
   * visitors who have proven nothing take none.
   * @throws CannotBeShown; EventStoreUnavailable; PersonDirectoryUnavailable; EphemeralStoreUnavailable
   */
  async requireAdmitted(messageId: MessageId, asking: Asking): Promise<Admitted> {
    const looked = await this.known.look(messageId, asking, this.clock.now());
    if (looked === null) throw new CannotBeShown('unknown-message');
    const { decided, read, facts, recipient, proof } = looked;
    if (!decided.isAdmitted) {
      return proof === null
        ? this.deny(messageId, decided.reason, looked)
        : this.denySignedIn(messageId, decided.reason);
    }
    if (facts === null || recipient === null || proof === null) return this.deny(messageId, 'unknown-message', looked);
    return { foundAt: performance.now(), read, facts, recipient, proof };
  }

  /**
   * As `requireAdmitted`, for what leaves the portal as a file or on paper. @throws DownloadNotAllowed where the terms of the message
   * allow neither, with the attempt in the record; and what that throws
   */
  async requireMayDownload(messageId: MessageId, asking: Asking): Promise<Admitted> {
    const admitted = await this.requireAdmitted(messageId, asking);
    if (mayDownload(admitted.facts)) return admitted;
    const deniedAt = this.clock.now();
    await this.openings.recordUncapped({
      type: 'ViewDenied',
      data: { messageId, reason: 'download-not-allowed', deniedAt },
    });
    throw new DownloadNotAllowed();
  }

  /**
   * Decrypts and verifies, for a session that holds a proof of the recipient's address.
   * @param admitted what was found when a turn was asked for: it is looked up again unless the turn came at once
   * @throws CannotBeShown; EventStoreUnavailable; PersonDirectoryUnavailable; EphemeralStoreUnavailable
   */
  async verifiedMail(messageId: MessageId, asking: Asking, admitted?: Admitted): Promise<VerifiedMail> {
    const { options, erasable, ...found } = await this.toOpen(messageId, asking, admitted);
    const opened = await this.opened(messageId, async () => {
      const ciphertext = await this.waiting.read(messageId);
      return ciphertext && openSealedMail(ciphertext, options);
    });
    await erasable;
    return { ...opened, ...found };
  }

  /**
   * As `verifiedMail`, for some bytes of a mail that was taken in here: what waits was compared with the record to the last byte, and
   * every chunk is verified as it is opened. @throws as it does
   */
  async verifiedParts(messageId: MessageId, asking: Asking): Promise<VerifiedParts> {
    const { options, erasable, ...admitted } = await this.toOpen(messageId, asking);
    const read = (start: number, end: number) => this.waiting.readRange(messageId, start, end);
    const parts = await this.opened(messageId, () => SealedParts.open(read, options));
    await erasable;
    return { parts, ...admitted };
  }

  /** Some bytes of the mail. @throws as verifiedMail */
  bytesOf(messageId: MessageId, { parts }: VerifiedParts, from: number, to: number): Promise<Buffer> {
    return this.opened(messageId, () => parts.bytes(from, to));
  }

  private async toOpen(messageId: MessageId, asking: Asking, admitted?: Admitted) {
    const isPresent = admitted !== undefined && performance.now() - admitted.foundAt < AT_ONCE_MS;
    const { read, facts, recipient, proof } = isPresent ? admitted : await this.requireAdmitted(messageId, asking);
    const identity = this.keyring.sealingIdentity(facts.sealingKeyId);
    if (identity === null) return this.denySignedIn(messageId, 'key-destroyed');
    await this.waiting.keepWaiting(messageId);
    // A directory that takes no writes takes no erasures either: nothing is shown on the strength of it. Asked while the seal is opened.
    const erasable = this.persons.checkWritable();
    erasable.catch(() => undefined); // heard where it is waited for
    const options: OpenSealedMailOptions = {
      identity,
      verifierFor: (keyId) => this.keyring.manifestVerifier(keyId),
      recorded: facts,
      recipient: recipient.address,
      sender: await this.known.senderOf(facts),
    };
    return { options, erasable, read, facts, recipient: recipient.person, proof };
  }

  /** @param open gives null where the ciphertext is gone */
  private async opened<Opened>(messageId: MessageId, open: () => Promise<Opened | null>): Promise<Opened> {
    try {
      const opened = await open();
      if (opened === null) throw new CannotBeShown('not-waiting');
      return opened;
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
    verified: Pick<VerifiedMail, 'read' | 'recipient' | 'proof'>,
    networkAddress: string | null,
    ...decides: ((state: SealedMessage, facts: ViewFacts) => SealedMessageEvent[])[]
  ): Promise<void> {
    const each = decides.map((decide) => ({ decide, facts: this.viewFacts(verified, networkAddress) }));
    try {
      const decide = (state: SealedMessage) => each.flatMap(({ decide: one, facts }) => one(state, facts));
      const { read: lastRead } = verified;
      await decideAndAppend(this.store, messageStream(messageId), sealedMessages, decide, { lastRead });
    } catch (error) {
      if (!(error instanceof MessageNotOpenable)) throw error;
      const { reason } = error;
      return this.denySignedIn(messageId, reason === 'unknown' || reason === 'other-recipient' ? 'revoked' : reason);
    }
  }

  private viewFacts(
    { recipient, proof }: Pick<VerifiedMail, 'recipient' | 'proof'>,
    networkAddress: string | null,
  ): ViewFacts {
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

  /**
   * What is not ours, or waits nowhere, is counted and never recorded. To who holds no proof the answer takes as long whatever the
   * reason is, and whatever there was to look up and to write for it.
   */
  private async deny(messageId: MessageId, reason: CannotBeShown['reason'], looked: Looked): Promise<never> {
    if (isRecorded(reason)) {
      await this.openings.record({ type: 'ViewDenied', data: { messageId, reason, deniedAt: this.clock.now() } });
    }
    if (!looked.isReader) await sleep(Math.max(0, looked.since + EVEN_MILLISECONDS - performance.now()));
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
}

function isRecorded(reason: CannotBeShown['reason']): reason is CannotBeShown['reason'] & DenialReason {
  return reason !== 'unknown-message' && reason !== 'not-waiting' && reason !== 'not-sealed-mail';
}

/** As it stands in the record, under the key of the mailbox's person. */
export function readerForRecord(reader: ReaderIdentity): Record<string, string | null> {
  return reader.kind === 'stated'
    ? { kind: reader.kind, name: reader.name }
    : {
        ...{ kind: reader.kind, issuer: reader.issuer, subject: reader.subject, address: reader.address },
        ...(reader.name === undefined ? {} : { name: reader.name }),
      };
}
