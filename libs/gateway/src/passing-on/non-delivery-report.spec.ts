import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { MailHeaderCollector } from '#libs/mail';
import { instantOf, parseMailAddress } from '#libs/vocabulary';
import { nonDeliveryReport } from './non-delivery-report.ts';

function reportOn(header: string, words = 'not here', to = 'office@example.org', about = 'bo@example.net'): Buffer {
  const collector = new MailHeaderCollector();
  collector.push(Buffer.from(`${header}\r\n\r\n`, 'latin1'));
  const recipient = parseMailAddress(about);
  return nonDeliveryReport({
    refused: [{ recipient, kind: 'refused', answer: { code: 550, enhanced: '5.1.1', words } }],
    to: parseMailAddress(to),
    from: parseMailAddress('mailer-daemon@mail.example.org'),
    reportId: 'abc234',
    header: collector.header(),
    host: 'mail.example.org',
    locales: ['en', 'da'],
    timeZone: 'Europe/Copenhagen',
    now: instantOf('2026-11-30T12:00:00.000Z'),
  });
}

const MAIL =
  'From: The Office <office@example.org>\r\nTo: anna@example.com, bo@example.net\r\nSubject: Case 7\r\nBcc: secret@example.com\r\n' +
  'Date: Mon, 30 Nov 2026 10:00:00 +0100\r\nMessage-ID: <7@example.org>';

describe('a report that some got a mail and others never will', () => {
  it('reads as one in both languages, in the thread of the mail, and says nothing that the mail says', async () => {
    const report = reportOn(MAIL);
    const mail = await simpleParser(report);
    expect(mail.subject).toBe('Not delivered to everyone / Ikke leveret til alle');
    expect(mail.inReplyTo).toBe('<7@example.org>');
    expect(mail.headers.get('auto-submitted')).toBe('auto-replied');
    expect(mail.text).toMatch(/could not be delivered to:\s+bo@example\.net\s+not here \(5\.1\.1\)/);
    expect(mail.text).toContain('kunne ikke leveres til:');
    expect(mail.text).toContain('30 November 2026 at 10:00');
    const text = report.toString();
    expect(text).toContain('Reporting-MTA: dns; mail.example.org\r\n');
    expect(text).toContain('\r\nDiagnostic-Code: smtp; 550 5.1.1 not here\r\n');
    for (const word of ['Case 7', 'secret@']) expect(text.includes(word)).toBe(false);
  });

  it('names mailboxes beyond ASCII as RFC 6533 has it, and goes to one as UTF-8', () => {
    const text = reportOn(MAIL, 'not here', 'kontør@example.org', 'b+ø=@example.net').toString();
    expect(text).toContain('\r\nTo: kontør@example.org\r\n');
    expect(text).toContain('\r\nFinal-Recipient: utf-8; b\\x{2B}\\x{F8}\\x{3D}@example.net\r\n');
    expect(reportOn(MAIL, 'x', 'office@example.org', '"a..b."@docomo.ne.jp').toString()).toContain(
      '\r\nFinal-Recipient: rfc822; "a..b."@docomo.ne.jp\r\n',
    );
  });

  it('is plain lines of ASCII whatever the header is, with nothing put in between', () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(hostile, hostile, (to, date) => {
        const text = reportOn(`From: a@example.org\r\nTo: ${to}\r\nDate: ${date}\r\nMessage-ID: ${to}`).toString(
          'latin1',
        );
        expect(text).toMatch(/^(?:[\x20-\x7e]{0,990}\r\n)*$/);
        expect(text.split('--=_report_abc234').length).toBe(5);
      }),
    );
  });
});
