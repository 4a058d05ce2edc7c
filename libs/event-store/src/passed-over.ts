import { DomainError } from '#libs/vocabulary';
import type { Clock, EventId, Instant } from '#libs/vocabulary';
import { decideAndAppend } from './decide-and-append.ts';
import type { DomainEvent, Fold } from './domain-event.ts';
import { ADMINISTRATIVE } from './event-descriptor.ts';
import type { StreamDescriptor } from './event-descriptor.ts';
import type { EventStore, Position, StreamName } from './event-store.ts';
import type { ProjectionStop } from './projection-stop.ts';
import { streamName } from './recorded-event.ts';

/** The stream of one projection, `projections-<name>`: what was decided about it. Every process and every rebuild keeps to it. */
export type ProjectionEvent = DomainEvent<
  'EventPassedOver',
  {
    projection: string;
    /** Absent for a damaged record, which can be named by its place alone. */
    eventId?: EventId;
    eventType?: string;
    /** Where it stood in the store of that time. */
    position: string;
    passedOverAt: Instant;
    /** Who says so: an operator's name, never a mail address. */
    passedOverBy: string;
    reason: string;
  }
>;

export const projectionEvents = {
  category: 'projections',
  names: 'nothing',
  events: {
    EventPassedOver: {
      ...ADMINISTRATIVE,
      facts: { happenedAt: 'passedOverAt', reason: 'reason' },
      words: ['projection', 'eventType', 'passedOverBy', 'reason'],
    },
  },
} as const satisfies StreamDescriptor<ProjectionEvent>;

/** What a projection may leave out, by recorded decisions. */
export interface PassedOver {
  readonly eventIds: ReadonlySet<string>;
  readonly damagedAt: ReadonlySet<string>;
}

export const passedOver: Fold<PassedOver, ProjectionEvent> = {
  events: projectionEvents.events,
  initialState: () => ({ eventIds: new Set(), damagedAt: new Set() }),
  evolve(state, event) {
    if (event.type !== 'EventPassedOver') return state;
    const { eventId, position } = event.data;
    return eventId === undefined
      ? { ...state, damagedAt: new Set([...state.damagedAt, position]) }
      : { ...state, eventIds: new Set([...state.eventIds, eventId]) };
  },
};

export function projectionStream(name: string): StreamName {
  return streamName(projectionEvents.category, name);
}

/** There is nothing to pass over: the projection does not stand in front of one event. */
export class NothingToPassOver extends DomainError {
  constructor(name: string) {
    super('nothing-to-pass-over', `projection ${name} does not stand in front of an event that it cannot take`);
  }
}

export interface PassOver {
  readonly passedOverBy: string;
  readonly reason: string;
}

/**
 * Records that a projection may leave out the one event that it stands in front of; it goes on when it next tries. Twice is no event.
 * @throws NothingToPassOver; what the store throws
 */
export async function passOver(
  store: EventStore,
  clock: Clock,
  { name, stop }: { readonly name: string; readonly stop: ProjectionStop | null },
  { passedOverBy, reason }: PassOver,
): Promise<void> {
  if (stop === null || stop.why === 'record-differs') throw new NothingToPassOver(name);
  const { eventId, eventType, position } = stop;
  const data = {
    projection: name,
    position: position satisfies Position,
    passedOverAt: clock.now(),
    passedOverBy,
    reason,
    ...(eventId === null ? {} : { eventId }),
    ...(eventType === null ? {} : { eventType }),
  };
  await decideAndAppend(store, projectionStream(name), passedOver, (state) =>
    (eventId === null ? state.damagedAt.has(position) : state.eventIds.has(eventId))
      ? []
      : [{ type: 'EventPassedOver' as const, data }],
  );
}
