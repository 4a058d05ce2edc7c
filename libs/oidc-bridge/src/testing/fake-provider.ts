/* eslint-disable @typescript-eslint/parameter-properties -- benchmarks run this as it is, with types taken away (ops/bench/account-provider.ts) */
/**
 * Account providers to sign in with, for stories and specs. Each is a real oidc-provider of its own on a free port of loopback:
 * discovery, authorization code with PKCE, client authentication, keys; what it signs is then made to look like a token of
 * Microsoft, Google or an organisation. Nobody has to click: its authorize endpoint signs in whoever was named last.
 *
 *   const google = await startFakeProvider({ behaves: 'google' });
 *   googleUpstream({ id: 'google', name: 'Google', issuer: google.issuer, clientId: google.clientId,
 *     credential: { secret: google.secret }, privateAddresses: ['127.0.0.1'] }, new Egress());
 *   google.signInAs({ email: 'anna.berg@gmail.com' });   // the next sign-ins hold this; the rest of a good token is added
 *   google.signInAs({ email: 'x@example.org', hd: undefined });   // undefined leaves a claim out
 *   google.breakWith('wrong-nonce');                     // until breakWith(null)
 *   google.breakWith('cancelled');                       // the reader turns back: access_denied
 *   await google.close();
 *
 * Microsoft: `authority: fake.url` (its `issuer` is that of its `organizations` metadata); `signInAs({ tid: PERSONAL_TENANT })`
 * for a personal account. Any redirect URI is taken, since a portal's port is not known beforehand. Cookie names differ between
 * fakes, for cookies ignore ports; a browser needs to keep nothing between two sign-ins.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK } from 'jose';
import Provider from 'oidc-provider';
import type { Adapter, AdapterPayload, Configuration } from 'oidc-provider';
import { FakeTokens, PERSONAL_TENANT } from './fake-tokens.ts';
import type { Breakage, FakeBehaviour } from './fake-tokens.ts';

export interface FakeProviderOptions {
  readonly behaves: FakeBehaviour;
  /** The client proves itself by private_key_jwt with this key (`segl-1`), instead of by the secret. */
  readonly clientPublicKey?: KeyObject;
  /** Laid over the discovery document: what a tricked or misconfigured provider says. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export type AccountClaims = Readonly<Record<string, unknown>>;

export interface FakeProvider {
  /** `http://127.0.0.1:<port>`: the authority of a fake Microsoft. */
  readonly url: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  /** Paths asked for so far, without queries; as `GET /path`. */
  readonly asked: readonly string[];
  /** Queries of the authorization requests so far. */
  readonly authorizationRequests: readonly URLSearchParams[];
  /** Bodies of the token requests so far. */
  readonly tokenRequests: readonly URLSearchParams[];
  /** @param claims for all that come next, or made of what their request asks for, such as its `login_hint` */
  signInAs(claims: AccountClaims | ((asked: Readonly<Record<string, unknown>>) => AccountClaims)): void;
  breakWith(breakage: Breakage | null): void;
  rotateKeys(): void;
  /** These claims stand at the userinfo endpoint from now on, and not in the ID token. */
  saysAtUserinfo(names: readonly string[]): void;
  /** Laid over the discovery document from now on. */
  sayOfItself(metadata: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

/** `/{tenant}/oauth2/v2.0/authorize` and the like. */
const MICROSOFT_PATH = /^\/([\w-]+)\/(?:oauth2\/v2\.0\/(authorize|token)|discovery\/v2\.0\/(keys))$/;
const MICROSOFT_METADATA = /^\/([\w-]+)\/v2\.0\/\.well-known\/openid-configuration$/;

export async function startFakeProvider(options: FakeProviderOptions): Promise<FakeProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fake = new RunningFake(url, options, () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const provider = await fake.openIdProvider();
  server.on('request', (request, response) => {
    fake.answer(provider, request, response).catch((fault: unknown) => {
      // An interaction that is over, when somebody goes back in their browser.
      if (!response.headersSent) response.writeHead(400, { 'content-type': 'text/plain' });
      response.end(`the fake provider does not know this: ${String(fault)}`);
    });
  });
  return fake;
}

interface SignIn {
  readonly account: AccountClaims;
  readonly breakage: Breakage | null;
}

class RunningFake implements FakeProvider {
  readonly issuer: string;
  readonly clientId = 'segl-at-this-provider';
  readonly secret = randomBytes(24).toString('base64url');
  readonly asked: string[] = [];
  readonly authorizationRequests: URLSearchParams[] = [];
  readonly tokenRequests: URLSearchParams[] = [];
  private readonly tokens: FakeTokens;
  private readonly cookiePrefix = `fake_${randomBytes(4).toString('hex')}`;
  private readonly signIns = new Map<string, SignIn>();
  private accountOf: (asked: Readonly<Record<string, unknown>>) => AccountClaims = () => ({});
  private breakage: Breakage | null = null;
  private atUserinfo: readonly string[] = [];
  private readonly userinfo = new Map<string, AccountClaims>();
  private metadata: Readonly<Record<string, unknown>>;

  readonly url: string;
  readonly close: () => Promise<void>;
  private readonly options: FakeProviderOptions;

  constructor(url: string, options: FakeProviderOptions, close: () => Promise<void>) {
    this.url = url;
    this.options = options;
    this.close = close;
    this.issuer = options.behaves === 'microsoft' ? `${url}/{tenantid}/v2.0` : url;
    this.metadata = options.metadata ?? {};
    this.tokens = new FakeTokens(options.behaves, url);
  }

  signInAs(claims: AccountClaims | ((asked: Readonly<Record<string, unknown>>) => AccountClaims)): void {
    this.accountOf = typeof claims === 'function' ? claims : () => claims;
  }

  breakWith(breakage: Breakage | null): void {
    this.breakage = breakage;
  }

  rotateKeys(): void {
    this.tokens.rotate();
  }

  saysAtUserinfo(names: readonly string[]): void {
    this.atUserinfo = names;
  }

  sayOfItself(metadata: Readonly<Record<string, unknown>>): void {
    this.metadata = metadata;
  }

  async openIdProvider(): Promise<Provider> {
    const { clientPublicKey } = this.options;
    const provider = new Provider(this.url, {
      adapter: inMemory({
        // Stored, not configured: oidc-provider clones what is configured out of Jest's realm, and then knows its keys no more.
        [`Client ${this.clientId}`]: {
          client_id: this.clientId,
          redirect_uris: [`${this.url}/any`],
          response_types: ['code'],
          grant_types: ['authorization_code'],
          ...(clientPublicKey === undefined
            ? { client_secret: this.secret, token_endpoint_auth_method: 'client_secret_post' }
            : {
                token_endpoint_auth_method: 'private_key_jwt',
                jwks: { keys: [{ ...(await exportJWK(clientPublicKey)), kid: 'segl-1' }] },
              }),
        },
      }),
      jwks: await this.tokens.privateKeySet(),
      routes: { authorization: '/authorize', token: '/token', jwks: '/keys' },
      cookies: {
        keys: [randomBytes(16).toString('hex')],
        names: {
          session: `${this.cookiePrefix}_session`,
          interaction: `${this.cookiePrefix}_interaction`,
          resume: `${this.cookiePrefix}_resume`,
        },
      },
      features: { devInteractions: { enabled: false } },
      pkce: { required: () => true },
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
      loadExistingGrant: async (ctx) => {
        const { client, session } = ctx.oidc;
        if (client === undefined || session?.accountId === undefined) return undefined;
        const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
      ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
      renderError: (ctx, out) => {
        ctx.type = 'text';
        ctx.body = `${out.error}: ${out.error_description ?? ''}`;
      },
    } satisfies Configuration);
    // A documented hook of oidc-provider: which redirect URIs a client may use.
    provider.Client.prototype.redirectUriAllowed = () => true;
    // The token endpoint that the discovery document names is another than the path oidc-provider hears of.
    provider.OIDCContext.prototype.clientJwtAuthExpectedAudience = () =>
      ({ has: (aud: string) => this.isOurs(aud) }) as Set<string>;
    provider.use(async (ctx, next) => {
      await next();
      await this.remake(ctx as unknown as RemadeAnswer);
    });
    return provider;
  }

  async answer(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URL(request.url ?? '/', this.url);
    this.asked.push(`${request.method} ${asked.pathname}`);
    if (/\/openid-configuration$/.test(asked.pathname)) return json(response, this.document(asked.pathname));
    const [, tenant, endpoint, keys] = MICROSOFT_PATH.exec(asked.pathname) ?? [];
    if (keys !== undefined || asked.pathname === '/keys') return json(response, await this.tokens.publicKeySet());
    if (asked.pathname === '/userinfo') return this.answerUserinfo(request, response);
    if (tenant !== undefined) request.url = `/${endpoint}${asked.search}`;
    if (request.url?.startsWith('/authorize?')) {
      this.authorizationRequests.push(new URLSearchParams(asked.search));
      // Microsoft and Google let a person choose; here they have chosen already, and oidc-provider knows no such prompt.
      asked.searchParams.delete('prompt');
      request.url = `/authorize${asked.search}`;
    }
    // Every sign-in is a first one.
    request.headers.cookie = (request.headers.cookie ?? '')
      .split('; ')
      .filter((cookie) => !cookie.startsWith(`${this.cookiePrefix}_session`))
      .join('; ');
    if (asked.pathname.startsWith('/interaction/')) return this.signIn(provider, request, response);
    if (request.url === '/token' && this.breakage === 'token-endpoint-down') {
      response.writeHead(503).end();
      return;
    }
    await provider.callback()(request, response);
  }

  private async signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const accountId = randomUUID();
    const { params } = await provider.interactionDetails(request, response);
    this.signIns.set(accountId, { account: this.accountOf(params), breakage: this.breakage });
    const failure = { cancelled: 'access_denied', 'provider-error': 'server_error' }[String(this.breakage)];
    await provider.interactionFinished(
      request,
      response,
      failure === undefined ? { login: { accountId } } : { error: failure, error_description: 'as asked for' },
    );
  }

  /** What oidc-provider answers, as the provider that it plays would. */
  private async remake(ctx: RemadeAnswer): Promise<void> {
    const location = ctx.response.get('location');
    if (location !== '' && /[?&](code|error)=/.test(location)) {
      ctx.redirect(this.remadeCallback(new URL(location)).href);
      ctx.status = 303;
    }
    if (ctx.oidc?.route !== 'token') return;
    this.tokenRequests.push(new URLSearchParams(ctx.oidc.body as Record<string, string>));
    if (ctx.status !== 200 || ctx.body === undefined) return;
    const { id_token: issuedToken, ...rest } = ctx.body as { id_token: string; access_token: string };
    const issued = decodeJwt(issuedToken);
    const signIn = this.signIns.get(issued.sub ?? '') ?? { account: {}, breakage: null };
    if (signIn.breakage === 'client-refused') {
      ctx.status = 400;
      ctx.body = { error: 'unauthorized_client' };
      return;
    }
    const claims = this.tokens.claimsOf(signIn.account);
    const kept = this.atUserinfo.map((name) => [name, claims[name]] as const);
    this.userinfo.set(String(rest.access_token), { sub: claims.sub, ...Object.fromEntries(kept) });
    const inToken = { ...signIn.account, ...Object.fromEntries(this.atUserinfo.map((name) => [name, undefined])) };
    const token = await this.tokens.mint(issued, { sub: claims.sub, ...inToken }, signIn.breakage);
    ctx.body = signIn.breakage === 'no-id-token' ? rest : { ...rest, id_token: token };
  }

  private answerUserinfo({ headers }: IncomingMessage, response: ServerResponse): void {
    const claims = this.userinfo.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
    if (claims === undefined || this.breakage === 'userinfo-refused') return void response.writeHead(401).end();
    if (this.breakage === 'userinfo-signed') {
      return void response.writeHead(200, { 'content-type': 'application/jwt' }).end('e30.e30.e30');
    }
    json(response, { ...claims, ...(this.breakage === 'userinfo-of-another' ? { sub: 'somebody-else' } : {}) });
  }

  /** Whether this is what a client's assertion may be addressed to. */
  private isOurs(audience: string): boolean {
    const { origin, pathname } = new URL(audience);
    if (origin !== this.url) return false;
    return this.options.behaves === 'microsoft' ? MICROSOFT_PATH.exec(pathname)?.[2] === 'token' : pathname === '/';
  }

  private remadeCallback(callback: URL): URL {
    // Microsoft does not send RFC 9207's parameter, nor say that it does.
    if (this.options.behaves === 'microsoft' || this.breakage === 'missing-issuer-parameter') {
      callback.searchParams.delete('iss');
    }
    if (this.breakage === 'other-issuer-parameter') callback.searchParams.set('iss', 'https://another.example');
    if (this.breakage === 'code-of-another-provider')
      callback.searchParams.set('code', randomBytes(32).toString('hex'));
    return callback;
  }

  private document(path: string): object {
    const common = {
      response_types_supported: ['code'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    };
    const [, tenant] = MICROSOFT_METADATA.exec(path) ?? [];
    if (tenant === undefined || this.options.behaves !== 'microsoft') {
      return {
        ...common,
        issuer: this.url,
        authorization_endpoint: `${this.url}/authorize`,
        token_endpoint: `${this.url}/token`,
        jwks_uri: `${this.url}/keys`,
        userinfo_endpoint: `${this.url}/userinfo`,
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        ...this.metadata,
      };
    }
    const named: Record<string, string> = {
      common: '{tenantid}',
      organizations: '{tenantid}',
      consumers: PERSONAL_TENANT,
    };
    return {
      ...common,
      issuer: `${this.url}/${named[tenant] ?? tenant}/v2.0`,
      authorization_endpoint: `${this.url}/${tenant}/oauth2/v2.0/authorize`,
      token_endpoint: `${this.url}/${tenant}/oauth2/v2.0/token`,
      jwks_uri: `${this.url}/${tenant}/discovery/v2.0/keys`,
      ...this.metadata,
    };
  }
}

/** What of a Koa context is touched here. */
interface RemadeAnswer {
  status: number;
  body: unknown;
  readonly response: { get(name: string): string };
  readonly oidc?: { readonly route?: string; readonly body?: unknown };
  redirect(url: string): void;
}

function json(response: ServerResponse, document: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
}

/** oidc-provider's storage, for as long as the fake runs. */
function inMemory(initially: Readonly<Record<string, AdapterPayload>>): (kind: string) => Adapter {
  const stored = new Map(Object.entries(initially));
  const find = (matches: (payload: AdapterPayload) => boolean) => Promise.resolve([...stored.values()].find(matches));
  return (kind) => ({
    upsert: async (id, payload) => void stored.set(`${kind} ${id}`, { ...payload, kind }),
    find: async (id) => stored.get(`${kind} ${id}`),
    findByUid: (uid) => find((payload) => payload.kind === kind && payload.uid === uid),
    findByUserCode: () => Promise.resolve(undefined),
    consume: async (id) => {
      const payload = stored.get(`${kind} ${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => void stored.delete(`${kind} ${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
    },
  });
}
