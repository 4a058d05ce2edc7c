import { describe, expect, it } from '@jest/globals';
import { journeyLine, journeyTable } from './report.ts';

const summary = {
  metrics: {
    'segl_round_ms{journey:view}': { values: { med: 12.34, 'p(95)': 50 } },
    'segl_round_bare_pages{journey:view}': { values: { med: 20 }, thresholds: { 'med<10': { ok: false } } },
    'segl_rounds{journey:view}': { values: { count: 30 }, thresholds: { 'count>0': { ok: true } } },
    'http_reqs{journey:view}': { values: { count: 150 } },
  },
};

describe('what k6 measured', () => {
  it('is one line for each journey, with what was missed', () => {
    const line = journeyLine(summary, 'view');
    expect(line).toMatchObject({ rounds: 30, requests: 150, errors: 0, turnedAway: 0, isWithin: false });
    expect(journeyTable([line], 10).split('\n')[1]?.trim().split(/ +/)).toEqual([
      'view',
      '3.0',
      '15.0',
      '12.3',
      '50.0',
      '20.0',
      '0',
      '0',
      '!',
    ]);
  });

  it('is none of a journey that k6 says nothing of, rather than zero milliseconds', () => {
    expect(journeyLine(summary, 'seal')).toMatchObject({ rounds: 0, medianMs: NaN });
  });
});
