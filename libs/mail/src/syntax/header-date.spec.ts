import { describe, expect, it } from '@jest/globals';
import { headerDate } from './header-date.ts';

const AT = '2026-03-03T13:05:06.000Z';

describe('the moment that a Date field names', () => {
  it.each([
    ['as RFC 5322 has it', 'Tue, 03 Mar 2026 14:05:06 +0100'],
    ['without its weekday', '3 Mar 2026 14:05:06 +0100'],
    ['with a comment', 'Tue, 3 Mar 2026 08:05:06 -0500 (EST)'],
    ['by a named zone', 'Tue, 03 Mar 2026 14:05:06 CET'],
    ['by another name of it', 'Tue, 03 Mar 2026 14:05:06 MET'],
    ['in summer time', 'Tue, 03 Mar 2026 15:05:06 CEST'],
    ['in America', 'Tue, 03 Mar 2026 05:05:06 PST'],
    ['in universal time', 'Tue, 03 Mar 2026 13:05:06 UT'],
    ['by both', 'Tue, 03 Mar 2026 14:05:06 GMT+0100'],
    ['in hours alone', 'Tue, 03 Mar 2026 14:05:06 GMT+1'],
    ['with words behind it', 'Tue, 03 Mar 2026 14:05:06 +0100 by the clock of the mill'],
    ['with a year of two digits', 'Tue, 03 Mar 26 14:05:06 +0100'],
    ['as RFC 850 had it', 'Tuesday, 03-Mar-26 13:05:06 GMT'],
    ['with dots', 'Tue, 3 Mar 2026 14.05.06 +0100'],
    ['as ctime writes it', 'Tue Mar  3 14:05:06 CET 2026'],
    ['as ctime writes it, zone last', 'Tue Mar  3 14:05:06 2026 +0100'],
    ['as ISO 8601', '2026-03-03T14:05:06+01:00'],
    ['as ISO 8601 to a fraction', '2026-03-03T13:05:06.123Z'],
  ])('%s', (_name, field) => expect(headerDate(field)).toEqual({ at: AT, isZoneGiven: true }));

  it.each([
    '3 Mar 2026 13:05:06',
    'Tue, 3 Mar 2026 13:05:06 Nowhere',
    'Tue Mar  3 13:05:06 2026',
    '2026-03-03 13:05:06',
  ])('is in UTC without a zone, wherever this runs: %s', (field) =>
    expect(headerDate(field)).toEqual({ at: AT, isZoneGiven: false }),
  );

  it('tells years of two digits by RFC 5322', () => {
    expect(headerDate('1 Jan 49 00:00 +0000')?.at).toBe('2049-01-01T00:00:00.000Z');
    expect(headerDate('1 Jan 50 00:00 +0000')?.at).toBe('1950-01-01T00:00:00.000Z');
    expect(headerDate('1 Jan 101 00:00 +0000')?.at).toBe('2001-01-01T00:00:00.000Z');
  });

  it.each([
    '',
    '1',
    'soon',
    'Thu Jan 01 00:00:10 +0000',
    '31 Feb 2026 10:00 +0000',
    '3 Mar 0026 10:00 +0000',
    '3 Xxx 2026 10:00 +0000',
    '3 Mar 2026 25:00 +0000',
    '3/3/2026 2:05 PM',
    'x'.repeat(100_000),
  ])('is none for %.40j', (field) => expect(headerDate(field)).toBeNull());
});
