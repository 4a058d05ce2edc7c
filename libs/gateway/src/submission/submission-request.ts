import type { IncomingHttpHeaders } from 'node:http';
import type { MessageTerm } from '#libs/sealing';
import { bearerTokenIn } from '#libs/web-ui';
import type { MailAddress, UnquotedDotsAt } from '#libs/vocabulary';
import { BadRequest, badParameter } from './problems.ts';
import { askedInFields, isAskedInFields } from './asked-in-fields.ts';
import { askedInQuery } from './asked-in-query.ts';
import { SealingNotAuthorised } from './settings.ts';
import type { SubmissionDelivery } from './submission.ts';

/** What is asked beside the mail, in either form. */
export interface AskedOfSeals {
  readonly sender: MailAddress;
  readonly recipients: readonly MailAddress[];
  readonly delivery: SubmissionDelivery;
  /** From sealing to expiry; null: as the installation is configured. */
  readonly lifetimeSeconds: number | null;
  readonly terms: readonly MessageTerm[];
}

export interface SubmissionRequest extends AskedOfSeals {
  readonly idempotencyKey: string | null;
  /** Addresses in the query: answered with a Deprecation field. */
  readonly isOldForm: boolean;
}

/** What a request is measured against. */
export interface SubmissionLimits {
  readonly maxMailBytes: number;
  /** A program may shorten the lifetime, never lengthen it: keys are destroyed by what is configured. */
  readonly lifetimeSeconds: number;
  readonly unquotedDotsAt: UnquotedDotsAt;
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
 * Everything that can be told before the body is read. Addresses stand in header fields, which servers and proxies do not log; the
 * query, as it was first, is understood for one more release.
 * @param url with the query, as the client sent it
 * @throws BadRequest 400, 411, 413, 415
 */
export function readSubmissionRequest(
  url: string,
  headers: IncomingHttpHeaders,
  limits: SubmissionLimits,
): SubmissionRequest {
  const query = new URL(url, 'http://localhost').searchParams;
  const isOldForm = !isAskedInFields(headers);
  const asked = isOldForm ? askedInQuery(query, limits.unquotedDotsAt) : askedInFields(headers, query, limits);
  const idempotencyKey = idempotencyKeyOf(headers['idempotency-key']);
  checkBody(headers, limits.maxMailBytes);
  return { ...asked, idempotencyKey, isOldForm };
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
