import { ADMINISTRATIVE, decideAndAppend, streamName } from '#libs/event-store';
import type { DomainEvent, EventStore, Fold, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant, PersonId } from '#libs/vocabulary';

/**
 * The one stream `canary-installation`. From this event on, whatever is recorded of that person alone is of the canary: mails that the installation sends
 * to itself, to see that sealed mail can be read. It is left out where people look at what people did. The event itself never is.
 */
export type CanaryEvent = DomainEvent<'CanaryAppointed', { personId: PersonId; appointedAt: Instant }>;

export const canaryEvents = {
  category: 'canary',
  names: 'nothing',
  events: {
    CanaryAppointed: {
      ...ADMINISTRATIVE,
      persons: { personId: 'subject' },
      facts: { happenedAt: 'appointedAt' },
      words: [],
    },
  },
} as const satisfies StreamDescriptor<CanaryEvent>;

const canaryStream: StreamName = streamName(canaryEvents.category, 'installation');

/** Who was ever the canary: one for each address that was configured, and one more where that was erased. */
const canaries: Fold<ReadonlySet<PersonId>, CanaryEvent> = {
  events: canaryEvents.events,
  initialState: () => new Set(),
  evolve: (state, { data }) => new Set(state).add(data.personId),
};

/** Before anything else is recorded of that person. Once appointed is for ever: again is no event. @throws EventStoreUnavailable */
export async function appointCanary(store: EventStore, personId: PersonId, now: Instant): Promise<void> {
  await decideAndAppend(store, canaryStream, canaries, (known): CanaryEvent[] =>
    known.has(personId) ? [] : [{ type: 'CanaryAppointed', data: { personId, appointedAt: now } }],
  );
}
