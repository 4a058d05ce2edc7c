import { expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { Unprintable } from './unprintable.ts';

class Safe extends Unprintable {
  private readonly combination = 'left 4, right 17';

  isOpenedBy(combination: string): boolean {
    return combination === this.combination;
  }
}

it('shows its name and nothing that it holds', () => {
  const safe = new Safe();
  const shown = [
    inspect(safe, { depth: 9, showHidden: true }),
    JSON.stringify({ safe }),
    inspect(new Error('x', { cause: safe })),
  ];
  expect(shown[0]).toBe('[Safe]');
  expect(shown[1]).toBe('{"safe":"[Safe]"}');
  expect(shown.join()).not.toContain('left 4');
});
