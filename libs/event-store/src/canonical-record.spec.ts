import { expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalRecord } from './canonical-record.ts';

const fields = {
  id: '6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10',
  revision: 3,
  stream: 'message-a',
  time: '2026-11-25T12:00:00.000Z',
  type: 'Noted',
};

/** Also names whose place among the members an engine decides, and the one that is none when it is set. */
const names = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('0', '7', '10', '01', '9x', '__proto__', 'constructor', 'toJSON', 'a', 'B', '_', '4294967295'),
);
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger().filter((number) => !Object.is(number, -0)),
    fc.double({ noDefaultInfinity: true, noNaN: true }).filter((number) => !Number.isInteger(number)),
    fc.array(tie('value')),
    tie('object'),
  ),
  object: fc.dictionary(names, tie('value'), { noNullPrototype: true }),
})).object;

it.each([undefined, 2])('writes what RFC 8785 does of any data, version %s', (version) => {
  fc.assert(
    fc.property(values, (data) => {
      const record = { data: data as object, ...fields, version };
      expect(canonicalRecord(record)).toBe(canonicalize(record));
    }),
    { numRuns: 500 },
  );
});

it('leaves the data as it was', () => {
  const data = { b: [{ z: 1, a: 2 }], a: 'x' };
  canonicalRecord({ data, ...fields, version: undefined });
  expect(Object.keys(data)).toEqual(['b', 'a']);
  expect(Object.keys(data.b[0] as object)).toEqual(['z', 'a']);
});
