import type { Fold, StreamName } from '#libs/event-store';
import { streamName } from '#libs/event-store';
import type { EncryptedPersonalData } from '#libs/keyring';
import { DomainError } from '#libs/vocabulary';
import type { EventId, Instant, MessageId, PersonId } from '#libs/vocabulary';
import { sealedMessageEvents } from './sealed-message-events.ts';
import type { SealedMessageEvent, ShownFileKind, ViewForm } from './sealed-message-events.ts';
import type { MessageTerm } from './format/message-terms.ts';

type DataOf<Type extends SealedMessageEvent['type']> = Extract<SealedMessageEvent, { type: Type }>['data'];
/** What was sealed, and the id of the event that says so, which its personal data is encrypted under. */
export type SealingFacts = DataOf<'MessageSealed'> & { readonly eventId: EventId };

/** Expiry is no event: it follows from `expiresAt` and the time of asking. */
export type SealedMessage =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'sealed' } & Readonly<SealingFacts>)
  | ({ readonly status: 'revoked'; readonly revokedAt: Instant } & Readonly<SealingFacts>);

/**
 * Revocation is final: nothing that comes after it brings a message back, and nothing does come after it. However often a message was opened, a
 * decision looks at its sealing and at the end of its stream.
 */
export const sealedMessages: Fold<SealedMessage, SealedMessageEvent> = {
  events: sealedMessageEvents.events,
  isDecidedByItsEnds: true,
  initialState: () => ({ status: 'unknown' }),
  evolve(state, event) {
    switch (event.type) {
      case 'MessageSealed':
        // A recorded event always has its id; the empty one only keeps a fold over events that were never stored from throwing.
        return state.status === 'unknown'
          ? { status: 'sealed', ...event.data, eventId: event.id ?? ('' as EventId) }
          : state;
      case 'MessageRevoked':
        return state.status === 'sealed' ? { ...state, status: 'revoked', revokedAt: event.data.revokedAt } : state;
      case 'MessageViewed':
      case 'AttachmentDownloaded':
      case 'AttachmentViewed':
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
};

export function messageStream(messageId: MessageId): StreamName {
  return streamName(sealedMessageEvents.category, messageId);
}

export type Openability = 'open' | 'unknown' | 'revoked' | 'expired';

/** Whether a message may be opened at that time. It expires the moment its time comes, not after. */
export function openability(state: SealedMessage, now: Instant): Openability {
  if (state.status !== 'sealed') return state.status;
  return now < state.expiresAt ? 'open' : 'expired';
}

/** Proven, and not in the way that the terms of the message ask for: by an account; with who reads at a shared mailbox. */
export type ProofLack = 'account-required' | 'reader-required';

/** What is asked for may not be shown. The reason is for the record: a reader is told one thing only. */
export class MessageNotOpenable extends DomainError {
  readonly reason: Exclude<Openability, 'open'> | 'other-recipient' | ProofLack;

  constructor(reason: MessageNotOpenable['reason']) {
    super('message-not-openable', `the message may not be shown: ${reason}`);
    this.reason = reason;
  }
}

/** The terms of the message keep it on the pages of the portal: no file and no paper. */
export class DownloadNotAllowed extends DomainError {
  constructor() {
    super('download-not-allowed', 'the terms of the message allow no download and no print');
  }
}

/** How an address was proven, as far as terms ask. */
export interface ProofInHand {
  readonly method: string;
  /** Whether it says who reads, beside the address. */
  readonly isReaderNamed: boolean;
}

type Termed = { readonly terms?: readonly MessageTerm[] };

/**
 * What the terms of a message still ask of a proof of its recipient's address. An account says who reads, unless the organisation's
 * sign-in asks for more, which it does itself.
 */
export function proofLack({ terms = [] }: Termed, { method, isReaderNamed }: ProofInHand): ProofLack | null {
  if (method !== 'passcode') return null;
  if (terms.includes('account')) return 'account-required';
  return terms.includes('shared-mailbox') && !isReaderNamed ? 'reader-required' : null;
}

/** Whether the message may leave the portal as a file or on paper. What is shown on a page is shown in any case. */
export function mayDownload({ terms = [] }: Termed): boolean {
  return !terms.includes('no-download');
}

/** No message of that name was ever recorded here. */
export class UnknownMessage extends DomainError {
  constructor() {
    super('unknown-message', 'no message of that name was ever sealed here');
  }
}

/** One name, two seals: never by chance, since a name is 160 bits of a digest. */
export class MessageAlreadySealed extends DomainError {
  constructor() {
    super('message-already-sealed', 'another seal was recorded under that name');
  }
}

/** Records a seal before its carrier leaves. The same seal again is no event, so a submission that broke off can be repeated. */
export function recordSealing(state: SealedMessage, { eventId, ...data }: SealingFacts): SealedMessageEvent[] {
  if (state.status === 'unknown') return [{ type: 'MessageSealed', id: eventId, data }];
  if (state.ciphertextSha256 === data.ciphertextSha256 && state.headerSha256 === data.headerSha256) return [];
  throw new MessageAlreadySealed();
}

export interface Revocation {
  readonly now: Instant;
  /** Who says so: an operator's or a system's name, never a mail address. */
  readonly revokedBy: string;
  readonly caseNumber?: string;
  readonly reason?: string;
  /** Who else said yes to it, where it took two. */
  readonly approvedBy?: string;
}

/** An expired message can be revoked too: it says more. Revoking twice is no event. @throws UnknownMessage */
export function revokeMessage(state: SealedMessage, { now, ...said }: Revocation): SealedMessageEvent[] {
  if (state.status === 'unknown') throw new UnknownMessage();
  if (state.status === 'revoked') return [];
  return [{ type: 'MessageRevoked', data: { ...said, revokedAt: now } }];
}

/** Who is shown what, and how they proved their address. `eventId` is made for this one response. */
export interface Showing {
  readonly eventId: EventId;
  readonly recipientId: PersonId;
  /** How the address was proven: `passcode`, … */
  readonly method: string;
  /** The event of the sign-in that this rests on; null for a session that began before sign-ins were named. */
  readonly signInId: EventId | null;
  readonly now: Instant;
  readonly networkAddress?: EncryptedPersonalData;
  readonly reader?: EncryptedPersonalData;
}

/** @throws MessageNotOpenable, DownloadNotAllowed for all but the page */
export function viewMessage(
  state: SealedMessage,
  showing: Showing & { readonly form: ViewForm },
): SealedMessageEvent[] {
  checkOpenable(state, showing);
  if (showing.form !== 'page') checkMayDownload(state);
  const { eventId, recipientId, method, signInId, now, form } = showing;
  const data = { recipientId, viewedAt: now, method, signInId, form, ...personalDataOf(showing) };
  return [{ type: 'MessageViewed', version: 2, id: eventId, data }];
}

/** @throws MessageNotOpenable, DownloadNotAllowed */
export function downloadAttachment(
  state: SealedMessage,
  showing: Showing & { readonly attachmentIndex: number; readonly fileName: EncryptedPersonalData },
): SealedMessageEvent[] {
  checkOpenable(state, showing);
  checkMayDownload(state);
  const { eventId, recipientId, method, signInId, now, attachmentIndex, fileName } = showing;
  const data = {
    recipientId,
    downloadedAt: now,
    method,
    signInId,
    attachmentIndex,
    fileName,
    ...personalDataOf(showing),
  };
  return [{ type: 'AttachmentDownloaded', version: 2, id: eventId, data }];
}

/** @throws MessageNotOpenable */
export function viewAttachment(
  state: SealedMessage,
  showing: Showing & {
    readonly attachmentIndex: number;
    readonly kind: ShownFileKind;
    readonly fileName: EncryptedPersonalData;
  },
): SealedMessageEvent[] {
  checkOpenable(state, showing);
  const { eventId, recipientId, method, signInId, now, attachmentIndex, kind, fileName } = showing;
  const data = {
    recipientId,
    viewedAt: now,
    method,
    signInId,
    attachmentIndex,
    kind,
    fileName,
    ...personalDataOf(showing),
  };
  return [{ type: 'AttachmentViewed', id: eventId, data }];
}

function checkOpenable(state: SealedMessage, { recipientId, now, method, reader }: Showing): void {
  const answer = openability(state, now);
  if (answer !== 'open') throw new MessageNotOpenable(answer);
  if (state.status !== 'sealed') return;
  if (state.recipientId !== recipientId) throw new MessageNotOpenable('other-recipient');
  const lack = proofLack(state, { method, isReaderNamed: reader !== undefined });
  if (lack !== null) throw new MessageNotOpenable(lack);
}

function checkMayDownload(state: SealedMessage): void {
  if (state.status === 'sealed' && !mayDownload(state)) throw new DownloadNotAllowed();
}

function personalDataOf({ networkAddress, reader }: Showing): Pick<Showing, 'networkAddress' | 'reader'> {
  return { ...(networkAddress === undefined ? {} : { networkAddress }), ...(reader === undefined ? {} : { reader }) };
}
