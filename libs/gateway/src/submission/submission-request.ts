import type { IncomingHttpHeaders } from 'node:http';
import { AddressRefused, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { bearerTokenIn } from '#libs/web-ui';
import { BadRequest, addressProblem } from './problems.ts';
import { SealingNotAuthorised } from './settings.ts';
import type { SubmissionDelivery } from './submission.ts';

export interface SubmissionRequest {
  readonly sender: MailAddress;
  readonly recipients: readonly MailAddress[];
  readonly delivery: SubmissionDelivery;
  readonly idempotencyKey: string | null;
}

/** 1 to 255 printable ASCII characters; draft-ietf-httpapi-idempotency-key-header asks for a quoted string, most send it bare. */
const IDEMPOTENCY_KEY = /^[!-~]{1,255}$/;

/** The access token of a request. @throws SealingNotAuthorised when there is none */
export function accessTokenIn(headers: IncomingHttpHeaders): string {
  const token = bearerTokenIn(headers);
  if (token === null) throw new SealingNotAuthorised('invalid_token');
  return token;
}

/**
 * Everything that can be told before the body is read.
 * @param url with the query, as the client sent it
 * @throws BadRequest 400, 411, 413, 415
 */
export function readSubmissionRequest(
  url: string,
  headers: IncomingHttpHeaders,
  maxMailBytes: number,
): SubmissionRequest {
  const query = new URL(url, 'http://localhost').searchParams;
  for (const name of query.keys()) {
    if (!['from', 'to', 'deliver'].includes(name))
      throw badParameter(name, `There is no parameter ${name.slice(0, 40)}.`);
  }
  const senders = query.getAll('from').map((text, index) => address(text, 'from', index + 1));
  const [sender] = senders;
  if (!sender || senders.length > 1) throw badParameter('from', 'Give exactly one from=<address>.');
  const recipients = query.getAll('to').map((text, index) => address(text, 'to', index + 1));
  const idempotencyKey = idempotencyKeyOf(headers['idempotency-key']);
  checkBody(headers, maxMailBytes);
  return { sender, recipients, delivery: deliveryOf(query.getAll('deliver')), idempotencyKey };
}

function address(text: string, parameter: string, position: number): MailAddress {
  try {
    return parseMailAddress(text);
  } catch (error) {
    throw error instanceof AddressRefused ? addressProblem(error, parameter, position) : error;
  }
}

function deliveryOf(values: readonly string[]): SubmissionDelivery {
  if (values.length === 0 || (values.length === 1 && values[0] === 'true')) return 'relay';
  if (values.length === 1 && values[0] === 'false') return 'hand-out';
  throw badParameter('deliver', 'deliver is true or false, once.');
}

function idempotencyKeyOf(value: string | string[] | undefined): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && IDEMPOTENCY_KEY.test(value)) return value;
  throw badParameter('Idempotency-Key', 'Idempotency-Key is 1 to 255 printable ASCII characters without spaces, once.');
}

function checkBody(headers: IncomingHttpHeaders, maxMailBytes: number): void {
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'message/rfc822') {
    const detail = 'The body is one mail, with Content-Type: message/rfc822.';
    throw new BadRequest('unsupported-media-type', { title: 'Unsupported media type', status: 415, detail });
  }
  // Nothing is inflated anywhere (threats.md A40).
  if ((headers['content-encoding'] ?? 'identity').trim().toLowerCase() !== 'identity') {
    const detail = 'The body must not have a Content-Encoding.';
    throw new BadRequest('unsupported-encoding', { title: 'Unsupported encoding', status: 415, detail });
  }
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    const detail = 'Give a Content-Length, or send the body chunked.';
    throw new BadRequest('length-required', { title: 'Length required', status: 411, detail });
  }
  if (Number(headers['content-length'] ?? 0) > maxMailBytes) {
    const detail = `A mail may have ${maxMailBytes} bytes. Nothing was sealed.`;
    throw new BadRequest('mail-too-large', { title: 'Mail too large', status: 413, detail });
  }
}

function badParameter(parameter: string, detail: string): BadRequest {
  return new BadRequest('bad-parameter', {
    title: 'Bad parameter',
    status: 400,
    detail,
    parameter: parameter.slice(0, 40),
  });
}
