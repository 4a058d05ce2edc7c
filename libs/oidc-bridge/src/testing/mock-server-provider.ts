/**
 * An organisation's provider by another hand than oidc-provider's: oauth2-mock-server. Same use as `startFakeProvider`, with less
 * to break: `signInAs(claims)` lays claims over its token of "johndoe". It names itself `http://localhost:<port>`, so its
 * upstream lists `privateAddresses: ['127.0.0.1', '::1']`.
 */
import { exportJWK, generateKeyPair } from 'jose';
import { OAuth2Server } from 'oauth2-mock-server';

export interface MockServerProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  signInAs(claims: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

/** @param algorithm of its tokens' signature */
export async function startMockServerProvider(
  algorithm: 'RS256' | 'PS256' | 'ES256' | 'EdDSA' | 'RS512' = 'RS256',
): Promise<MockServerProvider> {
  const server = new OAuth2Server();
  // Not `keys.generate`: it takes what Node's crypto exports for no plain object, within Jest's realm.
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  await server.issuer.keys.add({ ...(await exportJWK(privateKey)), alg: algorithm, kid: 'of-the-mock-server' });
  await server.start(0, '127.0.0.1');
  const { url } = server.issuer;
  if (url === undefined) throw new Error('a started server has an issuer');
  let account: Readonly<Record<string, unknown>> = {};
  server.service.on('beforeTokenSigning', (token: { payload: object }) => void Object.assign(token.payload, account));
  return {
    issuer: url,
    clientId: 'segl-at-the-mock-server',
    secret: 'not looked at by it',
    signInAs: (claims) => {
      account = claims;
    },
    close: () => server.stop(),
  };
}
