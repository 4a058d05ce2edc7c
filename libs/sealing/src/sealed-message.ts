import type { Fold, StreamName } from '#libs/event-store';
import { streamName } from '#libs/event-store';
import type { EncryptedPersonalData } from '#libs/keyring';
import { DomainError } from '#libs/vocabulary';
import type { EventId, Instant, MessageId, PersonId } from '#libs/vocabulary';
import { sealedMessageEvents } from './sealed-message-events.ts';
import type { SealedMessageEvent, ShownFileKind, ViewForm } from './sealed-message-events.ts';

type DataOf<Type extends SealedMessageEvent['type']> = Extract<SealedMessageEvent, { type: Type }>['data'];
/** What was sealed, and the id of the event that says so, which its personal data is encrypted under. */
export type SealingFacts = DataOf<'MessageSealed'> & { readonly eventId: EventId };

/** Expiry is no event: it follows from `expiresAt` and the time of asking. */
export type SealedMessage =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'sealed' } & Readonly<SealingFacts>)
  | ({ readonly status: 'revoked'; readonly revokedAt: Instant } & Readonly<SealingFacts>);

/** Revocation is final: nothing that comes after it brings a message back. */
export const sealedMessages: Fold<SealedMessage, SealedMessageEvent> = {
  events: sealedMessageEvents.events,
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

/** What is asked for may not be shown. The reason is for the record: a reader is told one thing only. */
export class MessageNotOpenable extends DomainError {
  readonly reason: Exclude<Openability, 'open'> | 'other-recipient';

  constructor(reason: Exclude<Openability, 'open'> | 'other-recipient') {
    super('message-not-openable', `the message may not be shown: ${reason}`);
    this.reason = reason;
  }
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

/** @throws MessageNotOpenable */
export function viewMessage(
  state: SealedMessage,
  showing: Showing & { readonly form: ViewForm },
): SealedMessageEvent[] {
  checkOpenable(state, showing);
  const { eventId, recipientId, method, signInId, now, form } = showing;
  const data = { recipientId, viewedAt: now, method, signInId, form, ...personalDataOf(showing) };
  return [{ type: 'MessageViewed', version: 2, id: eventId, data }];
}

/** @throws MessageNotOpenable */
export function downloadAttachment(
  state: SealedMessage,
  showing: Showing & { readonly attachmentIndex: number; readonly fileName: EncryptedPersonalData },
): SealedMessageEvent[] {
  checkOpenable(state, showing);
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

function checkOpenable(state: SealedMessage, { recipientId, now }: Showing): void {
  const answer = openability(state, now);
  if (answer !== 'open') throw new MessageNotOpenable(answer);
  if (state.status === 'sealed' && state.recipientId !== recipientId) throw new MessageNotOpenable('other-recipient');
}

function personalDataOf({ networkAddress, reader }: Showing): Pick<Showing, 'networkAddress' | 'reader'> {
  return { ...(networkAddress === undefined ? {} : { networkAddress }), ...(reader === undefined ? {} : { reader }) };
}
