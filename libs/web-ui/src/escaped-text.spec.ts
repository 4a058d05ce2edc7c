import { describe, expect, it } from '@jest/globals';
import Handlebars from 'handlebars';
import { EscapedText } from './escaped-text.ts';

const template = Handlebars.compile('<iframe srcdoc="{{document}}">', { strict: true });
const HOSTILE = `"><script>alert('1')</script> &amp; \`=\` 😀 \u0000`;

describe('text that was escaped beforehand', () => {
  it.each([
    ['nothing', ''],
    ['what a mail may hold', HOSTILE],
    ['the same, over many turns', HOSTILE.repeat(5000)],
    ['a character of two halves at the end of a turn', `${'x'.repeat(16 * 1024 - 1)}😀${HOSTILE}`],
  ])('comes out of a template as the text itself would: %s', async (_name, text) => {
    const document = await EscapedText.of(text);
    expect(template({ document }) === template({ document: text })).toBe(true);
  });

  it('lets others have their turn', async () => {
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await EscapedText.of('<'.repeat(20 * 16 * 1024));
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(19);
  });
});
