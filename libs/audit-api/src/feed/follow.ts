import { eventCatalogue, isAudited } from '#libs/audit';
import type { EventStore } from '#libs/event-store';
import { feedEvent } from './feed-event.ts';
import type { FeedEvent } from './feed-event.ts';
import type { FeedPlace } from './feed-place.ts';

export interface Followed {
  readonly events: readonly FeedEvent[];
  /** Behind everything that was looked at; null at the very beginning of a log without events. */
  readonly place: FeedPlace | null;
  /** Nothing more is there right now. */
  readonly isCaughtUp: boolean;
}

export interface FollowLimits {
  readonly limit: number;
  /** How long to wait for an event when there is none. */
  readonly waitMs: number;
  /** The program that waits is gone. */
  readonly signal: AbortSignal;
}

/** Of the log, statistics and bookkeeping included, that nobody is given: bounds what one answer costs. */
const MAX_LOOKED_AT = 20_000;

/** What comes after a place, as far as one answer goes; waits for it when it is still to come. @throws EventStoreUnavailable */
export async function follow(
  store: EventStore,
  after: FeedPlace | null,
  { limit, waitMs, signal }: FollowLimits,
): Promise<Followed> {
  const events: FeedEvent[] = [];
  let [place, isCaughtUp, lookedAt] = [after, false, 0];
  const waited = new AbortController();
  const timer = setTimeout(() => waited.abort(), waitMs);
  try {
    const until = AbortSignal.any([signal, waited.signal]);
    // What is there is read in any case; only the wait for what is to come ends early.
    for await (const event of store.readAll({ after: after?.position, maxCount: MAX_LOOKED_AT })) {
      place = { position: event.position, eventId: event.id };
      lookedAt++;
      if (isGiven(event.stream, event.type)) events.push(feedEvent(event));
      if (events.length === limit) break;
    }
    isCaughtUp = lookedAt < MAX_LOOKED_AT && events.length < limit;
    if (!isCaughtUp || events.length > 0 || waitMs === 0) return { events, place, isCaughtUp };
    for await (const message of store.subscribe({ after: place?.position, signal: until })) {
      if (message.kind === 'caught-up') continue;
      const { event } = message;
      place = { position: event.position, eventId: event.id };
      if (!isGiven(event.stream, event.type)) continue;
      events.push(feedEvent(event));
      break; // the next question brings what came with it
    }
    return { events, place, isCaughtUp };
  } finally {
    clearTimeout(timer);
  }
}

/** What a later release recorded is given as well, by its name: a feed leaves nothing out that it does not know. */
function isGiven(stream: string, type: string): boolean {
  if (!eventCatalogue.isDescribed(stream, type)) return true;
  const descriptor = eventCatalogue.descriptors.find(({ category }) => stream.startsWith(`${category}-`))?.events[type];
  return descriptor !== undefined && isAudited(descriptor.evidence);
}
