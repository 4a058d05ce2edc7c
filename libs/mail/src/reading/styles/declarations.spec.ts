import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safeStyle } from './declarations.ts';

describe('what a style may say', () => {
  it.each([
    ['color: RED; font-weight:bold', 'color:red;font-weight:bold'],
    ['color:red;color:#00F', 'color:#00f'],
    ['color:#00f!important;color:red', 'color:#00f'],
    ['background: #fff', 'background-color:#fff'],
    ['background:rgba(1, 2, 3, .5)', 'background-color:rgba(1,2,3,0.5)'],
    ['background:rgb(1 2 3 / 50%)', 'background-color:rgb(1 2 3 / 50%)'],
    ['background:url(https://x.example/a.png) no-repeat center / cover #036', 'background-color:#036'],
    ['background:url(https://x.example/a.png)', 'background-color:transparent'],
    ['background-image:linear-gradient(90deg, #036 0%, white)', 'background-color:#036'],
    ['background:none', 'background-color:transparent'],
    ['font-family: \'Segoe UI\', "Helvetica Neue", sans-serif', "font-family:'Segoe UI','Helvetica Neue',sans-serif"],
    ['font-family:Helvetica Neue,Arial', 'font-family:helvetica neue,arial'],
    ['margin: 0 auto 10px 5% !important', 'margin:0 auto 10px 5%'],
    ['margin:-10px 0 20px', 'margin:0 0 20px'],
    ['margin-left:-9999px', 'margin-left:0'],
    ['border:1px solid #ccc;border-top:none', 'border:1px solid #ccc;border-top:none'],
    ['border:solid windowtext 1.0pt', 'border:solid #000000 1pt'],
    ['width:600px;max-width:100%;height:auto', 'width:600px;max-width:100%;height:auto'],
    ['mso-line-height-rule:exactly;line-height:1.5', 'line-height:1.5'],
    ['box-sizing:border-box;text-align-last:center', 'box-sizing:border-box;text-align-last:center'],
    ['overflow:hidden', 'overflow:auto'],
    ['opacity:.05', 'opacity:0'],
    ['opacity:.8', 'opacity:1'],
    ['list-style:none inside', 'list-style-type:none;list-style-position:inside'],
    ['color:inherit', 'color:inherit'],
    ['width:inherit', 'width:inherit'],
    ['color:red/**/;/* ; */margin:0', 'color:red;margin:0'],
    ['color:hsl(120, 50%, 25%)', 'color:hsl(120,50%,25%)'],
    ['}color:red;a{margin:0', ''],
  ])('%s → %s', (given, kept) => expect(safeStyle(given)).toBe(kept));

  it.each([
    [
      'bold 24px Arial',
      'font-style:normal;font-variant:normal;font-weight:bold;font-size:24px;line-height:normal;font-family:arial',
    ],
    [
      "italic 700 12pt/1.5 'A B', serif",
      "font-style:italic;font-variant:normal;font-weight:700;font-size:12pt;line-height:1.5;font-family:'A B',serif",
    ],
    ['inherit', 'font-family:inherit;font-size:inherit;line-height:inherit'],
    ['12px', ''],
    ['caption', ''],
    ['12px url(x)', ''],
    ['bold oblique bold solid 12px x', ''],
  ])('font: %s', (given, kept) => expect(safeStyle(`font:${given}`)).toBe(kept));

  it.each([
    'background-color:url(x)',
    'background-image:url(x)',
    'background-image:image-set("x" 1x)',
    'background:var(--x)',
    'list-style:url(x)',
    'list-style-image:url(x)',
    'cursor:url(x),auto',
    'border-image:url(x) 1',
    'color:r\\65 d',
    'c\\6flor:red',
    '@import "x"',
    'width:expression(alert(1))',
    'width:calc(1px + 100%)',
    'color:var(--x)',
    'color:env(x)',
    'color:attr(x)',
    '--x:red',
    'position:fixed',
    'position:sticky',
    'padding:-1px',
    'letter-spacing:-5px',
    'text-indent:-9999px',
    'text-indent:9999px',
    'vertical-align:-40px',
    'font-size:2000px',
    'width:100vw',
    'height:100vh',
    'z-index:1',
    'top:0',
    'inset:0',
    'order:-1',
    'grid-row:1',
    'display:flex',
    'display:fixed',
    'transform:scale(9)',
    'filter:blur(1px)',
    'clip-path:inset(50%)',
    'mask:url(x)',
    'animation:x 1s',
    'transition:all 1s',
    'content:"x"',
    'behavior:url(#x)',
    '-moz-binding:url(x)',
    '-webkit-mask-image:url(x)',
    'writing-mode:vertical-rl',
    'unicode-bidi:bidi-override',
    'text-shadow:0 0 5px red',
    'box-shadow:0 0 0 999px red',
    'outline:999px solid red',
    'overflow:visible',
    'width:99999px',
    'width:1e3px',
    'color:red}p{',
    "font-family:'x;}</style>'",
    'all:unset',
    '__proto__:red',
    'constructor:red',
    'color:rgb(1;2)',
    'color:rgb(1,2)',
    'color:#12345',
    'color:buttonface',
  ])('%s stays out', (style) => expect(safeStyle(style)).toBe(''));

  it('drops the longest whole', () => expect(safeStyle(`color:red;${'x'.repeat(5000)}`)).toBe(''));

  it('gives nothing that could load or break out, and gives the same when asked again', () => {
    const pieces =
      'color : ; red url( ) " \' \\ /* */ @ background font-family x rgb(1,2,3) !important < { } -- var( image-set( \n'.split(
        ' ',
      );
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces, ' ')), (some) => {
        const kept = safeStyle(some.join(''));
        expect(kept).not.toMatch(/url|image|var|[\\@"<>{}]|\/\*/);
        expect(safeStyle(kept)).toBe(kept);
      }),
    );
  });
});
