import { appendFacts, streamName } from '#libs/event-store';
import type { DomainEvent, EventStore, StreamDescriptor } from '#libs/event-store';
import type { EncryptedPersonalData, Instant, MessageId, PersonId } from '#libs/vocabulary';

/** By which way somebody came to the record. */
export type AuditorsWay = 'api' | 'command-line' | 'console';

/** Who asked for something out of the record, and why. */
export interface Asker {
  /** A program of the configuration, a user of the operating system, the person id of somebody at the console: never an address. */
  readonly askedBy: string;
  readonly through: AuditorsWay;
  readonly caseNumber?: string;
  readonly reason?: string;
  /** Who else said yes to it, where it took two: a person id, or the name that was given at the command line. */
  readonly approvedBy?: string;
}

/** What was asked for. Words that were searched for are left out: somebody's name may stand among them. */
export interface AskedFor {
  /** By which fields it was asked, by their names. */
  readonly fields: string[];
  readonly messageId?: MessageId;
  /** Each person that was asked about. */
  readonly persons?: { personId: PersonId }[];
  readonly from?: Instant;
  readonly to?: Instant;
}

/** What auditors themselves did: `auditors-<way>`. Nothing is decided on it. */
export type AuditorEvent =
  | DomainEvent<
      'AuditTrailQueried',
      Asker & AskedFor & { readonly question: AuditQuestionKind; readonly rows: number; readonly queriedAt: Instant }
    >
  | DomainEvent<
      'AuditTrailExported',
      Asker & AskedFor & { readonly form: AuditExportForm; readonly exportedAt: Instant }
    >
  | DomainEvent<
      'AuditAccessRefused',
      {
        readonly askedBy: string;
        readonly through: AuditorsWay;
        /** What of the interface was asked for, by its own name. */
        readonly asked: string;
        readonly reason: 'insufficient-scope' | 'insufficient-role';
        /** Of the same asker, left out of the record since the last such event. */
        readonly othersSince: number;
        readonly refusedAt: Instant;
        /** Who it was, at the console. */
        readonly personId?: PersonId;
        /** The address of the account, under that person's key: said once, where no sign-in says it. */
        readonly address?: EncryptedPersonalData;
      }
    >
  | DomainEvent<
      'AuditorSignedIn',
      {
        readonly personId: PersonId;
        /** The address of the account, under that person's key. */
        readonly address: EncryptedPersonalData;
        readonly through: 'console';
        /** What the account gives: `auditor`, `officer`, `operator`. */
        readonly roles: string[];
        readonly method: string;
        /** Who vouched for the account. */
        readonly issuer: string;
        readonly signedInAt: Instant;
      }
    >;

export type AuditQuestionKind = 'search' | 'message-timeline' | 'person-timeline' | 'proof';
/** `feed` and `ledger` stand for an hour of following, not for each answer: an answer that made an event would never come to an end. */
export type AuditExportForm = 'ndjson' | 'csv' | 'feed' | 'ledger';

const ASKED = {
  version: 1,
  evidence: 'administrative',
  outcome: 'done',
  persons: { 'persons[].personId': 'subject' },
  encrypted: {},
  messages: { messageId: true },
} as const;

export const auditorEvents = {
  category: 'auditors',
  names: 'nothing',
  events: {
    AuditTrailQueried: {
      ...ASKED,
      facts: { happenedAt: 'queriedAt', reason: 'reason', caseNumber: 'caseNumber' },
      words: ['askedBy', 'through', 'question', 'reason', 'caseNumber'],
    },
    AuditTrailExported: {
      ...ASKED,
      facts: { happenedAt: 'exportedAt', reason: 'reason', caseNumber: 'caseNumber' },
      words: ['askedBy', 'through', 'form', 'reason', 'caseNumber'],
    },
    AuditAccessRefused: {
      version: 1,
      evidence: 'administrative',
      outcome: 'refused',
      persons: { personId: 'claimant' },
      encrypted: { address: 'personId' },
      messages: {},
      facts: { happenedAt: 'refusedAt', reason: 'reason' },
      words: ['askedBy', 'through', 'asked', 'reason'],
    },
    AuditorSignedIn: {
      version: 1,
      evidence: 'administrative',
      outcome: 'done',
      persons: { personId: 'claimant' },
      encrypted: { address: 'personId' },
      messages: {},
      facts: { happenedAt: 'signedInAt', method: 'method' },
      words: ['through', 'method', 'issuer'],
    },
  },
} as const satisfies StreamDescriptor<AuditorEvent>;

/** Appended before what was asked for is given away. @throws EventStoreUnavailable, TooMuchContention: then nothing is given */
export async function recordAuditing(store: EventStore, event: AuditorEvent): Promise<void> {
  await appendFacts(store, streamName(auditorEvents.category, event.data.through), [event]);
}
