import { base64Lines, base64Part, bytesOf, htmlPart, mail, multipart, part, PNG, textPart } from './mail-making.ts';
import type { MailShape } from '../mail-shapes.ts';

/** What breaks on the way, and what was never right. */
export function brokenShapes(): MailShape[] {
  return [
    { name: 'empty-file', bytes: Buffer.alloc(0), expected: { subject: '', html: null } },
    {
      name: 'not-a-mail',
      bytes: Buffer.from('just some words\nwithout any header\n'),
      expected: { subject: '', text: 'just some words' },
    },
    {
      name: 'binary-noise',
      bytes: Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 167 + 13) & 0xff)),
      expected: { html: null },
    },
    {
      name: 'missing-boundary-parameter',
      bytes: mail(['Subject: Lost', 'Content-Type: multipart/mixed'], '--x\r\n\r\nstill here\r\n--x--\r\n'),
      expected: { subject: 'Lost', text: 'still here' },
    },
    {
      name: 'boundary-never-used',
      bytes: mail(['Subject: Lost', 'Content-Type: multipart/mixed; boundary=nowhere'], 'all in the preamble\r\n'),
      expected: { text: 'all in the preamble' },
    },
    {
      name: 'boundary-never-closed',
      bytes: mail(
        ['Subject: Open', 'Content-Type: multipart/mixed; boundary=b'],
        bytesOf('--b\r\n', textPart('first'), '\r\n--b\r\n', base64Part(PNG, 'Content-Type: image/png; name=a.png')),
      ),
      expected: { text: 'first', attachments: ['a.png'] },
    },
    {
      name: 'inner-boundary-never-closed',
      bytes: mail(
        ['Subject: Open', 'Content-Type: multipart/mixed; boundary=outer'],
        multipart(
          'outer',
          part(
            ['Content-Type: multipart/alternative; boundary=inner'],
            bytesOf('--inner\r\n', textPart('text'), '\r\n--inner\r\n', htmlPart('<p>html</p>')),
          ),
          base64Part(PNG, 'Content-Type: image/png; name=a.png'),
        ),
      ),
      expected: { text: 'text', html: 'html', attachments: ['a.png'] },
    },
    {
      name: 'duplicated-headers',
      bytes: mail(['From: Second <second@evil.example>', 'Subject: First', 'Subject: Second'], 'Which?\r\n'),
      expected: { subject: 'First', text: 'Which?' },
    },
    {
      name: 'header-injection-in-words',
      bytes: mail(['Subject: =?utf-8?Q?One=0D=0ABcc:_x@y.example?= =?utf-8?Q?=E2=80=AEtxet?='], 'x\r\n'),
      expected: { subject: 'One Bcc: x@y.exampletxet' },
    },
    {
      name: 'folded-header-with-tabs',
      bytes: mail(['Subject: folded\r\n\tover\r\n  lines'], 'x\r\n'),
      expected: { subject: 'folded over lines' },
    },
    {
      name: 'header-line-without-colon',
      bytes: mail(['this is no field', 'Subject: After'], 'x\r\n'),
      expected: { subject: 'After', text: 'x' },
    },
    {
      name: 'mbox-line-first',
      bytes: bytesOf('From ask@recipient.example Tue Nov 24 09:30:00 2026\n', mail(['Subject: From mbox'], 'x\r\n')),
      expected: { subject: 'From mbox', text: 'x' },
    },
    {
      name: 'blank-lines-first',
      bytes: bytesOf('\r\n\r\n', mail(['Subject: Late'], 'x\r\n')),
      expected: { subject: 'Late', text: 'x' },
    },
    {
      name: 'mixed-line-ends',
      bytes: Buffer.from('From: a@b.example\r\nSubject: Mixed\nTo: c@d.example\r\n\nbody\rwith\r\nall\n'),
      expected: { subject: 'Mixed', text: 'body\nwith\nall' },
    },
    {
      name: 'nul-bytes',
      bytes: mail(['Subject: a\0b'], Buffer.from('be\0fore\r\n')),
      expected: { subject: 'ab', text: 'before' },
    },
    {
      name: 'base64-damaged',
      bytes: mail(
        ['Subject: Damaged', 'Content-Transfer-Encoding: base64'],
        `${base64Lines(Buffer.from('good start, ')).trim()}!!!\r\n*${base64Lines(Buffer.from('good end'))}`,
      ),
      expected: { text: 'good start, good end' },
    },
    {
      name: 'base64-glued-from-padded-pieces',
      bytes: mail(
        ['Subject: Glued', 'Content-Transfer-Encoding: base64'],
        `${Buffer.from('a').toString('base64')}\r\n${Buffer.from('b').toString('base64')}\r\n`,
      ),
      expected: { text: 'ab' },
    },
    {
      name: 'quoted-printable-damaged',
      bytes: mail(['Subject: QP', 'Content-Transfer-Encoding: quoted-printable'], '100=% =ZZ =3d =\r\nend='),
      expected: { text: '100=% =ZZ = end' },
    },
    {
      name: 'transfer-encoding-unknown',
      bytes: mail(['Subject: CTE', 'Content-Transfer-Encoding: x-rot13'], 'as it is\r\n'),
      expected: { text: 'as it is' },
    },
    {
      name: 'content-type-nonsense',
      bytes: mail(['Subject: Type', 'Content-Type: text'], 'shown anyway\r\n'),
      expected: { text: 'shown anyway' },
    },
    {
      name: 'base64-cut-short',
      bytes: mail(
        ['Subject: Cut', 'Content-Type: multipart/mixed; boundary=b'],
        bytesOf(
          '--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x',
        ),
      ),
      expected: { attachments: ['a.pdf'] },
    },
    {
      name: 'date-nonsense',
      bytes: Buffer.from('From: a@b.example\r\nDate: the day after tomorrow\r\nSubject: When\r\n\r\nx\r\n'),
      expected: { subject: 'When' },
    },
  ];
}
