import { describe, expect, it } from '@jest/globals';
import { barLengths, barsWithMargins, drawBars } from './bar-chart.ts';

describe('a chart of bars', () => {
  const chart = drawBars(
    { along: ['Mon', 'Tue'], series: ['code', 'Google'], counts: [[30, 10], [0, 5]] }, // prettier-ignore
    'en',
  );

  it('stands its parts on each other, the whole as high as their sum', () => {
    const [monday, tuesday] = chart.bars;
    const [code, google] = monday?.parts ?? [];
    expect(code).toMatchObject({ look: 'look-1', said: 'Mon: code 30' });
    expect((google?.y ?? 0) + (google?.height ?? 0)).toBeCloseTo(code?.y ?? -1);
    expect((code?.height ?? 0) / (google?.height ?? 1)).toBeCloseTo(3);
    expect(tuesday?.parts.map(({ look }) => look)).toEqual(['look-2']); // the look is the series', whatever is missing below
  });

  it('has round numbers at its side, and a legend where there is something to tell apart', () => {
    expect(chart.lines.map(({ text }) => text)).toEqual(['0', '10', '20', '30', '40']);
    expect(chart.legend.map(({ text }) => text)).toEqual(['code', 'Google']);
    expect(drawBars({ along: ['a'], series: ['one'], counts: [[1]] }, 'en').legend).toEqual([]);
  });

  it('names no more than five bars of however many, and draws nothing of nothing', () => {
    const along = Array.from({ length: 90 }, (_, n) => String(n));
    const many = drawBars({ along, series: [], counts: along.map(() => []) }, 'da');
    expect(many.names).toHaveLength(5);
    expect(many.bars.flatMap(({ parts }) => parts)).toEqual([]);
  });

  it('draws the longest of a table as long as there is room', () => {
    expect(barLengths([5, 20, 0])).toEqual(['25%', '100%', '0%']);
    expect(barLengths([])).toEqual([]);
  });

  it('draws how far a number may be off within the room, and never below nothing', () => {
    expect(
      barsWithMargins([
        { count: 60, margin: 20 },
        { count: 10, margin: 20 },
      ]),
    ).toEqual([
      // prettier-ignore
      { length: '75%', least: '50%', most: '100%' },
      { length: '12.5%', least: '0%', most: '37.5%' },
    ]);
  });
});
