import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { interactionPolicy, Provider } from 'oidc-provider';
import type { Configuration } from 'oidc-provider';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { SystemClock } from '#libs/vocabulary';
import { testSettings } from '../testing/stranger-client-portal.ts';
import { assertConfiguration, BridgeConfigurationFault, openProvider } from './assert-configuration.ts';
import { bridgeConfiguration } from './configuration.ts';
import { CookieSignatures } from './cookie-signatures.ts';
import { WaitingProofs } from './proofs.ts';

const ISSUER = 'https://portal.example.org/oidc';
const expected = { isSecure: true, keyIds: ['oidc-1'] };
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Loose: the point of these tests is to put in what does not belong. */
type Loose = { [key: string]: Loose } & Record<string, unknown>;

describe('the configuration of the provider', () => {
  let store: MemoryEphemeralStore;
  beforeAll(() => {
    store = new MemoryEphemeralStore({ maxBytes: 1e6 });
    jest.spyOn(process.stdout, 'write').mockReturnValue(true); // the library warns of what is put in on purpose here
    for (const kind of ['info', 'warn'] as const) jest.spyOn(console, kind).mockReturnValue(undefined);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await store.close();
  });

  function asItMustBe(): Configuration {
    return bridgeConfiguration({
      settings: testSettings(),
      keys: [{ keyId: 'oidc-1', privateKey }],
      consoleKeys: [],
      store,
      proofs: new WaitingProofs(store, new SystemClock()),
      cookieSignatures: new CookieSignatures(() => [new Uint8Array(32)]),
      pageOf: async () => '/sign-in/x',
      renderError: async () => {},
    });
  }

  function faultsOf(configuration: Configuration, wanted = expected): readonly string[] {
    try {
      openProvider(ISSUER, configuration, wanted);
      return [];
    } catch (error) {
      if (error instanceof BridgeConfigurationFault) return error.faults;
      throw error;
    }
  }

  it('is as it must be', () => {
    expect(faultsOf(asItMustBe())).toEqual([]);
  });

  const on = { enabled: true };
  const breaks: readonly (readonly [name: string, fault: string, change: (configuration: Loose) => void])[] = [
    ['an adapter in memory', 'adapter', (c) => delete c['adapter']],
    ['development keys', 'jwks', (c) => delete c['jwks']],
    ['devInteractions', 'features: ', (c) => delete c['features']!['devInteractions']],
    ['userinfo', 'features: ', (c) => delete c['features']!['userinfo']],
    ['dPoP', 'features: ', (c) => delete c['features']!['dPoP']],
    ['rpInitiatedLogout', 'features: ', (c) => delete c['features']!['rpInitiatedLogout']],
    ['introspection', 'features: ', (c) => (c['features']!['introspection'] = on as never)],
    ['revocation', 'features: ', (c) => (c['features']!['revocation'] = on as never)],
    ['registration', 'features: ', (c) => (c['features']!['registration'] = on as never)],
    ['request objects', 'features: ', (c) => (c['features']!['requestObjects'] = on as never)],
    ['encryption', 'features: ', (c) => (c['features']!['encryption'] = on as never)],
    ['claims as asked for', 'features: ', (c) => (c['features']!['claimsParameter'] = on as never)],
    ['logout by back channel', 'features: ', (c) => (c['features']!['backchannelLogout'] = on as never)],
    ['the device flow', 'grant types', (c) => (c['features']!['deviceFlow'] = on as never)],
    ['no client credentials', 'features.clientCredentials', (c) => delete c['features']!['clientCredentials']],
    [
      'no pushed requests',
      'features.pushed',
      (c) => (c['features']!['pushedAuthorizationRequests']!['enabled'] = false as never),
    ],
    [
      'pushed requests left to clients',
      'features.pushed',
      (c) => delete c['features']!['pushedAuthorizationRequests']!['requirePushedAuthorizationRequests'],
    ],
    [
      'redirect URIs that are not registered',
      'features.pushed',
      (c) => (c['features']!['pushedAuthorizationRequests']!['allowUnregisteredRedirectUris'] = true as never),
    ],
    [
      'resources of the library’s choosing',
      'features.resourceIndicators',
      (c) => delete c['features']!['resourceIndicators']!['getResourceServerInfo'],
    ],
    [
      'no default resource',
      'features.resourceIndicators',
      (c) => delete c['features']!['resourceIndicators']!['defaultResource'],
    ],
    ['any account', 'findAccount', (c) => delete c['findAccount']],
    ['grants as sessions remember them', 'loadExistingGrant', (c) => delete c['loadExistingGrant']],
    ['the library’s error page', 'renderError', (c) => delete c['renderError']],
    ['unsigned cookies', 'cookies.keys', (c) => delete c['cookies']!['keys']],
    ['cookies under keys that do not change', 'cookies.keys', (c) => (c['cookies']!['keys'] = ['secret'] as never)],
    ['the library’s names of cookies', 'cookies.names', (c) => delete c['cookies']!['names']],
    [
      'cookies without the prefix',
      'cookies.names',
      (c) => (c['cookies']!['names']!['session'] = 'segl-sign-on' as never),
    ],
    ['long cookies that are not Secure', 'cookies.long', (c) => delete c['cookies']!['long']!['secure']],
    ['short cookies that are not Secure', 'cookies.long', (c) => (c['cookies']!['short'] = { signed: true } as never)],
    ['short cookies that are not signed', 'cookies.long', (c) => (c['cookies']!['short'] = { secure: true } as never)],
    ['cookies for scripts', 'cookies.long', (c) => (c['cookies']!['long']!['httpOnly'] = false as never)],
    ['cookies for other sites', 'cookies.long', (c) => (c['cookies']!['long']!['sameSite'] = 'none' as never)],
    ['cookies for a whole domain', 'cookies.long', (c) => (c['cookies']!['long']!['domain'] = 'example.org' as never)],
    ['PKCE as the library sees fit', 'pkce.required', (c) => delete c['pkce']],
    ['PKCE for nobody', 'pkce.required', (c) => (c['pkce'] = { required: () => false } as never)],
    ['more response types', 'responseTypes', (c) => delete c['responseTypes']],
    ['tokens in answers', 'grant types', (c) => (c['responseTypes'] = ['code', 'code id_token'] as never)],
    ['more scopes', 'scopes', (c) => delete c['scopes']],
    ['refresh tokens', 'grant types', (c) => (c['issueRefreshToken'] = (() => false) as never)],
    ['a redirect URI left out', 'allowOmitting', (c) => delete c['allowOmittingSingleRegisteredRedirectUri']],
    ['tokens in addresses', 'acceptQueryParam', (c) => (c['acceptQueryParamAccessTokens'] = true as never)],
    ['clients with secrets', 'clientAuthMethods', (c) => delete c['clientAuthMethods']],
    ['a secret by default', 'clientAuthMethods', (c) => delete c['clientDefaults']!['token_endpoint_auth_method']],
    [
      'more algorithms of clients',
      'clientAuthSigningAlg',
      (c) => delete c['enabledJWA']!['clientAuthSigningAlgValues'],
    ],
    [
      'another algorithm by default',
      'idTokenSigning',
      (c) => delete c['clientDefaults']!['id_token_signed_response_alg'],
    ],
    ['CORS', 'clientBasedCORS', (c) => delete c['clientBasedCORS']],
    ['CORS for everybody', 'clientBasedCORS', (c) => (c['clientBasedCORS'] = (() => true) as never)],
    ['generous clocks', 'clockTolerance', (c) => (c['clockTolerance'] = 3600 as never)],
    ['what expires with sessions', 'expiresWithSession', (c) => delete c['expiresWithSession']],
    ['fetching', 'fetch: ', (c) => delete c['fetch']],
    ['endless documents', 'fetchResponseBodyLimits', (c) => delete c['fetchResponseBodyLimits']],
    ['the library’s sign-in page', 'interactions', (c) => delete c['interactions']!['url']],
    ['consent', 'interactions', (c) => (c['interactions']!['policy'] = interactionPolicy.base() as never)],
    ...['Interaction', 'Session', 'Grant', 'IdToken', 'AccessToken', 'ClientCredentials', 'AuthorizationCode'].map(
      (kind) =>
        [`${kind} for as long as the library likes`, `ttl.${kind}`, (c: Loose) => delete c['ttl']![kind]] as const,
    ),
    ['a session of two weeks', 'ttl.Session', (c) => (c['ttl']!['Session'] = 1_209_600 as never)],
    ['a code of two minutes', 'ttl.AuthorizationCode', (c) => (c['ttl']!['AuthorizationCode'] = 120 as never)],
  ];

  it.each(breaks)('refuses the start with %s', (_, fault, change) => {
    const configuration = asItMustBe() as Loose;
    change(configuration);
    const faults = faultsOf(configuration);
    expect(faults.some((text) => text.startsWith(fault))).toBe(true);
  });

  it('names every rule when the library decides alone', () => {
    const bare = new Provider(ISSUER, {});
    const faults = (() => {
      try {
        assertConfiguration(bare, expected);
        return [];
      } catch (error) {
        return (error as BridgeConfigurationFault).faults;
      }
    })();
    const named = new Set(
      breaks.map(([, fault]) => fault).filter((fault) => !['acceptQueryParam', 'clockTolerance'].includes(fault)),
    );
    for (const fault of named) expect(faults.some((text) => text.startsWith(fault))).toBe(true);
    expect(faults.some((text) => text.startsWith('proxy'))).toBe(true);
  });

  it('is of the keys that it is said to be of, and of the address', () => {
    expect(faultsOf(asItMustBe(), { isSecure: true, keyIds: ['oidc-2', 'oidc-1'] })).toEqual([
      expect.stringMatching(/^jwks/),
    ]);
    expect(faultsOf(asItMustBe(), { isSecure: false, keyIds: ['oidc-1'] })).toHaveLength(2);
  });
});
