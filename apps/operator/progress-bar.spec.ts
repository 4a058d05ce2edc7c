import { describe, expect, it } from '@jest/globals';
import { ProgressBar } from './progress-bar.ts';
import type { Terminal } from './terminal.ts';

function terminalThat(draws: boolean) {
  const [said, drawn]: [string[], string[]] = [[], []];
  const draw = draws ? (text: string) => void drawn.push(text) : null;
  return { said, drawn, terminal: { say: (line: string) => void said.push(line), draw } as unknown as Terminal };
}

describe('the progress of a command', () => {
  it('is a bar that is drawn over itself, a few times a second at most, and taken away at the end', () => {
    const { said, drawn, terminal } = terminalThat(true);
    const bar = new ProgressBar(terminal, (events) => events / 400_000);
    for (let events = 100_000; events < 100_050; events++) bar.at(events);
    expect(drawn).toEqual([expect.stringMatching(/^\[#{7}\.{23}\] 25 %, 100,000 events, [\d,]+ a second$/)]);
    bar.end();
    expect(drawn.at(-1)).toBe('');
    expect(said).toEqual([]);
  });

  it('is a line now and then where nobody looks', () => {
    const { said, terminal } = terminalThat(false);
    const bar = new ProgressBar(terminal, (events) => events / 400_000);
    for (let events = 10_000; events <= 200_000; events += 10_000) bar.at(events);
    bar.end();
    expect(said).toEqual([
      expect.stringMatching(/^segl: 25 %, 100,000 events, [\d,]+ a second$/),
      expect.stringMatching(/^segl: 50 %, 200,000 events/),
    ]);
  });

  it('says no part of what is not known, and never more than all', () => {
    const { said, terminal } = terminalThat(false);
    new ProgressBar(terminal, () => null).at(100_000);
    new ProgressBar(terminal, () => 1.2).at(100_000);
    expect(said).toEqual([expect.stringMatching(/^segl: 100,000 events/), expect.stringMatching(/^segl: 100 %, /)]);
  });
});
