import { ADMINISTRATIVE } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor } from '#libs/event-store';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

/**
 * The stream of one mail to one recipient on its way to the next hop. A claim is recorded before anything leaves, and says until when
 * the attempt has surely ended; so of two gateways, or a gateway and its successor after a crash, one sends at a time. `keptSeal` is what
 * a seal is taken up by, enciphered so that it opens for nobody who has not the mail itself (kept-seal.ts).
 */
export type RelayingEvent =
  | DomainEvent<
      'RelayingBegun',
      {
        treatment: RelayedAs;
        /** The policy's rule. */
        rule: string;
        clientId: string;
        begunAt: Instant;
        endsBy: Instant;
        messageId?: MessageId;
        keptSeal?: string;
      }
    >
  /** The same once more, after an attempt of which the end is not known, or which the next hop put off. */
  | DomainEvent<'RelayingResumed', { resumedAt: Instant; endsBy: Instant }>
  | DomainEvent<'RelayingDeferred', { deferredAt: Instant; replyCode: number; enhancedStatus: string }>
  | DomainEvent<
      'CarrierRelayed',
      {
        senderId: PersonId | null;
        recipientId: PersonId;
        messageId: MessageId;
        rule: string;
        clientId: string;
        relayedAt: Instant;
      }
    >
  /** In clear, as policy says: who got it, by which rule. */
  | DomainEvent<
      'MailPassedOn',
      { senderId: PersonId | null; recipientId: PersonId; rule: string; clientId: string; passedOnAt: Instant }
    >
  | DomainEvent<
      'MailRefused',
      {
        senderId: PersonId | null;
        recipientId: PersonId;
        by: 'policy' | 'next-hop';
        rule: string;
        clientId: string;
        replyCode: number;
        enhancedStatus: string;
        refusedAt: Instant;
      }
    >;

export type RelayedAs = 'sealed' | 'clear';

const persons = { senderId: 'sender', recipientId: 'recipient' } as const;

export const relayingEvents = {
  category: 'relaying',
  names: 'nothing',
  events: {
    RelayingBegun: {
      version: 1,
      evidence: 'bookkeeping',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: { messageId: true },
      facts: { happenedAt: 'begunAt' },
      words: ['treatment', 'rule', 'clientId'],
    },
    RelayingResumed: {
      version: 1,
      evidence: 'bookkeeping',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { happenedAt: 'resumedAt' },
      words: [],
    },
    RelayingDeferred: {
      version: 1,
      evidence: 'bookkeeping',
      outcome: 'failed',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { happenedAt: 'deferredAt' },
      words: ['enhancedStatus'],
    },
    CarrierRelayed: {
      ...ADMINISTRATIVE,
      persons,
      messages: { messageId: true },
      facts: { happenedAt: 'relayedAt' },
      words: ['rule', 'clientId'],
    },
    MailPassedOn: {
      ...ADMINISTRATIVE,
      persons,
      facts: { happenedAt: 'passedOnAt' },
      words: ['rule', 'clientId'],
    },
    MailRefused: {
      ...ADMINISTRATIVE,
      outcome: 'refused',
      persons,
      facts: { happenedAt: 'refusedAt' },
      words: ['by', 'rule', 'clientId', 'enhancedStatus'],
    },
  },
} as const satisfies StreamDescriptor<RelayingEvent>;
