import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#libs/vocabulary';
import { UnavailableCauses } from './unavailable-causes.ts';

const stopped = new DomainError('reading-unavailable', 'mails cannot be read at the moment', {
  cause: new Error('a thread of anna@example.com did not start', { cause: new TypeError('EPERM: setpriority') }),
});

describe('why something was unavailable', () => {
  it('is said with every cause, and nothing of whom', () => {
    expect(new UnavailableCauses().report(stopped, 'POST /m/:messageId/view')).toEqual({
      event: 'unavailable',
      code: 'reading-unavailable',
      route: 'POST /m/:messageId/view',
      causes: [
        'DomainError: mails cannot be read at the moment',
        'Error: a thread of […] did not start',
        'TypeError: EPERM: setpriority',
      ],
      others: 0,
    });
  });

  it('is said once a minute for each code, with how many there were meanwhile', () => {
    const causes = new UnavailableCauses();
    const others = (nowMs: number, error = stopped) => causes.report(error, 'r', nowMs)?.others ?? null;
    expect([others(0), others(1), others(59_999), others(60_000), others(60_001)]).toEqual([0, null, null, 2, null]);
    expect(others(60_002, new DomainError('event-store-unavailable'))).toBe(0);
  });

  it('ends, however long the chain is and whatever is thrown', () => {
    const endless = new DomainError('x', 'x', { cause: 'text' });
    expect(new UnavailableCauses().report(endless, 'r')?.causes).toEqual(['DomainError: x', 'thrown: string']);
    const circle = new Error('round');
    circle.cause = circle;
    expect(new UnavailableCauses().report(new DomainError('x', 'x', { cause: circle }), 'r')?.causes).toHaveLength(4);
  });
});
