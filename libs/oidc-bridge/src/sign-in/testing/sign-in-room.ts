import { generateKeyPairSync, randomBytes, createHash, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Global, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { decodeJwt, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import { EphemeralStore, MemoryEphemeralStore } from '#libs/ephemeral-store';
import { EventStore } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { temporaryKeyring, temporaryPersonDirectory } from '#libs/keyring/testing';
import { MailRelay, SmtpRelay } from '#libs/mail';
import { startSmtpSink } from '#libs/mail/testing';
import { PASSCODE_ERRORS, PasscodeSettings } from '#libs/passcode';
import { codeIn, pause } from '#libs/passcode/testing';
import { Clock, parseMailAddress, SystemClock } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { installWebUi, ViewEngine } from '#libs/web-ui';
import { TestBrowser, testOrganisation } from '#libs/web-ui/testing';
import { begunParameters } from '../../begun-at-client.ts';
import type { BegunAtClient } from '../../begun-at-client.ts';
import { OidcBridgeModule } from '../../oidc-bridge.module.ts';
import { BridgeProvider } from '../../provider/bridge-provider.ts';
import { portalClientKeys } from '../../provider/clients.ts';
import { OidcBridgeSettings } from '../../settings.ts';
import { clientSignInsStream, signInsStream } from '../../sign-in-events.ts';
import type { AuthenticationFailed } from '../../sign-in-events.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import { SIGN_IN_ERRORS } from '../error-pages.ts';

export const anna = parseMailAddress('anna@example.com');
/** A colleague whom the directory knows as well. */
export const bo = parseMailAddress('bo@nordlys.example');

export interface AuthorizationWish {
  /** Default: the portal. */
  readonly client?: string;
  /** Default: anna for the portal, none for others. */
  readonly hint?: string;
  /** What our own portal says of the browser that began it. Default: nothing. */
  readonly begun?: BegunAtClient;
}

export interface Authorization {
  readonly url: string;
  readonly redirectUri: string;
  /** What the client does with the address that the browser comes back to. @returns claims, or the OAuth error */
  redeem(answered: string): Promise<JWTPayload | { readonly error: string }>;
}

/** A sign-in that a client has begun in a browser, which stands at its page. */
export interface BegunSignIn {
  readonly browser: TestBrowser;
  /** `/sign-in/<uid>` */
  readonly path: string;
  /** Follows redirects up to the client and exchanges the code there. @returns claims, or the OAuth error */
  end(location: string): Promise<JWTPayload | { readonly error: string }>;
}

export interface SignInRoom {
  readonly app: NestExpressApplication;
  readonly url: string;
  readonly ephemeral: MemoryEphemeralStore;
  readonly persons: PersonDirectory;
  readonly annaId: PersonId;
  browser(): TestBrowser;
  /** Another tab: the same browser, as far as cookies of the whole site go (those of one page are kept apart by their path). */
  tabOf(browser: TestBrowser): TestBrowser;
  /** As a client does: PAR with private_key_jwt. The browser is then to be sent to `url`. */
  authorize(wish?: AuthorizationWish): Promise<Authorization>;
  /** And the browser sent there, which stands at the sign-in page then. */
  begin(wish?: AuthorizationWish & { browser?: TestBrowser }): Promise<BegunSignIn>;
  failures(personId?: PersonId, clientId?: string): Promise<AuthenticationFailed['data'][]>;
  codeInMail(count: number): Promise<string>;
  mailCount(): number;
  /** As it came over the line. */
  mailText(index: number): string;
  /** Moves the ephemeral store's time on. */
  elapse(seconds: number): void;
  close(): Promise<void>;
}

/** The bridge as it runs: real provider, stores, passcode room and mail over real sockets; providers as given. */
export async function openSignInRoom(
  upstreams: readonly Upstream[] | ((publicUrl: URL) => readonly Upstream[]),
  change: Partial<OidcBridgeSettings> & { passcodesPerHour?: number; redirectUri?: string } = {},
): Promise<SignInRoom> {
  const sqlite = await openTemporarySqlite();
  const keys = await temporaryKeyring();
  const directory = await temporaryPersonDirectory(keys.keyring);
  const clock = new SystemClock();
  let movedOnMs = 0;
  const ephemeral = new MemoryEphemeralStore({
    maxBytes: 16 * 1024 * 1024,
    clock: () => performance.now() + movedOnMs,
  });
  const sink = await startSmtpSink({});
  const relay = new SmtpRelay(`smtp://127.0.0.1:${sink.port}`, { clock, closeGraceMs: 200 });
  // the issuer names the port, so it must be known before anything listens there
  const publicUrl = new URL(`http://127.0.0.1:${await freePort()}`);
  const clientKeys = new Map<string, KeyObject>();
  const redirectUriOf = (clientId: string) =>
    clientId === 'portal'
      ? new URL('/authenticate', publicUrl).href
      : (change.redirectUri ?? `https://${clientId}.nordlys.example/callback`);
  const client = (clientId: string, kind: 'application' | 'console', name: string) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    clientKeys.set(clientId, privateKey);
    const passcodesPerHour = change.passcodesPerHour ?? 100;
    const redirectUris = [redirectUriOf(clientId)];
    return { clientId, kind, name, publicKeys: [publicKey], redirectUris, passcodesPerHour };
  };
  const settings: OidcBridgeSettings = {
    publicUrl,
    organisation: 'Nordlys Advokater',
    portalRedirectUri: redirectUriOf('portal'),
    clients: [
      client('intranet', 'application', 'Nordlys Intranet'),
      client('console', 'console', 'Nordlys Compliance'),
    ],
    upstreams: typeof upstreams === 'function' ? upstreams(publicUrl) : upstreams,
    sharedMailboxes: [],
    noPasscodeFor: [],
    demonstration: false,
    ...change,
  };
  const passcode = Object.assign(new PasscodeSettings(), {
    publicUrl,
    organisation: { name: settings.organisation, locales: ['en', 'da'] },
    senderAddress: parseMailAddress('no-reply@nordlys.example'),
    returnPath: '' as const,
  });
  const views = new ViewEngine();
  const provided = [
    { provide: EventStore, useValue: sqlite.store },
    { provide: EphemeralStore, useValue: ephemeral },
    { provide: PersonDirectory, useValue: directory.persons },
    { provide: Keyring, useValue: keys.keyring },
    { provide: MailRelay, useValue: relay },
    { provide: Clock, useValue: clock },
    { provide: ViewEngine, useValue: views },
    { provide: PasscodeSettings, useValue: passcode },
    { provide: OidcBridgeSettings, useValue: settings },
  ];
  @Global()
  @Module({ providers: provided, exports: provided.map(({ provide }) => provide) })
  class PartsModule {}

  const module = await Test.createTestingModule({
    imports: [CqrsModule.forRoot(), PartsModule, OidcBridgeModule],
  }).compile();
  const app = module.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  installWebUi(app, {
    publicUrl,
    organisation: testOrganisation,
    views,
    keys: () => keys.keyring.cookieKeys(),
    errorPages: [PASSCODE_ERRORS, SIGN_IN_ERRORS],
    trustedProxies: ['127.0.0.1'],
  });
  app.use('/oidc', app.get(BridgeProvider).middleware());
  await app.listen(Number(publicUrl.port), '127.0.0.1');
  const { personId: annaId } = await directory.persons.findOrCreate(anna);

  const assertionOf = async (clientId: string): Promise<Record<string, string>> => {
    const [portal] = portalClientKeys(keys.keyring);
    const key = clientId === 'portal' ? portal?.privateKey : clientKeys.get(clientId);
    if (key === undefined) throw new Error(`no client ${clientId}`);
    const jwt = new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : 'ES256' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(`${publicUrl.origin}/oidc`)
      .setIssuedAt()
      .setExpirationTime('1 minute');
    return {
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await jwt.sign(key),
    };
  };

  const room: SignInRoom = {
    app,
    url: publicUrl.origin,
    ephemeral,
    persons: directory.persons,
    annaId,
    browser: () => new TestBrowser(publicUrl.origin),
    tabOf(browser) {
      const tab = room.browser();
      tab.cookies.set('segl', browser.cookies.get('segl') ?? '');
      return tab;
    },
    async authorize({ client: clientId = 'portal', hint = clientId === 'portal' ? anna : undefined, begun } = {}) {
      const verifier = randomBytes(32).toString('base64url');
      const redirectUri = redirectUriOf(clientId);
      const pushed = await postForm(`${publicUrl.origin}/oidc/request`, {
        ...(await assertionOf(clientId)),
        ...{ response_type: 'code', scope: 'openid email', redirect_uri: redirectUri },
        ...{ state: randomUUID(), nonce: randomUUID(), code_challenge_method: 'S256' },
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        ...(hint === undefined ? {} : { login_hint: hint }),
        ...(begun === undefined ? {} : begunParameters(begun)),
      });
      if (typeof pushed['request_uri'] !== 'string') throw new Error(`not pushed: ${JSON.stringify(pushed)}`);
      const query = new URLSearchParams({ client_id: clientId, request_uri: pushed['request_uri'] });
      return {
        url: `${publicUrl.origin}/oidc/auth?${query}`,
        redirectUri,
        async redeem(answered) {
          const answer = new URL(answered).searchParams;
          const code = answer.get('code');
          if (code === null) return { error: answer.get('error') ?? 'neither code nor error' };
          const tokens = await postForm(`${publicUrl.origin}/oidc/token`, {
            ...(await assertionOf(clientId)),
            ...{ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier },
          });
          if (typeof tokens['id_token'] !== 'string') throw new Error(`no token: ${JSON.stringify(tokens)}`);
          return decodeJwt(tokens['id_token']);
        },
      };
    },
    async begin({ browser = room.browser(), ...wish } = {}) {
      const { url, redirectUri, redeem } = await room.authorize(wish);
      const sent = await browser.get(url);
      const path = new URL(sent.headers.get('location') ?? '/none', publicUrl).pathname;
      if (!path.startsWith('/sign-in/')) throw new Error(`sent to ${path}: ${sent.status} ${sent.text}`);
      return {
        browser,
        path,
        async end(location) {
          let at = location;
          while (!at.startsWith(`${redirectUri}?`)) {
            const page = await browser.get(at);
            const next = page.headers.get('location');
            if (next === null) throw new Error(`${at} answered ${page.status}: ${page.text}`);
            at = next;
          }
          return redeem(at);
        },
      };
    },
    async failures(personId = annaId, clientId) {
      const stream = clientId === undefined ? signInsStream(personId) : clientSignInsStream(clientId);
      const events = (await Array.fromAsync(sqlite.store.readStream(stream))) as RecordedEvent[];
      return events.map(({ data }) => data as AuthenticationFailed['data']);
    },
    async codeInMail(count) {
      for (let turn = 0; turn < 1000 && sink.mails.length < count; turn++) await pause(10);
      if (sink.mails.length !== count) throw new Error(`${sink.mails.length} mails, not ${count}`);
      return codeIn(sink.mails.at(-1)?.content ?? Buffer.alloc(0));
    },
    mailCount: () => sink.mails.length,
    mailText: (index) => sink.mails[index]?.content.toString('latin1') ?? '',
    elapse: (seconds) => {
      movedOnMs += seconds * 1000;
    },
    async close() {
      await app.close();
      await relay.close();
      await sink.close();
      await ephemeral.close();
      await directory.remove();
      await keys.remove();
      await sqlite.cleanUp();
    },
  };
  return room;
}

/** The address a provider's button leads to, and the address the provider sends the browser back to. */
export async function throughProvider(
  { browser, path }: BegunSignIn,
  upstreamId: string,
  below = '/with',
): Promise<{ readonly toProvider: string; readonly callback: string }> {
  const begun = await browser.get(`${path}${below}/${upstreamId}`);
  const toProvider = begun.headers.get('location') ?? '';
  const state = URL.parse(toProvider)?.searchParams.get('state') ?? '';
  return { toProvider, callback: `/sign-in/callback/${upstreamId}?${new URLSearchParams({ code: 'a-code', state })}` };
}

/** The passcode's whole way, from the sign-in page to where its proof is brought. */
export async function throughCode(
  room: SignInRoom,
  { browser, path }: BegunSignIn,
  mails: number,
  fields: Record<string, string> = {},
): Promise<string> {
  await browser.get(path);
  const begun = await browser.post(`${path}/code`, fields);
  const challenge = begun.headers.get('location') ?? '';
  if (begun.status !== 303) throw new Error(`${begun.status}: ${begun.text}`);
  await browser.get(challenge);
  const entered = await browser.post(challenge, { code: await room.codeInMail(mails) });
  return entered.headers.get('location') ?? '';
}

async function postForm(url: string, fields: Record<string, string>): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
  return (await response.json()) as Record<string, unknown>;
}
