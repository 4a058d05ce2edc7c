import type { DomainEvent, StreamDescriptor } from '#libs/event-store';
import type { EncryptedPersonalData } from '#libs/keyring';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

/**
 * `page`: in the portal's own page; `print`: the same, made for paper; `original`: the whole mail as a file. All of them show
 * what was sealed, so all are views.
 */
export type ViewForm = 'page' | 'print' | 'original';

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
      }
    >
  | DomainEvent<'MessageRevoked', { revokedAt: Instant; revokedBy: string; reason?: string }>
  | DomainEvent<
      'MessageViewed',
      {
        recipientId: PersonId;
        viewedAt: Instant;
        method: string;
        form: ViewForm;
        networkAddress?: EncryptedPersonalData;
        /** Who it was, where a shared mailbox's reader is asked for. */
        reader?: EncryptedPersonalData;
      }
    >
  | DomainEvent<
      'AttachmentDownloaded',
      {
        recipientId: PersonId;
        downloadedAt: Instant;
        method: string;
        attachmentIndex: number;
        networkAddress?: EncryptedPersonalData;
        reader?: EncryptedPersonalData;
      }
    >;

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
      words: ['organisation', 'sealingKeyId', 'manifestKeyId'],
    },
    MessageRevoked: {
      version: 1,
      evidence: 'administrative',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { happenedAt: 'revokedAt', reason: 'reason' },
      words: ['revokedBy', 'reason'],
    },
    MessageViewed: {
      version: 1,
      evidence: 'content-shown',
      outcome: 'done',
      persons: { recipientId: 'reader' },
      encrypted: { networkAddress: 'recipientId', reader: 'recipientId' },
      messages: {},
      facts: { happenedAt: 'viewedAt', method: 'method' },
      words: ['form'],
    },
    AttachmentDownloaded: {
      version: 1,
      evidence: 'file-downloaded',
      outcome: 'done',
      persons: { recipientId: 'reader' },
      encrypted: { networkAddress: 'recipientId', reader: 'recipientId' },
      messages: {},
      facts: { happenedAt: 'downloadedAt', method: 'method' },
      words: [],
    },
  },
} as const satisfies StreamDescriptor<SealedMessageEvent>;
