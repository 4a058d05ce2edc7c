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
  notes: [],
  remoteContentRemoved: 0,
  attachments: [],
  nested: [],
};
const heightOf = async (html: string) => (await shownMail({ ...mail, html }, 'en')).frames[0]?.heightPixels ?? 0;

describe('a shown message', () => {
  it('guesses the height of a frame from what there is to read, never from the bytes of an image', async () => {
    const image = `<img src="data:image/png;base64,${'A'.repeat(5_000_000)}" alt="">`;
    expect(await heightOf('<p>Hello</p>')).toBeLessThan(await heightOf('<p>A line that goes on.</p>'.repeat(20)));
    expect(await heightOf(`<p>Hello</p>${image}<p>Bye</p>`)).toBeLessThan(600);
    expect(await heightOf('<p>word</p>'.repeat(100_000))).toBe(2400);
  });

  it('says each note in the reader’s language, also one that a newer reader of mails made up', async () => {
    const notes = ['remote-content-removed', 'made-up'] as unknown as ReadableMail['notes'];
    expect((await shownMail({ ...mail, notes }, 'da')).notes).toEqual([
      expect.stringContaining('andre steder på internettet'),
      expect.stringContaining('kunne ikke vises'),
    ]);
  });

  it('has its texts and documents escaped, since they may be long, and no text where there is none', async () => {
    const shown = await shownMail({ ...mail, html: '<p title="a">&amp;</p>', text: '<b>' }, 'en');
    expect(shown.frames[0]?.document.toHTML()).toContain('&lt;p title&#x3D;&quot;a&quot;&gt;&amp;amp;&lt;/p&gt;');
    expect(shown.text?.toHTML()).toBe('&lt;b&gt;');
    expect((await shownMail({ ...mail, text: '' }, 'en')).text).toBeNull();
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

  it('prints with every text escaped and each body in a section of its own', () => {
    const page = printDocument({ ...mail, moreHtml: ['<p>More</p>'], cc: '<script>' }, 'en', 'UTC');
    expect(page).toContain('<title>Plans &lt;b&gt;</title>');
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('<section><p>Hello</p></section><section><p>More</p></section>');
  });
});
