import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newEventId } from '#libs/vocabulary';
import type { EventId, Instant } from '#libs/vocabulary';
import type { DomainEvent } from './domain-event.ts';
import { AppendTooLarge, MAX_APPEND_BYTES } from './event-store.ts';
import type { Position } from './event-store.ts';
import { parseRecordedEvent, recordEvents, streamName } from './recorded-event.ts';

const id = '6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10' as EventId;
const time = '2026-11-25T12:00:00.000Z' as Instant;
const stream = streamName('message', 'abcdefghijklmnopqrstuvwxyz234567');

function bytesOf(data: object, expected: 'NONE' | number = 'NONE'): string {
  return recordEvents(stream, expected, [{ type: 'Noted', data, id }], time)[0]?.text ?? '';
}

describe('the canonical bytes', () => {
  // Frozen: proofs are made over these bytes. A change here breaks every ledger that there is.
  it.each([
    [
      'members in the order of their names, all the way down',
      { zeta: 1, Alpha: { b: [], a: {} }, '10': true, '9': null },
      `{"data":{"10":true,"9":null,"Alpha":{"a":{},"b":[]},"zeta":1},"id":"${id}","revision":0,"stream":"${stream}","time":"${time}","type":"Noted"}`,
    ],
    [
      'numbers as ECMAScript writes them',
      { n: [0, -1, 1.5, 1e-7, 123456789012345, 9007199254740991, 0.1, -5e-324] },
      `{"data":{"n":[0,-1,1.5,1e-7,123456789012345,9007199254740991,0.1,-5e-324]},"id":"${id}","revision":0,"stream":"${stream}","time":"${time}","type":"Noted"}`,
    ],
    [
      'text with no more escapes than JSON needs',
      { t: 'æøå €😀/\u2028\u007f\n\u000b"\\' },
      `{"data":{"t":"æøå €😀/\u2028\u007f\\n\\u000b\\"\\\\"},"id":"${id}","revision":0,"stream":"${stream}","time":"${time}","type":"Noted"}`,
    ],
    [
      'names in the order of UTF-16 code units, undefined ones left out (RFC 8785 §3.2.3)',
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, ö: 7, gone: undefined },
      `{"data":{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3},"id":"${id}","revision":0,"stream":"${stream}","time":"${time}","type":"Noted"}`,
    ],
  ])('have %s', (_, data, text) => {
    expect(bytesOf(data)).toBe(text);
  });

  it('hold the revisions that the append is to have', () => {
    const events: DomainEvent[] = [
      { type: 'A', data: {} },
      { type: 'B', data: {} },
    ];
    const revisions = recordEvents(stream, 41, events, time).map(
      ({ text }) => (JSON.parse(text) as { revision: number }).revision,
    );
    expect(revisions).toEqual([42, 43]);
  });

  it('lose nothing of any JSON, and are read back as it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ noUnicodeString: false })),
        (generated) => {
          const data = JSON.parse(JSON.stringify(generated).replaceAll(/-0(?![.\d])/g, '0'), (_, value: unknown) =>
            Number.isInteger(value) && !Number.isSafeInteger(value) ? String(value) : value,
          ) as object;
          const text = bytesOf(data);
          const event = parseRecordedEvent(Buffer.from(text), '7' as Position);
          expect(event.data).toEqual(data);
          expect(Buffer.from(event.bytes).toString()).toBe(text);
          expect(event).toMatchObject({ id, revision: 0, stream, time, type: 'Noted', position: '7' });
        },
      ),
    );
  });

  it('do not depend on the order in which members were set', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (data) => {
        expect(bytesOf(Object.fromEntries(Object.entries(data).toReversed()))).toBe(bytesOf(data));
      }),
    );
  });
});

describe('data that JSON cannot hold without loss', () => {
  class Money {
    amount = 1;
  }
  const cycle: { self?: object } = {};
  cycle.self = cycle;
  const deep = Array.from({ length: 70 }).reduce<object>((inner) => ({ inner }), {});
  const sparse: unknown[] = [];
  sparse[2] = 1;

  it.each<[string, unknown, string]>([
    ['NaN', NaN, 'Noted.data.list[0].value: NaN is not JSON'],
    ['Infinity', -Infinity, '-Infinity is not JSON'],
    ['-0', -0, '-0 would be read back as 0'],
    ['2^53', 2 ** 53, 'past 2^53'],
    ['1e300', 1e300, 'past 2^53'],
    ['a bigint', 1n, 'a bigint is not JSON'],
    ['a function', () => 1, 'a function is not JSON'],
    ['a symbol', Symbol('s'), 'a symbol is not JSON'],
    ['a date', new Date(0), 'a Date is not plain data'],
    ['a map', new Map(), 'a Map is not plain data'],
    ['a buffer', Buffer.from('x'), 'a Buffer is not plain data'],
    ['a boxed string', Object('x'), 'a String is not plain data'],
    ['a class instance', new Money(), 'a Money is not plain data'],
    ['undefined in an array', [undefined], 'Noted.data.list[0].value[0]: a undefined is not JSON'],
    ['a hole in an array', sparse, 'is not JSON'],
    ['a toJSON method', { toJSON: () => 1 }, 'a function is not JSON'],
    ['a lone high surrogate', 'x\ud83d', 'a lone surrogate'],
    ['a lone low surrogate in a name', { '\ude00': 1 }, 'a lone surrogate'],
    ['a cycle', cycle, 'refers to itself'],
    ['70 levels', deep, 'nested deeper than 64 levels'],
  ])('is refused: %s', (_, value, reason) => {
    expect(() => bytesOf({ list: [{ value }] })).toThrow(TypeError);
    expect(() => bytesOf({ list: [{ value }] })).toThrow(reason);
  });

  it.each([null, [], 'text', 7, undefined])('is refused as data itself: %j', (data) => {
    expect(() => bytesOf(data as unknown as object)).toThrow(TypeError);
  });

  it('is not the same object twice, nor one without a prototype', () => {
    const shared = { n: 1 };
    const bare = Object.assign(Object.create(null) as object, { n: 2 });
    expect(bytesOf({ a: shared, b: shared, bare })).toContain('"a":{"n":1},"b":{"n":1},"bare":{"n":2}');
  });
});

describe('recordEvents', () => {
  it('counts bytes, not characters, over all events', () => {
    const third = { text: 'ø'.repeat(MAX_APPEND_BYTES / 6) };
    const event = (): DomainEvent => ({ type: 'Noted', data: third, id: newEventId() });
    expect(recordEvents(stream, 'NONE', [event(), event()], time)).toHaveLength(2);
    expect(() => recordEvents(stream, 'NONE', [event(), event(), event()], time)).toThrow(AppendTooLarge);
  });
});

describe('streamName', () => {
  it('joins category and id', () => {
    expect(streamName('telemetry', 'tallies')).toBe('telemetry-tallies');
    expect(streamName('a', 'b-c')).toBe('a-b-c');
  });

  it.each([
    ['two-words', 'id'],
    ['', 'id'],
    ['$system', 'id'],
    ['message', ''],
    ['message', 'a/b'],
    ['message', 'x'.repeat(193)],
  ])('refuses %j and %j', (category, rest) => {
    expect(() => streamName(category, rest)).toThrow(TypeError);
  });
});

describe('parseRecordedEvent', () => {
  it.each([
    ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['no JSON', Buffer.from('{"data":')],
    ['no record', Buffer.from('{"data":{}}')],
    ['null', Buffer.from('null')],
  ])('tells the operator of a damaged record: %s', (_, bytes) => {
    expect(() => parseRecordedEvent(bytes, '9' as Position)).toThrow('the record at position 9 is damaged');
  });
});
