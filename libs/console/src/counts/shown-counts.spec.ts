import { describe, expect, it } from '@jest/globals';
import type { TelemetryRow } from '#libs/telemetry';
import { shownCounts } from './shown-counts.ts';

const JULY = { from: '2026-07-06', until: '2026-08-05', epsilon: 2 };
const AUGUST = { from: '2026-08-05', until: '2026-09-04', epsilon: 1.5 };
const rows: readonly TelemetryRow[] = [
  { ...JULY, dimension: 'browser', value: 'Firefox 145', persons: 90, margin: 110 },
  { ...AUGUST, dimension: 'browser', value: 'Chrome 142', persons: 400, margin: 100 },
  { ...AUGUST, dimension: 'browser', value: 'other', persons: 900, margin: 100 },
  { ...AUGUST, dimension: 'sign-in', value: 'passcode', persons: 50, margin: 112 },
];

function pageOf(from?: unknown, locale = 'en') {
  const shown = shownCounts(rows, from, locale);
  if (shown === null || shown === 'no-such-period') throw new Error(`no counts: ${shown}`);
  return shown;
}

describe('the counts of telemetry', () => {
  it('are those of the newest period, with the strength of its noise, most people first', () => {
    const shown = pageOf();
    expect([shown.span, shown.epsilon]).toEqual(['5 Aug 2026 to 3 Sept 2026', 1.5]);
    const browsers = shown.charts.find(({ dimension }) => dimension === 'browser')?.rows;
    expect(browsers?.map(({ name, count }) => [name, count])).toEqual([
      ['Other', '900 ± 100'],
      ['Chrome 142', '400 ± 100'],
    ]);
  });

  it('say between which numbers the true one is, never below nothing, and draw it', () => {
    const [browsers, signIn] = ['browser', 'sign-in'].map((of) =>
      pageOf().charts.find(({ dimension }) => dimension === of),
    );
    expect(browsers?.rows[0]).toMatchObject({
      said: '800 to 1,000',
      bar: { length: '90%', least: '80%', most: '100%' },
    });
    expect(signIn?.rows[0]).toMatchObject({ name: 'Code by email', said: '0 to 162', bar: { least: '0%' } });
  });

  it('say of every dimension that nothing may be known of it, rather than leave it out', () => {
    expect(pageOf().charts).toHaveLength(7);
    expect(pageOf().charts.filter(({ rows: ofDimension }) => ofDimension.length === 0)).toHaveLength(5);
  });

  it('lead to the period before and after, and know no other', () => {
    expect(pageOf()).toMatchObject({ earlier: '2026-07-06', later: '' });
    expect(pageOf('2026-07-06', 'da')).toMatchObject({ earlier: '', later: '2026-08-05', epsilon: 2 });
    for (const from of ['2026-07-07', 'x', ['2026-07-06']])
      expect(shownCounts(rows, from, 'en')).toBe('no-such-period');
    expect(shownCounts([], undefined, 'en')).toBeNull();
  });
});
