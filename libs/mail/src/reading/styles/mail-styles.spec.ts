import { describe, expect, it } from '@jest/globals';
import { sanitiseMailHtml } from '../html-sanitiser.ts';
import { READING_LIMITS } from '../reading-limits.ts';

const clean = (html: string): string => sanitiseMailHtml(html, () => null).html;
/** What is declared besides for the element that says this, on every screen or on some. */
function repairOf(words: string, html: string): string[] {
  const cleaned = clean(html);
  const [, classes = ''] = new RegExp(`class="([^"]*)"[^>]*>${words}`).exec(cleaned) ?? [];
  const [mark = 'none'] = classes.split(' ').filter((name) => /^segl-[0-9a-f]{8}$/.test(name));
  return [...cleaned.matchAll(new RegExp(`\\.${mark}\\{([^}]*)\\}`, 'g'))].map(([, declarations = '']) => declarations);
}

describe('the styles of a mail in its frame', () => {
  it('reach nothing but the mail, whose body is an element of their own', () => {
    const html = clean(
      '<html dir=rtl><style>p{margin:0}</style><body class="a b" id=c style="color:#222" bgcolor=#fefefe onload=x><p>x',
    );
    expect(html).toMatch(
      /<div class="(segl-m[0-9a-f]{10}) a b" id="m_c" style="color:#222" dir="rtl"><p>x<\/p><\/div>$|dir="rtl" class="(segl-m[0-9a-f]{10}) a b"/,
    );
    const scope = /class="(segl-m[0-9a-f]{10})/.exec(html)?.[1] ?? '';
    const rules = (/<style>(.*)<\/style>/.exec(html)?.[1] ?? '').replace(/@media [^{]*\{|\}\}/g, '').split('}');
    for (const rule of rules.filter((each) => each !== '')) expect(rule.split('{')[0]).toContain(scope);
  });

  it('leave a mail that has none as it is', () => {
    expect(clean('<p>x <b>y</b></p>')).toBe('<p>x <b>y</b></p>');
    expect(clean('<body><p style="color:#222">x</p>')).toBe('<p style="color:#222">x</p>');
  });

  it.each([
    ['max-height:0;overflow:hidden'],
    ['max-height:0px;max-width:0px;overflow:hidden;font-size:0'],
    ['height:1px;width:1px;overflow:hidden;position:absolute;left:-9999px'],
    ['opacity:0'],
    ['opacity:0;height:0'],
    ['visibility:hidden;height:0;line-height:0'],
    ['max-width:0;overflow:hidden;white-space:nowrap'],
  ])('hide what %s hides, whole', (style) => {
    expect(repairOf('HIDDEN', `<div style="${style}">HIDDEN</div><p>x`)).toEqual(['display:none!important']);
    expect(repairOf('HIDDEN', `<style>.p{${style}}</style><div class=p>HIDDEN</div><p>x`)).toEqual([
      'display:none!important',
    ]);
  });

  it.each([
    'display:none',
    'display:none!important',
    'display:none;font-size:1px;color:#fff;max-height:0;overflow:hidden',
  ])('leave what %s hides', (style) => expect(clean(`<div style="${style}">HIDDEN</div>`)).toContain('display:none'));

  it('leave a thing hidden that is hidden by an attribute', () => {
    expect(clean('<div hidden onclick=x>HIDDEN</div>')).toBe('<div hidden="">HIDDEN</div>');
  });

  it('let a box grow with what is in it, so that nothing is painted over what follows', () => {
    expect(repairOf('words', '<div style="height:0">words</div>')).toEqual([
      'height:auto!important;min-height:0!important',
    ]);
    expect(repairOf('words', '<div style="max-height:20px">words</div>')).toEqual(['max-height:none!important']);
    expect(repairOf('words', '<div style="line-height:0">words</div>')).toEqual(['line-height:normal!important']);
    expect(repairOf('words', '<div style="height:20px;overflow:hidden">words</div>')).toEqual([]);
    expect(repairOf('words', '<table><td style="height:20px">words</table>')).toEqual([]);
  });

  it('keep colours that can be read, of text and ground alike', () => {
    expect(repairOf('words', '<body bgcolor=#003366 text=#ffffff><p><font color=#ffffff>words</font>')).toEqual([]);
    expect(
      repairOf('words', '<table><td style="background:url(https://x.example/a) #003366;color:#fff">words</table>'),
    ).toEqual([]);
    expect(repairOf('words', '<style>.a{background:#036}.a p{color:#fff}</style><div class=a><p>words')).toEqual([]);
    expect(
      repairOf('words', '<style>.a{background-color:rgba(0,51,102,.9)}</style><div class=a style="color:white">words'),
    ).toEqual([]);
  });

  it.each([
    ['<p style="color:#fff">words', 'color:#1a1a1a!important'],
    ['<table><td background="https://x.example/a" style="color:#fff">words</table>', 'color:#1a1a1a!important'],
    ['<table bgcolor=black><td><font color=#222222>words</font></table>', 'color:#ffffff!important'],
    ['<body bgcolor=#003366><p>words', 'color:#ffffff!important'],
    ['<style>p{color:#fff}</style><p style="color:#eee">words', 'color:#1a1a1a!important'],
    ['<style>p{color:#fff!important}</style><p style="color:#000">words', 'color:#1a1a1a!important'],
    ['<style>#a{color:#fff}p.b{color:#000}</style><p class=b id=a>words', 'color:#1a1a1a!important'],
    ['<div style="color:#444"><div style="background:#fff;color:rgba(0,0,0,.1)">words', 'color:#444444!important'],
  ])('take a colour away that cannot be read: %s', (html, repair) => expect(repairOf('words', html)).toEqual([repair]));

  it('decide for each kind of screen by itself', () => {
    const html =
      '<style>@media (max-width:480px){p{color:#fff}}@media (prefers-color-scheme:dark){p{background:#000;color:#fff}}</style><p>words';
    expect(repairOf('words', html)).toEqual(['color:#1a1a1a!important']);
    expect(clean(html)).toMatch(
      /@media \(max-width:480px\)\{@media not all and \(prefers-color-scheme:dark\)\{\.segl-m\w+ \.segl-\w+,/,
    );
  });

  it('leave small print that is meant not to be seen', () => {
    expect(repairOf('words', '<span style="font-size:1px;color:#fff">words</span>')).toEqual([]);
  });

  it('fill the frame with the ground of the body', () => {
    expect(clean('<style>body{background:#036;color:#fff}</style><p>x')).toMatch(
      /html:has\(>body>\.segl-m\w+\)\{background-color:#003366\}/,
    );
  });

  it('are left out where they ask for too much, and that is said', () => {
    const rules = (count: number): string =>
      Array.from({ length: count }, (_each, at) => `.c${at} p{color:red}`).join('');
    const result = (html: string, limits = {}): [boolean, boolean] => {
      const { html: cleaned, areStylesOmitted } = sanitiseMailHtml(html, () => null, undefined, {
        ...READING_LIMITS,
        ...limits,
      });
      return [areStylesOmitted, cleaned.includes('color:red')];
    };
    expect(result(`<style>${rules(100)}</style><p>x`)).toEqual([false, true]);
    expect(result(`<style>${rules(READING_LIMITS.sheetSelectors + 1)}</style><p>x`)).toEqual([true, false]);
    expect(result(`<style>${rules(100)}</style><p>x`, { sheetBytes: 100 })).toEqual([true, false]);
    expect(result(`<style>${rules(100)}</style>${'<p>x'.repeat(100)}`, { styleSteps: 9_000 })).toEqual([true, false]);
    const widths = Array.from({ length: 11 }, (_each, at) => `@media (max-width:${at + 1}px){p{color:red}}`);
    expect(result(`<style>${widths.join('')}</style><p>x`)).toEqual([true, false]);
  });

  it('cost no more for many elements and many rules than the limits say', () => {
    const rules = Array.from({ length: 2000 }, (_each, at) => `* * * * .a${at} *{color:#111}`).join('');
    const started = process.cpuUsage(); // the clock counts what else the machine does
    const { areStylesOmitted } = sanitiseMailHtml(
      `<style>${rules}</style>${'<div class=a1><p>x</div>'.repeat(10_000)}`,
      () => null,
    );
    expect(areStylesOmitted).toBe(true);
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(10_000);
  });
});
