import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { readWebhookSecrets, signedHeaders } from './signature.ts';

const first = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const second = `whsec_${Buffer.alloc(64, 2).toString('base64')}`;
const body = '{"type":"message.relayed"}';
const secondsNow = () => Math.floor(Date.now() / 1000);

describe('the signature of a webhook', () => {
  it.each([
    ['the only secret', [first], first],
    ['the new secret of a rotation', [second, first], second],
    ['the old secret of a rotation', [second, first], first],
  ])('is taken by the library of Standard Webhooks, by %s', (_, secrets, known) => {
    const headers = signedHeaders(readWebhookSecrets(`${secrets.join('\n')}\n`), 'id-1', secondsNow(), body);
    expect(new Webhook(known).verify(body, { ...headers })).toEqual({ type: 'message.relayed' });
  });

  it.each([
    ['another body', { body: '{"type":"message.revoked"}' }],
    ['another id', { headers: { 'webhook-id': 'id-2' } }],
    ['another time', { headers: { 'webhook-timestamp': String(secondsNow() - 60) } }],
    ['a time long past', { seconds: secondsNow() - 3600 }],
  ])('is not taken with %s', (_, changed: { body?: string; headers?: Record<string, string>; seconds?: number }) => {
    const signed = signedHeaders(readWebhookSecrets(first), 'id-1', changed.seconds ?? secondsNow(), body);
    const verify = () => new Webhook(first).verify(changed.body ?? body, { ...signed, ...changed.headers });
    expect(verify).toThrow();
  });

  it.each([
    ['', 'holds no secret'],
    ['\n\n', 'holds no secret'],
    ['c2VjcmV0', 'line 1 is not whsec_'],
    [`${first}\nwhsec_c2hvcnQ=`, 'line 2 is not whsec_'],
    [`whsec_${Buffer.alloc(65).toString('base64')}`, 'line 1 is not'],
    [Array.from({ length: 11 }, () => first).join('\n'), 'more than 10'],
  ])('is not made with what is no secret', (text, fault) => {
    expect(() => readWebhookSecrets(text)).toThrow(fault);
    try {
      readWebhookSecrets(text);
    } catch (error) {
      expect(String(error)).not.toContain('c2');
    }
  });
});
