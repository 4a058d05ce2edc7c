import { generateKeyPairSync } from 'node:crypto';
import { Events, OAuth2Server } from 'oauth2-mock-server';
import { Egress } from '#libs/egress';
import { organisationUpstream } from '#libs/oidc-bridge';
import type { MailAddress } from '#libs/vocabulary';
import type { IdentityProvider, KeptOfRequest } from '../identity-provider.ts';
import { OtherIssuer } from '../other-issuer.ts';
import { OwnBridge } from '../own-bridge.ts';

export type Claims = Record<string, unknown>;

/** What a bridge says of a passcode. */
export function passcodeClaims(address: MailAddress, subject: string): Claims {
  return {
    email: address,
    email_verified: true,
    segl_proof: { method: 'passcode', issuer: 'http://localhost:8080/oidc', subject },
  };
}

/** Somebody else's OpenID provider on a real port, which says whatever it is told to. */
export async function issuerHere(isOwnBridge = true) {
  const server = new OAuth2Server();
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  // spread: what Node's own realm made is no plain object in Jest's
  await server.issuer.keys.add({ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', kid: 'issuer-1' });
  await server.start(0, '127.0.0.1');
  const redirectUri = 'http://localhost:8080/authenticate';
  const issuer = server.issuer.url ?? '';
  const provider: IdentityProvider = isOwnBridge
    ? new OwnBridge(
        {
          issuer: new URL(issuer),
          clientKeys: () => [{ keyId: null, privateKey }],
          fetch: (url, options) => fetch(url, options),
        },
        'portal',
        redirectUri,
      )
    : new OtherIssuer(upstreamAt(issuer), 'portal', redirectUri);
  let claims: Claims = {};
  let spoil: (payload: Claims, header: Claims) => void = () => undefined;
  server.service.on(Events.BeforeTokenSigning, (token: { header: Claims; payload: Claims }) => {
    if (token.payload['aud'] !== 'portal') return; // the access token
    Object.assign(token.payload, claims);
    spoil(token.payload, token.header);
  });

  return {
    server,
    provider,
    /** What the ID tokens say from now on. */
    says(next: Claims, change: typeof spoil = () => undefined): void {
      claims = next;
      spoil = change;
    },
    /** Goes where the portal sends a browser, and comes back with what the provider answers. */
    async answerTo(attempt: KeptOfRequest & { readonly address: MailAddress }): Promise<URLSearchParams> {
      const location = await provider.begin(attempt.address, attempt, 'en', { browserId: 'browser', path: '/m/a' });
      const { headers } = await fetch(location, { redirect: 'manual' });
      return new URL(headers.get('location') ?? '').searchParams;
    },
    close: () => server.stop(),
  };
}

function upstreamAt(issuer: string) {
  return organisationUpstream(
    {
      ...{ id: 'other-issuer', name: 'Another', issuer, clientId: 'portal', domains: 'any' },
      ...{ credential: { secret: 'a secret of a test' }, privateAddresses: ['127.0.0.1', '::1'] },
    },
    new Egress(),
  );
}
