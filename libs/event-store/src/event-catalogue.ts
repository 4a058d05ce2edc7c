import { DomainError, parseMessageId, parsePersonId } from '#libs/vocabulary';
import type { MessageId, PersonId } from '#libs/vocabulary';
import type { DomainEvent } from './domain-event.ts';
import type {
  EventDescriptors,
  EventFacts,
  Evidence,
  Outcome,
  PersonPart,
  StreamDescriptor,
} from './event-descriptor.ts';
import { EventStoreUnavailable } from './event-store.ts';
import type { RecordedEvent } from './event-store.ts';
import { isContentRemoved } from './record-leaf.ts';

/** What of an event its description is read from. */
export type DescribableEvent = Pick<RecordedEvent, 'id' | 'stream' | 'revision' | 'type' | 'version' | 'data'>;

/** A later release wrote this event: what it says in that shape is not known here, and must not be guessed. For this release the store is away. */
export class UnknownEventVersion extends EventStoreUnavailable {
  constructor({ type, stream, revision, version }: DescribableEvent, known: number) {
    super(
      `${type} in ${stream} at revision ${revision} has version ${version}, and this release knows ${known}: run the release that wrote it, or a later one`,
    );
  }
}

/** Nothing here describes an event of this type in a stream of this kind: a later release wrote it, or it is not ours. */
export class UnknownEvent extends DomainError {
  constructor({ type, stream, revision }: DescribableEvent) {
    super('unknown-event', `${stream} holds at revision ${revision} an event that this release does not know: ${type}`);
  }
}

export interface PersonInEvent {
  readonly personId: PersonId;
  readonly part: PersonPart;
}

export interface EncryptedField {
  readonly field: string;
  readonly personId: PersonId;
}

/** What one event says, by its own description. `data` is in the present shape, encrypted fields as they are stored. */
export interface DescribedEvent {
  readonly data: Readonly<Record<string, unknown>>;
  readonly evidence: Evidence;
  readonly outcome: Outcome;
  readonly persons: readonly PersonInEvent[];
  readonly messageIds: readonly MessageId[];
  readonly encrypted: readonly EncryptedField[];
  readonly facts: { readonly [Fact in keyof EventFacts<string>]?: string };
  readonly words: readonly string[];
}

/** A descriptor without the types that made it safe: what remains when all kinds of events are looked at together. */
export interface AnyDescriptor {
  readonly version: number;
  readonly evidence: Evidence;
  readonly outcome: Outcome;
  readonly persons: Readonly<Record<string, PersonPart>>;
  readonly encrypted: Readonly<Record<string, string>>;
  readonly messages: Readonly<Record<string, true>>;
  readonly facts: EventFacts<string>;
  readonly words: readonly string[];
  readonly upcasts?: readonly ((data: never) => object)[] | undefined;
}
export interface AnyStreamDescriptor extends Omit<StreamDescriptor<DomainEvent>, 'events'> {
  readonly events: Readonly<Record<string, AnyDescriptor>>;
}

/** The descriptions of all kinds of streams, from which whatever looks at all events derives what it knows of them. */
export class EventCatalogue {
  readonly descriptors: readonly AnyStreamDescriptor[];
  private readonly streams: ReadonlyMap<string, AnyStreamDescriptor>;

  /** @throws TypeError when two describe the same category */
  constructor(descriptors: readonly AnyStreamDescriptor[]) {
    this.descriptors = descriptors;
    this.streams = new Map(descriptors.map((descriptor) => [descriptor.category, descriptor]));
    if (this.streams.size < descriptors.length) throw new TypeError('one category of streams is described twice');
  }

  /** Of all kinds of streams, each once, in the order in which they are described. */
  types(isWanted: (descriptor: AnyDescriptor) => boolean = () => true): string[] {
    const found = this.descriptors.flatMap(({ events }) =>
      Object.entries(events).flatMap(([type, descriptor]) => (isWanted(descriptor) ? [type] : [])),
    );
    return [...new Set(found)];
  }

  /** Whether an event of this type, in a stream of this name, can be one of ours. */
  isDescribed(stream: string, type: string): boolean {
    const descriptor = this.streams.get(categoryOf(stream));
    return descriptor !== undefined && Object.hasOwn(descriptor.events, type);
  }

  /** @throws UnknownEvent, UnknownEventVersion */
  describe(event: DescribableEvent): DescribedEvent {
    const stream = this.streams.get(categoryOf(event.stream));
    const descriptor = stream === undefined ? undefined : ownProperty(stream.events, event.type);
    if (stream === undefined || descriptor === undefined) throw new UnknownEvent(event);
    const { data } = presentShape(stream.events, event) as { data: Readonly<Record<string, unknown>> };
    return {
      data,
      evidence: descriptor.evidence,
      outcome: descriptor.outcome,
      persons: personsIn(stream, descriptor, event, data),
      messageIds: messagesIn(stream, descriptor, event, data),
      encrypted: Object.entries(descriptor.encrypted).flatMap(([field, owner]) => {
        const personId = data[owner];
        return typeof data[field] === 'string' && typeof personId === 'string'
          ? [{ field, personId: personId as PersonId }]
          : [];
      }),
      facts: factsIn(descriptor.facts, event, data),
      words: descriptor.words.flatMap((field) => textsAt(data, field)),
    };
  }
}

/**
 * The event with its data in the shape that this release knows. Types that nothing describes are left as they are.
 * @throws UnknownEventVersion
 */
export function presentShape<Event extends DomainEvent>(
  descriptors: EventDescriptors<Event> | Readonly<Record<string, AnyDescriptor>> | undefined,
  event: DescribableEvent,
): Pick<RecordedEvent, 'id' | 'type' | 'data'> {
  const descriptor = descriptors && ownProperty(descriptors as Readonly<Record<string, AnyDescriptor>>, event.type);
  const known = descriptor?.version ?? 1;
  if (event.version > known) throw new UnknownEventVersion(event, known);
  if (event.version === known || isContentRemoved(event)) return event;
  const steps: AnyDescriptor['upcasts'] = descriptor?.upcasts?.slice(event.version - 1);
  const data = (steps ?? []).reduce<object>((before, step) => step(before as never), event.data);
  const { id, type } = event;
  return { id, type, data };
}

function personsIn(
  stream: AnyStreamDescriptor,
  descriptor: AnyDescriptor,
  event: DescribableEvent,
  data: object,
): PersonInEvent[] {
  const named = Object.entries(descriptor.persons).flatMap(([path, part]) =>
    textsAt(data, path).map((text) => ({ personId: text as PersonId, part })),
  );
  const id = typeof stream.names === 'object' ? parsePersonId(idOf(event.stream)) : null;
  if (id !== null && typeof stream.names === 'object') named.push({ personId: id, part: stream.names.person });
  return [...new Map(named.map((person) => [`${person.personId} ${person.part}`, person])).values()];
}

function messagesIn(
  stream: AnyStreamDescriptor,
  descriptor: AnyDescriptor,
  event: DescribableEvent,
  data: object,
): MessageId[] {
  const named = Object.keys(descriptor.messages).flatMap((path) => textsAt(data, path) as MessageId[]);
  const id = stream.names === 'message' ? parseMessageId(idOf(event.stream)) : null;
  return [...new Set(id === null ? named : [id, ...named])];
}

type FactSource = EventFacts<string>[keyof EventFacts<string>];

function factsIn(
  facts: EventFacts<string>,
  { id }: DescribableEvent,
  data: DescribedEvent['data'],
): DescribedEvent['facts'] {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([fact, source]: [string, FactSource]) => {
      const value =
        typeof source === 'string' ? data[source] : source && 'always' in source ? source.always : source && id;
      return typeof value === 'string' ? [[fact, value]] : [];
    }),
  );
}

/** What stands at `senderId`, `budget.clientId` or `messages[].recipientId`: as many as there are. */
function textsAt(data: unknown, path: string): string[] {
  if (data === null || typeof data !== 'object') return [];
  const [, name = '', list, rest] = /^([^.[]+)(\[\])?(?:\.(.+))?$/.exec(path) ?? [];
  const value = (data as Readonly<Record<string, unknown>>)[name];
  if (rest === undefined) return typeof value === 'string' ? [value] : [];
  return (list === undefined ? [value] : Array.isArray(value) ? value : []).flatMap((item) => textsAt(item, rest));
}

function categoryOf(stream: string): string {
  return stream.slice(0, stream.indexOf('-'));
}

function idOf(stream: string): string {
  return stream.slice(stream.indexOf('-') + 1);
}

/** A stored type may be called `constructor`. */
function ownProperty<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
