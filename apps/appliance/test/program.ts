import { generateKeyPair, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clientSigningKey } from '#libs/oidc-bridge';
import { allowInsecureRequests, clientCredentialsGrant, discovery, PrivateKeyJwt } from 'openid-client';
import { seglIn } from './running-process.ts';

/** Seconds that are left of a token when the next one is asked for. */
const RENEW_BEFORE_SECONDS = 60;

export interface AskingProgram {
  /** What stands in the configuration under `signIn.clients`. */
  readonly client: Readonly<Record<string, unknown>>;
  /** For all its scopes, from the portal with that public address. */
  token(portal: URL): Promise<string>;
}

/** Another program, whose key lies in a file as `segl token` takes it. */
export async function programWithKeyFile(
  directory: string,
  clientId: string,
  scopes: readonly string[],
): Promise<AskingProgram> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ed25519');
  const [publicKeyFile, keyFile] = ['pem', 'key'].map((end) => join(directory, `${clientId}.${end}`)) as [
    string,
    string,
  ];
  await writeFile(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const scope = scopes.join(' ');
  return {
    client: { clientId, kind: 'program', publicKeyFile, scopes },
    async token({ origin }) {
      const asked = ['--portal', origin, '--client', clientId, '--key', keyFile, '--scope', scope];
      return (await seglIn({}, 'token', ...asked)).trim();
    },
  };
}

export interface Sealing {
  readonly from?: string;
  /** Otherwise the carrier is handed out. */
  readonly deliver?: boolean;
  /** Of the request; default: one of its own. */
  readonly key?: string;
  /** More fields, each with its line end. */
  readonly header?: string;
  readonly text?: string;
}

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

  /** Asks for a mail to be sealed for somebody; the answer says what became of that. */
  async seal(url: URL, to: string, { from = 'office@nordlys.example', deliver = true, ...mail }: Sealing = {}) {
    const query = new URLSearchParams({ from, to, deliver: String(deliver) });
    const { key = randomUUID(), header = '', text = 'Hello.' } = mail;
    return fetch(new URL(`/api/v1/messages?${query}`, url), {
      method: 'POST',
      headers: {
        authorization: await this.authorization(url),
        'content-type': 'message/rfc822',
        'idempotency-key': key,
        connection: 'close', // a story may stand still before the next one for longer than a connection is kept
      },
      body: `From: ${from}\r\nTo: ${to}\r\nSubject: The offer\r\n${header}\r\n${text}\r\n`,
    });
  }

  async authorization(url: URL): Promise<string> {
    return `Bearer ${await this.accessToken(url)}`;
  }
}
