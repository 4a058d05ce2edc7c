import { Command, CommandBus, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { EventStore, decideAndAppend, readState } from '#libs/event-store';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { SealMessage } from '#libs/sealing';
import type { MessageTerm } from '#libs/sealing';
import { Clock, DomainError, newEventId } from '#libs/vocabulary';
import type { MailAddress, MessageId, PersonId } from '#libs/vocabulary';
import { MailRelay, Outbox, authorField, headerText, readEnvelope } from '#libs/mail';
import type { MailHeader, StagedFile } from '#libs/mail';
import { measureMail, sealForRecipients } from '../seals/seal-for-recipients.ts';
import { mayWriteAs } from '../senders.ts';
import { SubmissionSettings } from './settings.ts';
import type { SealingClient } from './settings.ts';
import { acceptSubmission, requestSha256, submissionIdOf, submissionStream, submissions } from './submission.ts';
import { deliveryOf } from './deliveries.ts';
import { HandOffAtOnce } from './hand-off-at-once.ts';
import { SubmissionPlaces } from './submission-places.ts';
import { checkHasBody, checkHasHeader } from './mail-incomplete.ts';
import type { Submission, SubmissionDelivery, SubmissionId, SubmittedMessage } from './submission.ts';

export interface MailSubmission {
  readonly client: SealingClient;
  /** The same key with the same request is done once, whatever happens in between. Null: each submission is a new one. */
  readonly idempotencyKey: string | null;
  readonly sender: MailAddress;
  /** 1 to `maxRecipients`; the same one twice counts once. */
  readonly recipients: readonly MailAddress[];
  /** Read once, as it comes; sealed byte for byte. */
  readonly mail: AsyncIterable<Uint8Array>;
  readonly delivery: SubmissionDelivery;
  /** From sealing to expiry. Null: as the installation is configured. */
  readonly lifetimeSeconds?: number | null;
  /** Default none. */
  readonly terms?: readonly MessageTerm[];
}

/** A carrier in the hands of who asked for it. */
export interface HandedOutCarrier extends SubmittedMessage {
  readonly bytes: number;
  readonly content: () => AsyncIterable<Uint8Array>;
}

export type Submitted =
  | {
      readonly delivery: 'relay';
      /** In the order of the recipients. `queued`: durable, and the outbox goes on trying. */
      readonly messages: readonly (SubmittedMessage & { readonly delivery: 'relayed' | 'queued' | 'refused' })[];
    }
  | {
      readonly delivery: 'hand-out';
      readonly carriers: readonly HandedOutCarrier[];
      /** To be called once the carriers were read, or will not be. */
      readonly release: () => Promise<void>;
    };

export class NoRecipient extends DomainError {
  constructor() {
    super('no-recipient', 'a mail needs at least one recipient');
  }
}

export class TooManyRecipients extends DomainError {
  readonly maxRecipients: number;

  constructor(maxRecipients: number) {
    super('too-many-recipients', `a mail may have ${maxRecipients} recipients`);
    this.maxRecipients = maxRecipients;
  }
}

/** The client may not write as the sender, or as someone whom the mail says it is from. */
export class SenderNotAllowed extends DomainError {
  readonly where: 'envelope' | 'header';

  constructor(where: 'envelope' | 'header') {
    super('sender-not-allowed', `the client may not write as the sender in the ${where}`);
    this.where = where;
  }
}

/** The carriers were handed out under this key before, too long ago to be there still. */
export class CarriersNoLongerKept extends DomainError {
  constructor() {
    super('carriers-no-longer-kept', 'these carriers were handed out before and are kept no longer');
  }
}

const DEFAULT_AWAIT_FIRST_TRY_MS = 5_000;
const DEFAULT_SUBMISSIONS_AT_ONCE = 16;

/** One mail in; for each recipient a seal, a record and a carrier out. All of them or none. */
export class SubmitMail extends Command<Submitted> {
  readonly submission: MailSubmission;

  constructor(submission: MailSubmission) {
    super();
    this.submission = submission;
  }
}

/**
 * In this order, so that a crash at any moment loses nothing and sends nothing unrecorded: carriers staged and synced to the
 * outbox; `MessageSealed` for each; `SubmissionAccepted`, after which they leave whatever happens (a staged carrier of a process that died
 * is settled by it); then the outbox. A submission that fails before that leaves nothing but, at worst, seals recorded that
 * never left, which name the submission that was never accepted.
 *
 * Where carriers are handed to the relay at once (`handOff`), the order is: staged; recorded; claimed (`SubmissionBegun`); sent; accepted. So
 * nothing waits on this machine, and what the relay did not surely take is tried by the client again, here or elsewhere.
 *
 * @throws NoRecipient, TooManyRecipients, SenderNotAllowed, MailIncomplete, FromUnclear, MailTooLarge, SubmissionKeyReused, CarriersNoLongerKept, TooManySubmissions,
 * SubmissionUnderWay, RelayRefused, RelayUnavailable where carriers are handed over at once; and EventStoreUnavailable, PersonDirectoryUnavailable, OutboxUnavailable, after which the same request may be made again
 */
@CommandHandler(SubmitMail)
export class SubmitMailHandler implements ICommandHandler<SubmitMail> {
  private readonly underWay = new Map<SubmissionId, Promise<unknown>>();
  private readonly places: SubmissionPlaces;
  private readonly atOnce: HandOffAtOnce;

  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly keyring: Keyring,
    private readonly outbox: Outbox,
    private readonly commands: CommandBus,
    private readonly clock: Clock,
    private readonly settings: SubmissionSettings,
    relay: MailRelay,
  ) {
    this.atOnce = new HandOffAtOnce(store, relay, clock);
    this.places = new SubmissionPlaces(settings.submissionsAtOnce ?? DEFAULT_SUBMISSIONS_AT_ONCE);
  }

  async execute({ submission }: SubmitMail): Promise<Submitted> {
    const recipients = [...new Set(submission.recipients)];
    const isAtOnce = this.isAtOnce(submission);
    const maxRecipients = isAtOnce ? 1 : this.settings.maxRecipients;
    if (recipients.length === 0) throw new NoRecipient();
    if (recipients.length > maxRecipients) throw new TooManyRecipients(maxRecipients);
    if (!mayWriteAs(submission.client, submission.sender)) throw new SenderNotAllowed('envelope');

    return this.places.take(submission.client.clientId, () => this.inTurn({ ...submission, recipients }));
  }

  private isAtOnce({ delivery }: Pick<MailSubmission, 'delivery'>): boolean {
    return this.settings.handOff === 'at-once' && delivery === 'relay';
  }

  private async inTurn(submission: MailSubmission): Promise<Submitted> {
    const submissionId = submissionIdOf(submission.client.clientId, submission.idempotencyKey);
    const before = this.underWay.get(submissionId);
    // The same key again waits for what came first in this process; another process is met at the append.
    const running = (async () => {
      await before?.catch(() => undefined);
      return this.submit(submission, submissionId);
    })();
    this.underWay.set(submissionId, running);
    try {
      return await running;
    } finally {
      if (this.underWay.get(submissionId) === running) this.underWay.delete(submissionId);
    }
  }

  private async submit(submission: MailSubmission, submissionId: SubmissionId): Promise<Submitted> {
    if (submission.idempotencyKey !== null) {
      const { state } = await readState(this.store, submissionStream(submissionId), submissions);
      if (state.status === 'accepted') return this.again(submission, submissionId, state);
    }
    const staged: StagedFile[] = [];
    try {
      return await this.sealAndAccept(submission, submissionId, staged);
    } finally {
      // Empty by now, unless it failed before it was accepted.
      for (const file of staged) await file.discard();
    }
  }

  private async sealAndAccept(
    submission: MailSubmission,
    submissionId: SubmissionId,
    staged: StagedFile[],
  ): Promise<Submitted> {
    const { sender, client, delivery } = submission;
    const { measure, mailHeader, senderName, seals } = await sealForRecipients({
      ...submission,
      sealedAt: this.clock.now(),
      keys: {
        sealingRecipient: this.settings.sealingRecipient ?? (() => this.keyring.sealingRecipient()),
        manifestSigner: () => this.keyring.manifestSigner(),
      },
      settings: this.settings,
      terms: { lifetimeSeconds: submission.lifetimeSeconds ?? null, terms: submission.terms ?? [] },
      checkHeader: (header) => {
        checkHasHeader(header);
        checkHasBody(header);
        checkAuthors(header, client);
      },
      openSink: async ({ messageId }, recipient, { smtpUtf8 }) => {
        const mailFrom = this.settings.senderOfCarrier?.(messageId, sender) ?? sender;
        const envelope = { messageId, submissionId, mailFrom, sender, rcptTo: recipient };
        const file = await this.outbox.stage({ ...envelope, ...(smtpUtf8 && { smtpUtf8 }) });
        staged.push(file);
        return file;
      },
    });
    for (const { sink, lastBytes } of seals) {
      await sink.write(lastBytes);
      await sink.finish();
    }
    const options = {
      submissionId,
      senderName,
      ...(this.settings.recordMailSubject && { mailSubject: mailSubjectOf(mailHeader) }),
    };
    await Promise.all(seals.map(({ seal }) => this.commands.execute(new SealMessage(seal, options))));

    const { senderId, recipientIds } = await this.personsOf(submission);
    const { clientId } = client;
    const requestDigest = requestSha256({ ...submission, senderId, recipientIds, mailSha256: measure.sha256() });
    const isAtOnce = this.isAtOnce(submission);
    if (isAtOnce) {
      const { messageId } = (seals[0] as (typeof seals)[number]).seal;
      const before = await this.atOnce.claim(submissionId, { clientId, requestSha256: requestDigest, messageId });
      if (before !== null) return this.answerOf(submission, submissionId, before, recipientIds);
      await this.atOnce.send(staged[0] as StagedFile);
    }
    const facts = {
      eventId: newEventId(),
      clientId,
      requestSha256: requestDigest,
      acceptedAt: this.clock.now(),
      delivery: isAtOnce ? ('at-once' as const) : delivery,
      messages: seals.map(({ seal }, index) => ({
        recipientId: recipientIds[index] as PersonId,
        messageId: seal.messageId,
      })),
    };
    const state = await this.accept(submissionId, facts, staged);
    if (state.status !== 'accepted') throw new Error('accepted, and not');
    const isOurs = state.messages.some(({ messageId }) => messageId === facts.messages[0]?.messageId);
    // Another process took the same request at the same time: its carriers leave, ours do not.
    if (!isOurs) return this.answerOf(submission, submissionId, state, recipientIds);

    const messages = seals.map(({ recipient, seal }) => ({ to: recipient, messageId: seal.messageId }));
    if (isAtOnce)
      return { delivery: 'relay', messages: messages.map((message) => ({ ...message, delivery: 'relayed' })) };
    const ours = staged.splice(0);
    return delivery === 'relay' ? this.deliver(messages, ours) : this.handOut(submission, submissionId, messages, ours);
  }

  private async accept(
    submissionId: SubmissionId,
    facts: Parameters<typeof acceptSubmission>[1],
    staged: StagedFile[],
  ): Promise<Submission> {
    try {
      const decide = (state: Submission) => acceptSubmission(state, facts);
      return (await decideAndAppend(this.store, submissionStream(submissionId), submissions, decide)).state;
    } catch (error) {
      // It may have been written all the same: the carriers stay until that is known.
      if (error instanceof DomainError && error.code === 'event-store-unavailable')
        this.outbox.settleLater(staged.splice(0));
      throw error;
    }
  }

  private async deliver(messages: readonly SubmittedMessage[], staged: readonly StagedFile[]): Promise<Submitted> {
    const { awaitFirstTryMs = DEFAULT_AWAIT_FIRST_TRY_MS } = this.settings;
    const outcomes = await this.outbox.commit(staged, { awaitFirstTryMs });
    return {
      delivery: 'relay',
      messages: messages.map((message, index) => ({ ...message, delivery: outcomes[index] ?? 'queued' })),
    };
  }

  private async handOut(
    { idempotencyKey }: MailSubmission,
    submissionId: SubmissionId,
    messages: readonly SubmittedMessage[],
    staged: readonly StagedFile[],
  ): Promise<Submitted> {
    if (idempotencyKey !== null) {
      await this.outbox.keep(staged);
      return this.keptCarriers(submissionId, messages);
    }
    const found = await Promise.all(staged.map(({ wholePath }) => readEnvelope(wholePath)));
    const carriers = messages.flatMap((message, index) => {
      const { content, contentBytes } = found[index] ?? {};
      return content === undefined || contentBytes === undefined ? [] : [{ ...message, content, bytes: contentBytes }];
    });
    const release = async () => {
      for (const file of staged) await file.discard();
    };
    return { delivery: 'hand-out', carriers, release };
  }

  /** The request came before and was accepted: it is only compared. */
  private async again(
    submission: MailSubmission,
    submissionId: SubmissionId,
    state: Extract<Submission, { status: 'accepted' }>,
  ): Promise<Submitted> {
    const { senderId, recipientIds } = await this.personsOf(submission);
    const mailSha256 = (await measureMail(submission.mail, this.settings.maxMailBytes)).sha256();
    const request = requestSha256({ ...submission, senderId, recipientIds, mailSha256 });
    acceptSubmission(state, { ...state, requestSha256: request, eventId: newEventId() });
    return this.answerOf(submission, submissionId, state, recipientIds);
  }

  private async answerOf(
    { recipients }: MailSubmission,
    submissionId: SubmissionId,
    state: Extract<Submission, { status: 'accepted' }>,
    recipientIds: readonly PersonId[],
  ): Promise<Submitted> {
    const messageIds = new Map<PersonId, MessageId>(state.messages.map((each) => [each.recipientId, each.messageId]));
    const messages = recipients.map((to, index) => ({
      to,
      messageId: messageIds.get(recipientIds[index] as PersonId) as MessageId,
    }));
    if (state.delivery === 'hand-out') return this.keptCarriers(submissionId, messages);
    return {
      delivery: 'relay',
      messages: await Promise.all(
        messages.map(async (message) => ({ ...message, delivery: await this.deliveryOf(state, message.messageId) })),
      ),
    };
  }

  private async deliveryOf({ delivery }: Extract<Submission, { status: 'accepted' }>, messageId: MessageId) {
    return delivery === 'at-once' ? 'relayed' : deliveryOf(messageId, this.store, this.outbox);
  }

  private async keptCarriers(submissionId: SubmissionId, messages: readonly SubmittedMessage[]): Promise<Submitted> {
    const kept = new Map((await this.outbox.kept(submissionId)).map((each) => [each.envelope.messageId, each]));
    const carriers = messages.map((message) => {
      const found = kept.get(message.messageId);
      if (!found) throw new CarriersNoLongerKept();
      return { ...message, bytes: found.contentBytes, content: found.content };
    });
    return { delivery: 'hand-out', carriers, release: () => Promise.resolve() };
  }

  private async personsOf({
    sender,
    recipients,
  }: MailSubmission): Promise<{ senderId: PersonId; recipientIds: PersonId[] }> {
    const recipientIds: PersonId[] = [];
    for (const recipient of recipients) recipientIds.push((await this.persons.findOrCreate(recipient)).personId);
    return { senderId: (await this.persons.findOrCreate(sender)).personId, recipientIds };
  }
}

/** Recipients see the header, not the envelope: everybody whom it names as author or sender must be whom the client may write as. */
function checkAuthors(mailHeader: MailHeader, client: SealingClient): void {
  const named = [authorField(mailHeader, 'from'), authorField(mailHeader, 'sender')].flatMap(({ names }) => names);
  if (!named.every((address) => mayWriteAs(client, address))) throw new SenderNotAllowed('header');
}

function mailSubjectOf(mailHeader: MailHeader): string {
  return headerText(mailHeader.first('subject'));
}
