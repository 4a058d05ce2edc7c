/** Where a link of a mail leads, as the portal writes it: never as the mail does. */
export interface LinkAddress {
  /** What stands in `href`: as the URL standard writes it, without user name and password. */
  readonly href: string;
  /** What a reader is shown: the host with its port, an address or a number. Printable ASCII without spaces. */
  readonly target: string;
}

const MAX_ADDRESS = 4000;
const MAX_SUBJECT = 500;
const MAX_BODY = 2000;
/** RFC 5321 section 4.5.3.1: longer ones are nobody's. */
const MAX_MAILBOX = 254;

/** @returns null for what no link of a mail may point to. Relative addresses would point into the portal. */
export function linkAddress(given: string): LinkAddress | null {
  const text = given.trim();
  if (text.length > MAX_ADDRESS) return null;
  const scheme = /^(https?:\/\/|mailto:|tel:|www\.[a-z0-9-]{1,63}\.)/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return null;
  if (scheme === 'mailto:') return mailAddress(text.slice(scheme.length));
  if (scheme === 'tel:') return telephone(text.slice(scheme.length));
  return webAddress(scheme.startsWith('www.') ? `http://${text}` : text); // as other mail programs read it
}

function webAddress(text: string): LinkAddress | null {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.host === '') return null;
  url.username = '';
  url.password = '';
  return { href: url.href, target: url.host };
}

/** RFC 3966, without what only looks good and without the codes that a telephone obeys (`*21*…#`). */
function telephone(text: string): LinkAddress | null {
  const number = percentDecoded(text).replace(/[\s().\-/]/g, '');
  if (!/^\+?\d{2,30}(?:;ext=\d{1,10})?$/.test(number)) return null;
  return { href: `tel:${number}`, target: number };
}

/** RFC 6068: recipients, subject and body. Anything else (copies that the reader does not see, files) is left out. */
function mailAddress(text: string): LinkAddress | null {
  const withoutFragment = text.split('#', 1)[0] ?? '';
  const mark = withoutFragment.indexOf('?');
  const recipients = (mark < 0 ? withoutFragment : withoutFragment.slice(0, mark))
    .split(',')
    .map((each) => percentDecoded(each).trim())
    .filter((each) => each !== '')
    .map(writtenMailbox);
  const query = mark < 0 ? '' : withoutFragment.slice(mark + 1);
  const fields = [...mailField(query, 'subject', MAX_SUBJECT), ...mailField(query, 'body', MAX_BODY)];
  if (recipients.some((each) => each.length > MAX_MAILBOX)) return null;
  if (recipients.length === 0 && fields.length === 0) return null;
  const more = recipients.length > 1 ? `,+${recipients.length - 1}` : '';
  return {
    href: `mailto:${recipients.join(',')}${fields.length === 0 ? '' : `?${fields.join('&')}`}`,
    target: recipients.length === 0 ? 'mailto:' : `${recipients[0]}${more}`,
  };
}

/** Letters, digits and what addresses are commonly made of as they are; all else stays encoded, in the link and in words. */
function writtenMailbox(mailbox: string): string {
  return encodeURIComponent(mailbox.toWellFormed()).replaceAll('%40', '@').replaceAll('%2B', '+');
}

function mailField(query: string, wanted: string, limit: number): string[] {
  for (const field of query.split('&')) {
    const [name = '', ...value] = field.split('=');
    if (name.toLowerCase() !== wanted) continue;
    const text = percentDecoded(value.join('=')).slice(0, limit).toWellFormed();
    return [`${wanted}=${encodeURIComponent(text)}`];
  }
  return [];
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
