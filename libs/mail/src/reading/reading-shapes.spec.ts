import { describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { mailShapes } from '../testing/mail-shapes.ts';
import { readAttachments, readMail } from './read-mail.ts';
import { READING_LIMITS } from './reading-limits.ts';
import type { ReadableMail } from './readable-mail.ts';

const silent = { parsed: () => {}, sanitising: () => {} };
const read = (bytes: Buffer): ReadableMail => readMail(Buffer.from(bytes), READING_LIMITS, silent);
const squeezed = (text: string | null | undefined): string => (text ?? '').replace(/\s+/g, ' ').trim();

describe('the shapes of mail', () => {
  const shapes = mailShapes();

  it('are at least forty, each named once', () => {
    expect(shapes.length).toBeGreaterThanOrEqual(40);
    expect(new Set(shapes.map(({ name }) => name)).size).toBe(shapes.length);
  });

  it.each(shapes.map((shape) => [shape.name, shape] as const))('%s', async (_name, { bytes, expected }) => {
    const mail = read(bytes);
    if (expected.subject !== undefined) expect(mail.mailSubject).toBe(expected.subject);
    if (expected.text !== undefined) expect(mail.text ?? '').toContain(expected.text);
    if (expected.html === null) expect(mail.html).toBeNull();
    else if (expected.html !== undefined) expect(mail.html).toContain(expected.html);
    if (expected.attachments) expect(mail.attachments.map(({ filename }) => filename)).toEqual(expected.attachments);
    if (expected.nested) expect(mail.nested.map(({ mail: inner }) => inner.mailSubject)).toEqual(expected.nested);
    expect(structuredClone(mail)).toEqual(mail);
  });

  it.each(shapes.map((shape) => [shape.name, shape] as const))(
    '%s: what is listed can be had, in the size that is listed',
    async (_name, { bytes }) => {
      const listed = (mail: ReadableMail): { index: number; filename: string; bytes: number }[] => [
        ...mail.attachments,
        ...mail.nested.flatMap((each) => [each, ...listed(each.mail)]),
      ];
      for (const { index, filename, bytes: size } of listed(read(bytes))) {
        const found = readAttachments(Buffer.from(bytes), [index], READING_LIMITS)[0];
        expect({ filename: found?.filename, bytes: found?.content.length }).toEqual({ filename, bytes: size });
      }
      expect(readAttachments(Buffer.from(bytes), [9999], READING_LIMITS)[0]).toBeNull();
    },
  );

  it('are mostly read as mailparser reads them', async () => {
    const differing: string[] = [];
    for (const { name, bytes } of shapes) {
      const [ours, theirs] = [read(bytes), await simpleParser(bytes, { skipHtmlToText: true })];
      if (squeezed(theirs.subject) !== squeezed(ours.mailSubject)) differing.push(`${name}: subject`);
      else if (theirs.text && squeezed(theirs.text) !== squeezed(ours.text)) differing.push(`${name}: text`);
    }
    // where we differ we are right or safer: charsets it does not know, steering characters, bodies it glues together
    expect(differing.length).toBeLessThanOrEqual(shapes.length / 4);
  });
});

describe('details that a reader sees', () => {
  const shape = (name: string): ReadableMail =>
    read(mailShapes().find((each) => each.name === name)?.bytes ?? Buffer.alloc(0));

  it('names the sender as one mailbox, never by an encoded word alone', async () => {
    const mail = read(Buffer.from('From: =?utf-8?Q?Boss_=3Cboss=40bank.example=3E?= <evil@x.example>\r\n\r\nx'));
    expect(mail.from).toBe('"Boss <boss@bank.example>" <evil@x.example>');
  });

  it('gives dates as instants, and none for nonsense', async () => {
    expect(shape('plain-ascii').date).toBe('2026-11-24T08:30:00.000Z');
    expect(shape('date-nonsense').date).toBeNull();
  });

  it('says what is odd about a mail', async () => {
    expect(shape('duplicated-headers').notes).toContain('repeated-header');
    expect(shape('not-a-mail').notes).toContain('unparsable');
    expect(shape('boundary-never-used').notes).toContain('unparsable');
    expect(shape('charset-unknown').notes).toContain('unknown-charset');
    expect(shape('base64-damaged').notes).toContain('damaged-encoding');
    expect(shape('quoted-printable-damaged').notes).toContain('damaged-encoding');
    expect(shape('svg-named-png').notes).toContain('images-omitted');
    expect(shape('plain-ascii').notes).toEqual([]);
  });

  it('reads a mail that was forwarded twenty times to its innermost words', () => {
    const forwarded = (times: number): string =>
      times === 0
        ? 'Subject: 0\r\n\r\ninnermost'
        : `Subject: ${times}\r\nContent-Type: multipart/mixed; boundary=b${times}\r\n\r\n--b${times}\r\nContent-Type: message/rfc822\r\n\r\n${forwarded(times - 1)}\r\n--b${times}--\r\n`;
    let mail = read(Buffer.from(forwarded(20)));
    for (let depth = 20; depth > 0; depth--) {
      expect([mail.mailSubject, mail.notes]).toEqual([`${depth}`, []]);
      mail = mail.nested[0]?.mail as ReadableMail;
    }
    expect(mail.text).toBe('innermost');
  });

  it('keeps what lies deeper than it looks as a file, and says so', () => {
    const multiparts = Array.from(
      { length: 30 },
      (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
    );
    const bytes = Buffer.from(`Subject: deep\r\n${multiparts.join('')}Content-Type: text/plain\r\n\r\ninnermost\r\n`);
    const mail = read(bytes);
    expect(mail.notes).toEqual(['truncated']);
    expect(mail.attachments.map(({ filename }) => filename)).toEqual(['deeper-parts.eml']);
    const [file] = readAttachments(bytes, [mail.attachments[0]?.index ?? -1], READING_LIMITS);
    expect(read(file?.content ?? Buffer.alloc(0)).text).toBe('innermost');
  });

  it('counts what it left out from elsewhere', async () => {
    const mail = shape('newsletter-with-conditional-comments');
    expect(mail.remoteContentRemoved).toBe(2);
    expect(mail.notes).toEqual(['remote-content-removed']);
    expect(mail.html).not.toMatch(/Outlook only|position|t\.example|url|background=/);
    expect(mail.html).toContain('color:#112233');
  });

  it('keeps HTML parts apart, each sanitised alone (EFAIL)', async () => {
    const mail = shape('two-html-parts-one-cut-open');
    expect([mail.html, ...mail.moreHtml]).toEqual([
      '',
      '<div style="white-space:pre-wrap">the secret</div>',
      expect.stringContaining('after'),
    ]);
    expect(JSON.stringify(mail)).not.toContain('leak.example');
  });

  it('shows nested messages with a header and a body of their own', async () => {
    const { mail, filename, bytes } = shape('nested-three-deep').nested[0] ?? {};
    expect({ filename, isSized: (bytes ?? 0) > 100, html: mail?.html }).toEqual({
      filename: 'attachment-2.eml',
      isSized: true,
      html: '<p>Middle HTML</p>',
    });
    expect(mail?.nested[0]?.mail).toMatchObject({
      mailSubject: 'Innermost',
      from: 'Inner <inner@sender.example>',
      text: 'Inner text.',
    });
  });

  it('decodes an attachment to its very bytes', async () => {
    const { bytes } = mailShapes().find(({ name }) => name === 'one-large-attachment') ?? { bytes: Buffer.alloc(0) };
    const index = read(bytes).attachments[0]?.index ?? -1;
    expect(
      readAttachments(Buffer.from(bytes), [index], READING_LIMITS)[0]?.content.equals(Buffer.alloc(3_000_000, 'segl')),
    ).toBe(true);
  });
});
