import { createHash } from 'node:crypto';
import type { EventStore, Position } from '#libs/event-store';
import { parseEventId } from '#libs/vocabulary';
import type { EventId } from '#libs/vocabulary';
import { AuditRequestRefused } from '../door/audit-request-refused.ts';

/** How far somebody has read: a position, and the event that stood there. */
export interface FeedPlace {
  readonly position: Position;
  readonly eventId: EventId;
}

/** `f1.<position>.<event id>.<check>`: a place is only good with the event that stood there (after a restore another may). */
export function placeText({ position, eventId }: FeedPlace): string {
  const place = `f1.${Buffer.from(position).toString('base64url')}.${eventId}`;
  return `${place}.${checkOf(place)}`;
}

/** @throws AuditRequestRefused 400 for what no answer of the feed ended with */
export function parsePlace(text: string): FeedPlace {
  const [, place = '', position = '', id = '', check] =
    /^(f1\.([\w-]{1,200})\.([0-9a-f-]{36}))\.([\w-]{6})$/.exec(text) ?? [];
  const eventId = parseEventId(id);
  if (eventId === null || check !== checkOf(place))
    throw new AuditRequestRefused(400, 'after', 'after is not what an answer of this feed ended with');
  return { position: Buffer.from(position, 'base64url').toString('utf8') as Position, eventId };
}

/**
 * The log may have been set back to an older backup since: whoever read further must begin anew, or would miss what took those places.
 * @throws AuditRequestRefused 409; EventStoreUnavailable
 */
export async function requireSameRecord(store: EventStore, { position, eventId }: FeedPlace): Promise<void> {
  const there = await store.eventAt(position).catch((error: unknown) => {
    if (error instanceof TypeError) return null; // a position of another kind of store
    throw error;
  });
  if (there?.id === eventId) return;
  const detail =
    'the event that after names stands there no more: the record was set back or moved; begin anew, without after';
  throw new AuditRequestRefused(409, 'after', detail);
}

function checkOf(place: string): string {
  return createHash('sha256').update(`segl audit feed ${place}`).digest('base64url').slice(0, 6);
}
