import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FixedClock, instantOf, plusSeconds, secondsBetween } from './clock.ts';
import { base32Lower, base64url, fromBase64url } from './encodings.ts';
import { newEventId, newPersonId, parseEventId, parseMessageId, parsePersonId } from './ids.ts';

describe('instants', () => {
  it('order as text as they order in time', () => {
    const date = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(date, date, (a, b) => expect(instantOf(a) < instantOf(b)).toBe(a.getTime() < b.getTime())));
  });

  it('refuse years that would break that order', () => {
    expect(() => instantOf(new Date(8.64e15))).toThrow('year out of range');
    expect(() => instantOf('not a date')).toThrow('Invalid');
  });

  it('add and subtract seconds', () => {
    const clock = new FixedClock(instantOf('2026-11-22T23:59:59.500Z'));
    clock.advance(0.5);
    expect(clock.now()).toBe('2026-11-23T00:00:00.000Z');
    expect(secondsBetween(clock.now(), plusSeconds(clock.now(), 90))).toBe(90);
  });
});

describe('encodings', () => {
  it('base32 as RFC 4648 §10 has it, in lower case and without padding', () => {
    const vectors = {
      '': '',
      f: 'my',
      fo: 'mzxq',
      foo: 'mzxw6',
      foob: 'mzxw6yq',
      fooba: 'mzxw6ytb',
      foobar: 'mzxw6ytboi',
    };
    for (const [text, encoded] of Object.entries(vectors)) expect(base32Lower(Buffer.from(text))).toBe(encoded);
  });

  it('base64url has one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => expect(fromBase64url(base64url(bytes))).toEqual(Buffer.from(bytes))),
    );
    for (const bad of ['a', 'YQ==', 'YR', 'a b', 'YQ\n', '+/+/', 'ø']) expect(fromBase64url(bad)).toBeNull();
  });
});

describe('ids', () => {
  it('are random, and parse as what they are and nothing else', () => {
    expect(parsePersonId(newPersonId())).not.toBeNull();
    expect(newPersonId()).not.toBe(newPersonId());
    expect(parseEventId(newEventId())).not.toBeNull();
    expect(parseEventId('00000000-0000-0000-0000-000000000000')).toBeNull();
    expect(parseEventId(newEventId().toUpperCase())).toBeNull();
    expect(parseMessageId('a'.repeat(32))).not.toBeNull();
    for (const bad of [
      '',
      'a'.repeat(31),
      'A'.repeat(32),
      '1'.repeat(32),
      `${'a'.repeat(32)}\n`,
      '../'.padEnd(32, 'a'),
    ]) {
      expect(parseMessageId(bad)).toBeNull();
    }
  });
});
