import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { Transport } from './stranger-client-browser.ts';
import { PUBLIC_URL } from './stranger-client-portal.ts';

export interface AssertionChanges {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly algorithm?: string;
  /** Seconds from now. */
  readonly expiresIn?: number;
}

/** What a client proves itself by (RFC 7523), made by hand so that it can be made wrong. */
export async function assertion(clientId: string, key: KeyObject, changes: AssertionChanges = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: `${PUBLIC_URL.origin}/oidc`,
    jti: randomUUID(),
    iat: now,
    exp: now + (changes.expiresIn ?? 60),
    ...changes.claims,
  };
  if (changes.algorithm === 'none') return new UnsecuredJWT(claims).encode();
  return new SignJWT(claims).setProtectedHeader({ alg: changes.algorithm ?? 'ES256' }).sign(key);
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A form to an endpoint of the bridge, the client's proof of itself among its fields. */
export async function postAs(
  transport: Transport,
  path: string,
  clientAssertion: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonAnswer> {
  const authentication = {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clientAssertion,
  };
  return post(transport, path, clientAssertion === '' ? fields : { ...authentication, ...fields }, headers);
}

export async function post(
  transport: Transport,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<JsonAnswer> {
  const response = await transport(new URL(path, PUBLIC_URL), {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    headers: response.headers,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : { text },
  };
}
