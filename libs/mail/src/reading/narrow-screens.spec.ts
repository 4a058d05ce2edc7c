import { describe, expect, it } from '@jest/globals';
import { parseFragment, serialize } from 'parse5';
import { markForNarrow, narrowDeclarations } from './narrow-screens.ts';

const marked = (html: string): string => {
  const fragment = parseFragment(html);
  for (const node of fragment.childNodes) if ('tagName' in node) markForNarrow(node);
  return serialize(fragment);
};
const narrow = (property: string, value: string, isImportant = false): string[] =>
  narrowDeclarations([{ property, value, isImportant }]).map(
    (each) => `${each.property}:${each.value}${each.isImportant ? '!' : ''}`,
  );

describe('what gives way on a narrow screen', () => {
  it.each([
    ['<p width="600">x</p>', '<p width="600" style="--segl-w:600px">x</p>'],
    ['<div style="width:450pt;color:red">x</div>', '<div style="width:450pt;color:red;--segl-w:600px">x</div>'],
    [
      '<img width="300" style="width:100%;max-width:600px">',
      '<img width="300" style="width:100%;max-width:600px;--segl-w:300px;--segl-m:600px">',
    ],
    ['<div style="padding:10px 60px">x</div>', '<div style="padding:10px 60px;--segl-g:1">x</div>'],
    ['<div style="margin-left:90px">x</div>', '<div style="margin-left:90px;--segl-g:1">x</div>'],
    [`<p>${'x'.repeat(21)}</p>`, `<p style="--segl-b:1">${'x'.repeat(21)}</p>`],
  ])('%s is marked', (html, expected) => expect(marked(html)).toBe(expected));

  it.each([
    '<p width="100%">x</p>',
    '<img width="150">',
    '<div style="padding:60px 10px;margin:0 auto;max-width:600px;min-width:600px">x</div>',
    '<p>words of common lengths</p>',
  ])('%s stays as it is', (html) => expect(marked(html)).toBe(html));

  it('is what a style sheet says of widths and gaps, with its own weight', () => {
    expect(narrow('width', '600px', true)).toEqual(['width:min(600px,100%)!']);
    expect(narrow('max-width', '600px')).toEqual(['max-width:min(600px,100%)']);
    expect(narrow('padding', '20px 60px')).toEqual(['padding-left:16px', 'padding-right:16px']);
    expect(narrow('margin-left', '90px')).toEqual(['margin-left:0']);
    expect([...narrow('width', '100%'), ...narrow('width', '120px'), ...narrow('padding', '60px 10px')]).toEqual([]);
  });
});
