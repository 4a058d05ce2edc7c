import type { Configuration, ErrorOut, Interaction, KoaContextWithOIDC } from 'oidc-provider';
import { errors, interactionPolicy } from 'oidc-provider';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { BEGUN_PARAMETERS } from '../begun-at-client.ts';
import type { OidcBridgeSettings, ProgramClient } from '../settings.ts';
import { clientMetadata, ConfiguredClients, CONSOLE_CLIENT_ID, PORTAL_CLIENT_ID } from './clients.ts';
import type { OwnClientKey } from './clients.ts';
import type { CookieSignatures } from './cookie-signatures.ts';
import { ephemeralKey } from './ephemeral-names.ts';
import { CLOCK_TOLERANCE_SECONDS, LIFETIME_SECONDS } from './lifetimes.ts';
import { claimsOf, subjectOf } from './proofs.ts';
import type { WaitingProofs } from './proofs.ts';
import { idTokenAlgorithmsOf, keySetOf } from './signing-keys.ts';
import type { OidcKey } from './signing-keys.ts';
import { orUnavailable, StoreAdapter } from './store-adapter.ts';

export interface ConfigurationParts {
  readonly settings: OidcBridgeSettings;
  /** The first one of each algorithm signs; ES256 first of all. */
  readonly keys: readonly OidcKey[];
  /** Those of our own console, whose public halves are registered. */
  readonly consoleKeys: readonly OwnClientKey[];
  readonly store: EphemeralStore;
  readonly proofs: WaitingProofs;
  readonly cookieSignatures: CookieSignatures;
  /** Asked when the browser is about to be sent to the sign-in page: its path. */
  readonly pageOf: (context: KoaContextWithOIDC, interaction: Interaction) => Promise<string>;
  readonly renderError: (context: KoaContextWithOIDC, out: ErrorOut, error: Error) => Promise<void>;
}

/** `<publicUrl>/oidc`, without a slash at its end: compared byte for byte by whoever gets a token. */
export function issuerOf(publicUrl: URL): string {
  return new URL('/oidc', publicUrl).href;
}

/** What access tokens of programs are good for (RFC 8707). */
export function apiResourceOf(publicUrl: URL): string {
  return new URL('/api/v1', publicUrl).href;
}

/**
 * `__Host-` where the cookie may have the path `/`. Those of an interaction have the path of that interaction instead, which
 * lets two sign-ins of one browser go on beside each other; BridgeProvider ties them to the `__Host-` cookie of the browser.
 */
export function cookieNamesOf(publicUrl: URL): { session: string; interaction: string; resume: string } {
  const [host, secure] = publicUrl.protocol === 'https:' ? ['__Host-', '__Secure-'] : ['', ''];
  return {
    session: `${host}segl-sign-on`,
    interaction: `${secure}segl-sign-in`,
    resume: `${secure}segl-sign-in-resume`,
  };
}

/** Which client signs people in, and of what kind it is: null for programs and for what is no client. */
export function signInKindOf(
  { clients, consoleRedirectUri }: Pick<OidcBridgeSettings, 'clients' | 'consoleRedirectUri'>,
  clientId: string,
): 'portal' | 'application' | 'console' | null {
  if (clientId === PORTAL_CLIENT_ID) return 'portal';
  if (clientId === CONSOLE_CLIENT_ID) return consoleRedirectUri === undefined ? null : 'console';
  const client = clients.find((candidate) => candidate.clientId === clientId);
  return client === undefined || client.kind === 'program' ? null : client.kind;
}

/** Tabs and reloads of one reader within the minute that a pushed request lives. */
const MAX_INTERACTIONS_OF_A_REQUEST = 10;

const OFF = { enabled: false } as const;
const ON = { enabled: true } as const;

/** Everything that the library decides otherwise by default (threats.md A8); assert-configuration.ts holds it to this. */
export function bridgeConfiguration(parts: ConfigurationParts): Configuration {
  const { settings, keys, consoleKeys, store, proofs } = parts;
  const isSecure = settings.publicUrl.protocol === 'https:';
  const cookie = { httpOnly: true, sameSite: 'lax', secure: isSecure, signed: true } as const;
  const clients = new ConfiguredClients(clientMetadata(settings, keys, consoleKeys));
  const configuration: Configuration & { fetchResponseBodyLimits: Record<string, number> } = {
    adapter: (model: string) => (model === 'Client' ? clients : new StoreAdapter(model, store)),
    jwks: keySetOf(keys),
    clientDefaults: {
      grant_types: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
      token_endpoint_auth_method: 'private_key_jwt',
    },
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519', 'RS256'],
      idTokenSigningAlgValues: idTokenAlgorithmsOf(keys),
    },
    assertJwtClientAuthClaimsAndHeader: checkClientAssertion,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    cookies: {
      names: cookieNamesOf(settings.publicUrl),
      long: { ...cookie, path: '/' },
      short: cookie,
      // the library takes any object that signs, its types want a Keygrip
      keys: parts.cookieSignatures as unknown as NonNullable<NonNullable<Configuration['cookies']>['keys']>,
    },
    scopes: ['openid', 'email'],
    claims: {
      openid: ['sub', 'amr', 'auth_time', 'segl_proof', 'segl_reader', 'roles'],
      email: ['email', 'email_verified'],
    },
    responseTypes: ['code'],
    extraParams: [...BEGUN_PARAMETERS],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    expiresWithSession: () => false, // there is no session to expire with
    // `issueRefreshToken` stays the library's own: setting it makes refresh_token a grant type of the server
    ttl: {
      AccessToken: LIFETIME_SECONDS.token,
      AuthorizationCode: LIFETIME_SECONDS.code,
      ClientCredentials: LIFETIME_SECONDS.token,
      Grant: LIFETIME_SECONDS.grant,
      IdToken: LIFETIME_SECONDS.token,
      Interaction: LIFETIME_SECONDS.interaction,
      Session: LIFETIME_SECONDS.session,
    },
    clientBasedCORS: () => false,
    fetch: refuseToFetch,
    fetchResponseBodyLimits: { 'client_id metadata document': 0, jwks_uri: 0, sector_identifier_uri: 0 },
    features: {
      clientCredentials: ON,
      pushedAuthorizationRequests: {
        enabled: true,
        requirePushedAuthorizationRequests: true,
        allowUnregisteredRedirectUris: false,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (context) =>
          programOf(settings, context) === null ? undefined! : apiResourceOf(settings.publicUrl),
        getResourceServerInfo: (context, indicator) => resourceOf(settings, context, indicator),
      },
      backchannelLogout: OFF,
      claimsParameter: OFF,
      devInteractions: OFF,
      deviceFlow: OFF,
      dPoP: OFF,
      encryption: OFF,
      introspection: OFF,
      registration: OFF,
      requestObjects: OFF,
      revocation: OFF,
      rpInitiatedLogout: OFF,
      userinfo: OFF,
    },
    interactions: {
      policy: [freshProof(store)] as unknown as interactionPolicy.DefaultPolicy,
      url: (context, interaction) => parts.pageOf(context, interaction),
    },
    async findAccount(context, handle, token) {
      // asked with the code in hand, this is the exchange: the proof is used up by it
      const proof = await (token === undefined ? proofs.peek(handle) : proofs.take(handle));
      const kind = signInKindOf(settings, context.oidc.client?.clientId ?? '');
      if (proof === null || kind === null) return undefined;
      const subject = subjectOf(proof);
      return {
        accountId: token === undefined ? handle : subject,
        claims: () => ({ sub: subject, ...claimsOf(proof, kind) }),
      };
    },
    loadExistingGrant: grantWhatIsAsked,
    renderError: parts.renderError,
  };
  return configuration;
}

/** The one thing that an authorization request is ever answered with: a proof made for it. Nothing earlier counts, nothing is asked twice. */
function freshProof(store: EphemeralStore): interactionPolicy.Prompt {
  const { Check, Prompt } = interactionPolicy;
  return new Prompt(
    { name: 'login', requestable: true },
    new Check('no_proof', 'sign-in is required', async ({ oidc }) => {
      if (oidc.result?.login === undefined) {
        const { PushedAuthorizationRequest: pushed, Interaction: before } = oidc.entities;
        const again = (before as { readonly parJti?: string } | undefined)?.parJti;
        await countInteraction(store, pushed?.jti ?? again);
        return Check.REQUEST_PROMPT;
      }
      if (oidc.account === undefined) throw new errors.LoginRequired('the proof has expired');
      return Check.NO_NEED_TO_PROMPT;
    }),
  );
}

/**
 * A pushed request may be followed again (a reload, the back button), and each time something waits for a quarter of an hour:
 * whoever has one address may not fill the store with it.
 */
async function countInteraction(store: EphemeralStore, pushedRequest: string | undefined): Promise<void> {
  const window = { ttlSeconds: LIFETIME_SECONDS.pushedRequest + LIFETIME_SECONDS.interaction };
  const key = ephemeralKey('interactions-begun', pushedRequest ?? '');
  if ((await orUnavailable(() => store.increment(key, window))) <= MAX_INTERACTIONS_OF_A_REQUEST) return;
  const refusal = new errors.InvalidRequestUri('request_uri was followed too often');
  refusal.allow_redirect = false; // the client's own attempt may still end well
  throw refusal;
}

/** No consent: every client is the organisation's own, by its configuration. */
const grantWhatIsAsked: Configuration['loadExistingGrant'] = async ({ oidc }) => {
  const { account, client } = oidc;
  if (account === undefined || client === undefined) return undefined;
  const grant = new oidc.provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope([...oidc.requestParamOIDCScopes].join(' '));
  await grant.save();
  return grant;
};

/**
 * Beyond RFC 7523 §3: an audience of its own (no second one that could replay it), an end that bounds what is remembered of it, and
 * a time of issue, where it has one, that has come.
 */
function checkClientAssertion(_context: unknown, claims: Record<string, unknown>): void {
  const { aud, exp, iat } = claims;
  if (Array.isArray(aud) && aud.length !== 1) throw new errors.InvalidClientAuth('one audience, no more');
  const now = Date.now() / 1000;
  if (iat !== undefined && (typeof iat !== 'number' || iat > now + CLOCK_TOLERANCE_SECONDS)) {
    throw new errors.InvalidClientAuth('an assertion is of the present');
  }
  if (typeof exp !== 'number' || exp > now + LIFETIME_SECONDS.clientAssertion + CLOCK_TOLERANCE_SECONDS) {
    throw new errors.InvalidClientAuth(`an assertion lives ${LIFETIME_SECONDS.clientAssertion} s at most`);
  }
}

function programOf({ clients }: OidcBridgeSettings, context: KoaContextWithOIDC): ProgramClient | null {
  const client = clients.find(({ clientId }) => clientId === context.oidc.client?.clientId);
  return client?.kind === 'program' ? client : null;
}

/** A scope that was not granted is an error, never a token with less in it. */
function resourceOf(settings: OidcBridgeSettings, context: KoaContextWithOIDC, indicator: string) {
  const program = programOf(settings, context);
  const api = apiResourceOf(settings.publicUrl);
  if (program === null || indicator !== api) throw new errors.InvalidTarget();
  const wanted = [...context.oidc.requestParamScopes];
  if (wanted.length === 0) throw new errors.InvalidScope('name the scopes that are needed', '');
  const refused = wanted.find((scope) => !(program.scopes as readonly string[]).includes(scope));
  if (refused !== undefined) throw new errors.InvalidScope('requested scope is not allowed', refused);
  return {
    scope: program.scopes.join(' '),
    audience: api,
    accessTokenFormat: 'jwt' as const,
    accessTokenTTL: LIFETIME_SECONDS.token,
    jwt: { sign: { alg: 'ES256' as const } },
  };
}

/** The bridge's provider asks nobody: keys of clients stand in the configuration (threats.md A9). */
export function refuseToFetch(): never {
  throw new TypeError('the provider fetches nothing');
}
