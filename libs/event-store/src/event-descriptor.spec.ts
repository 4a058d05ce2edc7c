import { describe, expect, it } from '@jest/globals';
import type { EncryptedPersonalData, EventId, MessageId, PersonId } from '#libs/vocabulary';
import type { DomainEvent, Revised } from './domain-event.ts';
import { EventCatalogue, UnknownEvent, UnknownEventVersion } from './event-catalogue.ts';
import type { EventDescriptor, StreamDescriptor } from './event-descriptor.ts';
import type { Position, RecordedEvent } from './event-store.ts';
import { parseRecordedEvent, recordEvents, streamName } from './recorded-event.ts';

type Lent = DomainEvent<
  'Lent',
  {
    lenderId: PersonId;
    readers: { readerId: PersonId; messageId?: MessageId }[];
    title?: EncryptedPersonalData;
    shelf?: string;
  }
>;
type Returned = Revised<3, DomainEvent<'Returned', { days: number; wasTorn: boolean }>>;

const lent = {
  version: 1,
  evidence: 'administrative',
  outcome: 'done',
  persons: { lenderId: 'sender', 'readers[].readerId': 'reader' },
  encrypted: { title: 'lenderId' },
  messages: { 'readers[].messageId': true },
  facts: { reason: 'shelf', method: { always: 'by hand' } },
  words: ['shelf'],
} as const satisfies EventDescriptor<Lent>;

const nothing = {
  evidence: 'statistics',
  outcome: 'done',
  persons: {},
  encrypted: {},
  messages: {},
  facts: {},
  words: [],
} as const;

const bookEvents = {
  category: 'book',
  names: { person: 'claimant' },
  events: {
    Lent: lent,
    Returned: {
      ...nothing,
      version: 3,
      upcasts: [
        ({ weeks }: Record<'weeks', number>) => ({ days: weeks * 7 }),
        ({ days }: Record<'days', number>) => ({ days, wasTorn: false }),
      ],
    },
  },
} as const satisfies StreamDescriptor<Lent | Returned>;

const person = 'a'.repeat(26);
const stream = streamName('book', person);

function recorded(event: DomainEvent, at = stream): RecordedEvent {
  const [record] = recordEvents(at, 'NONE', [event], '2026-11-30T12:00:00.000Z' as never);
  return parseRecordedEvent(Buffer.from(record?.text ?? ''), '1' as Position);
}

describe('a description of events', () => {
  it('cannot leave out, misname or invent a field that names a person, a message or is encrypted', () => {
    // Each of these lines is a test that runs in the type checker: without its error the build fails.
    // @ts-expect-error a person
    void ({ ...lent, persons: { lenderId: 'sender' } } as const satisfies EventDescriptor<Lent>);
    // @ts-expect-error an encrypted field
    void ({ ...lent, encrypted: {} } as const satisfies EventDescriptor<Lent>);
    // @ts-expect-error under the key of a field that names nobody
    void ({ ...lent, encrypted: { title: 'shelf' } } as const satisfies EventDescriptor<Lent>);
    // @ts-expect-error a message
    void ({ ...lent, messages: {} } as const satisfies EventDescriptor<Lent>);
    // @ts-expect-error a person to be searched by words
    void ({ ...lent, words: ['lenderId'] } as const satisfies EventDescriptor<Lent>);
    // @ts-expect-error an encrypted field as a fact
    void ({ ...lent, facts: { reason: 'title' } } as const satisfies EventDescriptor<Lent>);
    // @ts-expect-error a whole event
    void ({ Lent: lent } as const satisfies StreamDescriptor<Lent | Returned>['events']);
    // @ts-expect-error a version that is not the written one
    void ({ ...nothing, version: 2, upcasts: [] } as const satisfies EventDescriptor<Returned>);
    // @ts-expect-error a step from an older version
    void ({ ...nothing, version: 3, upcasts: [() => ({})] } as const satisfies EventDescriptor<Returned>);
    // @ts-expect-error a last step that makes something else
    void ({ ...nothing, version: 3, upcasts: [() => ({}), () => ({})] } as const satisfies EventDescriptor<Returned>);
    // @ts-expect-error an event of a later shape that does not say so
    void ({ type: 'Returned', data: { days: 1, wasTorn: true } } satisfies Returned);
    type Nested = DomainEvent<'Nested', { inner: { personId: PersonId; secret: EncryptedPersonalData } }>;
    const nested = { ...nothing, version: 1, persons: { 'inner.personId': 'reader' } } as const;
    // @ts-expect-error an encrypted field that is not at the top
    void ({ ...nested, encrypted: { 'inner.secret': 'inner.personId' } } as const satisfies EventDescriptor<Nested>);
  });

  const catalogue = new EventCatalogue([bookEvents]);

  it('says what an event says, from the stream on', () => {
    const [one, other, messageId] = ['b'.repeat(26), 'c'.repeat(26), 'd'.repeat(32)];
    const readers = [{ readerId: one, messageId }, { readerId: other }];
    const event = { type: 'Lent', data: { lenderId: one, readers, title: 'x', shelf: 'A 3' } };
    expect(catalogue.describe(recorded(event))).toEqual({
      data: event.data,
      evidence: 'administrative',
      outcome: 'done',
      persons: [
        { personId: one, part: 'sender' },
        { personId: one, part: 'reader' },
        { personId: other, part: 'reader' },
        { personId: person, part: 'claimant' },
      ],
      messageIds: [messageId],
      encrypted: [{ field: 'title', personId: one }],
      facts: { reason: 'A 3', method: 'by hand' },
      words: ['A 3'],
    });
    expect(catalogue.types()).toEqual(['Lent', 'Returned']);
    expect(catalogue.types(({ evidence }) => evidence !== 'statistics')).toEqual(['Lent']);
  });

  it('reads an older version in the present shape', () => {
    const days = (version: number, data: object) =>
      catalogue.describe(recorded({ type: 'Returned', version, data })).data;
    expect(days(1, { weeks: 2 })).toEqual({ days: 14, wasTorn: false });
    expect(days(2, { days: 3 })).toEqual({ days: 3, wasTorn: false });
    expect(days(3, { days: 3, wasTorn: true })).toEqual({ days: 3, wasTorn: true });
  });

  it('stops at a later version, and at what nobody describes', () => {
    const describing =
      (event: DomainEvent, at = stream) =>
      () =>
        catalogue.describe(recorded(event, at));
    expect(describing({ type: 'Returned', version: 4, data: {} })).toThrow(UnknownEventVersion);
    expect(describing({ type: 'constructor', data: {} })).toThrow(UnknownEvent);
    expect(describing({ type: 'Lent', data: {} }, streamName('shelf', 'a'))).toThrow(UnknownEvent);
    expect(() => new EventCatalogue([bookEvents, bookEvents])).toThrow(TypeError);
  });
});

describe('the version of an event', () => {
  const bytesOf = (event: DomainEvent) => JSON.parse(Buffer.from(recorded(event).bytes).toString()) as object;
  const id = '6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10' as EventId;

  it('is in its bytes from the second on, so that the bytes of the first are what they were', () => {
    expect(bytesOf({ id, type: 'Lent', version: 1, data: {} })).toEqual(bytesOf({ id, type: 'Lent', data: {} }));
    expect(bytesOf({ id, type: 'Lent', data: {} })).not.toHaveProperty('version');
    expect(bytesOf({ id, type: 'Lent', version: 2, data: {} })).toHaveProperty('version', 2);
    expect(recorded({ type: 'Lent', data: {} }).version).toBe(1);
    expect(recorded({ type: 'Lent', version: 2, data: {} }).version).toBe(2);
  });

  it.each([0, -1, 1.5, '2', null])('is refused when it is %j', (version) => {
    expect(() => recorded({ type: 'Lent', version: version as number, data: {} })).toThrow(TypeError);
  });
});
