import type { Projection, ReadModelDatabase, RecordedEvent } from '#libs/event-store';
import { bounceEvents, deliveryEvents, submissionEvents } from '#libs/gateway';
import type { BounceEvent, DeliveryEvent, SubmissionEvent } from '#libs/gateway';
import { sealedMessageEvents } from '#libs/sealing';
import type { SealedMessageEvent } from '#libs/sealing';
import { parseMessageId, plusSeconds } from '#libs/vocabulary';
import type { Instant, MessageId } from '#libs/vocabulary';
import { latestTryAt, PAUSES_SECONDS } from './retry-schedule.ts';
import { webhookEvents } from './webhook-events.ts';
import type { WebhookEvent } from './webhook-events.ts';
import { webhookTryEvents } from './webhook-try-events.ts';
import type { WebhookTryEvent } from './webhook-try-events.ts';

/** What is reported to a program. Of views the first alone, and only where the program asks for it. */
export type WebhookType =
  'message.relayed' | 'message.refused' | 'message.bounced' | 'message.viewed' | 'message.revoked';

/** 10 days: a bounce may come five days after the last moment of a message. */
const REMEMBERED_AFTER_EXPIRY_SECONDS = 10 * 86_400;

/**
 * What waits to be sent to which program, from the record alone: every gateway has its own copy, and any of them can go on where another stopped.
 * The body is made here, once, so that every try of it has the same bytes.
 */
export const waitingWebhooks: Projection<
  SealedMessageEvent | SubmissionEvent | DeliveryEvent | BounceEvent | WebhookEvent | WebhookTryEvent
> = {
  name: 'waiting-webhooks.v2',
  schema: `
    CREATE TABLE webhook_client (
      client_id TEXT PRIMARY KEY, includes_views INTEGER NOT NULL, off_reason TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE webhook_message (
      message_id TEXT PRIMARY KEY, submission_id TEXT NOT NULL, client_id TEXT, expires_at TEXT NOT NULL,
      is_viewed INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX webhook_message_expiry ON webhook_message (expires_at);
    CREATE TABLE webhook_waiting (
      webhook_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, message_id TEXT NOT NULL, body TEXT NOT NULL,
      since TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX webhook_waiting_due ON webhook_waiting (client_id, due_at);
    CREATE INDEX webhook_waiting_since ON webhook_waiting (client_id, since, webhook_id);
  `,
  events: {
    ...sealedMessageEvents.events,
    ...submissionEvents.events,
    ...deliveryEvents.events,
    ...bounceEvents.events,
    ...webhookEvents.events,
    ...webhookTryEvents.events,
  },
  on: {
    MessageSealed: (db, { time, data: { messageId, submissionId, expiresAt } }) => {
      const forgotten = plusSeconds(time, -REMEMBERED_AFTER_EXPIRY_SECONDS);
      db.run('DELETE FROM webhook_message WHERE expires_at < ?', forgotten);
      if (submissionId === undefined) return;
      const sql = 'INSERT OR IGNORE INTO webhook_message (message_id, submission_id, expires_at) VALUES (?, ?, ?)';
      db.run(sql, messageId, submissionId, expiresAt);
    },
    SubmissionAccepted: (db, event) => {
      const { clientId, messages, delivery, acceptedAt } = event.data;
      for (const { messageId } of messages) {
        db.run('UPDATE webhook_message SET client_id = ? WHERE message_id = ?', clientId, messageId);
        // For one recipient, so that the event's id is good for one webhook.
        if (delivery === 'at-once')
          queue(db, event, messageId, 'message.relayed', acceptedAt, { relayedAt: acceptedAt });
      }
    },
    CarrierRelayed: (db, event) => {
      const { messageId, relayedAt } = event.data;
      queue(db, event, messageId, 'message.relayed', relayedAt, { relayedAt });
    },
    CarrierRefused: (db, event) => {
      const { messageId, reason, status, refusedAt } = event.data;
      queue(db, event, messageId, 'message.refused', refusedAt, { reason, status, refusedAt });
    },
    CarrierBounced: (db, event) => {
      const { messageId, reason, status, bouncedAt } = event.data;
      queue(db, event, messageId, 'message.bounced', bouncedAt, { reason, status, bouncedAt });
    },
    MessageViewed: (db, event) => {
      const messageId = messageOf(event);
      const sql =
        'UPDATE webhook_message SET is_viewed = 1 WHERE message_id = ? AND is_viewed = 0 RETURNING 1 AS first';
      if (messageId === null || db.get(sql, messageId) === undefined) return;
      const { viewedAt } = event.data;
      queue(db, event, messageId, 'message.viewed', viewedAt, { firstViewedAt: viewedAt });
    },
    MessageRevoked: (db, event) => {
      const { revokedAt } = event.data;
      const messageId = messageOf(event);
      if (messageId !== null) queue(db, event, messageId, 'message.revoked', revokedAt, { revokedAt });
    },
    WebhookSwitchedOn: (db, { data: { clientId, includesViews } }) => {
      db.run('INSERT OR REPLACE INTO webhook_client VALUES (?, ?, NULL)', clientId, includesViews ? 1 : 0);
    },
    WebhookSwitchedOff: (db, { data: { clientId, reason } }) => {
      db.run('UPDATE webhook_client SET off_reason = ? WHERE client_id = ?', reason, clientId);
      db.run('DELETE FROM webhook_waiting WHERE client_id = ?', clientId);
    },
    WebhooksTried: (db, { data: { delivered, deferred } }) => {
      for (const webhookId of delivered) db.run('DELETE FROM webhook_waiting WHERE webhook_id = ?', webhookId);
      for (const { webhookId, attempts, dueAt } of deferred) {
        const sql = 'UPDATE webhook_waiting SET attempts = ?, due_at = ? WHERE webhook_id = ?';
        db.run(sql, attempts, dueAt, webhookId);
      }
    },
    WebhookGivenUp: (db, { data: { webhookId } }) => {
      db.run('DELETE FROM webhook_waiting WHERE webhook_id = ?', webhookId);
    },
  },
};

/** Nothing where the message is no program's, or its program has no webhook. */
function queue(
  db: ReadModelDatabase,
  { id, time }: Pick<RecordedEvent, 'id' | 'time'>,
  messageId: MessageId,
  type: WebhookType,
  timestamp: Instant,
  facts: Readonly<Record<string, string | null>>,
): void {
  const sql = `
    SELECT client_id AS clientId, submission_id AS submissionId, includes_views AS includesViews
    FROM webhook_message JOIN webhook_client USING (client_id) WHERE message_id = ? AND off_reason IS NULL`;
  const found = db.get<{ clientId: string; submissionId: string; includesViews: number }>(sql, messageId);
  if (found === undefined || (type === 'message.viewed' && found.includesViews === 0)) return;
  const { clientId, submissionId } = found;
  const body = JSON.stringify({ type, timestamp, data: { messageId, submissionId, ...facts } });
  db.run(
    `INSERT OR IGNORE INTO webhook_waiting (webhook_id, client_id, message_id, body, since, due_at)
     VALUES (?, ?, ?, ?, ?, '')`, // due at once, whatever the clocks of machines say
    ...[id, clientId, messageId, body, time],
  );
}

function messageOf({ stream }: Pick<RecordedEvent, 'stream'>): MessageId | null {
  return parseMessageId(stream.slice(stream.indexOf('-') + 1));
}

export interface WaitingWebhook {
  readonly webhookId: string;
  readonly messageId: MessageId;
  readonly body: string;
  readonly since: Instant;
  /** Tries so far. */
  readonly attempts: number;
}

/** What is due, the longest due first. */
export function dueWebhooks(db: ReadModelDatabase, clientId: string, now: Instant, limit: number): WaitingWebhook[] {
  return db.all<WaitingWebhook>(
    `SELECT webhook_id AS webhookId, message_id AS messageId, body, since, attempts FROM webhook_waiting
     WHERE client_id = ? AND due_at <= ? ORDER BY due_at LIMIT ?`,
    ...[clientId, now, limit],
  );
}

/**
 * What waits longer than its tries allow, by a clock that was set back meanwhile: due as well. Looks at all that waits.
 */
export function webhooksPutOffTooFar(
  db: ReadModelDatabase,
  clientId: string,
  now: Instant,
  limit: number,
): WaitingWebhook[] {
  const latest = [0, ...PAUSES_SECONDS].map((_, attempts) => latestTryAt(attempts, now));
  return db.all<WaitingWebhook>(
    `SELECT webhook_id AS webhookId, message_id AS messageId, body, since, attempts
     FROM webhook_waiting JOIN json_each(?) AS latest ON latest.key = attempts
     WHERE client_id = ? AND due_at > latest.value ORDER BY due_at LIMIT ?`,
    ...[JSON.stringify(latest), clientId, limit],
  );
}

/** What has waited since before a time, due or not, the longest first. @param after the last one of the page before; null: from the beginning */
export function webhooksSinceBefore(
  db: ReadModelDatabase,
  clientId: string,
  page: { readonly before: Instant; readonly after: WaitingWebhook | null; readonly limit: number },
): WaitingWebhook[] {
  const { before, after, limit } = page;
  return db.all<WaitingWebhook>(
    `SELECT webhook_id AS webhookId, message_id AS messageId, body, since, attempts FROM webhook_waiting
     WHERE client_id = ? AND since < ? AND (since, webhook_id) > (?, ?) ORDER BY since, webhook_id LIMIT ?`,
    ...[clientId, before, after?.since ?? '', after?.webhookId ?? '', limit],
  );
}

/** 10,000: to count on would hold up the thread, at each scrape. */
export const COUNTED_AT_MOST = 10_000;

export interface WebhookStanding {
  readonly clientId: string;
  readonly offReason: 'gone' | 'not-configured' | null;
  /** `COUNTED_AT_MOST` at most. */
  readonly waiting: number;
  readonly oldestSince: Instant | null;
}

/** Of every program that ever had a webhook. */
export function webhookStandings(db: ReadModelDatabase): WebhookStanding[] {
  return db.all<WebhookStanding>(
    `SELECT client_id AS clientId, off_reason AS offReason,
       (SELECT count(*) FROM (SELECT 1 FROM webhook_waiting AS one WHERE one.client_id = program.client_id LIMIT ?)) AS waiting,
       (SELECT since FROM webhook_waiting AS one WHERE one.client_id = program.client_id ORDER BY since LIMIT 1) AS oldestSince
     FROM webhook_client AS program`,
    COUNTED_AT_MOST,
  );
}
