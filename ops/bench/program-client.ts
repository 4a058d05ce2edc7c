import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exchange } from './portal-reader.ts';

/** Seconds that are left of a token when the next one is asked for. */
const RENEW_BEFORE_SECONDS = 60;

/** A program of the organisation with a key pair of its own, which gets access tokens for it (RFC 6749 §4.4, RFC 7523). */
export class ProgramClient {
  /** What stands in the configuration under `signIn.clients`. */
  readonly client: Record<string, unknown>;
  private readonly key: KeyObject;
  private readonly scope: string;
  private kept: { readonly token: string; readonly until: number } | null = null;

  /** Puts the public key into a directory. */
  constructor(
    directory: string,
    senders: readonly string[],
    { clientId = 'bench', scopes = ['messages:seal'] }: { clientId?: string; scopes?: readonly string[] } = {},
  ) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKeyFile = join(directory, `${clientId}.pem`);
    writeFileSync(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    this.key = privateKey;
    this.scope = scopes.join(' ');
    this.client = { clientId, kind: 'program', publicKeyFile, scopes, ...(senders.length > 0 ? { senders } : {}) };
  }

  /** Kept as long as it is good. */
  async accessToken(port: number, publicUrl: URL): Promise<string> {
    if (this.kept === null || Date.now() > this.kept.until) {
      const { token, seconds } = await this.newToken(port, publicUrl);
      this.kept = { token, until: Date.now() + (seconds - RENEW_BEFORE_SECONDS) * 1000 };
    }
    return this.kept.token;
  }

  async newToken(port: number, publicUrl: URL): Promise<{ readonly token: string; readonly seconds: number }> {
    const fields = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: this.scope,
      resource: new URL('/api/v1', publicUrl).href,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: this.assertion(new URL('/oidc', publicUrl).href),
    });
    const headers = { host: publicUrl.host, 'content-type': 'application/x-www-form-urlencoded' };
    const { status, body } = await exchange(port, 'POST', '/oidc/token', headers, Buffer.from(fields.toString()));
    if (status !== 200) throw new Error(`a token was answered ${status}: ${body.toString('utf8', 0, 500)}`);
    const { access_token: token, expires_in: seconds } = JSON.parse(body.toString());
    return { token, seconds };
  }

  private assertion(audience: string): string {
    const now = Math.floor(Date.now() / 1000);
    const { clientId } = this.client;
    const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), iat: now, exp: now + 30 };
    const signed = [{ alg: 'ES256' }, claims].map((part) => base64url(JSON.stringify(part))).join('.');
    return `${signed}.${base64url(sign('sha256', Buffer.from(signed), { key: this.key, dsaEncoding: 'ieee-p1363' }))}`;
  }
}

function base64url(bytes: string | Buffer): string {
  return Buffer.from(bytes).toString('base64url');
}
