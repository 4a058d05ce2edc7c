import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { defaultTreeAdapter, html as htmlNames, parse, parseFragment, serialize } from 'parse5';
import type { DefaultTreeAdapterMap } from 'parse5';
import { hostileHtml } from '../testing/hostile-html.ts';
import { frameDocument } from './frame-document.ts';
import { sanitiseMailHtml, SanitiserPass } from './html-sanitiser.ts';

const VECTORS = join(import.meta.dirname, '../../../../../shared/data/html-vectors.jsonl');
const BODY = defaultTreeAdapter.createElement('body', htmlNames.NS.HTML, []);
const nothing = (): null => null;
const clean = (html: string): string => sanitiseMailHtml(html, nothing).html;

/** What is wrong with a document, read as browsers read it; knows nothing of how the sanitiser decides. */
function faults(html: string): string[] {
  const found: string[] = [];
  const open: DefaultTreeAdapterMap['node'][] = [parse(frameDocument(html))];
  for (let node = open.pop(); node; node = open.pop()) {
    if ('childNodes' in node) open.push(...node.childNodes);
    if (!('tagName' in node)) continue;
    const isOurs = node.parentNode && 'tagName' in node.parentNode && node.parentNode.tagName === 'head';
    if (isOurs) continue;
    if (node.tagName === 'style' && node.parentNode?.nodeName === 'body' && node.attrs.length === 0) {
      found.push(...sheetFaults(node));
      continue;
    }
    if (
      !/^(?!script|style|iframe|object|embed|form|input|button|select|textarea|svg|math|link|meta|base|video|audio|source|template|frame|applet|noscript|title)[a-z][a-z0-9]*$/.test(
        node.tagName,
      )
    ) {
      found.push(`<${node.tagName}>`);
    }
    if (node.namespaceURI !== 'http://www.w3.org/1999/xhtml') found.push(node.namespaceURI);
    for (const { name, value } of node.attrs) {
      const isFine =
        name === 'href'
          ? /^(https?:\/\/|mailto:|tel:|about:srcdoc#m_)/.test(value) && node.tagName === 'a'
          : name === 'src'
            ? /^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*$/.test(value)
            : name === 'class' || name === 'id'
              ? /^[\w -]+$/.test(value) && (name === 'class' || value.startsWith('m_'))
              : name === 'style'
                ? !/[\\@]|url|expression|position|image|var\(|behavior|content:|-moz-binding/i.test(value)
                : /^(align|valign|bgcolor|(border)?color|width|height|border|cell(padding|spacing)|[hv]space|(col|row)?span|start|value|size|face|type|dir|lang|role|scope|title|alt|abbr|summary|nowrap|noshade|hidden|rel|target)$/.test(
                    name,
                  );
      if (!isFine) found.push(`${node.tagName} ${name}="${value.slice(0, 60)}"`);
      if (/^\s*javascript:/i.test(value) && !/^(title|alt|abbr|summary)$/.test(name)) found.push(`script in ${name}`);
    }
  }
  return found;
}

/** A sheet is text that nothing can read differently: no escapes, strings of letters alone, no at-rule but @media, one kind of function. */
function sheetFaults(style: DefaultTreeAdapterMap['element']): string[] {
  const text = style.childNodes.map((node) => ('value' in node ? node.value : node.nodeName)).join('');
  const found = text.match(
    /[\\<"]|\/\*|@(?!media )|(?:url|image|expression|var|attr|env|src|paint|element)[\w-]*\(|::|(?:position|content|cursor|behavior|transform|animation|filter):/gi,
  );
  return (found ?? []).map((each) => `${each} in a sheet`);
}

describe('sanitising mail HTML', () => {
  it('has a check that finds what it looks for', () => {
    expect(faults('<img src=x onerror=alert(1)>')).toHaveLength(2);
    expect(
      faults('<script>1</script><a href="javascript:1">x</a><p style="background:url(x)">').length,
    ).toBeGreaterThanOrEqual(3);
    expect(faults('<svg><a xlink:href=x></svg>').length).toBeGreaterThanOrEqual(2);
    expect(
      faults('<p></p><style>@import "x";a{b:url(x)}c::before{content:\\41}</style>').length,
    ).toBeGreaterThanOrEqual(6);
  });

  it.each(hostileHtml().map(({ name, html }) => [name, html]))('%s leaves nothing behind', (_name, html) => {
    expect(faults(clean(html))).toEqual([]);
  });

  it.each(hostileHtml().map(({ name, html }) => [name, html]))('%s is stopped by either step alone', (_name, html) => {
    for (const step of ['allowListed', 'enforce'] as const) {
      const tree = parseFragment(html);
      new SanitiserPass(nothing)[step](tree);
      expect(faults(serialize(tree))).toEqual([]);
    }
  });

  it('is stable: what it gave passes again unchanged, but for the addresses it writes behind links', () => {
    for (const { html } of hostileHtml()) {
      const once = clean(html)
        .replace(/<a [^>]*>/g, '<b>')
        .replaceAll('</a>', '</b>');
      expect(clean(once)).toBe(clean(clean(once)));
    }
  });

  it('keeps what makes mails look as meant', () => {
    const mail =
      '<body bgcolor="#eeeeee"><table width="600" align="center" cellpadding="0" border="0" role="presentation"><tr><td valign="top" bgcolor="#fee" style="padding: 10px 5%; font-family: \'Segoe UI\', Arial; COLOR:#333 !important">' +
      '<h1 style="font-size:24px;line-height:1.2">Hi</h1><font color="blue" size="2" face="Arial">there</font><br><ul type="square"><li>one</ul></td></tr></table>';
    expect(clean(mail)).toMatch(
      /^<style>[^<]*div\.segl-m\w+\{background-color:#eeeeee\}[^<]*<\/style><div class="segl-m\w+"><table width="600" align="center" cellpadding="0" border="0" role="presentation" style="--segl-w:600px"><tbody><tr><td valign="top" bgcolor="#fee" style="padding:10px 5%;font-family:'Segoe UI',arial;color:#333"><h1 style="font-size:24px;line-height:1.2">Hi<\/h1><font color="blue" size="2" face="Arial">there<\/font><br><ul type="square"><li>one<\/li><\/ul><\/td><\/tr><\/tbody><\/table><\/div>$/,
    );
  });

  it('drops comments, conditional ones too, and shows what only other programs hide', () => {
    expect(
      clean('a<!-- b --><!--[if mso]>c<![endif]--><!--[if !mso]><!-->d<!--<![endif]--><![if !vml]>e<![endif]>'),
    ).toBe('ade');
  });

  it('drops names, forms and their controls, but not the words in them; ids get a prefix', () => {
    expect(clean('<form action=x><p id=a class=b name=c>Type <input value=secret><button>here</button></form>')).toBe(
      '<p id="m_a" class="b">Type here</p>',
    );
  });

  it('lets no name of the portal pass', () => {
    expect(clean('<p class="a SEGL-to segl-m1 b" id=segl-x>x</p><p id=m_segl-x name=y>y</p>')).toBe(
      '<p class="a b">x</p><p>y</p>',
    );
  });

  it('leads to places within the mail, and nowhere else by them', () => {
    expect(clean('<a href="#top">up</a><a name=top></a><a name="SEGL-x">x</a>')).toBe(
      '<a href="about:srcdoc#m_top">up</a><a id="m_top"></a><a>x</a>',
    );
  });

  it('reads the tags of a body that is pasted into another as nothing, and its words as part of the first', () => {
    expect(clean('<p>a<html><body onload=x dir=rtl><p>b</body></html><p>c')).toContain('<p>a</p><p>b</p><p>c</p>');
  });

  it.each([
    '<p>a<h1>b<h1>c<a>d<a>e<table><a>f<tr><td><a>g',
    '<b><p><b><p><b><p><b><p><b><p>x</b></p>',
    '<table><b><tr><td>a</b><table><tr>b<td>c</table>d',
    '<ul><li><div><li><p><dd><p><dt>x<ol><li>y</ul>z',
    '<pre>\n\nx</pre><center><p></center><nobr>a<nobr>b</nobr>',
    '<form><p><form><button><p><button>x</form></p>',
    '<tr><td>outside<tr><th>of a table',
  ])('is settled: what it gives reads in a body as it is written: %s', (html) => {
    const [, inner = ''] = /^(?:<style>[^<]*<\/style>)?([^]*)$/.exec(clean(html)) ?? [];
    const again = parseFragment(BODY, inner, {});
    expect(serialize(again)).toBe(inner);
  });

  it.each([
    [
      'https://example.com/x',
      'click',
      '<a href="https://example.com/x" target="_blank" rel="noopener noreferrer nofollow">click<span class="segl-to">example.com</span></a>',
    ],
    [
      'https://example.com/',
      'example.com',
      '<a href="https://example.com/" target="_blank" rel="noopener noreferrer nofollow"><span class="segl-to">example.com</span></a>',
    ],
    [
      'https://example.com/a',
      'https://example.com/a',
      '<a href="https://example.com/a" style="--segl-b:1" target="_blank" rel="noopener noreferrer nofollow">https://example.com/a<span class="segl-to">example.com</span></a>',
    ],
    [
      'mailto:a@b.example?subject=Hi&amp;attach=/etc/passwd',
      'a@b.example',
      '<a href="mailto:a@b.example?subject=Hi" target="_blank" rel="noopener noreferrer nofollow"><span class="segl-to">a@b.example</span></a>',
    ],
  ])('rebuilds links to %s and says where they lead', (href, text, expected) => {
    expect(clean(`<a href="${href}" onclick=x target=_top>${text}</a>`)).toBe(expected);
  });

  it.each([
    'https://evil.example/',
    'https://bank.example@evil.example/',
    'https://bank.example.evil.example/',
    'http://bаnk.example/',
  ])('is not fooled by a text that names another host than %s', (href) => {
    expect(clean(`<a href="${href}">https://bank.example/login</a>`)).toContain(`>${new URL(href).host}</span></a>`);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt&#58;alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    '/console',
    '//evil.example/',
    'tel:*21#',
    'example.com',
    'blob:x',
    'https://',
  ])('makes no link of %s', (href) => expect(clean(`<a href="${href}">x</a>`)).toBe('<a>x</a>'));

  it('lists the links in the order of the mail, with their words', () => {
    const { links } = sanitiseMailHtml(
      '<p><b><a href="https://a.example/1?x=1"><i>One</i> <img alt="two"></a></b></p><a href="tel:112">112</a><a>no</a><div><a href="https://b.example">\u202e</a></div>',
      nothing,
    );
    expect(links).toEqual([
      { href: 'https://a.example/1?x=1', target: 'a.example', words: 'One two' },
      { href: 'tel:112', target: '112', words: '112' },
      { href: 'https://b.example/', target: 'b.example', words: '' },
    ]);
  });

  it('lets 20,000 short links grow three times at the most', () => {
    const mail = '<a href="http://a.example/">x</a> '.repeat(20_000);
    expect(clean(mail).length).toBeLessThan(4.1 * mail.length);
  });

  it('shows pictures of the mail itself and no others, and counts', () => {
    const inline = (source: string): string | null => (source === 'cid:a' ? 'data:image/png;base64,AAAA' : null);
    const result = sanitiseMailHtml(
      '<img src="cid:a"><img src="CID:b" alt="b"><img src="https://t.example/x.gif" alt="" width=1><img src="//t.example/y" srcset="https://t.example/z 2x" alt="why">',
      inline,
    );
    expect(result).toEqual({
      html: '<img src="data:image/png;base64,AAAA"><img alt="b"><img alt="why">',
      links: [],
      remoteContentRemoved: 3,
      imagesOmitted: 1,
      areStylesOmitted: false,
    });
  });

  it('cannot be made to show a picture twice by words that look like its own marks', () => {
    const { html } = sanitiseMailHtml(
      '<img src="cid:a"> data:image/png,0123456789abcdef01234567-0',
      () => 'data:image/png;base64,AAAA',
    );
    expect(html).toBe('<img src="data:image/png;base64,AAAA"> data:image/png,0123456789abcdef01234567-0');
  });
});

const sharedVectors = existsSync(VECTORS) ? readFileSync(VECTORS, 'utf8').trim().split('\n') : null;
(sharedVectors ? describe : describe.skip)(
  `the shared hostile HTML${sharedVectors ? '' : ' (skipped: ../shared/data is not on this machine)'}`,
  () => {
    it('leaves no script, no handler and no address that loads', () => {
      const failed = (sharedVectors ?? []).flatMap((line) => {
        const { id, html } = JSON.parse(line) as { id: string; html: string };
        const found = faults(clean(html));
        return found.length > 0 ? [`${id}: ${found.join(' ')}`] : [];
      });
      expect(failed).toEqual([]);
      expect(sharedVectors?.length).toBeGreaterThan(500);
    });
  },
);
