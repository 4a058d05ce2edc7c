import type { DescribedEvent, DomainEvent, Projection, ReadModelDatabase, RecordedEvent } from '#libs/event-store';
import type { MessageId, PersonId } from '#libs/vocabulary';
import { eventCatalogue, isAudited } from '../event-catalogue.ts';
import { HOUR_CHARACTERS, termOf } from './audit-terms.ts';

/** In which a person takes part in something; a `subject` is only spoken of. */
const PARTIES = ['sender', 'recipient', 'reader', 'claimant'] as const;

/**
 * The record as compliance staff ask it, for ten million events. It holds person ids and the events' data as they are stored, personal
 * data still encrypted: what was erased stays so. Every question is a walk along one list in the order of the record:
 *
 * - `audit_event`: the events, and by `kind` (type and method) the list of each kind;
 * - `audit_term`: the list of each message, person in one part, submission, case, sign-in and challenge (`termOf`);
 * - `audit_hour`: between which events an hour's lie. Times of several processes are not quite in the order of the record;
 * - `audit_words`: what events say in words that are nobody's personal data;
 * - `audit_canary`: who is the canary (canary-events.ts). What is of nobody else has kinds of its own, so that it is left out at no cost.
 */
export const auditTrail: Projection<DomainEvent> = {
  name: 'audit-trail.v4',
  schema: `
    CREATE TABLE audit_kind (
      kind INTEGER PRIMARY KEY,
      type TEXT NOT NULL,
      method TEXT NOT NULL, -- '' for none
      evidence TEXT NOT NULL,
      outcome TEXT NOT NULL,
      canary INTEGER NOT NULL, -- 1: of the canary alone
      UNIQUE (type, method, canary)
    ) STRICT;
    CREATE TABLE audit_event (
      sequence INTEGER PRIMARY KEY,
      kind INTEGER NOT NULL,
      time TEXT NOT NULL,
      event_id TEXT NOT NULL,
      stream TEXT NOT NULL,
      revision INTEGER NOT NULL,
      version INTEGER NOT NULL,
      position TEXT NOT NULL,
      message_id TEXT,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_event_by_kind ON audit_event (kind, sequence);
    CREATE TABLE audit_term (
      term TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      PRIMARY KEY (term, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit_hour (
      hour TEXT PRIMARY KEY,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit_canary (person_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE VIRTUAL TABLE audit_words USING fts5(words, content = '', columnsize = 0, detail = none);
  `,
  every: record,
};

/**
 * An event that nobody here describes stops the trail: it must not leave out what a later release recorded.
 *
 * No RETURNING and no ON CONFLICT DO UPDATE in here: SQLite opens a savepoint for such a statement, at each of which FTS5 writes what waits as a segment
 * of its own, and later merges it (xSavepoint, sqlite.org/vtab.html): a third of a rebuild's processor time.
 */
function record(db: ReadModelDatabase, event: RecordedEvent): void {
  const described = eventCatalogue.describe(event);
  if (!isAudited(described.evidence)) return;
  const { messageIds, words } = described;
  if (event.type === 'CanaryAppointed') appoint(db, described.data['personId'] as PersonId);
  const isOfCanary = event.type !== 'CanaryAppointed' && isOfCanaryAlone(db, described);
  db.run(
    `INSERT INTO audit_event (kind, time, event_id, stream, revision, version, position, message_id, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    kindOf(db, event.type, described, isOfCanary),
    event.time,
    event.id,
    event.stream,
    event.revision,
    event.version,
    event.position,
    messageIds.length === 1 ? (messageIds[0] ?? null) : null,
    JSON.stringify(event.data),
  );
  const sequence = db.get<{ sequence: number }>('SELECT last_insert_rowid() AS sequence')?.sequence ?? 0;
  for (const term of termsOf(described)) {
    db.run('INSERT OR IGNORE INTO audit_term (term, sequence) VALUES (?, ?)', term, sequence);
  }
  const hour = event.time.slice(0, HOUR_CHARACTERS);
  db.run('INSERT OR IGNORE INTO audit_hour (hour, first, last) VALUES (?, ?, ?)', hour, sequence, sequence);
  db.run('UPDATE audit_hour SET last = ? WHERE hour = ?', sequence, hour);
  if (words.length > 0) db.run('INSERT INTO audit_words (rowid, words) VALUES (?, ?)', sequence, words.join(' '));
}

/** Only who never had a part in anything: nobody's reading is made invisible by being called the canary later. */
function appoint(db: ReadModelDatabase, personId: PersonId): void {
  const terms = PARTIES.map((part) => termOf(part, personId));
  const sql = 'SELECT 1 FROM audit_term WHERE term IN (SELECT value FROM json_each(?)) LIMIT 1';
  if (db.get(sql, JSON.stringify(terms)) === undefined)
    db.run('INSERT OR IGNORE INTO audit_canary VALUES (?)', personId);
}

/**
 * The canary takes part in it and nobody else does; where it names no party, every message in it is the canary's own. What somebody did or asked about
 * the canary is theirs.
 */
export function isOfCanaryAlone(db: ReadModelDatabase, { persons, messageIds, evidence }: DescribedEvent): boolean {
  const isCanary = (personId: PersonId) =>
    db.get('SELECT 1 FROM audit_canary WHERE person_id = ?', personId) !== undefined;
  if (persons.some(({ part }) => part !== 'subject')) return persons.every(({ personId }) => isCanary(personId));
  if (persons.length > 0 || messageIds.length === 0 || evidence === 'administrative') return false;
  return messageIds.every((messageId) => isMessageOfCanary(db, messageId));
}

/** As its first event says, which is its sealing. */
function isMessageOfCanary(db: ReadModelDatabase, messageId: MessageId): boolean {
  const first = db.get<{ canary: number }>(
    `SELECT k.canary FROM audit_term t JOIN audit_event e ON e.sequence = t.sequence JOIN audit_kind k ON k.kind = e.kind
     WHERE t.term = ? ORDER BY t.sequence LIMIT 1`,
    termOf('message', messageId),
  );
  return first?.canary === 1;
}

export function kindOf(
  db: ReadModelDatabase,
  type: string,
  { evidence, outcome, facts }: DescribedEvent,
  isOfCanary: boolean,
): number {
  const method = facts.method ?? '';
  const canary = isOfCanary ? 1 : 0;
  const sql = 'SELECT kind FROM audit_kind WHERE type = ? AND method = ? AND canary = ?';
  const known = db.get<{ kind: number }>(sql, type, method, canary);
  if (known !== undefined) return known.kind;
  const made = db.get<{ kind: number }>(
    'INSERT INTO audit_kind (type, method, evidence, outcome, canary) VALUES (?, ?, ?, ?, ?) RETURNING kind',
    type,
    method,
    evidence,
    outcome,
    canary,
  );
  return made?.kind ?? 0;
}

export function termsOf({ messageIds, persons, facts }: DescribedEvent): string[] {
  const { submissionId, caseNumber, signInId, challengeId } = facts;
  return [
    ...messageIds.map((messageId) => termOf('message', messageId)),
    ...persons.map(({ part, personId }) => termOf(part, personId)),
    ...(submissionId === undefined ? [] : [termOf('submission', submissionId)]),
    ...(caseNumber === undefined ? [] : [termOf('case', caseNumber)]),
    ...(signInId === undefined ? [] : [termOf('sign-in', signInId)]),
    ...(challengeId === undefined ? [] : [termOf('challenge', challengeId)]),
  ];
}
