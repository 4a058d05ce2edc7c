import { createHmac } from 'node:crypto';

/** Standard Webhooks, "Signature scheme": 24 to 64 bytes. */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
/** 10: a rotation needs two. */
const MAX_SECRETS = 10;

/** A key of a webhook's signatures. Nothing prints it. */
export type WebhookSecret = Buffer & { readonly __brand: 'WebhookSecret' };

/**
 * A file with one secret a line, `whsec_` and base64 (Standard Webhooks). Several while they are rotated: every message is signed with each.
 * @throws RangeError that says what is wrong, and quotes nothing of the file
 */
export function readWebhookSecrets(text: string): readonly WebhookSecret[] {
  const lines = text.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  if (lines.length === 0) throw new RangeError('holds no secret');
  if (lines.length > MAX_SECRETS) throw new RangeError(`holds more than ${MAX_SECRETS} secrets`);
  return lines.map((line, index) => {
    const [, base64 = ''] = SECRET.exec(line) ?? [];
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
      throw new RangeError(
        `line ${index + 1} is not whsec_ and the base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`,
      );
    }
    return bytes as WebhookSecret;
  });
}

/**
 * The three header fields of Standard Webhooks 1.0: the same id over all tries, the time of this one, and an HMAC-SHA256 by each secret.
 * @param seconds since 1970
 */
export function signedHeaders(
  secrets: readonly WebhookSecret[],
  webhookId: string,
  seconds: number,
  body: string,
): Readonly<Record<string, string>> {
  const signed = `${webhookId}.${seconds}.${body}`;
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  return {
    'webhook-id': webhookId,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  };
}
