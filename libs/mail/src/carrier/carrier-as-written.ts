import { createHash } from 'node:crypto';
import { parseMessageId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { MailHeader } from '../syntax/header-fields.ts';
import { CarrierReader } from './carrier-reader.ts';
import { MESSAGE_PAGE_NAME } from './carrier-writer.ts';
import { CARRIER_MARK } from './message-page.ts';
import { NotACarrier } from './not-a-carrier.ts';

/** The seal that a mail says it carries. Anybody can write such a mail: only the record knows whether it is one of ours. */
export interface CarriedSeal {
  readonly messageId: MessageId;
  /** Lower-case hex. */
  readonly ciphertextSha256: string;
}

const CRLF = '\r\n';

/**
 * Whether a mail is a carrier with nothing around it: our field in its own header, and a body of the very parts that `CarrierWriter`
 * writes, with its delimiters. `CarrierReader` is forgiving, and finds a seal wherever somebody put it; this is not: a carrier that is
 * forwarded, or composed anew by a mail program, has room for other words, and gives null. Fields that mail servers add on the way make
 * no difference. What the letter says is not looked at.
 *
 * @returns null for everything else
 */
export function carrierAsWritten(mail: Buffer): CarriedSeal | null {
  const header = new MailHeader(mail);
  const messageId = messageIdIn(header);
  if (messageId === null || mail.toString('latin1', header.bodyAt - 4, header.bodyAt) !== CRLF + CRLF) return null;
  const page = pageIn(mail.subarray(header.bodyAt), messageId);
  if (page === null) return null;
  const ciphertext = ciphertextIn(page);
  if (ciphertext === null) return null;
  return { messageId, ciphertextSha256: createHash('sha256').update(ciphertext).digest('hex') };
}

function messageIdIn(header: MailHeader): MessageId | null {
  const [text, ...others] = header.all('segl-message');
  const messageId = parseMessageId(text ?? '');
  if (messageId === null || others.length > 0 || header.isCut || header.strayLines !== '') return null;
  const types = header.all('content-type');
  const isOurs = types.length === 1 && types[0] === `multipart/mixed; boundary="${outerOf(messageId)}"`;
  return isOurs && header.all('content-transfer-encoding').every((encoding) => /^[78]bit$/i.test(encoding))
    ? messageId
    : null;
}

const outerOf = (messageId: MessageId) => `=_segl_${messageId}`;

/** The body is held against what is written, delimiter by delimiter: nothing before the first, nothing behind the last. */
function pageIn(body: Buffer, messageId: MessageId): Buffer | null {
  const [outer, inner] = [`--${outerOf(messageId)}`, `--=_text_${messageId}`];
  if (timesIn(body, outer) !== 3 || timesIn(body, inner) !== 3) return null;
  const opening = lines(outer, `Content-Type: multipart/alternative; boundary="${inner.slice(2)}"`, '', inner);
  const between = CRLF + lines(inner);
  const pageBegins =
    CRLF +
    lines(
      `${inner}--`,
      outer,
      `Content-Type: text/html; charset=utf-8; name="${MESSAGE_PAGE_NAME}"`,
      `Content-Disposition: attachment; filename="${MESSAGE_PAGE_NAME}"`,
      'Content-Transfer-Encoding: 7bit',
      '',
    );
  const closing = CRLF + lines(`${outer}--`);
  const htmlAt = body.indexOf(between, opening.length);
  const pageAt = body.indexOf(pageBegins, opening.length);
  const isWhole = body.indexOf(opening) === 0 && htmlAt >= 0 && pageAt > htmlAt;
  if (!isWhole || body.lastIndexOf(closing) !== body.length - closing.length) return null;
  const plain = body.subarray(opening.length, htmlAt);
  const html = body.subarray(htmlAt + between.length, pageAt);
  if (!isLetter(plain, 'plain') || !isLetter(html, 'html')) return null;
  const page = body.subarray(pageAt + pageBegins.length, body.length - closing.length);
  const start = page.toString('latin1', 0, 400);
  const isOurs = start.startsWith('<!DOCTYPE html>\r\n<html') && start.includes(`${CARRIER_MARK}${messageId}">\r\n`);
  return isOurs && page.subarray(-'</html>'.length).equals(Buffer.from('</html>')) ? page : null;
}

function isLetter(part: Buffer, subtype: 'plain' | 'html'): boolean {
  const header = new RegExp(
    `^Content-Type: text/${subtype}; charset=utf-8\r\nContent-Transfer-Encoding: (?:quoted-printable|base64)\r\n\r\n`,
  );
  return header.test(part.toString('latin1', 0, 200));
}

function ciphertextIn(page: Buffer): Buffer | null {
  const reader = new CarrierReader();
  try {
    const ciphertext = Buffer.concat([reader.push(page), reader.end()]);
    return ciphertext.length > 0 ? ciphertext : null;
  } catch (error) {
    if (error instanceof NotACarrier) return null;
    throw error;
  }
}

const lines = (...texts: readonly string[]): string => texts.map((text) => text + CRLF).join('');

function timesIn(body: Buffer, text: string): number {
  let times = 0;
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + text.length)) times += 1;
  return times;
}
