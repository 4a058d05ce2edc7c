import {
  base64Lines,
  base64Part,
  bytesOf,
  GIF,
  htmlPart,
  mail,
  multipart,
  part,
  PNG,
  SVG,
  textPart,
} from './mail-making.ts';
import type { MailShape } from '../mail-shapes.ts';

/** One body in its many clothes: encodings, line lengths, alternatives, pictures. */
export function bodyShapes(): MailShape[] {
  const html = '<html><head><title>t</title></head><body><p>Kære <b>Ask</b></p></body></html>';
  const related = (image: Buffer, ...fields: readonly string[]): Buffer =>
    multipart('rel', htmlPart('<p>See <img src="cid:pic@here" alt="the picture"></p>'), base64Part(image, ...fields));
  return [
    {
      name: 'plain-ascii',
      bytes: mail(['Subject: Hello'], 'Hello, Ask.\r\n'),
      expected: { subject: 'Hello', text: 'Hello, Ask.', html: null },
    },
    {
      name: 'plain-utf8-8bit',
      bytes: mail(
        ['Subject: Aftale', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'],
        'Rødgrød med fløde\r\n',
      ),
      expected: { subject: 'Aftale', text: 'Rødgrød med fløde', html: null },
    },
    {
      name: 'plain-quoted-printable',
      bytes: mail(
        [
          'Subject: =?utf-8?Q?R=C3=B8d_gr=C3=B8d?=',
          'Content-Type: text/plain; charset=utf-8',
          'Content-Transfer-Encoding: quoted-printable',
        ],
        'R=C3=B8dgr=C3=B8d med a=\r\n very long line=20\r\nnext=3D\r\n',
      ),
      expected: { subject: 'Rød grød', text: 'Rødgrød med a very long line \nnext=', html: null },
    },
    {
      name: 'plain-base64',
      bytes: mail(
        [
          'Subject: =?utf-8?B?QmFzZTY0IPCfk6g=?=',
          'Content-Type: text/plain; charset="utf-8"',
          'Content-Transfer-Encoding: BASE64',
        ],
        base64Lines(Buffer.from('Blåbær 📨\n'.repeat(30))),
      ),
      expected: { subject: 'Base64 📨', text: 'Blåbær 📨\nBlåbær', html: null },
    },
    {
      name: 'plain-format-flowed',
      bytes: mail(
        ['Subject: Flowed', 'Content-Type: text/plain; charset=utf-8; format=flowed'],
        'This line goes \r\non here.\r\n> quoted \r\n> too\r\n-- \r\nRie\r\n',
      ),
      expected: { text: 'This line goes on here.', html: null },
    },
    {
      name: 'plain-format-flowed-delsp',
      bytes: mail(
        ['Subject: DelSp', 'Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes'],
        'Donaudampf \r\nschiff\r\n',
      ),
      expected: { text: 'Donaudampfschiff', html: null },
    },
    {
      name: 'plain-long-lines',
      bytes: mail(['Subject: Long'], `${'long '.repeat(40_000)}end\r\n`),
      expected: { text: 'long end', html: null },
    },
    {
      name: 'plain-bare-lf',
      bytes: Buffer.from('From: a@b.example\nSubject: Bare LF\n\nline one\nline two\n'),
      expected: { subject: 'Bare LF', text: 'line one\nline two' },
    },
    {
      name: 'plain-without-final-newline',
      bytes: mail(['Subject: Cut'], 'no newline at the end'),
      expected: { text: 'no newline at the end' },
    },
    {
      name: 'empty-body',
      bytes: mail(['Subject: Empty']),
      expected: { subject: 'Empty', text: '', html: null, attachments: [] },
    },
    {
      name: 'header-only',
      bytes: Buffer.from('From: a@b.example\r\nSubject: Header only\r\n'),
      expected: { subject: 'Header only' },
    },
    {
      name: 'html-only',
      bytes: mail(['Subject: HTML', 'Content-Type: text/html; charset=utf-8'], html),
      expected: { text: 'Kære Ask', html: 'Kære <b>Ask</b>' },
    },
    {
      name: 'alternative',
      bytes: mail(
        ['Subject: Both', 'Content-Type: multipart/alternative; boundary=alt'],
        multipart('alt', textPart('In text.'), htmlPart('<p>In <i>HTML</i>.</p>')),
      ),
      expected: { text: 'In text.', html: 'In <i>HTML</i>.', attachments: [] },
    },
    {
      name: 'alternative-with-named-parts',
      bytes: mail(
        ['Subject: Named', 'Content-Type: multipart/alternative; boundary=alt'],
        multipart(
          'alt',
          textPart('In text.', 'text/plain; charset=utf-8; name=body.txt'),
          textPart('<p>In HTML.</p>', 'text/html; charset=utf-8; name=body.html'),
        ),
      ),
      expected: { text: 'In text.', html: 'In HTML.', attachments: [] },
    },
    {
      name: 'alternative-wrong-order',
      bytes: mail(
        ['Subject: Both', 'Content-Type: multipart/alternative; boundary=alt'],
        multipart('alt', htmlPart('<p>In HTML.</p>'), textPart('In text.')),
      ),
      expected: { text: 'In text.', html: 'In HTML.' },
    },
    {
      name: 'alternative-with-empty-text',
      bytes: mail(
        ['Subject: Lazy', 'Content-Type: multipart/alternative; boundary=alt'],
        multipart('alt', textPart(' \r\n'), htmlPart('<p>Only here.</p>')),
      ),
      expected: { text: 'Only here.', html: 'Only here.' },
    },
    {
      name: 'related-with-cid-image',
      bytes: mail(
        ['Subject: Picture', 'Content-Type: multipart/related; type="text/html"; boundary=rel'],
        related(
          PNG,
          'Content-Type: image/png; name=pic.png',
          'Content-ID: <pic@here>',
          'Content-Disposition: inline; filename=pic.png',
        ),
      ),
      expected: { html: 'src="data:image/png;base64,iVBOR', attachments: [] },
    },
    {
      name: 'alternative-in-related-in-mixed',
      bytes: mail(
        ['Subject: Outlook', 'Content-Type: multipart/mixed; boundary=mix'],
        multipart(
          'mix',
          part(
            ['Content-Type: multipart/related; boundary=rel'],
            multipart(
              'rel',
              part(
                ['Content-Type: multipart/alternative; boundary=alt'],
                multipart('alt', textPart('Text.'), htmlPart('<img src="cid:a%40b"> HTML.')),
              ),
              base64Part(GIF, 'Content-Type: image/gif', 'Content-ID: <a@b>'),
            ),
          ),
          base64Part(
            Buffer.from('%PDF-1.7'),
            'Content-Type: application/pdf; name="Aftale.pdf"',
            'Content-Disposition: attachment',
          ),
        ),
      ),
      expected: { text: 'Text.', html: 'data:image/gif;base64,', attachments: ['Aftale.pdf'] },
    },
    {
      name: 'svg-named-png',
      bytes: mail(
        ['Subject: SVG', 'Content-Type: multipart/related; boundary=rel'],
        related(SVG, 'Content-Type: image/png; name=pic.png', 'Content-ID: <pic@here>'),
      ),
      expected: { html: 'alt="the picture"', attachments: ['pic.png'] },
    },
    {
      name: 'content-location-image',
      bytes: mail(
        ['Subject: MHTML', 'Content-Type: multipart/related; boundary=rel'],
        multipart(
          'rel',
          htmlPart('<img src="pic.gif" alt=x>'),
          base64Part(GIF, 'Content-Type: image/gif', 'Content-Location: pic.gif'),
        ),
      ),
      expected: { html: 'data:image/gif;base64,', attachments: [] },
    },
    {
      name: 'apple-mail-html-between-pictures',
      bytes: mail(
        ['Subject: Apple', 'Content-Type: multipart/mixed; boundary=mix'],
        multipart(
          'mix',
          htmlPart('<p>Before</p>'),
          base64Part(PNG, 'Content-Type: image/png; name=a.png', 'Content-Disposition: inline; filename=a.png'),
          htmlPart('<p>After</p>'),
        ),
      ),
      expected: { text: 'Before\n\nAfter', html: 'Before', attachments: ['a.png'] },
    },
    {
      name: 'text-with-mailing-list-footer',
      bytes: mail(
        ['Subject: [list] News', 'Content-Type: multipart/mixed; boundary=mix'],
        multipart('mix', textPart('News.'), textPart('____\r\nlist@list.example')),
      ),
      expected: { text: 'News.\n\n____\nlist@list.example', html: null },
    },
    {
      name: 'newsletter-with-conditional-comments',
      bytes: mail(
        ['Subject: Newsletter', 'Content-Type: text/html; charset=utf-8'],
        '<body bgcolor="#ffeedd"><!--[if mso]><table><tr><td>Outlook only</td></tr></table><![endif]--><![if !mso]><table bgcolor=red background="http://t.example/b.png"><tr><td style="color:#112233;position:fixed">Offer<img src="http://t.example/p.gif" width=1 height=1></table><![endif]>',
      ),
      expected: { html: 'background-color:#ffeedd', text: 'Offer' },
    },
    {
      name: 'unicode-line-noise',
      bytes: mail(
        ['Subject: Zalgo', 'Content-Type: text/plain; charset=utf-8'],
        bytesOf('a\u0300\u0301 \u{1F468}\u200D\u{1F469} \u202Eevil\u202C שלום\r\n'),
      ),
      expected: { text: 'שלום' },
    },
  ];
}
