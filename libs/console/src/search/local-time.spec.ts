import { describe, expect, it } from '@jest/globals';
import { instantInZone } from './local-time.ts';

describe('a time of the organisation’s zone', () => {
  it.each([
    ['2026-11-30T10:15', 'Europe/Copenhagen', '2026-11-30T09:15:00.000Z'],
    ['2026-07-01T10:15', 'Europe/Copenhagen', '2026-07-01T08:15:00.000Z'],
    ['2026-07-01', 'Europe/Copenhagen', '2026-06-30T22:00:00.000Z'],
    ['2026-07-01T10:15:30', 'Asia/Kolkata', '2026-07-01T04:45:30.000Z'],
    ['2026-01-01T00:00', 'UTC', '2026-01-01T00:00:00.000Z'],
    // Clocks go forward at 02:00 and back at 03:00.
    ['2026-03-29T03:00', 'Europe/Copenhagen', '2026-03-29T01:00:00.000Z'],
    ['2026-03-29T01:59', 'Europe/Copenhagen', '2026-03-29T00:59:00.000Z'],
    ['2026-10-25T02:30', 'Europe/Copenhagen', '2026-10-25T01:30:00.000Z'],
    ['2026-10-25T03:00', 'Europe/Copenhagen', '2026-10-25T02:00:00.000Z'],
  ])('%s in %s is %s', (text, zone, instant) => expect(instantInZone(text, zone)).toBe(instant));

  it.each([
    '',
    '30-11-2026',
    '2026-02-30',
    '2026-13-01',
    '2026-01-01T24:00',
    '2026-01-01T10:60',
    '2026-01-01 10:00',
    '99999',
  ])('%j is none', (text) => expect(instantInZone(text, 'Europe/Copenhagen')).toBeNull());
});
