import type { ExportAsked } from '#libs/compliance';
import type { Instant, PersonId } from '#libs/vocabulary';
import type { TextKey } from '#libs/web-ui';
import type { NamesOfPeople } from '../people/names-of-people.ts';
import { EVIDENCE_WORDS, OUTCOME_WORDS, titleOf } from '../trail/event-words.ts';
import { METHOD_WORDS } from '../trail/value-words.ts';

/** One thing that an export is asked for by, as a template shows it: in our words, as a moment, or as it stands. */
interface ShownField {
  readonly label: TextKey;
  readonly text: string;
  readonly words: readonly TextKey[];
  readonly at: Instant | '';
}

const TRUTH = { true: 'console.values.truth.true', false: 'console.values.truth.false' } as const;

/** All that is in the request, so that who confirms it sees what will leave. */
export async function shownExport(asked: ExportAsked, names: NamesOfPeople) {
  const { form, since, fromIndex, question } = asked;
  const { personId, senderId, recipientId, readerId, types, outcome, method, evidence, withCanary } = question;
  const { from = '', to = '', submissionId, caseNumber } = question;
  const whom = async (label: TextKey, id: PersonId | undefined) =>
    id === undefined ? [] : [field(label, { text: `${(await names.addressOf(id)) ?? ''} ${id}`.trim() })];
  const fields = [
    ...(await whom('console.search.fields.person', personId)),
    ...(await whom('console.search.fields.sender', senderId)),
    ...(await whom('console.search.fields.recipient', recipientId)),
    ...(await whom('console.search.fields.reader', readerId)),
    field('console.search.fields.type', { words: types?.map((type) => titleOf(type)) }),
    said('console.search.fields.outcome', outcome, OUTCOME_WORDS),
    said('console.search.fields.method', method, METHOD_WORDS),
    said('console.search.fields.evidence', evidence, EVIDENCE_WORDS),
    field('console.search.fields.from', { at: from }),
    field('console.search.fields.to', { at: to }),
    field('console.search.fields.submission', { text: submissionId }),
    field('console.search.fields.case', { text: caseNumber }),
    said('console.fields.withCanary', withCanary?.toString(), TRUTH),
    field('console.fields.since', { text: since?.toString() }),
    field('console.fields.fromIndex', { text: fromIndex?.toString() }),
  ].filter(({ text, words, at }) => text !== '' || words.length > 0 || at !== '');
  return {
    form: form === 'csv' ? ('console.export.csv' as const) : ('console.export.ndjson' as const),
    ...{ fields, isOfAll: Object.keys(question).length === 0 },
  };
}

function field(
  label: TextKey,
  shown: { text?: string | undefined; words?: TextKey[] | undefined; at?: Instant | '' },
): ShownField {
  const { text = '', words = [], at = '' } = shown;
  return { label, text, words, at };
}

/** What has a word of ours is said by it. */
function said(label: TextKey, value: string | undefined, ours: Readonly<Record<string, TextKey>>): ShownField {
  const word = value !== undefined && Object.hasOwn(ours, value) ? ours[value] : undefined;
  return word === undefined ? field(label, { text: value }) : field(label, { words: [word] });
}
