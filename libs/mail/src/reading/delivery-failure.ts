import { MailHeader } from '../syntax/header-fields.ts';
import { headerText } from '../syntax/header-text.ts';
import { decodeTransfer } from '../syntax/transfer-decoding.ts';
import { mimeStructure } from './mime-structure.ts';
import type { MimePart } from './mime-structure.ts';

/** What a bounce says of one failed delivery. */
export interface DeliveryFailure {
  /** RFC 3463, 5.y.z or 4.y.z; null for a bounce of no standard form. */
  readonly status: string | null;
}

/** 50 parts: a report has three. */
const MAX_PARTS = 50;
const MAX_GROUPS = 50;
/** Of programs that write bounces in words: qmail, Exim, and servers of long ago. */
const BOUNCE_SUBJECTS =
  /^(?:undeliver(?:able|ed)|(?:mail|message)? ?delivery (?:status|failed|failure|problem)|(?:mail|message)? ?returned (?:mail|to sender)|failure notice|mail (?:system )?error|non remis|unzustellbar|uleveret)/i;

/**
 * The failure that a mail to an envelope's sender tells of: a report of RFC 3464 (also of RFC 6533) with a recipient who will not get the mail, or what
 * a mail server says in words of its own. Null for everything else that comes to such an address: delays, receipts, automatic replies.
 *
 * @param mail its beginning is enough; parts that are cut off are read as far as they go
 */
export function deliveryFailureIn(mail: Buffer): DeliveryFailure | null {
  const { root } = mimeStructure(mail, MAX_PARTS);
  const header = MailHeader.of(mail);
  const report = partsOf(root).find(({ mediaType }) => /^message\/(?:global-)?delivery-status$/.test(mediaType));
  if (report !== undefined) return failureIn(decodeTransfer(report.body, report.encoding).bytes);
  return isInWords(header) ? { status: null } : null;
}

function failureIn(content: Buffer): DeliveryFailure | null {
  const groups = content
    .toString('latin1')
    .replace(/\r\n?/g, '\n')
    .split(/\n[ \t]*\n+/, MAX_GROUPS)
    .map((group) => new MailHeader(Buffer.from(group, 'latin1')));
  const failed = groups.find((group) => group.first('action').trim().toLowerCase() === 'failed');
  if (failed === undefined) return null;
  return { status: /^\s*([45]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(failed.first('status'))?.[1] ?? null };
}

/** A person's automatic reply comes from that person; a bounce from nobody, or from the server. */
function isInWords(header: MailHeader): boolean {
  const from = header.first('from');
  const isFromServer = /(?:^|[<\s"])(?:mailer-daemon|postmaster)\s*(?:@|>|$)/i.test(from) || from === '';
  return (
    isFromServer &&
    (header.first('x-failed-recipients') !== '' || BOUNCE_SUBJECTS.test(headerText(header.first('subject'))))
  );
}

function partsOf(part: MimePart): MimePart[] {
  return [part, ...part.children.flatMap(partsOf)];
}
