import type { ReadModelDatabase, SqlValue } from '#libs/event-store';
import { HOUR_CHARACTERS, termOf } from '../read-models/audit-terms.ts';
import { matchOf, PARTS_ASKED_FOR } from './audit-filter.ts';
import type { AuditFilter } from './audit-filter.ts';

/** A list of events in the order of the record, as SQL: FROM and WHERE of a query for `sequence`. */
interface List {
  readonly from: string;
  readonly parameters: readonly SqlValue[];
}

/** Of one condition: the lists that an event is in when it holds, and how one looks whether it is. */
interface Condition {
  readonly lists: readonly List[];
  /** About the event `e`. */
  readonly test: List;
}

export interface Span {
  /** Both inclusive. */
  readonly first: number;
  readonly last: number;
}

/** How an event is asked for: along which list, in which span, and what of it is looked at. */
export interface Walk {
  readonly lists: readonly List[];
  readonly tests: readonly List[];
  readonly span: Span;
}

/** Longer lists are all the same to whoever chooses: counting on would cost more than it spares. */
const COUNTED_TO = 5000;
const EVERYTHING: List = { from: 'audit_event WHERE true', parameters: [] };

/** The walk along the shortest list that all that is asked for lies in; null when nothing can be in it. */
export function walkOf(db: ReadModelDatabase, filter: AuditFilter): Walk | null {
  const span = spanOf(db, filter);
  const conditions = conditionsOf(db, filter);
  if (span === null || conditions === null) return null;
  const shortest = shortestOf(db, conditions, span);
  const tests = conditions.filter((condition) => condition !== shortest).map(({ test }) => test);
  const times: List[] = [
    ...(filter.from === undefined ? [] : [{ from: 'e.time >= ?', parameters: [filter.from] }]),
    ...(filter.to === undefined ? [] : [{ from: 'e.time < ?', parameters: [filter.to] }]),
  ];
  return { lists: shortest?.lists ?? [EVERYTHING], tests: [...times, ...tests, ...testsOfCanary(db, filter)], span };
}

/** What the installation does to see that it works is no answer to a question about people, unless it is asked for. */
function testsOfCanary(db: ReadModelDatabase, filter: AuditFilter): List[] {
  const { withCanary = false, messageId, personId, senderId, recipientId, readerId, submissionId } = filter;
  const isNamed = [messageId, personId, senderId, recipientId, readerId, submissionId].some((id) => id !== undefined);
  if (withCanary || isNamed) return [];
  const kinds = db.all<{ kind: number }>('SELECT kind FROM audit_kind WHERE canary = 1').map(({ kind }) => kind);
  if (kinds.length === 0) return [];
  return [{ from: 'e.kind NOT IN (SELECT value FROM json_each(?))', parameters: [JSON.stringify(kinds)] }];
}

/** There is nothing to choose between fewer than two: then nothing is counted. */
function shortestOf(db: ReadModelDatabase, conditions: readonly Condition[], span: Span): Condition | undefined {
  if (conditions.length < 2) return conditions[0];
  const lengths = conditions.map((condition) => lengthOf(db, condition, span));
  return conditions[lengths.indexOf(Math.min(...lengths))];
}

/** The next of the walk's candidates in one direction. */
export function candidates(
  db: ReadModelDatabase,
  { lists }: Walk,
  span: Span,
  isForward: boolean,
  count: number,
): number[] {
  if (span.first > span.last) return [];
  const order = `ORDER BY sequence ${isForward ? 'ASC' : 'DESC'} LIMIT ?`;
  const parts = lists.map(
    ({ from }) =>
      `SELECT * FROM (SELECT ${columnOf(from)} AS sequence FROM ${from} AND ${columnOf(from)} BETWEEN ? AND ? ${order})`,
  );
  const parameters = lists.flatMap((list) => [...list.parameters, span.first, span.last, count]);
  return db
    .all<{ sequence: number }>(`SELECT sequence FROM (${parts.join(' UNION ')}) ${order}`, ...parameters, count)
    .map(({ sequence }) => sequence);
}

function columnOf(from: string): 'rowid' | 'sequence' {
  return from.startsWith('audit_words') ? 'rowid' : 'sequence';
}

/** Between which events all of a range of times lie. */
function spanOf(db: ReadModelDatabase, { from, to }: AuditFilter): Span | null {
  if (from === undefined && to === undefined) return { first: 0, last: Number.MAX_SAFE_INTEGER };
  const row = db.get<{ first: number | null; last: number | null }>(
    'SELECT min(first) AS first, max(last) AS last FROM audit_hour WHERE hour BETWEEN ? AND ?',
    from?.slice(0, HOUR_CHARACTERS) ?? '',
    to?.slice(0, HOUR_CHARACTERS) ?? '~',
  );
  return row === undefined || row.first === null || row.last === null ? null : { first: row.first, last: row.last };
}

function conditionsOf(db: ReadModelDatabase, filter: AuditFilter): Condition[] | null {
  const { messageId, submissionId, caseNumber, words } = filter;
  const conditions: Condition[] = [];
  if (messageId !== undefined) conditions.push(inTerms([termOf('message', messageId)]));
  if (submissionId !== undefined) conditions.push(inTerms([termOf('submission', submissionId)]));
  if (caseNumber !== undefined) conditions.push(inTerms([termOf('case', caseNumber)]));
  for (const [field, parts] of Object.entries(PARTS_ASKED_FOR)) {
    const personId = filter[field as keyof typeof PARTS_ASKED_FOR];
    if (personId !== undefined) conditions.push(inTerms(parts.map((part) => termOf(part, personId))));
  }
  if (words !== undefined) conditions.push(withWords(matchOf(words)));
  const kinds = kindsOf(db, filter);
  if (kinds?.length === 0) return null;
  if (kinds !== null) conditions.push(ofKinds(kinds));
  return conditions;
}

/** Null: of whichever kind. */
function kindsOf(db: ReadModelDatabase, { types, method, outcome, evidence }: AuditFilter): number[] | null {
  if (types === undefined && method === undefined && outcome === undefined && evidence === undefined) return null;
  const kinds = db.all<{ kind: number; type: string; method: string; outcome: string; evidence: string }>(
    'SELECT kind, type, method, outcome, evidence FROM audit_kind',
  );
  return kinds
    .filter((one) => types === undefined || types.includes(one.type))
    .filter((one) => method === undefined || one.method === method)
    .filter((one) => outcome === undefined || one.outcome === outcome)
    .filter((one) => evidence === undefined || one.evidence === evidence)
    .map(({ kind }) => kind);
}

function inTerms(terms: readonly string[]): Condition {
  return {
    lists: terms.map((term) => ({ from: 'audit_term WHERE term = ?', parameters: [term] })),
    test: {
      from: 'EXISTS (SELECT 1 FROM audit_term t WHERE t.term IN (SELECT value FROM json_each(?)) AND t.sequence = e.sequence)',
      parameters: [JSON.stringify(terms)],
    },
  };
}

function ofKinds(kinds: readonly number[]): Condition {
  return {
    lists: kinds.map((kind) => ({ from: 'audit_event WHERE kind = ?', parameters: [kind] })),
    test: { from: 'e.kind IN (SELECT value FROM json_each(?))', parameters: [JSON.stringify(kinds)] },
  };
}

function withWords(match: string): Condition {
  return {
    lists: [{ from: 'audit_words WHERE audit_words MATCH ?', parameters: [match] }],
    test: {
      from: 'EXISTS (SELECT 1 FROM audit_words WHERE audit_words MATCH ? AND rowid = e.sequence)',
      parameters: [match],
    },
  };
}

function lengthOf(db: ReadModelDatabase, { lists }: Condition, { first, last }: Span): number {
  let length = 0;
  for (const { from, parameters } of lists) {
    const counted = db.get<{ length: number }>(
      `SELECT count(*) AS length FROM (SELECT 1 FROM ${from} AND ${columnOf(from)} BETWEEN ? AND ? LIMIT ?)`,
      ...parameters,
      first,
      last,
      COUNTED_TO - length,
    );
    length += counted?.length ?? 0;
    if (length >= COUNTED_TO) break;
  }
  return length;
}
