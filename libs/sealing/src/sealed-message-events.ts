import type { DomainEvent, Revised, StreamDescriptor } from '#libs/event-store';
import type { EncryptedPersonalData } from '#libs/keyring';
import type { EventId, Instant, MessageId, PersonId } from '#libs/vocabulary';
import type { MessageTerm } from './format/message-terms.ts';

/**
 * `page`: in the portal's own page; `print`: the same, made for paper; `original`: the whole mail as a file. All of them show
 * what was sealed, so all are views.
 */
export type ViewForm = 'page' | 'print' | 'original';

/** What a file was shown as in the portal; told by its bytes. */
export type ShownFileKind = 'image' | 'pdf';

/**
 * The stream of one sealed message. What must exclude each other shares it: a view and a revocation are appended at the
 * revision they were decided on, so after a confirmed revocation there is no view. Nothing that a visitor who has not signed in
 * can cause is written here. `sender` and `senderName` are encrypted under the sender's person key; `recipient`, `mailSubject` and
 * `networkAddress` under the recipient's: each with the event's id and the field's own name. Digests are lower-case hex.
 */
export type SealedMessageEvent =
  | DomainEvent<
      'MessageSealed',
      {
        messageId: MessageId;
        organisation: string;
        senderId: PersonId;
        recipientId: PersonId;
        sealingKeyId: string;
        manifestKeyId: string;
        headerSha256: string;
        mailBytes: number;
        mailSha256: string;
        ciphertextBytes: number;
        ciphertextSha256: string;
        sealedAt: Instant;
        expiresAt: Instant;
        sender: EncryptedPersonalData;
        /** Where the organisation shows it before sign-in. */
        senderName?: EncryptedPersonalData;
        recipient: EncryptedPersonalData;
        mailSubject?: EncryptedPersonalData;
        submissionId?: string;
        /** The rule of the organisation's policy that it was sealed by, where there was one. */
        policy?: string;
        /** As in the manifest; absent where nothing is forbidden or asked for. */
        terms?: readonly MessageTerm[];
      }
    >
  | DomainEvent<
      'MessageRevoked',
      { revokedAt: Instant; revokedBy: string; caseNumber?: string; reason?: string; approvedBy?: string }
    >
  | Revised<
      2,
      DomainEvent<
        'MessageViewed',
        {
          recipientId: PersonId;
          viewedAt: Instant;
          method: string;
          form: ViewForm;
          /** The event of the sign-in that this rests on; null where none was named (before version 2). */
          signInId: EventId | null;
          networkAddress?: EncryptedPersonalData;
          /** Who it was, where a shared mailbox's reader is asked for. */
          reader?: EncryptedPersonalData;
        }
      >
    >
  | Revised<
      2,
      DomainEvent<
        'AttachmentDownloaded',
        {
          recipientId: PersonId;
          downloadedAt: Instant;
          method: string;
          attachmentIndex: number;
          /** The event of the sign-in that this rests on; null where none was named (before version 2). */
          signInId: EventId | null;
          /** As the reader's own disk would call it; absent before version 2. */
          fileName?: EncryptedPersonalData;
          networkAddress?: EncryptedPersonalData;
          reader?: EncryptedPersonalData;
        }
      >
    >
  | DomainEvent<
      'AttachmentViewed',
      {
        recipientId: PersonId;
        viewedAt: Instant;
        method: string;
        attachmentIndex: number;
        kind: ShownFileKind;
        /** The event of the sign-in that this rests on; null where none was named. */
        signInId: EventId | null;
        fileName: EncryptedPersonalData;
        networkAddress?: EncryptedPersonalData;
        reader?: EncryptedPersonalData;
      }
    >;

/** From version 1, which did not name the sign-in. */
function withoutSignIn<Data>(data: Data): Data & { signInId: null } {
  return { ...data, signInId: null };
}

export const sealedMessageEvents = {
  category: 'message',
  names: 'message',
  events: {
    MessageSealed: {
      version: 1,
      evidence: 'message-sealed',
      outcome: 'done',
      persons: { senderId: 'sender', recipientId: 'recipient' },
      encrypted: { sender: 'senderId', senderName: 'senderId', recipient: 'recipientId', mailSubject: 'recipientId' },
      messages: { messageId: true },
      facts: { happenedAt: 'sealedAt', submissionId: 'submissionId' },
      words: ['organisation', 'sealingKeyId', 'manifestKeyId', 'policy'],
    },
    MessageRevoked: {
      version: 1,
      evidence: 'administrative',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { happenedAt: 'revokedAt', caseNumber: 'caseNumber', reason: 'reason' },
      words: ['revokedBy', 'approvedBy', 'caseNumber', 'reason'],
    },
    MessageViewed: {
      version: 2,
      upcasts: [withoutSignIn],
      evidence: 'content-shown',
      outcome: 'done',
      persons: { recipientId: 'reader' },
      encrypted: { networkAddress: 'recipientId', reader: 'recipientId' },
      messages: {},
      facts: { happenedAt: 'viewedAt', method: 'method', signInId: 'signInId' },
      words: ['form'],
    },
    AttachmentDownloaded: {
      version: 2,
      upcasts: [withoutSignIn],
      evidence: 'file-downloaded',
      outcome: 'done',
      persons: { recipientId: 'reader' },
      encrypted: { fileName: 'recipientId', networkAddress: 'recipientId', reader: 'recipientId' },
      messages: {},
      facts: { happenedAt: 'downloadedAt', method: 'method', signInId: 'signInId' },
      words: [],
    },
    AttachmentViewed: {
      version: 1,
      evidence: 'content-shown',
      outcome: 'done',
      persons: { recipientId: 'reader' },
      encrypted: { fileName: 'recipientId', networkAddress: 'recipientId', reader: 'recipientId' },
      messages: {},
      facts: { happenedAt: 'viewedAt', method: 'method', signInId: 'signInId' },
      words: ['kind'],
    },
  },
} as const satisfies StreamDescriptor<SealedMessageEvent>;
