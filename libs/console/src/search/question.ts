import { BadAuditQuery } from '#libs/audit';
import type { AuditFilter } from '#libs/audit';
import { AuditRequestRefused, askedFor, understood } from '#libs/audit-api';
import type { Question } from '#libs/audit-api';
import type { AskedFor } from '#libs/audit';
import type { PersonDirectory } from '#libs/keyring';
import { parseMessageId } from '#libs/vocabulary';
import type { TextKey } from '#libs/web-ui';
import { instantInZone } from './local-time.ts';

/** What a form asks by: the fields of the API's own questions, by their names; several types of events stand in one, with commas. */
export const ASKED_BY = [
  ...(['message', 'person', 'sender', 'recipient', 'reader', 'type', 'outcome', 'method', 'evidence'] as const),
  ...(['from', 'to', 'submission', 'case', 'words', 'canary'] as const),
] as const;
export type AskedBy = (typeof ASKED_BY)[number];
/** As it was typed; what was left empty is absent. */
export type Asked = Readonly<Partial<Record<AskedBy, string>>>;
export type Faults = Readonly<Partial<Record<AskedBy, TextKey>>>;

export const PERSON_FIELDS = ['person', 'sender', 'recipient', 'reader'] as const satisfies readonly AskedBy[];

/** The names that fields have in AuditFilter. */
const FORM_NAMES: Readonly<Record<string, AskedBy>> = {
  ...{ messageId: 'message', personId: 'person', senderId: 'sender', recipientId: 'recipient', readerId: 'reader' },
  ...{ types: 'type', submissionId: 'submission', caseNumber: 'case', withCanary: 'canary' },
};

export interface UnderstoodQuestion {
  readonly filter: AuditFilter;
  readonly about: AskedFor;
  /** The same question with persons by their ids: nobody's address stands in an address of a page. */
  readonly byIds: Asked;
  /** Fields with an address that nobody is known by. */
  readonly nobody: readonly AskedBy[];
}

/** What the names of the boxes for types of events begin with. */
export const TYPE_BOX = 'type-';

export function typesIn({ type = '' }: Asked): string[] {
  return type.split(',').filter((one) => one !== '');
}

export function askedIn(given: Readonly<Record<string, unknown>>): Asked {
  const asked: Partial<Record<AskedBy, string>> = {};
  for (const name of ASKED_BY) {
    const value = given[name];
    if (typeof value === 'string' && value.trim() !== '') asked[name] = value.trim();
  }
  // A form has a box for each: a field that is given twice is refused.
  const chosen = Object.keys(given).flatMap((name) => (name.startsWith(TYPE_BOX) ? [name.slice(TYPE_BOX.length)] : []));
  if (chosen.length > 0) asked.type = chosen.join(',');
  return asked;
}

/** @returns the faults, by field, of a question that cannot be asked. @throws PersonDirectoryUnavailable */
export async function understandQuestion(
  asked: Asked,
  persons: PersonDirectory,
  timeZone: string,
): Promise<UnderstoodQuestion | { readonly faults: Faults }> {
  const { from, to, message } = asked;
  const types = typesIn(asked);
  const messageId = message === undefined ? undefined : parseMessageId(message);
  const [fromAt, toAt] = [from, to].map((text) => (text === undefined ? undefined : instantInZone(text, timeZone)));
  const faults: Faults = {
    ...(messageId === null && { message: 'console.faults.message' }),
    ...(fromAt === null && { from: 'console.faults.time' }),
    ...(toAt === null && { to: 'console.faults.time' }),
    ...(asked.words?.includes('@') === true && { words: 'console.faults.address' }),
  };
  if (Object.keys(faults).length > 0) return { faults };
  const { type: _, canary, ...rest } = asked;
  const question = {
    ...rest,
    ...{ message: messageId ?? undefined, from: fromAt ?? undefined, to: toAt ?? undefined },
    types: types.length === 0 ? undefined : types,
    canary: canary === undefined ? undefined : true,
  } as Question;
  try {
    const { filter, nobody } = await understood(question, persons);
    const ids = {
      person: filter.personId,
      sender: filter.senderId,
      recipient: filter.recipientId,
      reader: filter.readerId,
    };
    const known = Object.entries(ids).filter(([, id]) => id !== undefined);
    return {
      filter,
      about: askedFor(question, { filter }),
      byIds: { ...asked, ...(Object.fromEntries(known) as Asked) },
      nobody: nobody as readonly AskedBy[],
    };
  } catch (error) {
    return { faults: faultsOf(error) };
  }
}

/** Which field of a question is at fault, and what to do. @throws what is no fault of a question */
export function faultsOf(error: unknown): Faults {
  if (!(error instanceof BadAuditQuery || error instanceof AuditRequestRefused)) throw error;
  const { field } = error;
  const name = FORM_NAMES[field ?? ''] ?? ASKED_BY.find((one) => one === field);
  if (name === undefined) throw error;
  return { [name]: TEXTS[name] ?? 'console.faults.value' };
}

const TEXTS: Readonly<Partial<Record<AskedBy, TextKey>>> = {
  ...{ person: 'console.faults.person', sender: 'console.faults.person', recipient: 'console.faults.person' },
  ...{ reader: 'console.faults.person', from: 'console.faults.time', to: 'console.faults.order' },
  ...{ words: 'console.faults.words', message: 'console.faults.message' },
};
