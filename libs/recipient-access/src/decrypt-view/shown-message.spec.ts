import { describe, expect, it } from '@jest/globals';
import { authorField, MailHeader } from '#libs/mail';
import type { ReadableMail } from '#libs/mail';
import { mailFrom, oddFromFields } from '#libs/mail/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { printDocument } from './print-document.ts';
import { namesSender, shownMail } from './shown-message.ts';

const mail: ReadableMail = {
  mailSubject: 'Plans <b>',
  author: authorField(MailHeader.of(Buffer.from('From: Bo <bo@example.org>\r\n\r\n')), 'from'),
  from: 'Bo <bo@example.org>',
  replyTo: '',
  to: 'anna@example.com',
  cc: '',
  date: null,
  html: '<p>Hello</p>',
  moreHtml: [],
  links: [],
  moreLinks: 0,
  text: 'Hello',
  explanations: [],
  notes: [],
  remoteContentRemoved: 0,
  attachments: [],
  nested: [],
};
const heightOf = async (html: string) =>
  (await shownMail({ ...mail, html }, { locale: 'en', timeZone: 'UTC', showsFiles: true })).frames[0]?.widePixels ?? 0;

describe('a shown message', () => {
  it('guesses the height of a frame from what there is to read, never from the bytes of an image', async () => {
    const image = `<img src="data:image/png;base64,${'A'.repeat(5_000_000)}" alt="">`;
    expect(await heightOf('<p>Hello</p>')).toBeLessThan(await heightOf('<p>A line that goes on.</p>'.repeat(20)));
    expect(await heightOf(`<p>Hello</p>${image}<p>Bye</p>`)).toBeLessThan(600);
    expect(await heightOf('<p>word</p>'.repeat(100_000))).toBe(12_000);
  });

  it('estimates by what stands beside and below each other, and for a phone too', async () => {
    const words = 'A line of words that goes on for a while. '.repeat(6);
    const table = (cells: number) => `<table><tbody><tr>${`<td>${words}</td>`.repeat(cells)}</tr></tbody></table>`;
    expect(await heightOf(table(3))).toBeLessThan(await heightOf(table(1).repeat(3)));
    expect(await heightOf(`<style>${'.a{color:red}'.repeat(500)}</style><p>x</p>`)).toBe(await heightOf('<p>x</p>'));
    expect(await heightOf(`<div style="display:none">${words.repeat(40)}</div><p>x</p>`)).toBe(
      await heightOf('<p>x</p>'),
    );
    expect(await heightOf('<div style="height:700px">x</div>')).toBeGreaterThan(700);
    const frame = (
      await shownMail(
        { ...mail, html: `<p>${words.repeat(10)}</p>` },
        { locale: 'en', timeZone: 'UTC', showsFiles: true },
      )
    ).frames[0];
    expect(frame?.narrowPixels).toBeGreaterThan(2 * (frame?.widePixels ?? Infinity));
  });

  it('says each note in the reader’s language, also one that a newer reader of mails made up', async () => {
    const notes = ['remote-content-removed', 'made-up'] as unknown as ReadableMail['notes'];
    const { doubts, remarks } = await shownMail(
      { ...mail, notes },
      { locale: 'da', timeZone: 'UTC', showsFiles: true },
    );
    expect(remarks).toEqual([expect.stringContaining('andre steder på internettet')]);
    expect(doubts).toEqual([expect.stringContaining('kunne ikke vises')]);
  });

  it('has its texts and documents escaped, since they may be long, and no text where there is none', async () => {
    const shown = await shownMail(
      { ...mail, html: '<p title="a">&amp;</p>', text: '<b>' },
      { locale: 'en', timeZone: 'UTC', showsFiles: true },
    );
    expect(shown.frames[0]?.document.toHTML()).toContain('&lt;p title&#x3D;&quot;a&quot;&gt;&amp;amp;&lt;/p&gt;');
    expect(shown.text?.toHTML()).toBe('&lt;b&gt;');
    expect(
      (await shownMail({ ...mail, text: '' }, { locale: 'en', timeZone: 'UTC', showsFiles: true })).text,
    ).toBeNull();
  });

  it.each([
    ['Bo <bo@example.org>', true],
    ['BO@Example.ORG', true],
    ['"bo@example.org" <evil@example.net>', false],
    ['<evil@example.net>, <bo@example.org>', false],
    ['Bo <bo@example.org.evil.net>', false],
    ['Bo', false],
    ['', false],
  ])('compares the From field %j with the sender of the seal: %s', (from, isNamed) => {
    const field = authorField(MailHeader.of(Buffer.from(`From: ${from}\r\n\r\n`)), 'from');
    expect(namesSender(field, parseMailAddress('bo@example.org'))).toBe(isNamed);
  });

  it.each(oddFromFields.map((odd) => [odd.what, odd] as const))('warns where a From %s', (_what, odd) => {
    const field = authorField(MailHeader.of(mailFrom(odd)), 'from');
    const isSender = odd.address === 'office@example.org' && odd.namesAnother !== true;
    expect(namesSender(field, parseMailAddress('office@example.org'))).toBe(isSender);
  });

  const printed = async (given: Partial<ReadableMail>, locale: 'en' | 'da' = 'en') => {
    const [sender, recipient] = [parseMailAddress('bo@example.org'), parseMailAddress('anna@example.com')];
    const pieces = await printDocument({ ...mail, ...given }, { locale, timeZone: 'UTC', sender, recipient });
    return Buffer.concat(pieces).toString();
  };

  it('prints with every text escaped and each body in a section of its own', async () => {
    const page = await printed({ moreHtml: ['<p>More</p>'], cc: '<script>' });
    expect(page).toContain('<title>Plans &lt;b&gt;</title>');
    expect(page).toContain('&lt;script&gt;');
    expect(page).toMatch(
      /<div dir="auto"><p>Hello<\/p><\/div><\/section><section[^>]*><p>[^<]*<\/p><div dir="auto"><p>More/,
    );
  });

  it('prints who sealed it, where replies go, the notes, and a warning where From names someone else', async () => {
    const page = await printed({ replyTo: 'other@example.net', notes: ['truncated'] }, 'da');
    for (const text of ['Forseglet af bo@example.org til anna@example.com', 'other@example.net', 'længere end det'])
      expect(page).toContain(text);
    expect(page).not.toContain('class="segl-warning"');
    expect(
      await printed({ author: authorField(MailHeader.of(Buffer.from('From: Bo <bo@example.net>\r\n\r\n')), 'from') }),
    ).toContain('<p class="segl-warning">bo@example.org sealed');
  });

  it('keeps a list of a mail apart from the fields of the page', async () => {
    const page = await printed({ html: '<dl><dt>From</dt><dd>boss@bank.example</dd></dl>' });
    expect(page.match(/<dl class="segl-fields">/g)).toHaveLength(1);
    expect(page).not.toMatch(/[},]dl[{>]/); // no rule of ours reaches it
    expect(page.indexOf('boss@bank.example')).toBeGreaterThan(page.indexOf('class="segl-content"'));
  });

  it('lets others have their turn while it escapes megabytes', async () => {
    const inner = { index: 1, filename: 'a.eml', mediaType: 'message/rfc822', bytes: 1, showable: null, place: null };
    const text = '<'.repeat(1_000_000);
    const nested = Array.from({ length: 20 }, () => ({ ...inner, mail: { ...mail, html: null, text } }));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    expect((await printed({ nested })).length).toBeGreaterThan(80_000_000);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(100);
  });

  it('has long lists of addresses escaped before the page is made, and none where there are none', async () => {
    const to = '<a> '.repeat(50_000);
    const shown = await shownMail({ ...mail, to }, { locale: 'en', timeZone: 'UTC', showsFiles: true });
    expect(shown.to?.toHTML()).toBe('&lt;a&gt; '.repeat(50_000));
    expect(shown.cc).toBeNull();
  });
});
