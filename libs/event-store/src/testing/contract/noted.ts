import { newEventId } from '#libs/vocabulary';
import type { EventId } from '#libs/vocabulary';
import type { DomainEvent } from '../../domain-event.ts';
import type { EventStore, Position, RecordedEvent, StreamName, SubscriptionMessage } from '../../event-store.ts';
import { streamName } from '../../recorded-event.ts';

/** The event of the contract suite, and how its tests read. */
export type Noted = DomainEvent<'Noted', { text: string }>;

/** The two stores on one set of data, as two processes would have them. */
export interface TwoStores {
  readonly store: EventStore;
  readonly another: EventStore;
}

/** For events that are refused. */
export const FIXED_ID = '6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10' as EventId;

export function noted(text: string, id: EventId = newEventId()): Noted {
  return { type: 'Noted', data: { text }, id };
}

export function newStream(): StreamName {
  return streamName('contract', newEventId());
}

export async function readAllOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export function textsOf(events: readonly RecordedEvent[]): string[] {
  return events.map((event) => (event.data as Noted['data']).text);
}

export async function appendMany(
  store: EventStore,
  stream: StreamName,
  expected: number | 'NONE',
  count: number,
): Promise<number> {
  let revision = expected;
  for (let left = count; left > 0; left -= 500) {
    const events = Array.from({ length: Math.min(left, 500) }, () => noted('one of many'));
    revision = (await store.append(stream, revision, events)).revision;
  }
  return Number(revision);
}

export async function firstOf(
  store: EventStore,
  isWanted: (event: RecordedEvent) => boolean,
): Promise<RecordedEvent | undefined> {
  for await (const message of store.subscribe({ signal: AbortSignal.timeout(10_000) })) {
    if (message.kind === 'event' && isWanted(message.event)) return message.event;
  }
  return undefined;
}

/** Collects the texts of the events wanted, and 'caught-up', in the order in which they come. */
export function follow(
  store: EventStore,
  isWanted: (event: RecordedEvent) => boolean,
  after?: Position,
): { seen: string[]; until(isThere: (seen: string[]) => boolean): Promise<void>; end(): Promise<void> } {
  const abort = new AbortController();
  const seen: string[] = [];
  let look = (): void => undefined;
  const messageOf = (message: SubscriptionMessage): string[] => {
    if (message.kind === 'caught-up') return ['caught-up'];
    return isWanted(message.event) ? textsOf([message.event]) : [];
  };
  const done = (async () => {
    for await (const message of store.subscribe({ after, signal: abort.signal })) {
      seen.push(...messageOf(message));
      look();
    }
  })();
  return {
    seen,
    until: (isThere) =>
      Promise.race([
        done,
        new Promise<void>((resolve) => {
          look = () => {
            if (isThere(seen)) resolve();
          };
          look();
        }),
      ]),
    end: async () => {
      abort.abort();
      await done;
    },
  };
}
