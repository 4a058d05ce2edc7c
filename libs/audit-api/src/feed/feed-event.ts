import { eventCatalogue } from '#libs/audit';
import type { DescribedEvent, RecordedEvent } from '#libs/event-store';
import { placeText } from './feed-place.ts';

/**
 * An event as other systems are given it: everything but personal data, which stays here, so that erasing somebody erases them
 * everywhere. Persons stand in it by their ids.
 */
export interface FeedEvent {
  /** What to ask on with, when this was the last that was kept. */
  readonly after: string;
  readonly eventId: string;
  readonly type: string;
  readonly version: number;
  readonly time: string;
  readonly stream: string;
  readonly revision: number;
  /** False for an event of a later release than this: no more than this header is known of it. */
  readonly isDescribed: boolean;
  readonly evidence: string | null;
  readonly outcome: string | null;
  readonly messageIds: readonly string[];
  readonly persons: DescribedEvent['persons'];
  readonly facts: DescribedEvent['facts'];
  readonly data: Readonly<Record<string, unknown>>;
}

export function feedEvent(event: RecordedEvent): FeedEvent {
  const { id, type, version, time, stream, revision, position } = event;
  const header = { after: placeText({ position, eventId: id }), eventId: id, type, version, time, stream, revision };
  const described = describedOrNull(event);
  if (described === null) {
    const nothing = { evidence: null, outcome: null, messageIds: [], persons: [], facts: {}, data: {} };
    return { ...header, isDescribed: false, ...nothing };
  }
  const { evidence, outcome, messageIds, persons, facts, data, encrypted } = described;
  const secret = new Set(encrypted.map(({ field }) => field));
  const clear = Object.fromEntries(Object.entries(data).filter(([name]) => !secret.has(name)));
  return { ...header, isDescribed: true, evidence, outcome, messageIds, persons, facts, data: clear };
}

function describedOrNull(event: RecordedEvent): DescribedEvent | null {
  try {
    return eventCatalogue.describe(event);
  } catch {
    return null; // a later release wrote it
  }
}
