import { describe, expect, it } from '@jest/globals';
import { strToU8, zipSync } from 'fflate';
import { READING_LIMITS } from '../reading-limits.ts';
import type { MailOutline } from './mail-outline.ts';
import { outlineMail } from './outline-mail.ts';

function outlineOf(...lines: string[]): MailOutline {
  return outlineMail(Buffer.from(lines.join('\r\n'), 'latin1'), READING_LIMITS);
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/.{76}/g, '$&\r\n');

function withFile(fileName: string, mediaType: string, content: Uint8Array, text = 'Hello'): MailOutline {
  return outlineOf(
    'Subject: Files',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    text,
    '--b',
    `Content-Type: ${mediaType}; name="${fileName}"`,
    'Content-Disposition: attachment',
    'Content-Transfer-Encoding: base64',
    '',
    base64(content),
    '--b--',
    '',
  );
}

const docx = (xml: string) =>
  zipSync({ '[Content_Types].xml': strToU8('<Types/>'), 'word/document.xml': strToU8(xml) });

describe('the outline of a mail', () => {
  it('has its words, decoded: subject, both alternatives, and messages within', () => {
    const { texts, unsearched } = outlineOf(
      'Subject: =?utf-8?q?Bl=C3=A5b=C3=A6r?=',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: multipart/alternative; boundary=c',
      '',
      '--c',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'r=F8d gr=F8d',
      '--c',
      'Content-Type: text/html',
      '',
      '<p>4111<!-- x --> <b>1111</b> 1111<b> 1111</b></p><style>p{}</style>',
      '--c--',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'Subject: Inner',
      '',
      'within',
      '--b--',
      '',
    );
    expect(texts.map((text) => text.trim())).toEqual(['Blåbær', '4111 1111 1111 1111', 'rød grød', 'Inner', 'within']);
    expect(unsearched).toEqual([]);
  });

  it('has the words of Office files, with runs of one word put together', () => {
    const { texts, files, unsearched } = withFile(
      'løn.docx',
      'application/octet-stream',
      docx(
        '<w:document xmlns:w="x"><w:p><w:r><w:t>4111 11</w:t></w:r><w:r><w:t>11 1111 1111</w:t></w:r></w:p><w:p><w:t>next &amp; last</w:t></w:p></w:document>',
      ),
    );
    expect(texts.at(-1)).toBe('\n4111 1111 1111 1111\nnext & last\n'.slice(1));
    expect(files).toMatchObject([{ signature: 'office' }]);
    expect(unsearched).toEqual([]);
  });

  it('says which words it could not read', () => {
    expect(withFile('a.docx', 'application/zip', docx('<w:p>broken').slice(0, -40)).unsearched).toEqual(['damaged']);
    expect(withFile('a.zip', 'application/zip', zipSync({ 'a.txt': strToU8('x') })).unsearched).toEqual(['archive']);
    expect(withFile('a.pdf', 'application/pdf', strToU8('%PDF-1.7')).unsearched).toEqual(['unread-kind']);
    expect(withFile('a.xls', 'application/vnd.ms-excel', Buffer.from('d0cf11e0a1b11ae1', 'hex')).unsearched).toEqual([
      'unread-kind',
    ]);
    const encrypted = Buffer.concat([
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      Buffer.from('EncryptedPackage', 'utf16le'),
    ]);
    expect(withFile('a.xlsx', 'application/octet-stream', encrypted).unsearched).toEqual(['locked']);
    expect(withFile('a.png', 'image/png', Buffer.from('89504e47', 'hex')).unsearched).toEqual([]);
  });

  it('reads a text by whatever type it comes', () =>
    expect(withFile('list.csv', 'application/octet-stream', strToU8('name;number\n')).texts.at(-1)).toBe(
      'name;number\n',
    ));

  it('stops a file that unpacks to more than it may, and says so', () => {
    const bomb = docx(`<w:t>${'x'.repeat(17 * 1024 * 1024)}</w:t>`);
    expect(bomb.length).toBeLessThan(64 * 1024);
    expect(withFile('bomb.docx', 'application/zip', bomb).unsearched).toEqual(['damaged']);
  });

  it('resolves no entity that a document declares: none of its own, however nested, and none from outside', () => {
    const declared = ['<!ENTITY e0 "MARKER-OWN">'];
    for (let n = 1; n <= 20; n++) declared.push(`<!ENTITY e${n} "${`&e${n - 1};`.repeat(10)}">`);
    declared.push(
      '<!ENTITY outside SYSTEM "file:///etc/passwd">',
      '<!ENTITY % there SYSTEM "http://127.0.0.1:9/x.dtd">',
    );
    const xml = `<?xml version="1.0"?><!DOCTYPE d [${declared.join('')}%there;]><d><p>before &amp; &e20; &outside; after</p></d>`;
    const { texts, unsearched } = withFile('bomb.docx', 'application/zip', docx(xml));
    expect(texts.at(-1)).toBe('before & &e20; &outside; after\n');
    expect(unsearched).toEqual(['damaged']);
  });

  it('knows the answer to an invitation', () => {
    const answer = (method: string) =>
      outlineOf('Content-Type: text/calendar', '', 'BEGIN:VCALENDAR', `METHOD:${method}`, 'END:VCALENDAR', '')
        .isCalendarReply;
    expect([answer('REPLY'), answer('REQUEST')]).toEqual([true, false]);
  });

  it('never throws, whatever the bytes', () => {
    for (const bytes of ['', '\0', 'PK\x03\x04', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b--'])
      expect(() => outlineOf(bytes)).not.toThrow();
  });
});
