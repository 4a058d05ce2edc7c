import { generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientSigningKey } from '#libs/oidc-bridge';
import { allowInsecureRequests, clientCredentialsGrant, discovery, PrivateKeyJwt } from 'openid-client';

/** Seconds that are left of a token when the next one is asked for. */
const RENEW_BEFORE_SECONDS = 60;

/** A program of the organisation, as its programmer would write it: a key pair of its own, and access tokens for that. */
export class Program {
  /** A token is for one portal: at another address it is another portal's, whatever keys they share. */
  private readonly tokens = new Map<string, { readonly text: string; readonly until: number }>();

  private constructor(
    private readonly key: KeyObject,
    /** What stands in the configuration under `signIn.clients`. */
    readonly client: Record<string, unknown>,
  ) {}

  /** Puts the public key into a directory. */
  static async in(directory: string, senders: readonly string[], clientId = 'story'): Promise<Program> {
    const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
    const publicKeyFile = join(directory, `${clientId}.pem`);
    await writeFile(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    return new Program(privateKey, { clientId, kind: 'program', publicKeyFile, scopes: ['messages:seal'], senders });
  }

  /** The whole setting, as a line of YAML (which JSON is). */
  get yaml(): string {
    return `signIn: ${JSON.stringify({ clients: [this.client] })}\n`;
  }

  /** An access token for the API of the portal at that address, kept as long as it is good. */
  async accessToken(url: URL): Promise<string> {
    const kept = this.tokens.get(url.origin);
    if (kept !== undefined && Date.now() < kept.until) return kept.text;
    const key = clientSigningKey(this.key);
    const issuer = new URL('/oidc', url);
    const execute = [allowInsecureRequests]; // stories are on loopback
    const provider = await discovery(issuer, String(this.client['clientId']), undefined, PrivateKeyJwt(key), {
      execute,
    });
    const answer = await clientCredentialsGrant(provider, {
      scope: 'messages:seal',
      resource: new URL('/api/v1', url).href,
    });
    const seconds = (answer.expiresIn() ?? 0) - RENEW_BEFORE_SECONDS;
    this.tokens.set(url.origin, { text: answer.access_token, until: Date.now() + seconds * 1000 });
    return answer.access_token;
  }

  async authorization(url: URL): Promise<string> {
    return `Bearer ${await this.accessToken(url)}`;
  }
}
