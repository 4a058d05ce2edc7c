import { z } from 'zod';
import type { AskedFor, Asker, AuditFilter } from '#libs/audit';
import type { PersonDirectory } from '#libs/keyring';
import {
  AddressRefused,
  DomainError,
  instantOf,
  mandateOf,
  parseWrittenAddress,
  parseMessageId,
  parsePersonId,
} from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { AuditRequestRefused } from './audit-request-refused.ts';

/** A moment of RFC 3339, or a day, which begins in UTC. */
const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'is neither a moment (2026-03-01T12:00:00Z) nor a day (2026-03-01)',
  })
  .transform((text) => instantOf(text));
export const messageField = z.string().transform((text, { addIssue }) => {
  const messageId = parseMessageId(text);
  if (messageId === null) addIssue('is not a message id');
  return messageId ?? z.NEVER;
});
/** An exact address, or the id that a person has in the record. */
const person = z.string().min(1).max(254);

/** Everything that events can be asked for by; all that is given must hold. */
export const questionFields = {
  message: messageField.optional(),
  person: person.optional(),
  sender: person.optional(),
  recipient: person.optional(),
  reader: person.optional(),
  types: z.array(z.string()).min(1).max(100).optional(),
  outcome: z.string().optional(),
  method: z.string().optional(),
  evidence: z.string().optional(),
  from: moment.optional(),
  to: moment.optional(),
  submission: z.string().optional(),
  case: z.string().optional(),
  words: z.string().optional(),
  canary: z.boolean().optional(),
};
export type Question = z.output<z.ZodObject<typeof questionFields>>;

/** What the record takes of a mandate: one line, and no mail address, since it cannot forget one. */
const inRecord = (field: 'caseNumber' | 'reason') =>
  z
    .string()
    .trim()
    .transform((text, { addIssue }) => {
      try {
        return mandateOf({ by: 'somebody', [field]: text })[field] ?? z.NEVER;
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        addIssue(error.message);
        return z.NEVER;
      }
    });

/** Why it is asked: stands in the record for good. */
export const whyFields = { caseNumber: inRecord('caseNumber').optional(), reason: inRecord('reason').optional() };
export const whyField = z.strictObject(whyFields).prefault({});

export const pagingFields = {
  order: z.enum(['oldest-first', 'newest-first']).optional(),
  limit: z.number().optional(),
  after: z.string().max(100).optional(),
  before: z.string().max(100).optional(),
};

export interface Understood {
  readonly filter: AuditFilter;
  /** Fields with an address, or an id, that nobody is known by: nothing can answer to them. */
  readonly nobody: readonly string[];
}

const PERSON_FIELDS = ['person', 'sender', 'recipient', 'reader'] as const;

/** @throws AuditRequestRefused for what is no address; PersonDirectoryUnavailable */
export async function understood(question: Question, persons: PersonDirectory): Promise<Understood> {
  const { message, types, outcome, method, evidence, from, to, submission, words, canary } = question;
  const ids: { -readonly [Field in `${(typeof PERSON_FIELDS)[number]}Id`]?: PersonId } = {};
  const nobody: string[] = [];
  for (const field of PERSON_FIELDS) {
    const given = question[field];
    if (given === undefined) continue;
    const personId = await personIdOf(field, given, persons);
    if (personId === null) nobody.push(field);
    else ids[`${field}Id`] = personId;
  }
  return {
    filter: {
      ...ids,
      messageId: message,
      types,
      outcome: outcome as AuditFilter['outcome'],
      method,
      evidence: evidence as AuditFilter['evidence'],
      from,
      to,
      submissionId: submission,
      caseNumber: question.case,
      words,
      withCanary: canary,
    },
    nobody,
  };
}

async function personIdOf(field: string, given: string, persons: PersonDirectory): Promise<PersonId | null> {
  const id = parsePersonId(given);
  if (id !== null) return id; // erased or not: the trail keeps the facts
  try {
    return (await persons.find(parseWrittenAddress(given)))?.personId ?? null;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    throw new AuditRequestRefused(400, field, `${field} is neither one plain address nor a person id`, {
      cause: error,
    });
  }
}

/** What of a question goes into the record. */
export function askedFor(question: Question, { filter }: Pick<Understood, 'filter'>): AskedFor {
  const { messageId, personId, senderId, recipientId, readerId, from, to } = filter;
  const ids = [...new Set([personId, senderId, recipientId, readerId].filter((id) => id !== undefined))];
  return {
    fields: Object.entries(question).flatMap(([name, value]) => (value === undefined ? [] : [name])),
    ...(messageId !== undefined && { messageId }),
    ...(ids.length > 0 && { persons: ids.map((id) => ({ personId: id })) }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
}

export function askerOf(clientId: string, why: z.output<typeof whyField>): Asker {
  const { caseNumber, reason } = why;
  return {
    askedBy: clientId,
    through: 'api',
    ...(caseNumber !== undefined && { caseNumber }),
    ...(reason !== undefined && { reason }),
  };
}
