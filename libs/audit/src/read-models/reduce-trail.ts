import type { ReadModelDatabase } from '#libs/event-store';
import { CONTENT_REMOVED } from '#libs/event-store';
import { eventCatalogue } from '../event-catalogue.ts';
import type { AuditRow } from '../query/audit-page.ts';
import { isOfCanaryAlone, kindOf, termsOf } from './audit-trail.ts';

/**
 * Makes a row what the trail would hold had it met the event without its content: header, and what its stream says. Call within a transaction, once
 * the content is gone from the store: so the trail is the same as one that is rebuilt.
 */
export function reduceRow(db: ReadModelDatabase, row: AuditRow): void {
  const { sequence, type } = row;
  const before = eventCatalogue.describe({ ...row, id: row.eventId });
  const after = eventCatalogue.describe({ ...row, id: row.eventId, version: CONTENT_REMOVED, data: {} });
  const { messageIds } = after;
  db.run(
    'UPDATE audit_event SET kind = ?, version = ?, message_id = ?, data = ? WHERE sequence = ?',
    kindOf(db, type, after, isOfCanaryAlone(db, after)),
    CONTENT_REMOVED,
    messageIds.length === 1 ? (messageIds[0] ?? null) : null,
    '{}',
    sequence,
  );
  const kept = new Set(termsOf(after));
  for (const term of termsOf(before)) {
    if (!kept.has(term)) db.run('DELETE FROM audit_term WHERE term = ? AND sequence = ?', term, sequence);
  }
  if (before.words.length === 0) return;
  // Without it a deletion is only noted beside what is deleted. The table remembers it; it is said here, since only here anything is taken out.
  db.run(`INSERT INTO audit_words (audit_words, rank) VALUES ('secure-delete', 1)`);
  // A contentless index forgets only who says what it knew (sqlite.org/fts5.html, "The 'delete' Command").
  db.run(
    `INSERT INTO audit_words (audit_words, rowid, words) VALUES ('delete', ?, ?)`,
    sequence,
    before.words.join(' '),
  );
}
