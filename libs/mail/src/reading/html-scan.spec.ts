import { describe, expect, it } from '@jest/globals';
import { scanHtml } from './html-scan.ts';
import { READING_LIMITS } from './reading-limits.ts';

const scan = (html: string): ReturnType<typeof scanHtml> => scanHtml(html, READING_LIMITS);

describe('looking over HTML before it is parsed', () => {
  it.each([
    ['nested divs', '<div>'.repeat(300)],
    ['depth behind end tags that close nothing', '<div></q></p>'.repeat(300)],
    ['elements that never close each other', '<p><li>'.repeat(150)],
    ['too many elements', '<br>'.repeat(50_001)],
    ['too many attributes', `<p ${Array.from({ length: 300 }, (_, at) => `a${at}`).join(' ')}>`],
    ['too many bytes', 'å'.repeat(600_000)],
  ])('refuses %s', (_name, html) => expect(scan(html).isTooComplex).toBe(true));

  it.each([
    ['paragraphs that are never closed', '<p>x'.repeat(2000)],
    ['list items that are never closed', `<ul>${'<li>x'.repeat(2000)}</ul>`],
    ['cells and rows that are never closed', `<table>${'<tr><td>x<td>y'.repeat(2000)}</table>`],
    ['breaks and images', '<br><img src=x>'.repeat(2000)],
    [
      'tables within tables to a depth seen in the field',
      `${'<table><tr><td>'.repeat(40)}x${'</td></tr></table>'.repeat(40)}`,
    ],
  ])('takes %s', (_name, html) => expect(scan(html).isTooComplex).toBe(false));
});

describe('HTML as text', () => {
  it.each([
    ['<p>One</p><p>Two<br>three</p>', 'One\n\nTwo\nthree'],
    ['<head><title>no</title><style>p{}</style></head><body>yes<script>no</script></body>', 'yes'],
    ['<ul><li>a<li>b</ul>', '- a\n- b'],
    ['<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>', 'a b\nc'],
    ['a  b\n c&nbsp;d &lt;e&gt; &aelig;', 'a b c\u00a0d <e> æ'],
    ['<pre>a\n  b</pre>', 'a\n  b'],
    ['<a href="https://evil.example/x">bank.example</a>', 'bank.example <https://evil.example/x>'],
    ['<a href="https://a.example/">https://a.example</a>', 'https://a.example'],
    ['<a href="javascript:x">y</a>', 'y'],
    ['<img src=x alt="A picture"> of it', 'A picture of it'],
    ['x<!-- comment --><![if !mso]>y<![endif]>z', 'xyz'],
    ['<svg><text>no</text></svg><select><option>no</select>yes', 'yes'],
  ])('%s', (html, text) => expect(scan(html).text).toBe(text));
});
