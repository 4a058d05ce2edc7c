import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliveryFailureIn } from './delivery-failure.ts';

const lines = (...text: string[]) => Buffer.from(text.join('\r\n'), 'latin1');
const report = (status: readonly string[], type = 'delivery-status', encoding = '7bit') =>
  lines(
    'From: MAILER-DAEMON@example.net (Mail Delivery System)',
    'Auto-Submitted: auto-replied',
    `Content-Type: multipart/report; report-type=${type}; boundary="b"`,
    '',
    '--b',
    '',
    'This is the mail system at example.net.',
    '--b',
    `Content-Type: message/${type}`,
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    ...status,
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: x',
    '',
    '--b--',
    '',
  );
const cutAt = (mail: Buffer, word: string) => mail.subarray(0, mail.indexOf(word));
const perMessage = ['Reporting-MTA: dns; mx.example.net', 'Arrival-Date: Mon, 30 Nov 2026 12:00:00 +0000', ''];
const failed = (status: string) => [
  'Final-Recipient: rfc822; anna@example.net',
  'Action: failed',
  `Status: ${status}`,
  'Diagnostic-Code: smtp; 550 5.1.1 <anna@example.net>: nobody',
  '',
];

describe('what a bounce says', () => {
  it.each([
    ['a report', report([...perMessage, ...failed('5.1.1')]), '5.1.1'],
    ['one with a comment behind the status', report([...perMessage, ...failed('5.2.2 (full)')]), '5.2.2'],
    ['one of RFC 6533', report([...perMessage, ...failed('5.1.1')], 'global-delivery-status'), '5.1.1'],
    [
      'one in base64',
      report(
        [Buffer.from([...perMessage, ...failed('5.7.1')].join('\r\n')).toString('base64'), ''],
        'delivery-status',
        'base64',
      ),
      '5.7.1',
    ],
    ['one that gave up after delays', report([...perMessage, ...failed('4.4.1')]), '4.4.1'],
    ['one without a status that makes sense', report([...perMessage, ...failed('five')]), null],
    [
      'one whose other recipients got it',
      report([
        ...perMessage,
        'Final-Recipient: rfc822; b@example.net',
        'Action: delivered',
        'Status: 2.0.0',
        '',
        ...failed('5.1.1'),
      ]),
      '5.1.1',
    ],
    ['one that is cut off', cutAt(report([...perMessage, ...failed('5.1.1')]), 'Diagnostic-Code'), '5.1.1'],
    [
      'one in words, of a server',
      lines('From: postmaster@example.net', 'Subject: Undeliverable: Sealed message', '', 'No such user'),
      null,
    ],
    [
      'one in words, of Exim',
      lines(
        'From: Mail Delivery System <Mailer-Daemon@example.net>',
        'X-Failed-Recipients: anna@example.net',
        'Subject: x',
        '',
        'x',
      ),
      null,
    ],
    [
      'one in words, of qmail',
      lines('From: MAILER-DAEMON@example.net', 'Subject: failure notice', '', 'Hi. This is the qmail-send program'),
      null,
    ],
  ])('%s', (_what, mail, status) => expect(deliveryFailureIn(mail)).toEqual({ status }));

  it.each([
    [
      'a delay',
      report([...perMessage, 'Final-Recipient: rfc822; a@b.example', 'Action: delayed', 'Status: 4.4.1', '']),
    ],
    [
      'a success',
      report([...perMessage, 'Final-Recipient: rfc822; a@b.example', 'Action: delivered', 'Status: 2.0.0', '']),
    ],
    [
      'an out-of-office',
      lines(
        'From: Anna <anna@example.net>',
        'Auto-Submitted: auto-replied',
        'Subject: Undeliverable? I am away',
        '',
        'Back on Monday',
      ),
    ],
    ['somebody who writes', lines('From: Anna <anna@example.net>', 'Subject: Delivery failed at your door', '', 'x')],
    ['a word of a server that nothing failed', lines('From: postmaster@example.net', 'Subject: Welcome', '', 'x')],
    ['nothing', Buffer.alloc(0)],
  ])('%s is none', (_what, mail) => expect(deliveryFailureIn(mail)).toBeNull());

  it('never throws, whatever comes', () => {
    const piece = fc.constantFrom(
      '--b',
      '\r\n',
      '\r\n\r\n',
      'Action: failed',
      'Status: 5.',
      'Content-Type: message/delivery-status',
      'multipart/report; boundary=b',
      ':',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 6 })), { maxLength: 40 }), (parts) => {
        deliveryFailureIn(Buffer.from(`Content-Type: multipart/report; boundary=b\r\n\r\n${parts.join('')}`));
      }),
    );
  });
});
