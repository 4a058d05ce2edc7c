import type { MailHeader } from '#libs/mail';
import { formatInstant, translate } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';
import type { Instant, MailAddress } from '#libs/vocabulary';
import type { RefusedOutcome } from './outcomes.ts';

export interface NonDelivery {
  readonly refused: readonly RefusedOutcome[];
  /** The sender of the mail, who gets the report. */
  readonly to: MailAddress;
  readonly from: MailAddress;
  /** Names the report: the same for every try of the same one. */
  readonly reportId: string;
  readonly header: MailHeader;
  readonly host: string;
  readonly locales: readonly Locale[];
  readonly timeZone: string;
  readonly now: Instant;
}

/** Fields of the mail that the report gives back: enough to know which it was, and none that says what it is about. */
const RETURNED_FIELDS = ['From', 'To', 'Cc', 'Date', 'Message-ID', 'In-Reply-To', 'References'];
/** 2000 characters of each of them. */
const MAX_FIELD_CHARACTERS = 2000;

/**
 * A report that some recipients will not get a mail which others have (RFC 3464, RFC 6522): plain 7-bit ASCII but for its To where the
 * sender's mailbox name is not, CRLF line ends. Of the
 * mail it holds fields of the header alone, whatever RET of its envelope asked for (RFC 3461 §4.3 lets it): no content and no
 * subject ever leaves in clear because a recipient was refused.
 */
export function nonDeliveryReport(report: NonDelivery): Buffer {
  const { refused, to, from, reportId, host, locales, now } = report;
  const boundary = `=_report_${reportId}`;
  const about = internetMessageIdOf(report.header);
  const thread = about === null ? '' : `In-Reply-To: ${about}\r\nReferences: ${about}\r\n`;
  const subject = locales.map((locale, index) =>
    encodedWord(`${index > 0 ? ' / ' : ''}${translate(locale, 'report.subject')}`),
  );
  const recipients = refused.map(({ recipient, answer }) =>
    [
      `Final-Recipient: ${finalRecipient(recipient)}`,
      'Action: failed',
      `Status: ${answer.enhanced}`,
      `Diagnostic-Code: smtp; ${answer.code} ${answer.enhanced} ${answer.words}`,
      '',
    ].join('\r\n'),
  );
  return Buffer.from(
    `From: ${from}\r\nTo: ${to}\r\nDate: ${rfc5322Date(now)}\r\nMessage-ID: <report-${reportId}@${host}>\r\n${thread}` +
      `Subject: ${subject.join('\r\n ')}\r\n` +
      'Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n' +
      `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"\r\n\r\n` +
      `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
      `${base64Lines(textOf(report))}\r\n` +
      `--${boundary}\r\nContent-Type: message/delivery-status\r\n\r\n` +
      `Reporting-MTA: dns; ${host}\r\nArrival-Date: ${rfc5322Date(now)}\r\n\r\n${recipients.join('\r\n')}\r\n` +
      `--${boundary}\r\nContent-Type: text/rfc822-headers\r\n\r\n${returnedFields(report.header)}\r\n` +
      `--${boundary}--\r\n`,
  );
}

/** RFC 6533 §3: `utf-8` with what is not ASCII as code points, which fits a report in ASCII. Canonical addresses hold no backslash. */
function finalRecipient(recipient: MailAddress): string {
  if (/^\p{ASCII}*$/u.test(recipient)) return `rfc822; ${recipient}`;
  const escaped = recipient.replace(
    /[\P{ASCII}+=]/gu,
    (each) => `\\x{${each.codePointAt(0)?.toString(16).toUpperCase()}}`,
  );
  return `utf-8; ${escaped}`;
}

function textOf({ refused, locales, header, timeZone, now }: NonDelivery): string {
  const sentAt = new Date(header.first('date'));
  return locales
    .map((locale) => {
      const moment = (Number.isNaN(sentAt.getTime()) ? now : sentAt.toISOString()) as Instant;
      const time = formatInstant(locale, moment, 'full', timeZone);
      const each = refused.map(({ recipient, answer }) => `  ${recipient}\n  ${answer.words} (${answer.enhanced})\n`);
      return [
        translate(locale, 'report.intro', { time }),
        '',
        ...each,
        translate(locale, 'report.others'),
        '',
        translate(locale, 'report.automatic'),
        '',
      ].join('\n');
    })
    .join('\n-----\n\n');
}

function internetMessageIdOf(header: MailHeader): string | null {
  return /<[!-;=?-~]{1,254}>/.exec(header.first('message-id'))?.[0] ?? null;
}

function returnedFields(header: MailHeader): string {
  return RETURNED_FIELDS.flatMap((name) => {
    const value = header.first(name.toLowerCase()).slice(0, MAX_FIELD_CHARACTERS);
    if (value === '') return [];
    return [folded(`${name}: ${value.replace(/[^\x20-\x7e]+/g, '?')}`)];
  }).join('');
}

/** Between words, to lines of about 76; what has no space for longer than a line may be is cut (RFC 5322 §2.1.1). */
function folded(field: string): string {
  let text = '';
  let column = 0;
  for (const word of field.split(/ +/).map((each) => each.slice(0, 900))) {
    const breaks = column > 0 && column + 1 + word.length > 76 && !text.endsWith(':');
    text += column === 0 ? word : breaks ? `\r\n ${word}` : ` ${word}`;
    column = breaks ? word.length + 1 : column + 1 + word.length;
  }
  return `${text}\r\n`;
}

/** RFC 2047, of a text that is short enough for one: 45 bytes of UTF-8. */
function encodedWord(text: string): string {
  return `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
}

function base64Lines(text: string): string {
  return (
    Buffer.from(text.replaceAll('\n', '\r\n'))
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\r\n');
}

function rfc5322Date(instant: Instant): string {
  return new Date(instant).toUTCString().replace('GMT', '+0000');
}
