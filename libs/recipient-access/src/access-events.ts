import { streamName } from '#libs/event-store';
import type { DomainEvent, Revised, StreamDescriptor, StreamName } from '#libs/event-store';
import type { EncryptedPersonalData } from '#libs/keyring';
import { authenticationFailed } from '#libs/oidc-bridge';
import type { AuthenticationFailed, SignInMethod } from '#libs/oidc-bridge';
import type { ProofLack } from '#libs/sealing';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

/** Why nothing was shown. For the record and the counters; readers get one answer for all of them. */
export type DenialReason =
  | 'revoked'
  | 'expired'
  /** What was uploaded differs from what MessageSealed says, or ended early. */
  | 'altered'
  /** No proof of the recipient's address in the session that asked. */
  | 'not-proven'
  /** A signature, a key or the content did not hold. */
  | 'seal-broken'
  /** The key of its epoch was destroyed. */
  | 'key-destroyed'
  /** The recipient was erased from the directory. */
  | 'person-erased'
  /** The address was proven by a passcode, and the terms of the message ask for an account, or for who reads a shared mailbox. */
  | ProofLack
  /** A file or a print was asked for, and the terms of the message allow none. */
  | 'download-not-allowed';

/** The stream `openings-<MessageId>`: what happens around a message outside its own stream, capped for each day. */
export type OpeningEvent =
  | DomainEvent<'CarrierOpened', { messageId: MessageId; openedAt: Instant }>
  | DomainEvent<'ViewDenied', { messageId: MessageId; reason: DenialReason; deniedAt: Instant }>
  /** What went past the cap on one day (UTC), as this process counted it. */
  | DomainEvent<'OpeningsSummarised', { messageId: MessageId; day: string; carrierOpened: number; viewDenied: number }>;

/** The stream `signins-<PersonId>` (`signInsStream` of oidc-bridge, which adds the failures that happen at its own pages). */
export type SignInEvent =
  | Revised<
      2,
      DomainEvent<
        'RecipientAuthenticated',
        {
          personId: PersonId;
          method: SignInMethod;
          /** Who vouched for the address: an upstream of the bridge, the bridge itself for a passcode, or the issuer configured. */
          issuer: string;
          /** The challenge by a code that it rests on; null for an account, for another issuer's word, and before version 2. */
          challengeId: string | null;
          /** The account at that issuer, under the person's key. Absent for a passcode, which is nobody's account. */
          subjectId?: EncryptedPersonalData;
          /** Who read a shared mailbox: what was stated or proven, under the key of the mailbox's own person. */
          reader?: EncryptedPersonalData;
          authenticatedAt: Instant;
          networkAddress?: EncryptedPersonalData;
        }
      >
    >
  | AuthenticationFailed;

export function openingsStream(messageId: MessageId): StreamName {
  return streamName(openingEvents.category, messageId);
}

export const openingEvents = {
  category: 'openings',
  names: 'message',
  events: {
    CarrierOpened: {
      version: 1,
      evidence: 'carrier-received',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: { messageId: true },
      facts: { happenedAt: 'openedAt' },
      words: [],
    },
    ViewDenied: {
      version: 1,
      evidence: 'access-refused',
      outcome: 'refused',
      persons: {},
      encrypted: {},
      messages: { messageId: true },
      facts: { happenedAt: 'deniedAt', reason: 'reason' },
      words: ['reason'],
    },
    OpeningsSummarised: {
      version: 1,
      evidence: 'carrier-received',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: { messageId: true },
      facts: {},
      words: ['day'],
    },
  },
} as const satisfies StreamDescriptor<OpeningEvent>;

export const signInEvents = {
  category: 'signins',
  names: { person: 'claimant' },
  events: {
    ...authenticationFailed,
    RecipientAuthenticated: {
      version: 2,
      upcasts: [<Data>(data: Data) => ({ ...data, challengeId: null })],
      evidence: 'identity-proven',
      outcome: 'done',
      persons: { personId: 'claimant' },
      encrypted: { subjectId: 'personId', reader: 'personId', networkAddress: 'personId' },
      messages: {},
      facts: { happenedAt: 'authenticatedAt', method: 'method', challengeId: 'challengeId', signInId: { own: true } },
      words: ['method', 'issuer'],
    },
  },
} as const satisfies StreamDescriptor<SignInEvent>;
