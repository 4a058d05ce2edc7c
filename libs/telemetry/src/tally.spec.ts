import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DIMENSIONS, handInToPage } from './dimensions.ts';
import type { Dimension } from './dimensions.ts';
import { MIN_VISITS, Tally } from './tally.ts';

const visits = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `visit-${from + index}`);

describe('a cell', () => {
  it('is known with the tenth visit, not with the ninth', () => {
    const tally = new Tally();
    for (const visit of visits(0, 9)) tally.count(visit, 'message-view', 'page');
    expect(tally.takeReady()).toEqual([]);
    tally.count('visit-9', 'message-view', 'page');
    expect(tally.takeReady()).toEqual([{ dimension: 'message-view', cells: [{ value: 'page', count: 10 }] }]);
  });

  it('counts what happens and waits for who it happens to', () => {
    const tally = new Tally();
    for (let view = 0; view < 1000; view++) tally.count('the same visit', 'message-view', 'page');
    expect(tally.takeReady()).toEqual([]);
    for (const visit of visits(0, 9)) tally.count(visit, 'message-view', 'page');
    expect(tally.takeReady()).toEqual([{ dimension: 'message-view', cells: [{ value: 'page', count: 1009 }] }]);
  });

  it('begins again from zero, and waits as long as it takes', () => {
    const tally = new Tally();
    for (const visit of visits(0, 12)) tally.count(visit, 'sign-in', 'passcode');
    expect(tally.takeReady()[0]?.cells).toEqual([{ value: 'passcode', count: 12 }]);
    for (const visit of visits(0, 9)) {
      tally.count(visit, 'sign-in', 'passcode');
      expect(tally.takeReady()).toEqual([]);
    }
    expect(tally.waitingCells).toBe(1);
    tally.count('visit-9', 'sign-in', 'passcode');
    expect(tally.takeReady()[0]?.cells).toEqual([{ value: 'passcode', count: 10 }]);
    expect(tally.waitingCells).toBe(0);
  });

  it('is named by nothing but our own words', () => {
    const tally = new Tally();
    const names = [
      'anna@example.com',
      '2026-11-25T10:00:00Z',
      '203.0.113.9',
      'x'.repeat(49),
      '',
      'Firefox 1234',
      '<b>',
      'a\nb',
    ];
    for (const [index, name] of names.entries())
      for (const visit of visits(0, 10)) tally.count(`${index} ${visit}`, 'error', name);
    expect(tally.takeReady()).toEqual([{ dimension: 'error', cells: [{ value: 'other', count: 80 }] }]);
  });

  it('is one of a bounded number', () => {
    const tally = new Tally();
    for (let version = 1; version < 1000; version++) tally.count('flood', 'browser', `Chrome ${version}`);
    expect(tally.waitingCells).toBeLessThanOrEqual(201);
  });
});

describe('whatever happens in whatever order', () => {
  const step = fc.oneof(
    {
      weight: 30,
      arbitrary: fc.record({
        visit: fc.nat(25),
        dimension: fc.constantFrom(...DIMENSIONS),
        value: fc.constantFrom('page', 'other', 'Firefox 145', 'anna@b.dk'),
      }),
    },
    { weight: 1, arbitrary: fc.constant('flush' as const) },
  );

  it('no cell with fewer than ten different visits is ever handed out, and no count is lost or doubled', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const tally = new Tally();
        const waiting = new Map<string, { visits: Set<number>; count: number }>(); // the same, told naively
        for (const happened of [...steps, 'flush' as const]) {
          if (happened === 'flush') {
            const expected = [...waiting].filter(([, { visits: who }]) => who.size >= MIN_VISITS);
            const taken = tally
              .takeReady()
              .flatMap(({ dimension, cells }) =>
                cells.map(({ value, count }) => [`${dimension}/${value}`, count] as const),
              );
            expect(taken.toSorted()).toEqual(expected.map(([cell, { count }]) => [cell, count] as const).toSorted());
            for (const [cell] of expected) waiting.delete(cell);
          } else {
            const { visit, dimension, value } = happened;
            tally.count(`visit ${visit}`, dimension as 'error', value);
            const name = `${dimension satisfies Dimension}/${value.includes('@') ? 'other' : value}`;
            const cell = waiting.get(name) ?? { visits: new Set<number>(), count: 0 };
            waiting.set(name, { visits: cell.visits.add(visit), count: cell.count + 1 });
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the time from hand-in to page', () => {
  it('is told in six steps', () => {
    expect([0, 29.9, 30, 61, 299, 300, 899, 900, 1e9].map(handInToPage)).toEqual([
      'under-30-seconds',
      'under-30-seconds',
      'under-1-minute',
      'under-2-minutes',
      'under-5-minutes',
      'under-15-minutes',
      'under-15-minutes',
      'longer',
      'longer',
    ]);
  });
});
