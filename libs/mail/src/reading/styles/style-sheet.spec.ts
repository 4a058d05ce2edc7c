import { describe, expect, it } from '@jest/globals';
import { sheetText, styleRules } from './style-sheet.ts';

const cleaned = (text: string, media = ''): string => sheetText(styleRules([{ text, media }]), 'S', () => false);

describe('the style sheets of a mail', () => {
  it.each([
    ['p.MsoNormal, li.MsoNormal{margin:0cm;mso-x:y}', '.S p.MsoNormal,.S li.MsoNormal{margin:0}'],
    ['body{margin:0}', 'div.S{margin:0}'],
    ['html,body{margin:0}', 'div.S,div.S{margin:0}'],
    ['html > body.x > p{margin:0}', 'div.S.x>p{margin:0}'],
    [':root{color:red}', 'div.S{color:red}'],
    ['#a .b > td:first-child{color:red}', '.S #m_a .b>td:first-child{color:red}'],
    ['*{color:red}', '.S *{color:red}'],
    ['a:link{color:red}', '.S a:any-link{color:red}'],
    ['h1+p,h1~p{color:red}', '.S h1+p,.S h1~p{color:red}'],
    ['td[class="x"],td[class~=y]{color:red}', '.S td.x,.S td.y{color:red}'],
    ['<!-- p{color:red} -->', '.S p{color:red}'],
    ['p{color:red}}}q{color:blue}r{', '.S p{color:red}'],
    ['p{color:red;;;!;x:y;margin:0', '.S p{color:red;margin:0}'],
    ['@media screen{p{color:red}}', '.S p{color:red}'],
    [
      '@media only screen and (max-width:480px){p{color:red!important}}',
      '@media (max-width:480px){.S p{color:red!important}}',
    ],
    ['@media (max-device-width:30em){p{color:red}}', '@media (max-width:480px){.S p{color:red}}'],
    [
      '@media (min-width:481px) and (max-width:600px){p{color:red}q{color:red}}',
      '@media (min-width:481px) and (max-width:600px){.S p{color:red}.S q{color:red}}',
    ],
    [
      '@media (max-width:600px){@media (prefers-color-scheme:dark){p{color:red}}}',
      '@media (max-width:600px) and (prefers-color-scheme:dark){.S p{color:red}}',
    ],
    ['@media print,(max-width:9px){p{color:red}}', '@media (max-width:9px){.S p{color:red}}'],
  ])('%s → %s', (given, kept) => expect(cleaned(given)).toBe(kept));

  it.each([
    '@import "http://x.example/a.css";',
    '@import url(http://x.example/a.css);',
    '@font-face{font-family:x;src:url(http://x.example/f)}',
    '@keyframes x{from{color:red}}',
    '@layer segl{p{color:red!important}}',
    '@supports (color:red){p{color:red}}',
    '@scope (p){a{color:red}}',
    '@container (width>1px){p{color:red}}',
    '@property --x{syntax:"*"}',
    '@page{margin:0}',
    '@namespace x "y";',
    '@charset "x";',
    '@media print{p{color:red}}',
    '@media not screen{p{color:red}}',
    '@media (-webkit-min-device-pixel-ratio:0){p{color:red}}',
    '@media (min-resolution:2dppx){p{color:red}}',
    '@media (max-width:99999px){p{color:red}}',
    '@media (max-width:calc(1px)){p{color:red}}',
    '@media (min-width:700px) and (max-width:600px){p{color:red}}',
    'a:visited{color:red}',
    'a:hover{color:red}',
    'p:has(a){color:red}',
    'p:not(.x){color:red}',
    'p:is(.x){color:red}',
    'p:nth-child(2){color:red}',
    'p:target{color:red}',
    'p::before{color:red}',
    'p:first-letter{color:red}',
    'a[href]{color:red}',
    'a[href^="http://a"]{color:red}',
    'input[value^=a]{color:red}',
    'p[class^=x]{color:red}',
    'p[class=x i]{color:red}',
    'p[class="x y"]{color:red}',
    '.segl-to{color:red}',
    '.SEGL-to{color:red}',
    '#segl-x{color:red}',
    '.x\\:y{color:red}',
    'p\\.x{color:red}',
    '& p{color:red}',
    'svg|p{color:red}',
    'p||q{color:red}',
    'p{&:hover{color:red}}',
    'p{background-image:image-set("http://x.example/a" 1x)!important;cursor:url(x)}',
    'p{}',
  ])('%s stays out', (text) => expect(cleaned(text)).toBe(''));

  it('keeps what it knows of a rule, without the rest', () => {
    expect(cleaned('p,a:hover,q{color:red;position:fixed;top:0}')).toBe('.S p,.S q{color:red}');
  });

  it('heeds the media of the element, which cannot end the query', () => {
    expect(cleaned('p{color:red}', 'screen and (max-width:480px)')).toBe('@media (max-width:480px){.S p{color:red}}');
    expect(cleaned('p{color:red}', 'print')).toBe('');
    expect(cleaned('p{color:red}', 'screen{}*')).toBe('');
  });

  it('reads what is nested without end in time', () => {
    for (const piece of ['a{', '(', 'f(', '@media x{', ':not(', '[', '/*', '@x ', '"', ',']) {
      const started = process.cpuUsage(); // the clock counts what else the machine does
      cleaned(`p{color:red}${piece.repeat(100_000)}`);
      expect(process.cpuUsage(started).user / 1000).toBeLessThan(5000);
    }
  });
});
