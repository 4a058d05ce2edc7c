import type { Projection, ReadModelDatabase, StreamName } from '#libs/event-store';
import { passcodeEvents } from '#libs/passcode';
import type { PasscodeEvent } from '#libs/passcode';
import { openingEvents, signInEvents } from '#libs/recipient-access';
import type { OpeningEvent, SignInEvent } from '#libs/recipient-access';
import { sealedMessageEvents } from '#libs/sealing';
import type { SealedMessageEvent } from '#libs/sealing';
import { secondsBetween } from '#libs/vocabulary';
import type { Instant, MessageId } from '#libs/vocabulary';
import { canaryEvents } from '../canary/canary-events.ts';
import type { CanaryEvent } from '../canary/canary-events.ts';
import { HOUR_CHARACTERS } from '../read-models/audit-terms.ts';
import { waitOf } from './waits.ts';

/**
 * Counts for charts, so that none of them costs more the longer the record is: how often what happened in which hour (UTC), by method or
 * reason, and how long messages waited to be shown for the first time. Nobody is named in it but the canary, whose events are not counted; which
 * message waits is, until it was shown.
 */
export const auditFigures: Projection<SealedMessageEvent | OpeningEvent | SignInEvent | PasscodeEvent | CanaryEvent> = {
  name: 'audit-figures.v2',
  schema: `
    CREATE TABLE figure_hour (
      type TEXT NOT NULL, hour TEXT NOT NULL, detail TEXT NOT NULL, count INTEGER NOT NULL,
      PRIMARY KEY (type, hour, detail)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE figure_unshown (message_id TEXT PRIMARY KEY, sealed_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE figure_first_view (
      hour TEXT NOT NULL, wait TEXT NOT NULL, count INTEGER NOT NULL, -- the hour of the sealing
      PRIMARY KEY (hour, wait)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE figure_canary (person_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
  events: {
    ...sealedMessageEvents.events,
    ...openingEvents.events,
    ...signInEvents.events,
    ...passcodeEvents.events,
    ...canaryEvents.events,
  },
  on: {
    CanaryAppointed: (db, { data }) => db.run('INSERT OR IGNORE INTO figure_canary VALUES (?)', data.personId),
    MessageSealed: (db, { type, time, data }) => {
      if (isCanary(db, data.senderId) && isCanary(db, data.recipientId)) return;
      count(db, type, time, '');
      db.run('INSERT OR IGNORE INTO figure_unshown VALUES (?, ?)', data.messageId, time);
    },
    MessageViewed: (db, { type, time, stream, data }) => {
      if (isCanary(db, data.recipientId)) return;
      count(db, type, time, data.method);
      countFirstView(db, idOf(stream) as MessageId, time);
    },
    RecipientAuthenticated: (db, { type, time, data }) => {
      if (!isCanary(db, data.personId)) count(db, type, time, data.method);
    },
    AuthenticationFailed: (db, { type, time, stream, data }) => {
      if (!isCanary(db, idOf(stream))) count(db, type, time, data.reason);
    },
    ViewDenied: (db, { type, time, data }) => count(db, type, time, data.reason),
    // What went past the cap of a day was counted without its reasons.
    OpeningsSummarised: (db, { time, data }) => count(db, 'ViewDenied', time, 'summarised', data.viewDenied),
    OtpIssued: (db, { type, time, stream }) => {
      if (!isCanary(db, idOf(stream))) count(db, type, time, '');
    },
    OtpDeliveryFailed: (db, { type, time, stream, data }) => {
      if (!isCanary(db, idOf(stream))) count(db, type, time, data.failure);
    },
  },
};

function idOf(stream: StreamName): string {
  return stream.slice(stream.indexOf('-') + 1);
}

function isCanary(db: ReadModelDatabase, personId: string): boolean {
  return db.get('SELECT 1 FROM figure_canary WHERE person_id = ?', personId) !== undefined;
}

function count(db: ReadModelDatabase, type: string, time: Instant, detail: string, by = 1): void {
  if (by === 0) return;
  db.run(
    'INSERT INTO figure_hour VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
    type,
    time.slice(0, HOUR_CHARACTERS),
    detail,
    by,
  );
}

function countFirstView(db: ReadModelDatabase, messageId: MessageId, time: Instant): void {
  const sql = 'DELETE FROM figure_unshown WHERE message_id = ? RETURNING sealed_at AS sealedAt';
  const unshown = db.get<{ sealedAt: Instant }>(sql, messageId);
  if (unshown === undefined) return;
  db.run(
    'INSERT INTO figure_first_view VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1',
    unshown.sealedAt.slice(0, HOUR_CHARACTERS),
    waitOf(secondsBetween(unshown.sealedAt, time)),
  );
}
