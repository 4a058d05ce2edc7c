import { createPrivateKey } from 'node:crypto';
import type { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { allowInsecureRequests, clientCredentialsGrant, discovery, PrivateKeyJwt } from 'openid-client';
import { isLoopback } from '#libs/installation';
import { clientSigningKey } from '#libs/oidc-bridge';
import { BadInput, Refused, Unavailable, UsageFault } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';

interface Options {
  readonly portal: string;
  readonly client: string;
  readonly key: string;
  readonly scope: string;
  readonly json?: boolean;
}

/** Seconds that the portal has to answer. */
const PATIENCE_SECONDS = 10;

export function tokenCommand(operator: Operator): Command {
  return new Command('token')
    .description('get an access token for a program, as the program itself would')
    .requiredOption('--portal <url>', 'where the portal is: its public address')
    .requiredOption('--client <id>', 'the program, as signIn.clients calls it')
    .requiredOption('--key <file>', 'its private key, PEM: the half that is not in the configuration')
    .option('--scope <scopes>', 'what the token is for, separated by spaces', 'messages:seal')
    .option('--json', 'print as JSON, with the seconds that it is good for')
    .addHelpText(
      'after',
      `
Asks the portal's own OpenID provider (client credentials, private_key_jwt: RFC 6749 §4.4, RFC 7523). Any OpenID library does
the same. The token is printed and kept nowhere; it is good for minutes.

A key pair for a program, once:
  openssl genpkey -algorithm ed25519 -out archive.key
  openssl pkey -in archive.key -pubout -out archive.pem      # signIn.clients: publicKeyFile

Examples:
  segl token --portal https://post.example.com --client archive --key archive.key
  curl --data-binary @mail.eml -H "Authorization: Bearer $(segl token …)" -H 'Content-Type: message/rfc822' \\
    -H 'Segl-Sender: office@example.com' -H 'Segl-Recipient: anna@example.org' https://post.example.com/api/v1/messages`,
    )
    .action(async (options: Options) => {
      const portal = portalOf(options.portal);
      const { access_token: token, expires_in: seconds } = await tokenFor(portal, options);
      if (options.json) return operator.printJson({ accessToken: token, expiresInSeconds: seconds });
      await operator.print(token);
    });
}

/** @throws UsageFault */
function portalOf(text: string): URL {
  const portal = URL.canParse(text) ? new URL(text) : null;
  const isSafe = portal?.protocol === 'https:' || (portal?.protocol === 'http:' && isLoopback(portal.hostname));
  if (portal === null || !isSafe || portal.pathname !== '/') {
    throw new UsageFault(`${JSON.stringify(text)} is no portal: write https://post.example.com`);
  }
  return portal;
}

async function tokenFor(portal: URL, { client, key, scope }: Options) {
  const proof = PrivateKeyJwt(signingKey(key));
  const execute = portal.protocol === 'http:' ? [allowInsecureRequests] : [];
  try {
    const issuer = new URL('/oidc', portal);
    const provider = await discovery(issuer, client, undefined, proof, { execute, timeout: PATIENCE_SECONDS });
    return await clientCredentialsGrant(provider, { scope, resource: new URL('/api/v1', portal).href });
  } catch (error) {
    const { error: refusal } = error as { error?: unknown };
    if (refusal === 'invalid_client') throw new Refused(`the portal knows no client ${client} with that key`);
    if (typeof refusal === 'string') throw new Refused(`the portal gives ${client} no token for ${scope} (${refusal})`);
    throw new Unavailable(`${portal.origin} does not answer as a portal: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** @throws BadInput */
function signingKey(path: string): webcrypto.CryptoKey {
  try {
    return clientSigningKey(createPrivateKey(readFileSync(path)));
  } catch (cause) {
    throw new BadInput(`${path} holds no private key in PEM: Ed25519, P-256 or RSA`, { cause });
  }
}
