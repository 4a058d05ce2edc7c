import type { IncomingHttpHeaders } from 'node:http';
import { parseMessageTerms } from '#libs/sealing';
import type { MessageTerm } from '#libs/sealing';
import { addressIn, badParameter, deliveryOf } from './problems.ts';
import type { AskedOfSeals, SubmissionLimits } from './submission-request.ts';

const FIELDS = ['Segl-Sender', 'Segl-Recipient', 'Segl-Deliver', 'Segl-Lifetime-Seconds', 'Segl-Terms'] as const;
type Field = (typeof FIELDS)[number];

/** Whether a request has any of the fields: then they say everything, and the query nothing. */
export function isAskedInFields(headers: IncomingHttpHeaders): boolean {
  return FIELDS.some((field) => valueOf(headers, field) !== null);
}

/**
 * What stands in header fields: no address is in a URL, which servers and proxies log. A field that is there several times is a list,
 * as one with commas is (RFC 9110 §5.3); canonical addresses hold no comma.
 * @throws BadRequest 400
 */
export function askedInFields(
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
  { lifetimeSeconds: longestSeconds, unquotedDotsAt }: Pick<SubmissionLimits, 'lifetimeSeconds' | 'unquotedDotsAt'>,
): AskedOfSeals {
  const [inQuery] = query.keys();
  if (inQuery !== undefined) throw badParameter(inQuery, 'Where header fields say what is asked, the query is empty.');
  const listOf = (field: Field) => (valueOf(headers, field) ?? '').split(',').map((text) => text.trim());
  const addressesOf = (field: Field) => {
    if (valueOf(headers, field) === null) return [];
    return listOf(field).map((text, index) => addressIn(asWritten(text), field, index + 1, unquotedDotsAt));
  };
  const [sender, ...others] = addressesOf('Segl-Sender');
  if (sender === undefined || others.length > 0)
    throw badParameter('Segl-Sender', 'Give exactly one Segl-Sender: <address>.');
  return {
    sender,
    recipients: addressesOf('Segl-Recipient'),
    delivery: deliveryOf(valueOf(headers, 'Segl-Deliver') === null ? [] : listOf('Segl-Deliver'), 'Segl-Deliver'),
    lifetimeSeconds: lifetimeIn(valueOf(headers, 'Segl-Lifetime-Seconds'), longestSeconds),
    terms: termsIn(valueOf(headers, 'Segl-Terms')),
  };
}

/**
 * A mailbox name beyond ASCII: each byte of its UTF-8 as `%` and two hexadecimal digits, or as it is (Node gives one character for each
 * byte). No address has a `%` otherwise.
 */
function asWritten(text: string): string {
  const bytes = text.replace(/%([89a-f][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return /^\p{ASCII}*$/u.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Text for the record: printable ASCII, where `%` and two hexadecimal digits are a byte of UTF-8. @throws BadRequest 400 */
export function textField(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(String(value));
  } catch {
    throw badParameter(name, `${name} is text in which % and two hexadecimal digits are a byte of UTF-8.`);
  }
}

function valueOf(headers: IncomingHttpHeaders, field: Field): string | null {
  const value = headers[field.toLowerCase()];
  return value === undefined ? null : String(value);
}

function lifetimeIn(text: string | null, longestSeconds: number): number | null {
  if (text === null) return null;
  const seconds = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : NaN;
  if (seconds <= longestSeconds) return seconds;
  const detail = `Segl-Lifetime-Seconds is a whole number from 1 to ${longestSeconds}, once.`;
  throw badParameter('Segl-Lifetime-Seconds', detail);
}

/** Whatever order they are in, and some of them twice. */
function termsIn(text: string | null): readonly MessageTerm[] {
  if (text === null || text.trim() === '') return [];
  const terms = parseMessageTerms(text.split(',').map((word) => word.trim()));
  if (terms === null)
    throw badParameter('Segl-Terms', 'Segl-Terms holds a term that is none: see the document of the API.');
  return terms;
}
