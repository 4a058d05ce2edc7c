import { describe, expect, it } from '@jest/globals';
import { base64Part, mail, multipart, part, textPart } from '../../testing/shapes/mail-making.ts';
import { signedContent } from '../../testing/smime-signer.ts';
import { binaryProperty, numberProperty, storedRtf, tnefOf, unicodeProperty } from '../../testing/tnef-writer.ts';
import type { MapiProperty, TnefFileWritten } from '../../testing/tnef-writer.ts';
import { readAttachments, readMail } from '../read-mail.ts';
import type { ReadableMail } from '../readable-mail.ts';
import { READING_LIMITS } from '../reading-limits.ts';

const silent = { parsed: () => {}, sanitising: () => {} };
const read = (bytes: Buffer): ReadableMail => readMail(Buffer.from(bytes), READING_LIMITS, silent);
const namesOf = (found: ReadableMail): string[] => found.attachments.map(({ filename }) => filename);
const contentOf = (bytes: Buffer, index: number | undefined): Buffer | undefined =>
  readAttachments(Buffer.from(bytes), [index ?? -1], READING_LIMITS)[0]?.content;

const BODY = 0x1000;
const RTF = 0x1009;
const HTML = 0x1013;
const LONG_NAME = 0x3707;
const DATA = 0x3701;
const METHOD = 0x3705;

function winmail(properties: readonly MapiProperty[], files: readonly TnefFileWritten[] = [], text = 'Hello'): Buffer {
  return mail(
    ['Content-Type: multipart/mixed; boundary=b'],
    multipart(
      'b',
      textPart(text),
      base64Part(tnefOf(properties, files), 'Content-Type: application/ms-tnef; name="winmail.dat"'),
    ),
  );
}

describe('winmail.dat', () => {
  const pdf = Buffer.from('%PDF-1.4\n\0\xff', 'latin1');

  it('gives its files with their long names, byte for byte, in its place', () => {
    const bytes = winmail(
      [],
      [
        { title: 'KONTRA~1.PDF', content: pdf, properties: [unicodeProperty(LONG_NAME, 'Kontrakt på dansk.pdf')] },
        { title: 'two.txt', properties: [binaryProperty(DATA, Buffer.from('two'))] },
      ],
    );
    const found = read(bytes);
    expect(namesOf(found)).toEqual(['Kontrakt på dansk.pdf', 'two.txt']);
    expect(contentOf(bytes, found.attachments[0]?.index)).toEqual(pdf);
    expect(contentOf(bytes, found.attachments[1]?.index)).toEqual(Buffer.from('two'));
    expect(found.explanations).toEqual([{ kind: 'winmail', isDamaged: false }]);
    expect(found.text).toBe('Hello');
  });

  it('gives its HTML, cleaned, and its text', () => {
    const html = binaryProperty(HTML, Buffer.from('<p>Words<script>alert(1)</script></p>'));
    const found = read(winmail([unicodeProperty(BODY, 'Words'), html], [], ' '));
    expect(found.html).toContain('<p>Words</p>');
    expect(found.text).toBe('Words');
  });

  it('does not say again what the mail around it says', () => {
    const found = read(winmail([unicodeProperty(BODY, 'Hello\r\n')]));
    expect(found.text).toBe('Hello');
  });

  it.each([
    [
      'words alone',
      "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}\\f0 R\\'f8d gr\\u248?d\\par{\\*\\secret x}{\\pict 00ff}fl\\'f8de}",
      'Rød grød\nfløde',
    ],
    [
      'text that was wrapped into it',
      '{\\rtf1\\ansi\\ansicpg1252\\fromtext\\deff0{\\fonttbl{\\f0 Arial;}}\\f0 One\\par Two\\par}',
      'One\nTwo',
    ],
  ])('gives of RTF %s', (_what, rtf, text) => {
    expect(read(winmail([binaryProperty(RTF, storedRtf(rtf))], [], ' ')).text?.trim()).toBe(text);
  });

  it('gives HTML that was wrapped into RTF', () => {
    const rtf =
      '{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}}{\\*\\htmltag64 <p>}Kept\\htmlrtf\\par\\htmlrtf0 {\\*\\htmltag72 </p>}}';
    expect(read(winmail([binaryProperty(RTF, storedRtf(rtf))], [], ' ')).html).toContain('<p>Kept</p>');
  });

  it('gives a message within it as files named after it', () => {
    const inner = tnefOf([unicodeProperty(BODY, 'Inner words')], [{ title: 'inner.txt', content: Buffer.from('i') }]);
    const object: MapiProperty = [DATA, 0x000d, Buffer.concat([Buffer.alloc(16), inner])];
    const found = read(winmail([], [{ title: 'Earlier letter', properties: [numberProperty(METHOD, 5), object] }]));
    expect(namesOf(found)).toEqual(['Earlier letter.txt', 'inner.txt']);
  });

  it('that is cut short gives what came before, says so, and stays a file', () => {
    const whole = tnefOf(
      [],
      [
        { title: 'a.txt', content: Buffer.from('a') },
        { title: 'b.txt', content: Buffer.alloc(100) },
      ],
    );
    const cut = base64Part(whole.subarray(0, -60), 'Content-Type: application/ms-tnef; name=winmail.dat');
    const found = read(mail(['Content-Type: multipart/mixed; boundary=b'], multipart('b', textPart('x'), cut)));
    expect(namesOf(found)).toEqual(['a.txt', 'winmail.dat']);
    expect(found.explanations).toEqual([{ kind: 'winmail', isDamaged: true }]);
  });

  it.each([
    [
      'claims four thousand million properties',
      Buffer.concat([Buffer.from('789f3e2201000103900600040000', 'hex'), Buffer.from('00ffffffff0000', 'hex')]),
    ],
    ['is none', Buffer.from('nothing of the kind')],
    ['is empty', Buffer.alloc(0)],
  ])('that %s harms nobody', (_what, bytes) => {
    const file = base64Part(bytes, 'Content-Type: application/ms-tnef; name=winmail.dat');
    const found = read(mail(['Content-Type: multipart/mixed; boundary=b'], multipart('b', textPart('x'), file)));
    expect(found.text).toBe('x');
    expect(namesOf(found)).toEqual(['winmail.dat']);
  });

  it('whose RTF says to be larger than it can be takes no memory for it', () => {
    const rtf = Buffer.concat([
      Buffer.from('ffffffff7fffffff', 'hex'),
      Buffer.from('LZFu'),
      Buffer.alloc(4),
      Buffer.alloc(50, 0xff),
    ]);
    expect(read(winmail([binaryProperty(RTF, rtf)])).text).toBe('Hello');
  });
});

describe('an opaque S/MIME signature', () => {
  const inside = Buffer.from(
    'Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nSigned words\r\n--i\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\nfile\r\n--i--\r\n',
  );
  const signedMail = (p7m: Buffer): Buffer =>
    mail(
      [
        'Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m',
        'Content-Transfer-Encoding: base64',
      ],
      p7m.toString('base64'),
    );

  it('is opened, and said to be valid by whom', async () => {
    const found = read(signedMail(await signedContent(inside, 'Mette Holm')));
    expect(found.text).toBe('Signed words');
    expect(namesOf(found)).toEqual(['a.txt']);
    expect(found.explanations).toEqual([
      {
        kind: 'smime-signed',
        signature: 'valid',
        isTrusted: false,
        signer: 'Mette Holm',
        addresses: [],
        issuer: 'Mette Holm',
      },
    ]);
  });

  it('over other words is said to be invalid', async () => {
    const p7m = await signedContent(inside, 'Mette Holm');
    p7m.write('Forged', p7m.indexOf('Signed'), 'latin1');
    const found = read(signedMail(p7m));
    expect(found.text).toBe('Forged words');
    expect(found.explanations).toEqual([expect.objectContaining({ signature: 'invalid', signer: 'Mette Holm' })]);
  });

  it('that is no ASN.1 stays a file', () => {
    const found = read(signedMail(Buffer.alloc(10_000, 0x30)));
    expect(namesOf(found)).toEqual(['smime.p7m']);
    expect(found.explanations).toEqual([]);
  });
});

describe('what nobody can open here is named', () => {
  it.each([
    [
      'PGP in its own type',
      mail(
        ['Content-Type: multipart/encrypted; boundary=b'],
        multipart('b', part(['Content-Type: application/pgp-encrypted'], 'Version: 1')),
      ),
      { kind: 'pgp-encrypted' },
    ],
    ['PGP in a text', mail([], 'Hi\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n'), { kind: 'pgp-encrypted' }],
    [
      'a protected message',
      mail(['Content-Type: application/x-microsoft-rpmsg-message; name=message.rpmsg'], 'x'),
      { kind: 'rights-protected' },
    ],
    [
      'a piece of a mail',
      mail(['Content-Type: message/partial; id=x; number=2; total=3'], 'x'),
      { kind: 'partial', piece: 2, pieces: 3 },
    ],
  ])('%s', (_what, bytes, explanation) => {
    expect(read(bytes).explanations).toEqual([explanation]);
  });

  it('a signature by PGP beside the words', () => {
    const parts = `--b\r\nContent-Type: text/plain\r\n\r\nwords\r\n--b\r\nContent-Type: application/pgp-signature; name=signature.asc\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n--b--\r\n`;
    const found = read(
      mail(['Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b'], parts),
    );
    expect(found.explanations).toEqual([{ kind: 'pgp-signed' }]);
    expect([found.text, namesOf(found)]).toEqual(['words', ['signature.asc']]);
  });

  it('S/MIME encryption', () => {
    const envelopedData = Buffer.from('300f06092a864886f70d010703a0020500', 'hex');
    const bytes = mail(
      ['Content-Type: application/pkcs7-mime; name=smime.p7m', 'Content-Transfer-Encoding: base64'],
      envelopedData.toString('base64'),
    );
    const found = read(bytes);
    expect(found.explanations).toEqual([{ kind: 'smime-encrypted' }]);
    expect(namesOf(found)).toEqual(['smime.p7m']);
  });
});

describe('reports', () => {
  const report = (type: string, fields: string): Buffer =>
    mail(
      ['Content-Type: multipart/report; boundary=b'],
      multipart('b', textPart('Sorry'), part([`Content-Type: ${type}`], fields)),
    );

  it('of deliveries say what became of whom, and why', () => {
    const fields =
      'Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; bo@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such\r\n user\r\n\r\nFinal-Recipient: rfc822; ib@example.org\r\nAction: delayed\r\nStatus: 4.0.0\r\n';
    expect(read(report('message/delivery-status', fields)).explanations).toEqual([
      {
        kind: 'delivery',
        action: 'failed',
        recipients: ['bo@example.org'],
        moreRecipients: 0,
        reason: '550 no such user',
      },
      { kind: 'delivery', action: 'delayed', recipients: ['ib@example.org'], moreRecipients: 0, reason: '4.0.0' },
    ]);
  });

  it('of reading say what was done where', () => {
    const fields =
      'Final-Recipient: rfc822;bo@example.org\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n';
    expect(read(report('message/disposition-notification', fields)).explanations).toEqual([
      { kind: 'receipt', disposition: 'displayed', recipient: 'bo@example.org' },
    ]);
  });
});

describe('appointments and cards', () => {
  const calendar = (...lines: string[]): Buffer =>
    mail(
      ['Content-Type: text/calendar; charset=utf-8; method=REQUEST'],
      ['BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST', ...lines, 'END:VCALENDAR', ''].join('\r\n'),
    );

  it('say what, when in their own zone, where and who, and can be saved', () => {
    const found = read(
      calendar(
        'BEGIN:VEVENT',
        'UID:x',
        'DTSTART;TZID=America/New_York:20260701T090000',
        'DURATION:PT1H',
        'SUMMARY:Møde',
        'LOCATION:Room 4',
        'ORGANIZER;CN=Bo Ek:mailto:bo@example.org',
        'ATTENDEE:mailto:ib@example.org',
        'RRULE:FREQ=DAILY',
        'END:VEVENT',
      ),
    );
    expect(found.explanations).toEqual([
      {
        kind: 'appointment',
        isCancelled: false,
        isReply: false,
        summary: 'Møde',
        repeats: true,
        location: 'Room 4',
        description: '',
        start: { local: '2026-07-01T09:00:00', zone: 'America/New_York', at: '2026-07-01T13:00:00.000Z' },
        end: { local: '2026-07-01T10:00:00', zone: 'America/New_York', at: '2026-07-01T14:00:00.000Z' },
        organiser: 'Bo Ek <bo@example.org>',
        attendees: ['ib@example.org'],
        moreAttendees: 0,
      },
    ]);
    expect(namesOf(found)).toEqual(['attachment-1.ics']);
  });

  it('go by the zone that the file itself describes', () => {
    const zone = [
      'BEGIN:VTIMEZONE',
      'TZID:Romance Standard Time',
      'BEGIN:STANDARD',
      'DTSTART:16010101T030000',
      'TZOFFSETFROM:+0200',
      'TZOFFSETTO:+0100',
      'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
      'END:STANDARD',
      'BEGIN:DAYLIGHT',
      'DTSTART:16010101T020000',
      'TZOFFSETFROM:+0100',
      'TZOFFSETTO:+0200',
      'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
      'END:DAYLIGHT',
      'END:VTIMEZONE',
    ];
    const found = read(
      calendar(...zone, 'BEGIN:VEVENT', 'DTSTART;TZID=Romance Standard Time:20260701T090000', 'END:VEVENT'),
    );
    expect(found.explanations).toEqual([
      expect.objectContaining({
        start: { local: '2026-07-01T09:00:00', zone: 'Romance Standard Time', at: '2026-07-01T07:00:00.000Z' },
      }),
    ]);
  });

  it('of whole days end on the last one', () => {
    const found = read(
      calendar('BEGIN:VEVENT', 'DTSTART;VALUE=DATE:20260701', 'DTEND;VALUE=DATE:20260703', 'END:VEVENT'),
    );
    expect(found.explanations).toEqual([
      expect.objectContaining({
        start: { local: '2026-07-01', zone: '', at: null },
        end: { local: '2026-07-02', zone: '', at: null },
      }),
    ]);
  });

  it('show a card', () => {
    const card = [
      'BEGIN:VCARD',
      'VERSION:3.0',
      'FN:Bo Ek',
      'ORG:Nordlys;Salg',
      'EMAIL:bo@example.org',
      'TEL:+45 12 34 56 78',
      'END:VCARD',
      '',
    ].join('\r\n');
    const found = read(mail(['Content-Type: text/vcard; charset=utf-8'], card));
    expect(found.explanations).toEqual([
      {
        kind: 'contact',
        name: 'Bo Ek',
        organisation: 'Nordlys, Salg',
        addresses: ['bo@example.org'],
        telephones: ['+45 12 34 56 78'],
      },
    ]);
  });

  it('that cannot be read stay files', () => {
    const found = read(calendar('BEGIN:VEVENT', 'DTSTART:yesterday', 'no colon'));
    expect(found.explanations.length).toBeLessThanOrEqual(1);
    expect(namesOf(found)).toEqual(['attachment-1.ics']);
  });
});
