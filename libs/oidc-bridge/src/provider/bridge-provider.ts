import type { EventEmitter } from 'node:events';
import { Injectable, Logger, Optional } from '@nestjs/common';
import type { Request, RequestHandler, Response } from 'express';
import { errors } from 'oidc-provider';
import type { ErrorOut, InteractionResults, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { EphemeralStore, getJson, putJson } from '#libs/ephemeral-store';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { Clock, DomainError, isSameDigest, parseWrittenAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { logFieldsOf, PageError, requestFacts } from '#libs/web-ui';
import { browserMark, parseTie, tieOf } from '../begun-at-client.ts';
import type { Tie } from '../begun-at-client.ts';
import type { BridgeProof, SignInRequest } from '../proof.ts';
import { OidcBridgeSettings } from '../settings.ts';
import { pathTo, uidInPath } from '../sign-in/addresses.ts';
import { BridgeConfigurationFault, openProvider } from './assert-configuration.ts';
import { clientFaults, CONSOLE_CLIENT_ID, consoleClientKeys, PORTAL_CLIENT_ID, rs256Faults } from './clients.ts';
import type { OwnClientKey } from './clients.ts';
import { bridgeConfiguration, cookieNamesOf, issuerOf, signInKindOf } from './configuration.ts';
import { CookieSignatures } from './cookie-signatures.ts';
import { ephemeralKey } from './ephemeral-names.ts';
import { errorAnswerOf, newReference, renderAnswer } from './error-page.ts';
import { LIFETIME_SECONDS } from './lifetimes.ts';
import { methodsOf, ProofNotForConsole, WaitingProofs } from './proofs.ts';
import { atWellKnown, isServed, pinRequest, withoutCookie, withoutResponseHeaders } from './pinned-request.ts';
import { rsaSigningKeyFirst, signingKeyFirst } from './signing-keys.ts';
import type { OidcKey } from './signing-keys.ts';

/** Expired, unknown, or begun by another browser: whoever is here starts again. */
export class SignInNotHere extends DomainError {
  constructor(options?: ErrorOptions) {
    super('sign-in-not-here', undefined, options);
  }
}

/** The browser is back at a sign-in of its own that has ended: it goes on where it began. */
export class SignInOver extends SignInNotHere {
  constructor(
    /** Path of this portal. */
    readonly begunAt: string,
    options?: ErrorOptions,
  ) {
    super(options);
  }
}

/** Twice as long as the interaction: whoever comes back late goes on as well. */
const TIE_SECONDS = 2 * LIFETIME_SECONDS.interaction;

interface BuiltProvider {
  /** The keys it was built with, by name and in order, those of our console among them. */
  readonly builtWith: string;
  readonly provider: Provider;
  readonly handle: (request: Request, response: Response) => Promise<void>;
}

/**
 * The bridge's own OpenID provider: `<publicUrl>/oidc`. Everything it has to remember lies in the ephemeral store, so any
 * process on that store serves any request of a journey. It keeps no sign-on session: each authorization request asks for a
 * proof of its own, whatever cookies there are.
 *
 * Made only with a configuration that was checked default by default: @throws BridgeConfigurationFault at start
 */
@Injectable()
export class BridgeProvider {
  private readonly settings: OidcBridgeSettings;
  private readonly store: EphemeralStore;
  private readonly keyring: Keyring;
  private readonly clock: Clock;
  private readonly persons: PersonDirectory | null;
  private readonly proofs: WaitingProofs;
  private readonly cookieSignatures: CookieSignatures;
  private readonly issuer: string;
  private readonly logger = new Logger('oidc-bridge');
  private readonly references = new WeakMap<object, string>();
  private built: BuiltProvider;

  /** @param persons who an address is; without it, `SignInRequest.personId` is null for everybody */
  constructor(
    settings: OidcBridgeSettings,
    ephemeral: EphemeralStore,
    keyring: Keyring,
    clock: Clock,
    @Optional() persons?: PersonDirectory,
  ) {
    const faults = [...clientFaults(settings.clients), ...rs256Faults(settings.clients, keyring)];
    if (faults.length > 0) throw new BridgeConfigurationFault(faults);
    this.settings = settings;
    this.store = ephemeral;
    this.keyring = keyring;
    this.clock = clock;
    this.persons = persons ?? null;
    this.issuer = issuerOf(settings.publicUrl);
    this.proofs = new WaitingProofs(ephemeral, clock);
    this.cookieSignatures = new CookieSignatures(() => keyring.cookieKeys());
    this.built = this.build(this.keys(), consoleClientKeys(keyring));
  }

  /**
   * For the mount `/oidc`, before any body parser. What it does not serve goes on to the next handler. Host and protocol are
   * those of `publicUrl`, whatever the request says of itself.
   */
  middleware(): RequestHandler {
    const sessionCookie = cookieNamesOf(this.settings.publicUrl).session;
    return (request, response, next) => {
      if (!isServed(request)) return next();
      let current: BuiltProvider;
      try {
        current = this.current();
      } catch (error) {
        return next(error);
      }
      pinRequest(request, new URL(this.issuer));
      withoutCookie(request, sessionCookie);
      current.handle(request, response).catch(next);
    };
  }

  /** Beside it, at the root: the metadata where RFC 8414 §3.1 has them. */
  metadataMiddleware(): RequestHandler {
    return atWellKnown(new URL(this.issuer), this.middleware());
  }

  /**
   * What the client wants, on a page at or below `/sign-in/<uid>`.
   * @throws SignInNotHere
   */
  async interaction(request: Request, response: Response): Promise<SignInRequest> {
    const { interaction, tie } = await this.find(request, response);
    const { uid, params } = interaction;
    const clientId = String(params['client_id']);
    const kind = signInKindOf(this.settings, clientId);
    if (kind === null) throw new SignInNotHere(); // taken out of the configuration meanwhile
    const client = this.settings.clients.find((candidate) => candidate.clientId === clientId);
    const wantedAddress = addressOf(params['login_hint']);
    const person = wantedAddress === null ? null : ((await this.persons?.find(wantedAddress)) ?? null);
    return {
      uid,
      clientId,
      clientName: client?.name ?? this.settings.organisation,
      clientKind: kind,
      wantedAddress,
      personId: person?.personId ?? null,
      wantsCode: tie.wantsCode ?? false,
      asks: tie.asks ?? [],
    };
  }

  /**
   * Hands the proof on: answers the redirect that leads to the client. Called again before the browser has followed it, the
   * later proof counts; after that, there is nothing to finish any more.
   *
   * @throws SignInNotHere; ProofTooOld past ten minutes; ProofNotForConsole for a passcode to a console client
   */
  async finish(request: Request, response: Response, proof: BridgeProof): Promise<void> {
    const { clientKind } = await this.interaction(request, response);
    if (clientKind === 'console' && proof.method === 'passcode') throw new ProofNotForConsole();
    const accountId = await this.proofs.add(proof);
    const ts = Math.floor(Date.parse(proof.provenAt) / 1000);
    await this.answer(request, response, { login: { accountId, amr: methodsOf(proof), ts, remember: false } });
  }

  /** Back to the client with an OAuth error, and nothing else. @throws SignInNotHere */
  async cancel(request: Request, response: Response, why: 'access_denied' | 'temporarily_unavailable'): Promise<void> {
    await this.find(request, response);
    await this.answer(request, response, { error: why });
  }

  private async answer(request: Request, response: Response, result: InteractionResults): Promise<void> {
    const { provider } = this.current();
    await notHere(() => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false }));
  }

  private async find(request: Request, response: Response) {
    const { provider } = this.current();
    const uid = uidInPath(request.originalUrl);
    const interaction = await notHere(() => provider.interactionDetails(request, response)).catch(
      async (error: unknown) => {
        throw error instanceof SignInNotHere ? await this.notHere(request, uid, error) : error;
      },
    );
    const isAtItsPage = uid === interaction.uid && interaction.prompt.name === 'login';
    const tie = isAtItsPage ? await this.tieHere(request, interaction.uid) : null;
    if (tie === null) throw await this.notHere(request, uid);
    return { interaction, tie };
  }

  /**
   * The interaction's own cookie cannot have the `__Host-` prefix (its path is that of its page), so that a neighbouring host
   * could set one: an interaction is also tied to the browser's `__Host-` cookie (threats.md A5).
   */
  private async tieToBrowser(
    request: Request,
    uid: string,
    params: Readonly<Record<string, unknown>>,
  ): Promise<Tie | null> {
    const isOurs = [PORTAL_CLIENT_ID, CONSOLE_CLIENT_ID].includes(String(params['client_id']));
    const browser = browserOf(request, (facts) => facts.browser());
    const tie = tieOf(params, isOurs, browser?.id ?? null);
    if (tie !== null) await putJson(this.store, ephemeralKey('browser', uid), tie, TIE_SECONDS);
    return tie;
  }

  /** @returns the interaction's tie when it is this browser's; null when it is not */
  private async tieHere(request: Request, uid: string): Promise<Tie | null> {
    const tie = await getJson(this.store, ephemeralKey('browser', uid), parseTie);
    const browser = browserOf(request, (facts) => facts.knownBrowser());
    if (tie === null) return browser === null && !isBehindWebUi(request) ? { browserMark: '', begunAt: null } : null;
    return browser !== null && isSameDigest(tie.browserMark, browserMark(browser.id)) ? tie : null;
  }

  /** A sign-in of this browser that has ended leads on to where it began, where that is known. */
  private async notHere(request: Request, uid: string | null, cause?: unknown): Promise<SignInNotHere> {
    const tie = uid === null || !isBehindWebUi(request) ? null : await this.tieHere(request, uid);
    return tie?.begunAt == null ? new SignInNotHere({ cause }) : new SignInOver(tie.begunAt, { cause });
  }

  /** Built anew when there is another key, when one is gone, and when a new one begins to sign. */
  private current(): BuiltProvider {
    const keys = this.keys();
    const consoleKeys = consoleClientKeys(this.keyring);
    if (namesOf(keys, consoleKeys) !== this.built.builtWith) this.built = this.build(keys, consoleKeys);
    return this.built;
  }

  /** @throws PageError 503 without one that signs: the keyring itself reports what is wrong with it */
  private keys(): readonly OidcKey[] {
    const now = this.clock.now();
    const keys = [...signingKeyFirst(this.keyring, now), ...rsaSigningKeyFirst(this.keyring, now)];
    if (keys[0]?.privateKey.asymmetricKeyType !== 'ec') throw new PageError(503);
    return keys;
  }

  private build(keys: readonly OidcKey[], consoleKeys: readonly OwnClientKey[]): BuiltProvider {
    const { settings, store, proofs, cookieSignatures } = this;
    const keyIds = keys.map(({ keyId }) => keyId);
    const configuration = bridgeConfiguration({
      settings,
      keys,
      consoleKeys,
      store,
      proofs,
      cookieSignatures,
      pageOf: async ({ req }, { uid, params }) => {
        const tie = await this.tieToBrowser(req as Request, uid, params);
        return pathTo(tie?.wantsCode === true ? 'code' : 'page', { uid });
      },
      renderError: (context, out, error) => this.renderError(context, out, error),
    });
    const isSecure = settings.publicUrl.protocol === 'https:';
    const provider = openProvider(this.issuer, configuration, { isSecure, keyIds });
    const sessionCookie = cookieNamesOf(settings.publicUrl).session;
    provider.use(async (context, next) => {
      await next();
      withoutResponseHeaders(context.res, sessionCookie);
      if (context.path.startsWith('/.well-known/')) narrowDiscovery(context.body);
    });
    provider.on('server_error', (context, error) => this.report(context, error));
    (provider as EventEmitter).on('error', (error: Error, context: object = {}) => this.report(context, error));
    const builtWith = namesOf(keys, consoleKeys);
    return { builtWith, provider, handle: provider.callback() as BuiltProvider['handle'] };
  }

  private async renderError(context: KoaContextWithOIDC, out: ErrorOut, _error: Error): Promise<void> {
    const answer = errorAnswerOf(out.error, context.status, () => this.referenceOf(context));
    const { type, body } = await renderAnswer(context.req as Request, context.res as Response, answer);
    context.status = answer.status;
    context.type = type;
    context.body = body;
  }

  private report(context: KoaContextWithOIDC | object, error: Error): void {
    const { method = '', oidc } = context as Partial<KoaContextWithOIDC>;
    const reference = this.referenceOf(context);
    this.logger.error(JSON.stringify(logFieldsOf({ reference, method, route: `/oidc ${oidc?.route ?? ''}`, error })));
  }

  private referenceOf(context: object): string {
    const reference = this.references.get(context) ?? newReference();
    this.references.set(context, reference);
    return reference;
  }
}

function namesOf(...kinds: readonly (readonly { readonly keyId: string }[])[]): string {
  return kinds.flatMap((keys) => keys.map(({ keyId }) => keyId)).join();
}

/** What the library cannot be told not to say: every client is registered for answers in the query alone. */
function narrowDiscovery(body: unknown): void {
  if (typeof body === 'object' && body !== null) Object.assign(body, { response_modes_supported: ['query'] });
}

/** The library's word for a missing, foreign or expired interaction, and for a store that cannot be asked, in ours. */
async function notHere<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof errors.SessionNotFound) throw new SignInNotHere({ cause: error });
    if (error instanceof errors.TemporarilyUnavailable && error.cause instanceof DomainError) throw error.cause;
    throw error;
  }
}

function addressOf(hint: unknown): MailAddress | null {
  if (typeof hint !== 'string') return null;
  try {
    return parseWrittenAddress(hint);
  } catch {
    return null; // a hint that is no address is no hint
  }
}

function browserOf<T>(request: Request, ask: (facts: ReturnType<typeof requestFacts>) => T): T | null {
  return isBehindWebUi(request) ? ask(requestFacts(request)) : null;
}

function isBehindWebUi(request: Request): boolean {
  try {
    requestFacts(request);
    return true;
  } catch {
    return false; // the provider alone, in a test
  }
}
