import type { DomainEvent, Projection, ReadModelDatabase, RecordedEvent } from '#libs/event-store';
import type { OpeningEvent, SignInEvent } from '#libs/recipient-access';
import type { PasscodeEvent } from '#libs/passcode';
import type { SealedMessageEvent } from '#libs/sealing';

/** Every event that belongs to the record of messages and people. Telemetry and bookkeeping are not in it. */
export type AuditedEvent = SealedMessageEvent | OpeningEvent | SignInEvent | PasscodeEvent;

/** The types in the trail, for `--type` and the check that the list is whole. */
export const AUDITED_TYPES = [
  'MessageSealed',
  'MessageRevoked',
  'MessageViewed',
  'AttachmentDownloaded',
  'CarrierOpened',
  'ViewDenied',
  'OpeningsSummarised',
  'RecipientAuthenticated',
  'AuthenticationFailed',
  'OtpIssued',
  'OtpDelivered',
  'OtpDeliveryFailed',
  'OtpRejected',
  'OtpAccepted',
  'OtpExhausted',
] as const satisfies readonly AuditedEvent['type'][];

/** A type of AuditedEvent that is missing above fails the build here. */
type Missing = Exclude<AuditedEvent['type'], (typeof AUDITED_TYPES)[number]>;
const whole: [Missing] extends [never] ? true : Missing = true;

/**
 * The record as compliance staff ask it: by message, by person, by type, by time. It holds person ids and the events' data as
 * they are stored, personal data still encrypted: whoever displays a row decrypts it then, and what was erased stays so.
 */
export const auditTrail: Projection<AuditedEvent> = {
  name: 'audit-trail.v1',
  schema: `
    CREATE TABLE audit_trail (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      event_id TEXT NOT NULL UNIQUE,
      type TEXT NOT NULL,
      time TEXT NOT NULL,
      stream TEXT NOT NULL,
      revision INTEGER NOT NULL,
      message_id TEXT,
      position TEXT NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_trail_by_message ON audit_trail (message_id, sequence);
    CREATE INDEX audit_trail_by_type ON audit_trail (type, sequence);
    CREATE INDEX audit_trail_by_time ON audit_trail (time);
    CREATE TABLE audit_trail_person (
      person_id TEXT NOT NULL,
      sequence INTEGER NOT NULL,
      PRIMARY KEY (person_id, sequence)
    ) STRICT, WITHOUT ROWID;
  `,
  on: Object.fromEntries(AUDITED_TYPES.map((type) => [type, record])),
};
void whole;

function record(db: ReadModelDatabase, event: RecordedEvent<DomainEvent>): void {
  const data = event.data as Record<string, unknown>;
  const messageId = typeof data['messageId'] === 'string' ? data['messageId'] : idIn(event.stream, 'message');
  db.run(
    `INSERT INTO audit_trail (event_id, type, time, stream, revision, message_id, position, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    event.id,
    event.type,
    event.time,
    event.stream,
    event.revision,
    messageId,
    event.position,
    JSON.stringify(data),
  );
  const persons = new Set(
    [data['recipientId'], data['senderId'], data['personId'], idIn(event.stream, 'passcodes')].filter(
      (id): id is string => typeof id === 'string',
    ),
  );
  for (const personId of persons) {
    db.run(
      'INSERT INTO audit_trail_person (person_id, sequence) SELECT ?, sequence FROM audit_trail WHERE event_id = ?',
      personId,
      event.id,
    );
  }
}

/** The id behind the category of a stream's name, or null for a stream of another category. */
function idIn(stream: string, category: string): string | null {
  return stream.startsWith(`${category}-`) ? stream.slice(category.length + 1) : null;
}
