import { decryptForDisplay } from '#libs/audit';
import type { AuditRow, Timeline } from '#libs/audit';
import { isContentRemoved } from '#libs/event-store';
import type { Person, PersonDirectory } from '#libs/keyring';
import { parseMessageId, parsePersonId } from '#libs/vocabulary';
import type { Instant, PersonId } from '#libs/vocabulary';
import type { TextKey } from '#libs/web-ui';
import { isOutOfTime } from './out-of-time.ts';
import { EVIDENCE_WORDS, labelOf, OUTCOME_WORDS, titleOf } from './event-words.ts';
import { wordIn, wordOf } from './value-words.ts';

/** One thing that an event says. */
export interface ShownField {
  /** As it is called in the record, with its path. */
  readonly name: string;
  /** What that is called; empty where there is no word for it. */
  readonly label: TextKey | '';
  /** Which of several of the same name, from 1; 0 where there is one. */
  readonly place: number;
  readonly text: string;
  /** The same in the reader's words, each with the record's own; empty where it stands for itself. */
  readonly said: readonly { readonly word: TextKey | ''; readonly own: string }[];
  /** Where more is said of it; empty: nowhere. */
  readonly href: string;
  /** Whether it is a moment. */
  readonly isTime: boolean;
  /** Whether it was somebody's who is erased. */
  readonly isErased: boolean;
  /** Whether it stands for all that the event said, which retention removed. */
  readonly isRemoved: boolean;
}

/** One event, as a template shows it. */
export interface ShownEvent {
  readonly time: string;
  readonly title: TextKey;
  readonly type: string;
  readonly evidence: TextKey;
  readonly outcome: TextKey;
  readonly isRefused: boolean;
  /** Whether it was recorded right after an event of the same list whose time is later (out-of-time.ts). */
  readonly isOutOfTime: boolean;
  /** Whether somebody was shown or handed content. */
  readonly isStrong: boolean;
  /** Who, which message, for which case. */
  readonly fields: readonly ShownField[];
  /** All else that it says. */
  readonly more: readonly ShownField[];
}

export interface ShownEntry extends ShownEvent {
  /** The sign-in that it rests on, and what is recorded of its code; none for other events. */
  readonly restsOn: readonly ShownEvent[];
}

/** What audit writes for what nobody can read any more. */
const ERASED = '(erased)';
const STRONG: readonly string[] = ['content-shown', 'file-downloaded', 'identity-proven'];
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;
/** Challenges are named by ids of the same form: only these fields lead to a person. */
const NAMES_A_PERSON = /(^|\.)(personId|senderId|recipientId|readerId|askedBy|by)$/;
const NAMES_A_MESSAGE = /(^|\.)messageId$/;
const FIRST =
  /^(content|method|sender|senderName|recipient|address|reader|networkAddress|fileName|reason|caseNumber)(\.|$)/;
/** Of no use to people, and long. */
const LEFT_OUT = /Sha256$/;

/** Makes events readable for one answer. Each person's key is fetched once for it, and kept no longer. */
export class ShownEvents {
  private readonly found = new Map<PersonId, Promise<Person | null>>();

  /** @param about the person or message whose page it is: what names it says nothing there */
  constructor(
    private readonly persons: PersonDirectory,
    private readonly about: string | null = null,
  ) {}

  /** @param timeBefore of what was recorded before them (AuditPage) */
  rows(rows: readonly AuditRow[], timeBefore?: Instant): Promise<ShownEvent[]> {
    const isLate = isOutOfTime(rows, timeBefore);
    return Promise.all(rows.map((row) => this.row(row, isLate(row))));
  }

  entries({ entries, timeBefore }: Pick<Timeline, 'entries' | 'timeBefore'>): Promise<ShownEntry[]> {
    const rows = entries.map(({ row }) => row);
    const isLate = isOutOfTime(rows, timeBefore);
    return Promise.all(
      entries.map(async ({ row, signIn, challenge }) => ({
        ...(await this.row(row, isLate(row))),
        restsOn: await this.rows(signIn === null ? challenge : [signIn, ...challenge]),
      })),
    );
  }

  /** The event's data in clear. */
  async dataOf(row: AuditRow): Promise<Readonly<Record<string, unknown>>> {
    return (await decryptForDisplay(row, { findById: (id) => this.find(id) })).data;
  }

  private async row(row: AuditRow, isLate: boolean): Promise<ShownEvent> {
    const { type, time, evidence, outcome } = row;
    const fields = await this.fieldsOf(row);
    return {
      ...{ type, time, title: titleOf(type) },
      evidence: EVIDENCE_WORDS[evidence],
      outcome: OUTCOME_WORDS[outcome],
      isRefused: outcome !== 'done',
      isOutOfTime: isLate,
      isStrong: STRONG.includes(evidence),
      fields: fields.filter(isFirst),
      more: fields.filter((field) => !isFirst(field)),
    };
  }

  private async fieldsOf(row: AuditRow): Promise<ShownField[]> {
    const { type, messageId, method } = row;
    const said = Object.entries(await this.dataOf(row)).filter(
      ([name, value]) =>
        !LEFT_OUT.test(name) &&
        !(name === 'messageId' && value === messageId) &&
        !(name === 'method' && value === method),
    );
    return [
      ...(messageId === null ? [] : [fieldOf(type, 'messageId', [messageId])]),
      ...(method === null ? [] : [fieldOf(type, 'method', [method])]),
      ...said.flatMap(([name, value]) => fieldsOf(type, name, value)),
      ...(isContentRemoved(row) ? [{ ...fieldOf(type, 'content', ['']), isRemoved: true }] : []),
    ].filter(({ text }) => text !== this.about);
  }

  private find(personId: PersonId): Promise<Person | null> {
    let person = this.found.get(personId);
    if (person === undefined) this.found.set(personId, (person = this.persons.findById(personId)));
    return person;
  }
}

function isFirst({ name, href }: ShownField): boolean {
  return href !== '' || FIRST.test(name);
}

function fieldsOf(type: string, name: string, value: unknown): ShownField[] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'boolean') return [{ ...fieldOf(type, name, [String(value)]), said: [truthOf(value)] }];
  if (typeof value !== 'object') return [fieldOf(type, name, [String(value)])];
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object'))
    return value.length === 0 ? [] : [fieldOf(type, name, value.map(String))];
  return Object.entries(value).flatMap(([within, one]) => fieldsOf(type, `${name}.${within}`, one));
}

function truthOf(value: boolean): ShownField['said'][number] {
  return { word: wordIn('truth', String(value)) ?? '', own: String(value) };
}

function fieldOf(type: string, name: string, values: readonly string[]): ShownField {
  const text = values.join(', ');
  const href =
    NAMES_A_PERSON.test(name) && parsePersonId(text) !== null
      ? `/console/persons/${text}`
      : NAMES_A_MESSAGE.test(name) && parseMessageId(text) !== null
        ? `/console/messages/${text}`
        : '';
  const path = name.split('.');
  const last = path.at(-1) ?? name;
  const place = path.find((part) => /^\d+$/.test(part));
  const said = values.map((own) => ({ word: wordOf(type, last, own) ?? ('' as const), own }));
  return {
    ...{
      name,
      text,
      href,
      said: said.some(({ word }) => word !== '') ? said : [],
      label: labelOf(last) ?? '',
      place: place === undefined ? 0 : Number(place) + 1,
    },
    isTime: INSTANT.test(text),
    isErased: text === ERASED,
    isRemoved: false,
  };
}
