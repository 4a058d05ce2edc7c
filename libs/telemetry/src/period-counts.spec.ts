import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PeriodCounts } from './period-counts.ts';
import type { Dimension } from './dimensions.ts';

const KEY = Buffer.alloc(32, 7);

function cellsOf(counts: PeriodCounts, dimension: Dimension): Record<string, number> {
  return Object.fromEntries(counts.cells().get(dimension) ?? []);
}

function counted(times: number, dimension: Dimension, value: string, prefix = 'person'): PeriodCounts {
  const counts = new PeriodCounts(KEY);
  for (let person = 0; person < times; person++) counts.count(`${prefix} ${person}`, dimension as 'app', value);
  return counts;
}

describe('the persons of a period', () => {
  it('are counted one in two, by a coin that nobody knows', () => {
    const count = cellsOf(counted(2000, 'app', 'phone-browser'), 'app')['phone-browser'] ?? 0;
    expect(count).toBeGreaterThan(900);
    expect(count).toBeLessThan(1100);
    const sizes = new Set(
      [1, 2, 3, 4, 5].map((seed) => {
        const counts = new PeriodCounts(Buffer.alloc(32, seed));
        for (let person = 0; person < 500; person++) counts.count(`person ${person}`, 'app', 'program');
        return cellsOf(counts, 'app')['program'];
      }),
    );
    expect(sizes.size).toBeGreaterThan(1);
  });

  it('are each counted once, however often they come and with whatever', () => {
    const counts = new PeriodCounts(KEY);
    for (let visit = 0; visit < 1000; visit++) {
      for (const value of ['page', 'print', 'original'] as const) counts.count('one person', 'message-view', value);
    }
    const total = Object.values(cellsOf(counts, 'message-view')).reduce((sum, count) => sum + count, 0);
    expect(total).toBeLessThanOrEqual(1);
  });

  it('have one of their values picked, each as likely, whatever came first', () => {
    const inOrder = new PeriodCounts(KEY);
    const turnedRound = new PeriodCounts(KEY);
    for (let person = 0; person < 2000; person++) {
      for (const value of ['page', 'print'] as const) inOrder.count(`person ${person}`, 'message-view', value);
      for (const value of ['print', 'page', 'print'] as const)
        turnedRound.count(`person ${person}`, 'message-view', value);
    }
    const cells = cellsOf(inOrder, 'message-view');
    expect(cellsOf(turnedRound, 'message-view')).toEqual(cells);
    expect(Math.abs((cells['page'] ?? 0) - (cells['print'] ?? 0))).toBeLessThan(150);
  });

  it('do not change how anybody else is counted', () => {
    const person = fc.record({
      id: fc.nat(40),
      value: fc.constantFrom('Firefox 145', 'Chrome 142', 'anna@b.dk', '<b>'),
    });
    fc.assert(
      fc.property(fc.array(person, { maxLength: 80 }), fc.nat(40), (visits, gone) => {
        const [all, without] = [new PeriodCounts(KEY), new PeriodCounts(KEY)];
        for (const { id, value } of visits) {
          all.count(`person ${id}`, 'browser', value);
          if (id !== gone) without.count(`person ${id}`, 'browser', value);
        }
        const [cellsWith, cellsWithout] = [cellsOf(all, 'browser'), cellsOf(without, 'browser')];
        const names = new Set([...Object.keys(cellsWith), ...Object.keys(cellsWithout)]);
        const differences = [...names].map((name) => (cellsWith[name] ?? 0) - (cellsWithout[name] ?? 0));
        expect(differences.every((difference) => difference === 0 || difference === 1)).toBe(true);
        expect(differences.filter((difference) => difference === 1).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are in cells that are named by nothing but our own words, in the order of their names', () => {
    const counts = new PeriodCounts(KEY);
    const names = [
      'zeta',
      'anna@example.com',
      '2026-11-25T10:00:00Z',
      '203.0.113.9',
      'x'.repeat(49),
      '',
      'Firefox 1234',
    ];
    for (const name of names)
      for (let person = 0; person < 40; person++) counts.count(`${name} ${person}`, 'app', name);
    expect(Object.keys(cellsOf(counts, 'app'))).toEqual(['other', 'zeta']);
  });
});
