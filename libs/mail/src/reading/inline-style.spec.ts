import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safeStyle } from './inline-style.ts';

describe('inline styles', () => {
  it.each([
    ['color: RED; font-weight:bold', 'color:red;font-weight:bold'],
    ['background: #fff', 'background-color:#fff'],
    ['background:rgba(1, 2, 3, .5)', 'background-color:rgba(1, 2, 3, .5)'],
    ['font: 12px Arial', ''],
    ['font-family: \'Segoe UI\', "Helvetica Neue", sans-serif', 'font-family:segoe ui, helvetica neue, sans-serif'],
    ['margin: 0 auto 10px 5% !important', 'margin:0 auto 10px 5%'],
    ['border:1px solid #ccc;border-top:none', 'border:1px solid #ccc;border-top:none'],
    ['width:600px;max-width:100%;height:auto', 'width:600px;max-width:100%;height:auto'],
    ['mso-line-height-rule:exactly;line-height:1.5', 'line-height:1.5'],
  ])('%s → %s', (given, kept) => expect(safeStyle(given)).toBe(kept));

  it.each([
    'background:url(http://x)',
    'background-color:url(x)',
    'background-image:image-set("x" 1x)',
    'color:r\\65 d',
    'color:red/**/',
    '@import "x"',
    'width:expression(alert(1))',
    'color:var(--x)',
    '--x:red',
    'position:fixed',
    'margin:-10px',
    'margin-left:-9999px',
    'z-index:1',
    'top:0',
    'transform:scale(9)',
    'opacity:0',
    'filter:blur(1px)',
    'animation:x 1s',
    'content:"x"',
    'behavior:url(#x)',
    'width:99999px',
    'color:red}p{',
    'font-family:x;}</style>',
    '__proto__:red',
    'constructor:red',
    'display:fixed',
    'color:rgb(1;2)',
  ])('%s stays out', (style) => expect(safeStyle(style)).toBe(''));

  it('gives nothing that could load or break out, and gives the same when asked again', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            'color',
            ':',
            ';',
            'red',
            'url(',
            ')',
            '"',
            "'",
            '\\',
            '/*',
            '*/',
            '@',
            'background',
            'font-family',
            'x',
            ' ',
            '(',
            'rgb(1,2,3)',
            '!important',
            '<',
            '\n',
          ),
        ),
        (pieces) => {
          const kept = safeStyle(pieces.join(''));
          expect(kept).not.toMatch(/url|[\\@"'<>/{}!]/);
          expect(safeStyle(kept)).toBe(kept);
        },
      ),
    ));
});
