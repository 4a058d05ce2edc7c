import { randomBytes } from 'node:crypto';
import { appendFacts, streamName } from '#libs/event-store';
import type { DomainEvent, EventStore } from '#libs/event-store';
import type { SubmissionEvent } from '#libs/gateway';
import type { SealedMessageEvent } from '#libs/sealing';
import { base32Lower, instantOf, newPersonId } from '#libs/vocabulary';
import type { EncryptedPersonalData, MessageId } from '#libs/vocabulary';

export const noon = instantOf('2026-11-30T12:00:00Z');
export const submissionId = 's'.repeat(32);
const persons = { senderId: newPersonId(), recipientId: newPersonId() };

/** The record of what a gateway and a portal write, written by hand: what happens to one message of a program. */
export function messagesOf(store: EventStore, clientId: string) {
  const append = (category: string, id: string, event: DomainEvent) =>
    appendFacts(store, streamName(category, id), [event]);
  return {
    async accepted(delivery: 'relay' | 'at-once' | 'hand-out' = 'relay'): Promise<MessageId> {
      const messageId = base32Lower(randomBytes(20)) as MessageId;
      const digest = '0'.repeat(64);
      const sealed: SealedMessageEvent = {
        type: 'MessageSealed',
        data: {
          ...persons,
          ...{ messageId, organisation: 'Example Office', sealingKeyId: 'k', manifestKeyId: 'm', submissionId },
          ...{ headerSha256: digest, mailBytes: 1, mailSha256: digest, ciphertextBytes: 1, ciphertextSha256: digest },
          ...{ sealedAt: noon, expiresAt: instantOf('2099-01-01T00:00:00Z') },
          sender: 'anna@example.com' as EncryptedPersonalData,
          recipient: 'bo@example.com' as EncryptedPersonalData,
        },
      };
      await append('message', messageId, sealed);
      const accepted: SubmissionEvent = {
        type: 'SubmissionAccepted',
        data: {
          ...{ clientId, requestSha256: digest, acceptedAt: noon, delivery },
          messages: [{ recipientId: persons.recipientId, messageId }],
        },
      };
      await append('submission', base32Lower(randomBytes(20)), accepted);
      return messageId;
    },
    relayed: (messageId: MessageId) =>
      append('delivery', messageId, {
        type: 'CarrierRelayed',
        data: { ...persons, messageId, clientId, relayedAt: noon },
      }),
    refused: (messageId: MessageId) =>
      append('delivery', messageId, {
        type: 'CarrierRefused',
        data: { ...persons, messageId, clientId, reason: 'refused', status: '5.1.1', refusedAt: noon },
      }),
    bounced: (messageId: MessageId) =>
      append('bounce', messageId, {
        type: 'CarrierBounced',
        data: { ...persons, messageId, reason: 'mailbox-full', status: '5.2.2', bounceSha256: 'aa', bouncedAt: noon },
      }),
    viewed: (messageId: MessageId) =>
      append('message', messageId, {
        type: 'MessageViewed',
        version: 2,
        data: {
          ...{ recipientId: persons.recipientId, viewedAt: noon, method: 'passcode', form: 'page', signInId: null },
        },
      }),
    revoked: (messageId: MessageId) =>
      append('message', messageId, {
        type: 'MessageRevoked',
        data: { revokedAt: noon, revokedBy: 'officer', reason: 'sent to anna@example.com by mistake' },
      }),
  };
}

/** @throws Error when it never comes to that */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await isSo());) {
    if (Date.now() > deadline) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
