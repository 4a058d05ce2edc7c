import { ADMINISTRATIVE, streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor, StreamName } from '#libs/event-store';
import type { EventId, Instant, MessageId, PersonId } from '#libs/vocabulary';

/** What is proposed and confirmed at the console. */
const PROPOSED_ACTS = ['revoke', 'erase', 'lift-hold', 'export'] as const;
type ActAtConsole = (typeof PROPOSED_ACTS)[number];
/** Acts that an installation may want a second person for. Keys are destroyed at the command line alone; programs ask for exports too. */
export const SECOND_PERSON_ACTS = [...PROPOSED_ACTS, 'destroy-key'] as const;
export type SecondPersonAct = (typeof SECOND_PERSON_ACTS)[number];

/** Names a proposal: the id of the event that made it. */
export type ProposalId = EventId;

/** What is to be done, exactly: what is confirmed is what was proposed, whatever has come to the record since. */
export interface ProposedAct {
  readonly act: ActAtConsole;
  /** To be revoked. */
  readonly messages?: { readonly messageId: MessageId }[];
  /** To be erased, or held no more. */
  readonly personId?: PersonId;
  /** To be taken away. */
  readonly export?: ExportAsked;
}

/** Which file is to leave, exactly: persons by their ids, and nothing of it can be anybody's name. Without a question it is all of the record. */
export interface ExportAsked {
  /** Where it was asked for, and is taken. */
  readonly through: 'console' | 'api';
  readonly form: 'ndjson' | 'csv';
  /** Of all of the record: what came after a checkpoint of this size. */
  readonly since?: number;
  /** Of a selection: what stands at this leaf of the ledger or behind it. */
  readonly fromIndex?: number;
  readonly question: ExportQuestion;
}

/** By the names that the audit trail has for them. */
export interface ExportQuestion {
  readonly personId?: PersonId;
  readonly senderId?: PersonId;
  readonly recipientId?: PersonId;
  readonly readerId?: PersonId;
  readonly types?: string[];
  readonly outcome?: string;
  readonly method?: string;
  readonly evidence?: string;
  /** Inclusive. */
  readonly from?: Instant;
  /** Exclusive. */
  readonly to?: Instant;
  readonly submissionId?: string;
  readonly caseNumber?: string;
  readonly withCanary?: boolean;
}

/** The stream `proposals-<ProposalId>`: of one thing that one officer asks for and another confirms. */
export type ProposalEvent =
  | DomainEvent<
      'ActProposed',
      ProposedAct & { by: string; caseNumber?: string; reason?: string; proposedAt: Instant; expiresAt: Instant }
    >
  /** From here on it is carried out, however often that breaks off; an export waits for who asked for it, who takes it once. */
  | DomainEvent<'ActConfirmed', { act: ActAtConsole; by: string; confirmedAt: Instant }>
  /** By another officer, or taken back by who proposed it. */
  | DomainEvent<'ActDeclined', { act: ActAtConsole; by: string; declinedAt: Instant }>
  | DomainEvent<'ActCarriedOut', { act: ActAtConsole; carriedOutAt: Instant }>;

export const proposalEvents = {
  category: 'proposals',
  names: 'nothing',
  events: {
    ActProposed: {
      ...ADMINISTRATIVE,
      persons: {
        personId: 'subject',
        'export.question.personId': 'subject',
        'export.question.senderId': 'subject',
        'export.question.recipientId': 'subject',
        'export.question.readerId': 'subject',
      },
      messages: { 'messages[].messageId': true },
      facts: { happenedAt: 'proposedAt', caseNumber: 'caseNumber', reason: 'reason' },
      words: ['act', 'by', 'caseNumber', 'reason'],
    },
    ActConfirmed: { ...ADMINISTRATIVE, facts: { happenedAt: 'confirmedAt' }, words: ['act', 'by'] },
    ActDeclined: { ...ADMINISTRATIVE, outcome: 'refused', facts: { happenedAt: 'declinedAt' }, words: ['act', 'by'] },
    ActCarriedOut: { ...ADMINISTRATIVE, facts: { happenedAt: 'carriedOutAt' }, words: ['act'] },
  },
} as const satisfies StreamDescriptor<ProposalEvent>;

export function proposalStream(proposalId: ProposalId): StreamName {
  return streamName(proposalEvents.category, proposalId);
}
