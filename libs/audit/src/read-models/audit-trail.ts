import type { DomainEvent, Projection, ReadModelDatabase, RecordedEvent } from '#libs/event-store';
import { eventCatalogue, isAudited } from '../event-catalogue.ts';

/**
 * The record as compliance staff ask it: by message, by person, by type, by time. It holds person ids and the events' data as
 * they are stored, personal data still encrypted: whoever displays a row decrypts it then, and what was erased stays so.
 */
export const auditTrail: Projection<DomainEvent> = {
  name: 'audit-trail.v2',
  schema: `
    CREATE TABLE audit_trail_v2 (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      event_id TEXT NOT NULL UNIQUE,
      type TEXT NOT NULL,
      version INTEGER NOT NULL,
      time TEXT NOT NULL,
      stream TEXT NOT NULL,
      revision INTEGER NOT NULL,
      message_id TEXT,
      position TEXT NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_trail_v2_by_message ON audit_trail_v2 (message_id, sequence);
    CREATE INDEX audit_trail_v2_by_type ON audit_trail_v2 (type, sequence);
    CREATE INDEX audit_trail_v2_by_time ON audit_trail_v2 (time);
    CREATE TABLE audit_trail_person_v2 (
      person_id TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      PRIMARY KEY (person_id, sequence)
    ) STRICT, WITHOUT ROWID;
  `,
  every: record,
};

/** An event that nobody here describes stops the trail: it must not leave out what a later release recorded. */
function record(db: ReadModelDatabase, event: RecordedEvent): void {
  const { evidence, persons, messageIds } = eventCatalogue.describe(event);
  if (!isAudited(evidence)) return;
  db.run(
    `INSERT INTO audit_trail_v2 (event_id, type, version, time, stream, revision, message_id, position, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    event.id,
    event.type,
    event.version,
    event.time,
    event.stream,
    event.revision,
    messageIds.length === 1 ? (messageIds[0] ?? null) : null,
    event.position,
    JSON.stringify(event.data),
  );
  for (const personId of new Set(persons.map((person) => person.personId))) {
    db.run(
      'INSERT INTO audit_trail_person_v2 (person_id, sequence) SELECT ?, sequence FROM audit_trail_v2 WHERE event_id = ?',
      personId,
      event.id,
    );
  }
}
