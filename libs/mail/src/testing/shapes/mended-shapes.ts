import { base64Lines, bytesOf, htmlPart, mail, multipart, part, PNG, textPart } from './mail-making.ts';
import type { MailShape } from '../mail-shapes.ts';

const PDF = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n');
const file = (name: string, ...fields: readonly string[]): Buffer =>
  part(
    [...fields, `Content-Disposition: attachment; filename=${name}`, 'Content-Transfer-Encoding: base64'],
    base64Lines(PDF),
  );
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const related = (html: string, ...fields: readonly string[]): Buffer =>
  mail(
    ['Content-Type: multipart/related; boundary=r'],
    multipart(
      'r',
      htmlPart(html),
      part(['Content-Type: image/png', 'Content-Transfer-Encoding: base64', ...fields], base64Lines(PNG)),
    ),
  );

/** What mailers and gateways make of mails that other readers still understand. */
export function mendedShapes(): MailShape[] {
  return [
    {
      name: 'separator-is-a-tab',
      bytes: bytesOf('Subject: Tab\r\nContent-Type: text/plain\r\n\t\r\nFirst words: here.\r\n\r\nThen more.\r\n'),
      expected: { subject: 'Tab', text: 'First words: here.\n\nThen more.' },
    },
    {
      name: 'separator-lost-in-a-part',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        bytesOf(
          '--b\r\nContent-Type: text/plain\r\nDear Anna, no line was left.\r\n--b\r\n',
          file('a.pdf'),
          '\r\n--b--\r\n',
        ),
      ),
      expected: { text: 'Dear Anna, no line was left.', attachments: ['a.pdf'] },
    },
    {
      name: 'part-without-header-or-empty-line',
      bytes: mail(['Content-Type: multipart/mixed; boundary=b'], '--b\r\nNote: bring the papers\r\n--b--\r\n'),
      expected: { text: 'Note: bring the papers' },
    },
    {
      name: 'cr-only-with-a-file',
      bytes: Buffer.from(
        mail(
          ['Subject: Mac', 'Content-Type: multipart/mixed; boundary=b'],
          multipart('b', textPart('One\r\nTwo'), file('a.pdf')),
        )
          .toString('latin1')
          .replaceAll('\r\n', '\r'),
        'latin1',
      ),
      expected: { subject: 'Mac', text: 'One\nTwo', attachments: ['a.pdf'] },
    },
    {
      name: 'cr-cr-lf',
      bytes: Buffer.from('From: a@b.example\r\r\nSubject: Doubled\r\r\n\r\r\nOne\r\r\nTwo\r\r\n'),
      expected: { subject: 'Doubled', text: 'One' },
    },
    {
      name: 'byte-order-mark-and-blank-lines',
      bytes: bytesOf('\ufeff\r\n', mail(['Subject: Mark'], 'x\r\n')),
      expected: { subject: 'Mark', text: 'x' },
    },
    {
      name: 'boundary-ends-in-spaces',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary="b  "'],
        bytesOf('--b\r\n', textPart('one'), '\r\n--b  \r\n', file('a.pdf'), '\r\n--b  --\r\n'),
      ),
      expected: { text: 'one', attachments: ['a.pdf'] },
    },
    {
      name: 'parts-behind-the-closing-delimiter',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        bytesOf('--b\r\n', textPart('one'), '\r\n--b--\r\n\r\n--b\r\n', file('late.pdf'), '\r\n--b--\r\n'),
      ),
      expected: { text: 'one', attachments: ['late.pdf'] },
    },
    {
      name: 'one-boundary-for-two-levels',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        bytesOf(
          '--b\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n',
          multipart('b', textPart('text'), htmlPart('<p>html</p>')),
          '--b\r\n',
          file('a.pdf'),
          '\r\n--b--\r\n',
        ),
      ),
      expected: { text: 'text', html: 'html', attachments: ['a.pdf'] },
    },
    {
      name: 'footer-outside-of-the-parts',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        bytesOf(multipart('b', textPart('words')), 'Unsubscribe by post.\r\n'),
      ),
      expected: { text: 'words', attachments: ['text-outside-parts.txt'] },
    },
    {
      name: 'words-in-front-of-the-parts',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        bytesOf('A multipart word from me, in MIME.\r\n', multipart('b', textPart('words'))),
      ),
      expected: { text: 'words', attachments: ['text-outside-parts.txt'] },
    },
    {
      name: 'words-for-old-programs',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        bytesOf('This is a multi-part message in MIME format.\r\n', multipart('b', textPart('words'))),
      ),
      expected: { text: 'words', attachments: [] },
    },
    {
      name: 'words-behind-those-for-old-programs',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        bytesOf(
          'This is a multi-part message in MIME format.\r\nPay by Friday.\r\n',
          multipart('b', textPart('words')),
        ),
      ),
      expected: { text: 'words', attachments: ['text-outside-parts.txt'] },
    },
    {
      name: 'footer-behind-base64',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        multipart('b', textPart('words'), bytesOf(file('a.pdf'), '____________\r\nlist mailing list\r\n')),
      ),
      expected: { text: 'words', attachments: ['a.pdf', 'text-outside-parts.txt'] },
    },
    {
      name: 'words-that-say-they-are-base64',
      bytes: mail(['Content-Transfer-Encoding: base64'], 'These are plain words.\r\n'),
      expected: { text: 'These are plain words.' },
    },
    {
      name: 'two-texts-as-alternatives',
      bytes: mail(
        ['Content-Type: multipart/alternative; boundary=b'],
        multipart('b', textPart('older'), textPart('newer')),
      ),
      expected: { text: 'newer', html: null },
    },
    {
      name: 'alternative-with-empty-html',
      bytes: mail(
        ['Content-Type: multipart/alternative; boundary=b'],
        multipart(
          'b',
          textPart('The words.'),
          htmlPart('<html><style>p{color:red}</style><body><div>&nbsp;</div><br></body></html>'),
        ),
      ),
      expected: { text: 'The words.', html: null },
    },
    {
      name: 'uuencoded-in-the-text',
      bytes: mail(
        ['Subject: uu'],
        'Before\r\n\r\nbegin 644 cat one.txt\r\n#0V%T\r\n`\r\nend\r\n\r\nBetween\r\nbegin 644 z.bin\r\n&\r\n`\r\nend\r\nAfter\r\n',
      ),
      expected: { text: 'Before\n\n\nBetween\nAfter', attachments: ['cat one.txt', 'z.bin'] },
    },
    {
      name: 'words-that-begin-like-uuencode',
      bytes: mail(['Subject: uu'], 'begin 644 or so of them\r\nand so on\r\nend\r\n'),
      expected: { text: 'begin 644 or so of them\nand so on\nend', attachments: [] },
    },
    {
      name: 'named-text-alone',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        multipart('b', part(['Content-Disposition: inline; filename=a.txt'], 'in a file')),
      ),
      expected: { text: 'in a file', attachments: ['a.txt'] },
    },
    {
      name: 'named-html-in-front-of-the-text',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        multipart(
          'b',
          part(['Content-Type: text/html', 'Content-Disposition: inline; filename=r.html'], '<p>report</p>'),
          textPart('See it.'),
        ),
      ),
      expected: { text: 'See it.', html: null, attachments: ['r.html'] },
    },
    {
      name: 'charset-says-utf-8-is-latin1',
      bytes: mail(['Content-Type: text/plain; charset=utf-8'], latin1('K\xe6re \xc5se, p\xe5 f\xe6rgen')),
      expected: { text: 'Kære Åse, på færgen' },
    },
    {
      name: 'charset-says-latin1-is-utf-8',
      bytes: mail(['Content-Type: text/plain; charset=iso-8859-1'], 'Sørine – 5 €'),
      expected: { text: 'Sørine – 5 €' },
    },
    {
      name: 'charset-says-utf-16-is-ascii',
      bytes: mail(['Content-Type: text/plain; charset=utf-16'], 'plain words'),
      expected: { text: 'plain words' },
    },
    {
      name: 'charset-iso-2022-jp-without-a-label',
      bytes: mail(['Subject: \x1b$B$[$2\x1b(B'], latin1('\x1b$B$[$2\x1b(B')),
      expected: { subject: 'ほげ', text: 'ほげ' },
    },
    {
      name: 'charset-of-the-mail-for-raw-fields',
      bytes: bytesOf(
        'Content-Type: multipart/mixed; boundary=b\r\nSubject: ',
        latin1('\xcf\xf0\xe8\xe2\xe5\xf2'),
        '\r\n\r\n',
        multipart('b', part(['Content-Type: text/plain; charset=windows-1251'], latin1('\xec\xe8\xf0'))),
      ),
      expected: { subject: 'Привет', text: 'мир' },
    },
    {
      name: 'charset-one-broken-byte-in-a-field',
      bytes: bytesOf('Subject: Æble på Ærø ', Buffer.from([0xc3]), '\r\n\r\nx'),
      expected: { subject: 'Æble på Ærø �', text: 'x' },
    },
    {
      name: 'charset-russian-without-a-label',
      bytes: mail([], latin1('\xcd\xee\xe2\xee\xe5 \xef\xf0\xe5\xe4\xeb\xee\xe6\xe5\xed\xe8\xe5, \xec\xe8\xf0')),
      expected: { text: 'Новое предложение, мир' },
    },
    {
      name: 'image-by-literal-percent',
      bytes: related('<img src="cid:a%40b">', 'Content-ID: <a%40b>'),
      expected: { html: 'src="data:image/png', attachments: [] },
    },
    {
      name: 'image-by-decoded-percent',
      bytes: related('<img src="cid:a%40b">', 'Content-ID: <a@b>'),
      expected: { html: 'src="data:image/png', attachments: [] },
    },
    {
      name: 'image-by-encoded-word',
      bytes: related('<img src="cid:a@b">', 'Content-ID: <=?utf-8?Q?a=40b?=>'),
      expected: { html: 'src="data:image/png' },
    },
    {
      name: 'image-without-cid',
      bytes: related('<img src="i.png">', 'Content-ID: <i.png>'),
      expected: { html: 'src="data:image/png' },
    },
    {
      name: 'image-by-location',
      bytes: related('<img src="http://x.example/i.png">', 'Content-Location: http://x.example/i.png'),
      expected: { html: 'src="data:image/png' },
    },
    {
      name: 'file-name-in-unquoted-brackets',
      bytes: mail(['Content-Type: multipart/mixed; boundary=b'], multipart('b', file('plan[1] (2).pdf'))),
      expected: { attachments: ['plan[1] (2).pdf'] },
    },
    {
      name: 'file-name-with-a-bare-percent',
      bytes: mail(
        ['Content-Type: multipart/mixed; boundary=b'],
        multipart(
          'b',
          part(
            ['Content-Type: application/pdf', "Content-Disposition: attachment; filename*=utf-8''Rabat20%P.pdf"],
            'x',
          ),
        ),
      ),
      expected: { attachments: ['Rabat20%P.pdf'] },
    },
  ];
}
