import type { DomainEvent, StreamDescriptor } from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';

/** One browser's wish to prove one address: 128 random bits in base32, 26 characters. Good in that browser alone. */
export type ChallengeId = string & { readonly __brand: 'ChallengeId' };

/** `short`: 8 digits, guarded by counting. `long`: 80 random bits, which need no counting. */
export type OtpForm = 'short' | 'long';

/** Absent in events recorded before there were clients: they were all of messages. */
export type BudgetInEvent = { budget?: 'message' } | { budget: 'client'; clientId: string };

/** Only `wrong` was ever compared; the others say why a comparison could not matter, whatever was entered. */
export type OtpRejection = 'wrong' | 'expired' | 'superseded' | 'short-codes-suspended';

export type DeliveryFailure = 'refused' | 'unreachable' | 'superseded';

/**
 * The stream of one person, `passcodes-<PersonId>`: limits span that person's challenges, and an append reaches one stream.
 * Never in it: a code, a digest of one, an address. `networkTag` is a pseudonym under the person's key (personPseudonym).
 * `codeNumber` counts the codes of a challenge from 1.
 */
export type PasscodeEvent =
  | DomainEvent<
      'OtpIssued',
      {
        challengeId: ChallengeId;
        codeNumber: number;
        form: OtpForm;
        networkTag: string;
        issuedAt: Instant;
        expiresAt: Instant;
      } & BudgetInEvent
    >
  | DomainEvent<'OtpDelivered', { challengeId: ChallengeId; codeNumber: number; deliveredAt: Instant; tries: number }>
  | DomainEvent<
      'OtpDeliveryFailed',
      { challengeId: ChallengeId; codeNumber: number; failedAt: Instant; tries: number; failure: DeliveryFailure }
    >
  | DomainEvent<
      'OtpRejected',
      {
        challengeId: ChallengeId;
        codeNumber: number;
        form: OtpForm;
        rejectedAt: Instant;
        reason: OtpRejection;
      } & BudgetInEvent
    >
  | DomainEvent<'OtpAccepted', { challengeId: ChallengeId; codeNumber: number; form: OtpForm; acceptedAt: Instant }>
  | DomainEvent<'OtpExhausted', { challengeId: ChallengeId; exhaustedAt: Instant }>;

const method = { always: 'passcode' } as const;

export const passcodeEvents = {
  category: 'passcodes',
  names: { person: 'claimant' },
  events: {
    OtpIssued: {
      version: 1,
      evidence: 'challenge-made',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { method, challengeId: 'challengeId', happenedAt: 'issuedAt' },
      words: ['form'],
    },
    OtpDelivered: {
      version: 1,
      evidence: 'challenge-sent',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { method, challengeId: 'challengeId', happenedAt: 'deliveredAt' },
      words: [],
    },
    OtpDeliveryFailed: {
      version: 1,
      evidence: 'challenge-made',
      outcome: 'failed',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { method, challengeId: 'challengeId', happenedAt: 'failedAt', reason: 'failure' },
      words: ['failure'],
    },
    OtpRejected: {
      version: 1,
      evidence: 'proof-failed',
      outcome: 'refused',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { method, challengeId: 'challengeId', happenedAt: 'rejectedAt', reason: 'reason' },
      words: ['form', 'reason'],
    },
    OtpAccepted: {
      version: 1,
      evidence: 'identity-proven',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { method, challengeId: 'challengeId', happenedAt: 'acceptedAt' },
      words: ['form'],
    },
    OtpExhausted: {
      version: 1,
      evidence: 'proof-failed',
      outcome: 'refused',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { method, challengeId: 'challengeId', happenedAt: 'exhaustedAt' },
      words: [],
    },
  },
} as const satisfies StreamDescriptor<PasscodeEvent>;
