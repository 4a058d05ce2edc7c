import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import { parse } from 'parse5';
import { parseMailAddress } from '#libs/vocabulary';
import type { Logo } from '#libs/web-ui';
import { SOME_MESSAGE_ID, carrierOf } from '../testing/carrier-of.ts';
import { CarrierReader } from './carrier-reader.ts';
import { organisationProfileFaults } from './organisation-profile.ts';

const ORIGINAL = Buffer.from(
  [
    'Received: from somewhere',
    'From: =?utf-8?Q?S=C3=B8ren?= Holm <soren@example.org>',
    'Reply-To: "Holm, Team" <team@example.org>',
    'To: Anna Berg <anna@example.com>,',
    '\tb@example.com',
    'Cc: C <c@example.com>',
    'Bcc: hidden@example.com',
    'Subject: The diagnosis',
    'Date: Sun, 22 Nov 2026 13:14:15 +0100',
    'Message-ID: <1@example.org>',
    'In-Reply-To: <0@example.com>',
    'References: <a@example.com>',
    ' <0@example.com>',
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain',
    '',
    'the secret body',
  ].join('\r\n'),
);
const ciphertext = randomBytes(5000);

/** What a parser sees of the carrier, without what varies. */
async function seen(carrier: Buffer) {
  const mail = await simpleParser(carrier);
  return {
    mail,
    headers: mail.headerLines.map(({ key }) => key),
    attachments: mail.attachments.map(({ filename, contentType }) => [filename, contentType]),
    page: mail.attachments[0]?.content.toString() ?? '',
  };
}

/** Elements and attribute names of a page, in order: what an injection would change. */
function structure(html: string): string[] {
  const found: string[] = [];
  const walk = (node: { nodeName: string; attrs?: { name: string }[]; childNodes?: unknown[] }) => {
    if (!node.nodeName.startsWith('#'))
      found.push([node.nodeName, ...(node.attrs ?? []).map(({ name }) => name)].join(' '));
    for (const child of node.childNodes ?? []) walk(child as never);
  };
  walk(parse(html) as never);
  return found;
}

/** The one thing of a header that stands in a text. */
const apartFromAuthor = (text = '') => text.replace(/(Sent from|Sendt fra) [^\s<>"&]+/g, '$1 …');

describe('a carrier', () => {
  it('keeps who wrote to whom, when, and in which thread, and nothing else of the original', async () => {
    const carrier = carrierOf(ORIGINAL, ciphertext);
    const { mail, attachments } = await seen(carrier);
    expect(mail.from?.value).toEqual([{ name: 'Søren Holm', address: 'soren@example.org' }]);
    expect(mail.replyTo?.value).toEqual([{ name: 'Holm, Team', address: 'team@example.org' }]);
    expect([mail.to].flat()[0]?.value).toEqual([
      { name: 'Anna Berg', address: 'anna@example.com' },
      { name: '', address: 'b@example.com' },
    ]);
    expect([mail.cc].flat()[0]?.value).toEqual([{ name: 'C', address: 'c@example.com' }]);
    expect(mail.date?.toISOString()).toBe('2026-11-22T12:14:15.000Z');
    expect(mail).toMatchObject({ messageId: '<1@example.org>', inReplyTo: '<0@example.com>' });
    expect(mail.references).toEqual(['<a@example.com>', '<0@example.com>']);
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.subject).toBe('Sealed message from Example Office / Forseglet besked fra Example Office');
    expect(attachments).toEqual([['message.html', 'text/html']]);
    expect(carrier.toString('latin1')).not.toMatch(/hidden@|diagnosis|secret body|Received|somewhere/);
  });

  it('says in each language, in plain text and in HTML, what to do, and names the portal', async () => {
    const { mail } = await seen(carrierOf(ORIGINAL, ciphertext));
    for (const text of [mail.text, String(mail.html)]) {
      expect(text).toContain('Example Office has sent you a sealed message.');
      expect(text).toContain('Sent from soren@example.org');
      expect(text).toContain('Available until 20 February 2027 at 12:00 UTC.');
      expect(text).toContain('Åbn den vedhæftede fil message.html');
      expect(text).toContain('https://mail.example.org/privacy');
    }
    expect(String(mail.html)).toMatch(/lang="en"[^]*lang="da"/);
  });

  it('is in one language, its reader’s where something is known of it, with the others under it', async () => {
    const { mail, page } = await seen(
      carrierOf(ORIGINAL, ciphertext, { recipient: parseMailAddress('anna@firma.dk') }),
    );
    expect(mail.subject).toBe('Forseglet besked fra Example Office');
    expect(mail.text).toMatch(/^Example Office\nSendt fra soren@example\.org\n\nIn English: further down\.\n/);
    expect(mail.text).toMatch(/\n-----\n\nSent from soren/);
    expect(String(mail.html)).toMatch(/<html lang="da">[^]*<details lang="en">\s*<summary>In English<[^]*<\/details>/);
    expect(page).toMatch(
      /<html lang="da">[^]*<title>Forseglet besked[^]*<h1>Forseglet[^]*<details lang="en">[^]*<h2>Sealed/,
    );
    expect(structure(page).filter((each) => each === 'button')).toHaveLength(2);
  });

  it('says what to do without a button before the button', async () => {
    const { page } = await seen(carrierOf(ORIGINAL, ciphertext));
    expect(page.indexOf('No button here')).toBeGreaterThan(page.indexOf('<h1>'));
    expect(page.indexOf('No button here')).toBeLessThan(page.indexOf('<button>'));
  });

  it('says a subject once that is the same in all languages', async () => {
    const carrierSubject = { en: 'Case 7', da: 'Case 7' };
    const organisation = { name: 'Office', locales: ['en', 'da'] as const, carrierSubject };
    expect((await seen(carrierOf(ORIGINAL, ciphertext, { organisation }))).mail.subject).toBe('Case 7');
  });

  it('is 7-bit, CRLF alone, and no line is over 998 octets', () => {
    const text = carrierOf(ORIGINAL, randomBytes(100_000)).toString('latin1');
    expect(text).not.toMatch(/[^\r\n\t -~]/);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(Math.max(...text.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
  });

  it('has one form with one field, no script, and nothing that loads', async () => {
    const { page } = await seen(carrierOf(ORIGINAL, ciphertext));
    const elements = structure(page);
    expect(elements.filter((each) => each.startsWith('form'))).toEqual(['form method action']);
    expect(elements.filter((each) => each.startsWith('input'))).toEqual(['input type name value']);
    expect(
      elements.filter((each) => /^(script|img|link|iframe|object|embed|video|audio|base|source|picture)/.test(each)),
    ).toEqual([]);
    expect(page).toContain('action="https://mail.example.org/open"');
    expect(page).not.toMatch(/@import|url\(|\son\w+=/i);
    expect(page.slice(0, 300)).toContain(`<meta name="segl" content="1 ${SOME_MESSAGE_ID}">`);
  });

  it('can be in one language, with the organisation’s own subject and text, under a path', async () => {
    const organisation = {
      name: 'Kontoret',
      locales: ['da'] as const,
      carrierSubject: { da: 'Fortroligt fra Kontoret: åbn' },
      carrierText: { da: 'Vi har skrevet til dig.' },
      timeZone: 'Europe/Copenhagen',
    };
    const publicUrl = new URL('https://example.org/segl/');
    const { mail, page } = await seen(carrierOf(ORIGINAL, ciphertext, { organisation, publicUrl }));
    expect(mail.subject).toBe('Fortroligt fra Kontoret: åbn');
    expect(mail.text).toMatch(/^Kontoret\nSendt fra soren@example\.org\n\nVi har skrevet til dig\.\n/);
    expect(mail.text).not.toMatch(/sealed/);
    expect(page).toContain('<html lang="da">');
    expect(page).toContain('action="https://example.org/segl/open"');
    expect(page).toContain('20. februar 2027 kl. 13.00 CET');
  });

  it.each([
    ['an empty mail', ''],
    ['a body without a header', 'just text\r\nand more'],
    ['a header that is all broken', 'From\r\nTo: \r\nDate: yesterday\r\nMessage-ID: none\r\n\r\nx'],
    ['binary', '\u0000\u0001\u00ff\u00fe\r\n\r\n'],
  ])('fills in what is missing from %s', async (_what, original) => {
    const { mail } = await seen(carrierOf(Buffer.from(original, 'latin1'), ciphertext));
    expect(mail.from?.text).toBe('office@example.org');
    expect(mail.messageId).toBe(`<${SOME_MESSAGE_ID}@mail.example.org>`);
    expect(mail.date?.toISOString()).toBe('2026-11-22T12:00:00.000Z');
    expect(mail.attachments).toHaveLength(1);
  });

  it('reads raw 8-bit headers as UTF-8 or windows-1252', async () => {
    const utf8 = await seen(carrierOf(Buffer.from('From: Jørgen Ærø <j@example.org>\r\n\r\n'), ciphertext));
    expect(utf8.mail.from?.value[0]?.name).toBe('Jørgen Ærø');
    const latin1 = await seen(
      carrierOf(Buffer.from('From: "Jørgen, Ærø" <j@example.org>\r\n\r\n', 'latin1'), ciphertext),
    );
    expect(latin1.mail.from?.value[0]).toEqual({ name: 'Jørgen, Ærø', address: 'j@example.org' });
  });

  it.each([
    ['From: a@example.com (Anna)', { name: 'Anna', address: 'a@example.com' }],
    ['From: "a\\"b\\\\c" <a@example.com>', { name: 'a"b\\c', address: 'a@example.com' }],
    [
      'From: =?utf-8?Q?x=0D=0ABcc=3A_evil=40example.net?= <a@example.com>',
      { name: 'x Bcc: evil@example.net', address: 'a@example.com' },
    ],
    ['From: "=?utf-8?Q?evil=40example.net?=" <a@example.com>', { name: 'evil@example.net', address: 'a@example.com' }],
    ['From: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?= <a@example.com>', { name: '=?utf-8?Q?a?=', address: 'a@example.com' }],
    ['From: Group: ;\r\nSender: x@example.com', { name: '', address: 'office@example.org' }],
    ['From: a@bücher.example', { name: '', address: 'a@bücher.example' }],
    ['From: <a@example.com\u0000>', { name: '', address: 'office@example.org' }],
    ['From: Anna <anna\r\n Bcc: x@y.example@example.com>', { name: '', address: 'office@example.org' }],
  ])('writes %j anew', async (field, expected) => {
    const { mail } = await seen(carrierOf(Buffer.from(`${field}\r\n\r\n`), ciphertext));
    if (!field.startsWith('From: Group')) expect(mail.from?.value).toEqual([expected]);
    expect(mail.headerLines.filter(({ key }) => key === 'bcc')).toEqual([]);
  });

  it('lets nothing of a header change its structure', async () => {
    const calm = await seen(
      carrierOf(Buffer.from('From: a@example.com\r\nTo: b@example.com\r\nCc: c@example.com\r\n\r\n'), ciphertext),
    );
    const hostile = fc.array(
      fc.oneof(
        fc.constantFrom(
          '\r',
          '\n',
          '\r\n',
          '\0',
          '"',
          '<',
          '>',
          '"><script>',
          '</textarea>',
          '=?utf-8?Q?=0D=0ABcc:x?=',
          '=?utf-8?B?',
          '?=',
          ',',
          ';',
          ':',
          '(',
          ')',
          '\\',
          '@',
          'a@b.example',
          '\u202e',
          'ø',
          '\u2028',
          '--=_segl_',
          ' ',
          '\t',
        ),
        fc.string({ unit: 'binary', maxLength: 8 }),
      ),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(
        hostile,
        hostile,
        fc.constantFrom('From', 'To', 'Cc', 'Reply-To', 'Sender', 'Date', 'Message-ID', 'References'),
        async (one, other, name) => {
          const header = `From: a@example.com\r\nTo: b@example.com\r\nCc: c@example.com\r\n`;
          const carrier = carrierOf(
            Buffer.from(`${name}: ${one.join('')}\r\n${header}${name}: ${other.join('')}\r\n\r\n`),
            ciphertext,
          );
          expect(carrier.toString('latin1')).not.toMatch(/[^\r\n -~]/);
          const { mail, headers, attachments, page } = await seen(carrier);
          const allowed = new Set([...calm.headers, 'reply-to', 'sender', 'references', 'in-reply-to']);
          expect(headers.filter((each) => !allowed.has(each))).toEqual([]);
          expect(new Set(headers).size).toBe(headers.length);
          expect(attachments).toEqual(calm.attachments);
          expect(apartFromAuthor(page)).toBe(apartFromAuthor(calm.page));
          expect(apartFromAuthor(mail.text)).toBe(apartFromAuthor(calm.mail.text));
        },
      ),
      { numRuns: 300 },
    );
  }, 120_000);

  it('escapes whatever the organisation calls itself', async () => {
    const calm = structure((await seen(carrierOf(ORIGINAL, ciphertext))).page);
    const nasty = fc.array(
      fc.oneof(
        fc.constantFrom(
          '"',
          "'",
          '<',
          '>',
          '&',
          '</textarea>',
          '"><script>alert(1)</script>',
          '\r\n',
          '\0',
          '{',
          '}',
          'æ',
          '=?',
          '\ud800',
        ),
        fc.string({ unit: 'grapheme', maxLength: 6 }),
      ),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(nasty, async (parts) => {
        const name = parts.join('').slice(0, 100);
        const carrier = carrierOf(ORIGINAL, ciphertext, { organisation: { name, locales: ['en', 'da'] } });
        expect(carrier.toString('latin1')).not.toMatch(/[^\r\n -~]/);
        const { page, attachments, mail } = await seen(carrier);
        expect(structure(page)).toEqual(calm);
        expect(attachments).toEqual([['message.html', 'text/html']]);
        expect(structure(String(mail.html)).filter((each) => each.startsWith('script'))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  }, 120_000);

  it('stays under 1.34 × the mail + 16 KiB with the longest header there can be', () => {
    const name = 'Æ'.repeat(300);
    const list = Array.from(
      { length: 3000 },
      (_, index) => `"${name}${index}" <recipient-${index}@${'d'.repeat(60)}.example>`,
    ).join(',\r\n ');
    const ids = Array.from({ length: 2000 }, (_, index) => `<${'i'.repeat(240)}${index}@x>`).join('\r\n ');
    const original = Buffer.from(
      ['From', 'Sender', 'Reply-To', 'To', 'Cc'].map((field) => `${field}: ${list.slice(0, 40_000)}\r\n`).join('') +
        `Message-ID: ${ids.slice(0, 260)}\r\nIn-Reply-To: ${ids.slice(0, 300)}\r\nReferences: ${ids.slice(0, 50_000)}\r\n\r\n`,
    );
    const long = 'å'.repeat(120);
    const organisation = {
      name: '漢'.repeat(33),
      locales: ['en', 'da'] as const,
      carrierSubject: { en: long.slice(0, 75), da: long.slice(0, 75) },
      carrierText: { en: long, da: long },
    };
    expect(organisationProfileFaults(organisation)).toEqual([]);
    for (const [header, overrides] of [
      [ORIGINAL, {}],
      [original, {}],
      [ORIGINAL, { organisation }],
      [original, { organisation }],
    ] as const) {
      const fixed = carrierOf(header, Buffer.alloc(0), overrides).length;
      // The seal's own part at its longest: header, manifest, nonce and tags (libs/sealing), once base64url in lines.
      const seal = Math.ceil((1627 + 1833 + 16 + 32) * 1.3361);
      expect(fixed + seal).toBeLessThan(16 * 1024);
    }
  });

  describe('of an organisation that shows itself', () => {
    const logo: Logo = { bytes: randomBytes(16 * 1024), type: 'image/png', widthPixels: 480, heightPixels: 120 };
    const organisation = {
      name: 'Example Office',
      locales: ['en', 'da'],
      logo,
      colours: { light: '#7a1f3d', dark: null },
      telephone: '+45 33 12 34 56',
      howToCheck: { en: 'Ask <us> by phone.', da: 'Spørg os i telefonen.' },
    };

    it('has its logo within itself, its colour, and how to check that it is really them', async () => {
      const { mail, attachments, page } = await seen(carrierOf(ORIGINAL, ciphertext, { organisation }));
      expect(attachments).toEqual([['message.html', 'text/html']]);
      const source = /<img alt="" width="240" height="60" src="data:image\/png;base64,([^"]*)">/.exec(page)?.[1] ?? '';
      expect(Buffer.from(source, 'base64').equals(logo.bytes)).toBe(true);
      expect(page).toContain(
        'default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:; form-action',
      );
      expect(page).toContain('background:#7a1f3d');
      expect(page).toContain('Is this really Example Office? Ask &#60;us&#62; by phone.');
      expect(page).toContain('Sp&#248;rg os i telefonen.');
      expect(page.indexOf('<img')).toBeGreaterThan(page.indexOf('name="m"'));
      expect(String(mail.html)).toContain('border-left:6px solid #7a1f3d');
      expect(mail.text).toContain('Is this really Example Office? Ask <us> by phone.');
      expect(mail.text).toContain('Ring til Example Office: +45\u00a033\u00a012\u00a034\u00a056');
    });

    it('names who wrote where it is given the name, in the mail and on the page', async () => {
      const named = await seen(carrierOf(ORIGINAL, ciphertext, { organisation, senderName: 'Søren "x" <b>' }));
      expect(named.page).toContain('S&#248;ren &#34;x&#34; &#60;b&#62; at Example Office has sent you');
      expect(named.mail.text).toContain('Søren "x" <b> hos Example Office har sendt dig');
      const unnamed = await seen(carrierOf(ORIGINAL, ciphertext, { organisation }));
      expect(unnamed.page).not.toContain('ren Holm');
    });

    it('is a mail of short lines, whole again when it is read, and stays under its bound', () => {
      const long = 'å'.repeat(150);
      const longest = { ...organisation, name: '漢'.repeat(33), howToCheck: { en: long, da: long } };
      expect(organisationProfileFaults(longest)).toEqual([]);
      const carrier = carrierOf(ORIGINAL, ciphertext, { organisation: longest, senderName: 'Ø'.repeat(80) });
      for (const line of carrier.toString('latin1').split('\r\n')) expect(line.length).toBeLessThan(990);
      expect(carrier.length).toBeLessThan(1.34 * ciphertext.length + 24 * 1024 + 1.37 * logo.bytes.length);
      const reader = new CarrierReader();
      expect(Buffer.concat([reader.push(carrier), reader.end()]).equals(ciphertext)).toBe(true);
    });

    it('says how to check in every language or in none', () => {
      expect(organisationProfileFaults({ ...organisation, howToCheck: { en: 'Ask us.' } })).toEqual([
        'how to check is not said in every language of the carrier: da',
      ]);
    });
  });

  it('is read back byte for byte, whatever the sizes of the pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), fc.integer({ min: 1, max: 2000 }), (bytes, pieceBytes) => {
        const carrier = carrierOf(ORIGINAL, Buffer.from(bytes), {}, pieceBytes);
        const reader = new CarrierReader();
        expect(Buffer.concat([reader.push(carrier), reader.end()]).equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
