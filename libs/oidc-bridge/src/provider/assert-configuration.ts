import { Provider } from 'oidc-provider';
import type { Configuration } from 'oidc-provider';
import instance from 'oidc-provider/lib/helpers/weak_cache.js';
import { LIFETIME_SECONDS } from './lifetimes.ts';
import { refuseToFetch } from './configuration.ts';
import { StoreAdapter } from './store-adapter.ts';

/** A default of the library that would be in effect: the start is refused (threats.md A8). */
export class BridgeConfigurationFault extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the OpenID provider is not configured as it must be:\n  ${faults.join('\n  ')}`);
    this.name = 'BridgeConfigurationFault';
    this.faults = faults;
  }
}

/** What is used of the library. Anything else that is on, now or by a later default, is a fault. */
const FEATURES_IN_USE = ['clientCredentials', 'pushedAuthorizationRequests', 'resourceIndicators'];
const EIGHT_HOURS = 8 * 3600;

/** As far as it is looked at: the library's own types say what goes in, not what it is resolved to. */
interface Resolved {
  readonly adapter: unknown;
  readonly keyIds: readonly string[];
  readonly grantTypes: readonly string[];
  readonly trustsProxyHeaders: boolean;
  readonly allowOmittingSingleRegisteredRedirectUri: unknown;
  readonly acceptQueryParamAccessTokens: unknown;
  readonly enableHttpPostMethods: unknown;
  readonly clientAuthMethods: ReadonlySet<string>;
  readonly clientAuthSigningAlgValues: readonly string[];
  readonly clientBasedCORS: (...args: unknown[]) => unknown;
  readonly clientDefaults: Readonly<Record<string, unknown>>;
  readonly clockTolerance: number;
  readonly cookies: {
    readonly keys: unknown;
    readonly names: Readonly<Record<'session' | 'interaction' | 'resume', string>>;
    readonly long: Readonly<Record<string, unknown>>;
    readonly short: Readonly<Record<string, unknown>>;
  };
  readonly expiresWithSession: (...args: unknown[]) => unknown;
  readonly features: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly fetch: unknown;
  readonly fetchResponseBodyLimits: Readonly<Record<string, number>>;
  readonly findAccount: unknown;
  readonly idTokenSigningAlgValues: readonly string[];
  readonly interactions: { readonly policy: readonly { readonly name: string }[]; readonly url: unknown };
  readonly loadExistingGrant: unknown;
  readonly pkce: { readonly required: (...args: unknown[]) => unknown };
  readonly renderError: unknown;
  readonly responseTypes: readonly string[];
  readonly scopes: ReadonlySet<string>;
  readonly ttl: Readonly<Record<string, unknown>>;
}

interface Expected {
  readonly isSecure: boolean;
  readonly keyIds: readonly string[];
  /** The library's own functions, by name: none of these may be in effect. */
  readonly defaults: Resolved;
}

type Rule = readonly [fault: string, isKept: (resolved: Resolved, expected: Expected) => boolean];

const RULES: readonly Rule[] = [
  ['adapter: state must lie in the ephemeral store', ({ adapter }) => isStoreAdapter(adapter)],
  ['jwks: signs with keys that are not the keyring’s', ({ keyIds }, wanted) => isSame(keyIds, wanted.keyIds)],
  ['proxy: the host is pinned in front of it, so forwarded headers are ours', (one) => one.trustsProxyHeaders],
  [
    'grant types: authorization_code and client_credentials, no others (no refresh, implicit or password)',
    ({ grantTypes }) => isSame([...grantTypes].sort(), ['authorization_code', 'client_credentials']),
  ],
  ['responseTypes: code alone', ({ responseTypes }) => isSame(responseTypes, ['code'])],
  ['scopes: openid and email alone', ({ scopes }) => isSame([...scopes].sort(), ['email', 'openid'])],
  ['pkce.required: always', ({ pkce }) => isAlways(pkce.required, true)],
  [
    'allowOmittingSingleRegisteredRedirectUri: a redirect URI is always named',
    (one) => one.allowOmittingSingleRegisteredRedirectUri === false,
  ],
  ['acceptQueryParamAccessTokens: no token in an address', (one) => one.acceptQueryParamAccessTokens === false],
  ['enableHttpPostMethods: no authorization by POST', (one) => one.enableHttpPostMethods === false],
  [
    'clientAuthMethods: private_key_jwt alone',
    ({ clientAuthMethods, clientDefaults }) =>
      isSame([...clientAuthMethods], ['private_key_jwt']) &&
      clientDefaults['token_endpoint_auth_method'] === 'private_key_jwt',
  ],
  [
    'clientAuthSigningAlgValues: asymmetric and listed',
    ({ clientAuthSigningAlgValues }) =>
      clientAuthSigningAlgValues.length > 0 &&
      clientAuthSigningAlgValues.every((alg) => ['ES256', 'EdDSA', 'Ed25519', 'RS256'].includes(alg)),
  ],
  [
    'idTokenSigningAlgValues: ES256, and RS256 only where there is a key for it',
    (one, { keyIds }) =>
      isSame(one.idTokenSigningAlgValues, keyIds.some(isRsa) ? ['ES256', 'RS256'] : ['ES256']) &&
      one.clientDefaults['id_token_signed_response_alg'] === 'ES256',
  ],
  ['clientBasedCORS: for nobody', ({ clientBasedCORS }) => isAlways(clientBasedCORS, false)],
  ['clockTolerance: a minute at most', ({ clockTolerance }) => clockTolerance <= 60],
  [
    'cookies.keys: cookies must be signed',
    ({ cookies }) =>
      !Array.isArray(cookies.keys) && typeof (cookies.keys as { sign?: unknown } | null)?.sign === 'function',
  ],
  [
    'cookies.names: our own, __Host- or __Secure- over https',
    ({ cookies: { names } }, { isSecure }) =>
      isSecure
        ? names.session.startsWith('__Host-segl') &&
          names.interaction.startsWith('__Secure-segl') &&
          names.resume.startsWith('__Secure-segl')
        : Object.values(names).every((name) => name.startsWith('segl')),
  ],
  [
    'cookies.long, cookies.short: signed, HttpOnly, SameSite=Lax, Secure over https, no Domain',
    ({ cookies: { long, short } }, { isSecure }) =>
      [long, short].every(
        (cookie) =>
          cookie['signed'] === true &&
          cookie['httpOnly'] === true &&
          cookie['sameSite'] === 'lax' &&
          cookie['secure'] === isSecure &&
          cookie['domain'] === undefined,
      ) &&
      long['path'] === '/' &&
      short['path'] === undefined,
  ],
  ['expiresWithSession: there is no session', ({ expiresWithSession }) => isAlways(expiresWithSession, false)],
  [
    'features: something is on that the bridge does not use',
    ({ features }) =>
      Object.entries(features).every(([name, { enabled }]) => enabled !== true || FEATURES_IN_USE.includes(name)),
  ],
  [
    'features.pushedAuthorizationRequests: on, required, registered redirect URIs alone',
    ({ features: { pushedAuthorizationRequests } }) =>
      pushedAuthorizationRequests?.['enabled'] === true &&
      pushedAuthorizationRequests['requirePushedAuthorizationRequests'] === true &&
      pushedAuthorizationRequests['allowUnregisteredRedirectUris'] === false,
  ],
  [
    'features.resourceIndicators: on, with our own resource',
    ({ features: { resourceIndicators } }, { defaults }) =>
      resourceIndicators?.['enabled'] === true &&
      isOurs(
        resourceIndicators['getResourceServerInfo'],
        defaults.features['resourceIndicators']?.['getResourceServerInfo'],
      ) &&
      isOurs(resourceIndicators['defaultResource'], defaults.features['resourceIndicators']?.['defaultResource']),
  ],
  ['features.clientCredentials: on', ({ features }) => features['clientCredentials']?.['enabled'] === true],
  ['fetch: the provider asks nobody', (one) => one.fetch === refuseToFetch],
  [
    'fetchResponseBodyLimits: bounded',
    ({ fetchResponseBodyLimits }) => Object.values(fetchResponseBodyLimits).every((bytes) => bytes <= 256 * 1024),
  ],
  [
    'findAccount: takes any subject for an account',
    (one, { defaults }) => isOurs(one.findAccount, defaults.findAccount),
  ],
  ['loadExistingGrant', (one, { defaults }) => isOurs(one.loadExistingGrant, defaults.loadExistingGrant)],
  ['renderError: shows what the library says', (one, { defaults }) => isOurs(one.renderError, defaults.renderError)],
  [
    'interactions: our own sign-in page, a fresh proof each time, no consent',
    ({ interactions: { policy, url } }, { defaults }) =>
      isSame(
        policy.map(({ name }) => name),
        ['login'],
      ) && isOurs(url, defaults.interactions.url),
  ],
  ...(
    [
      ['Interaction', 15 * 60],
      ['Session', EIGHT_HOURS],
      ['Grant', EIGHT_HOURS],
      ['IdToken', LIFETIME_SECONDS.token],
      ['AccessToken', LIFETIME_SECONDS.token],
      ['ClientCredentials', LIFETIME_SECONDS.token],
      ['AuthorizationCode', 60],
    ] as const
  ).map(([kind, seconds]): Rule => [
    `ttl.${kind}: ${seconds} s at most`,
    ({ ttl }) => typeof ttl[kind] === 'number' && ttl[kind] > 0 && ttl[kind] <= seconds,
  ]),
];

/**
 * A provider whose resolved configuration was looked at, default by default.
 * @throws BridgeConfigurationFault with every default that is not as it must be
 */
export function openProvider(
  issuer: string,
  configuration: Configuration,
  expected: { readonly isSecure: boolean; readonly keyIds: readonly string[] },
): Provider {
  const provider = new Provider(issuer, configuration);
  provider.proxy = true;
  assertConfiguration(provider, expected);
  return provider;
}

export function assertConfiguration(
  provider: Provider,
  expected: { readonly isSecure: boolean; readonly keyIds: readonly string[] },
): void {
  const resolved = resolvedOf(provider);
  if (resolved === null) throw new BridgeConfigurationFault(['the library no longer says what it resolved']);
  const wanted = { ...expected, defaults: libraryDefaults() };
  const faults = RULES.filter(([, isKept]) => !holds(isKept, resolved, wanted)).map(([fault]) => fault);
  if (faults.length > 0) throw new BridgeConfigurationFault(faults);
}

/** Something that cannot even be looked at is not as it must be. */
function holds(isKept: Rule[1], resolved: Resolved, expected: Expected): boolean {
  try {
    return isKept(resolved, expected);
  } catch {
    return false;
  }
}

let defaults: Resolved | undefined;

/** Of a provider that was given no more than it insists on. */
function libraryDefaults(): Resolved {
  if (defaults === undefined) {
    const { jwks, adapter } = { jwks: { keys: [] }, adapter: () => new StoreAdapter('none', undefined!) };
    const bare = resolvedOf(
      new Provider('https://defaults.invalid', { jwks, adapter, features: { devInteractions: { enabled: false } } }),
    );
    if (bare === null) throw new BridgeConfigurationFault(['the library no longer says what it resolved']);
    defaults = bare;
  }
  return defaults;
}

function resolvedOf(provider: Provider): Resolved | null {
  const found = instance(provider);
  if (found === undefined) return null;
  return {
    ...(found.configuration as unknown as Resolved),
    adapter: found.Adapter,
    keyIds: found.jwks.keys.map(({ kid }) => kid),
    grantTypes: [...(found.configuration['grantTypes'] as ReadonlySet<string>)],
    trustsProxyHeaders: provider.proxy,
  };
}

function isStoreAdapter(factory: unknown): boolean {
  return typeof factory === 'function' && (factory as (model: string) => unknown)('Grant') instanceof StoreAdapter;
}

function isAlways(answer: (...args: unknown[]) => unknown, wanted: boolean): boolean {
  const given = answer();
  Promise.resolve(given).catch(() => undefined); // one of the library's own may take offence later
  return given === wanted;
}

function isOurs(one: unknown, libraryOwn: unknown): boolean {
  return (
    typeof one === 'function' && typeof libraryOwn === 'function' && one !== libraryOwn && `${one}` !== `${libraryOwn}`
  );
}

function isRsa(keyId: string): boolean {
  return keyId.startsWith('oidc-rsa-');
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
