import type { JWK } from 'jose';
import { isWithin, secondsBetween } from '#libs/vocabulary';
import type { Clock, Instant } from '#libs/vocabulary';
import type { UpstreamPassage } from './upstream-passage.ts';
import { UpstreamUnreachable } from './upstream.ts';

/** An hour: metadata changes with a provider's releases. */
const METADATA_SECONDS = 3_600;
/** 10 minutes: a key that a provider took back must not be believed for long. */
const KEYS_SECONDS = 600;
/**
 * For a key that is not known they are asked for at once, three times a minute at most: a key may sign the moment it is published,
 * and a token never makes us ask without bound.
 */
const ASKED_ANEW = { times: 3, seconds: 60 };
/** Providers have a dozen; more would make each token dear. */
const MAX_KEYS = 100;

/** What of a provider's metadata is used (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). */
export interface ProviderMetadata {
  readonly issuer: string;
  readonly authorizationEndpoint: URL;
  readonly tokenEndpoint: URL;
  readonly keysUri: URL;
  /** Where it lies is looked at when it is asked; null when there is none. */
  readonly userinfoEndpoint: URL | null;
  /** RFC 9126 §5; null where it takes no pushed requests, or on a host that is not listed. */
  readonly pushEndpoint: URL | null;
  readonly clientAuthMethods: readonly string[];
  readonly clientAuthAlgorithms: readonly string[];
  readonly prompts: readonly string[];
  /** RFC 9207 §3. */
  readonly sendsIssuer: boolean;
}

/** A provider's metadata and keys, each asked for when due, once for all who wait, and never believed longer than its bound. */
export class ProviderDocuments {
  private readonly metadataCopy: Copy<ProviderMetadata>;
  private readonly keysCopy: Copy<readonly JWK[]>;
  private askedAnewAt: readonly Instant[] = [];

  /** @param expectedIssuer what the metadata must call itself, to the letter (ASVS 5.0 10.5.3) */
  constructor(
    private readonly passage: UpstreamPassage,
    private readonly metadataUrl: URL,
    private readonly expectedIssuer: string,
    private readonly clock: Clock,
  ) {
    this.metadataCopy = new Copy(() => this.askForMetadata(), clock);
    this.keysCopy = new Copy(() => this.askForKeys(), clock);
  }

  /** @throws UpstreamUnreachable */
  metadata(): Promise<ProviderMetadata> {
    return this.metadataCopy.notOlderThan(METADATA_SECONDS);
  }

  /** Empty when the provider has no such key. Without an id: the only key, when there is only one. @throws UpstreamUnreachable */
  async keysFor(keyId: string | undefined): Promise<readonly JWK[]> {
    return withId(await this.keysCopy.notOlderThan(KEYS_SECONDS), keyId);
  }

  /** The same, asked for just now where the bound allows it. Null where it does not. @throws UpstreamUnreachable */
  async keysAskedAnewFor(keyId: string | undefined): Promise<readonly JWK[] | null> {
    const now = this.clock.now();
    const lately = this.askedAnewAt.filter((askedAt) => isWithin(ASKED_ANEW.seconds, askedAt, now));
    if (lately.length >= ASKED_ANEW.times) return null;
    this.askedAnewAt = [...lately, now];
    return withId(await this.keysCopy.askedNow(), keyId);
  }

  /** Asked for now and not kept: a sign-in finds out by itself whether the provider is there. @throws UpstreamUnreachable */
  metadataNow(): Promise<ProviderMetadata> {
    return this.askForMetadata();
  }

  /** The same of its keys. @throws UpstreamUnreachable */
  keysNow({ keysUri }: ProviderMetadata): Promise<readonly JWK[]> {
    return this.keysAt(keysUri);
  }

  private async askForMetadata(): Promise<ProviderMetadata> {
    const document = await this.json(this.metadataUrl);
    if (document.issuer !== this.expectedIssuer) {
      const named = isPlainUrl(document.issuer) ? `another issuer, ${document.issuer}` : 'another issuer';
      throw new UpstreamUnreachable(`its metadata names ${named} than the configured ${this.expectedIssuer}`);
    }
    const pushEndpoint = urlIn(document, 'pushed_authorization_request_endpoint');
    return {
      issuer: this.expectedIssuer,
      authorizationEndpoint: extensible(this.endpoint(document, 'authorization_endpoint')),
      tokenEndpoint: this.endpoint(document, 'token_endpoint'),
      keysUri: this.endpoint(document, 'jwks_uri'),
      userinfoEndpoint: urlIn(document, 'userinfo_endpoint'),
      pushEndpoint: pushEndpoint !== null && this.passage.permits(pushEndpoint) ? pushEndpoint : null,
      clientAuthMethods: texts(document.token_endpoint_auth_methods_supported) ?? ['client_secret_basic'],
      clientAuthAlgorithms: texts(document.token_endpoint_auth_signing_alg_values_supported) ?? [],
      prompts: texts(document.prompt_values_supported) ?? [],
      sendsIssuer: document.authorization_response_iss_parameter_supported === true,
    };
  }

  /** Refused before anybody is sent there or asks there (threats.md A9). */
  private endpoint(document: Readonly<Record<string, unknown>>, name: string): URL {
    const url = urlIn(document, name);
    if (url === null) throw new UpstreamUnreachable(`its metadata has no ${name}`);
    if (!this.passage.permits(url))
      throw new UpstreamUnreachable(`its ${name} lies on ${url.host || url.protocol}, where it may not be`);
    return url;
  }

  private async askForKeys(): Promise<readonly JWK[]> {
    const { keysUri } = await this.metadata();
    return this.keysAt(keysUri);
  }

  private async keysAt(keysUri: URL): Promise<readonly JWK[]> {
    const { keys } = await this.json(keysUri);
    if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new UpstreamUnreachable('its keys are no key set');
    return keys.filter((key): key is JWK => typeof key === 'object' && key !== null && typeof key.kty === 'string');
  }

  private async json(url: URL): Promise<Readonly<Record<string, unknown>>> {
    const { status, body } = await this.passage.ask(url);
    if (status !== 200) throw new UpstreamUnreachable(`${url.host}: answered with status ${status}`);
    try {
      const document: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
      if (typeof document === 'object' && document !== null) return document as Record<string, unknown>;
    } catch {
      // answered below
    }
    throw new UpstreamUnreachable(`${url.host}: answered with something that is no JSON object`);
  }
}

/** What we, or the protocol, say in an authorization request: RFC 6749 §3.1 lets nobody say it twice. */
const SAID_BY_US = new Set([
  ...[
    'response_type',
    'client_id',
    'redirect_uri',
    'scope',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
  ],
  ...['response_mode', 'prompt', 'login_hint', 'domain_hint', 'hd', 'hl', 'ui_locales', 'request', 'request_uri'],
]);

/**
 * An authorization endpoint may bring parameters of its own, which then stand once in every request (RFC 6749 §3.1): Azure AD B2C
 * names its policy so. What is ours to say, or stands twice, is refused before anybody is sent there.
 */
function extensible(endpoint: URL): URL {
  const names = [...endpoint.searchParams.keys()];
  const refused = names.find((name, index) => SAID_BY_US.has(name) || names.indexOf(name) !== index);
  if (refused !== undefined || endpoint.hash !== '') {
    throw new UpstreamUnreachable('its authorization_endpoint holds a fragment, or a parameter that is ours to say');
  }
  return endpoint;
}

/** What can be said to an operator as it is. */
function isPlainUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/[!-~]{1,200}$/.test(value);
}

function urlIn(document: Readonly<Record<string, unknown>>, name: string): URL | null {
  return typeof document[name] === 'string' ? URL.parse(document[name]) : null;
}

/** The last answer to one question. Two who want it at once share the asking; a failed asking leaves nothing behind. */
class Copy<T> {
  private kept: { readonly value: T; readonly askedAt: Instant } | null = null;
  private asking: Promise<T> | null = null;

  constructor(
    private readonly ask: () => Promise<T>,
    private readonly clock: Clock,
  ) {}

  async notOlderThan(seconds: number): Promise<T> {
    if (this.kept !== null) {
      const age = secondsBetween(this.kept.askedAt, this.clock.now());
      if (age >= 0 && age < seconds) return this.kept.value;
    }
    return this.askedNow();
  }

  askedNow(): Promise<T> {
    const now = this.clock.now();
    this.asking ??= this.ask()
      .then((value) => {
        this.kept = { value, askedAt: now };
        return value;
      })
      .finally(() => (this.asking = null));
    return this.asking;
  }
}

function withId(keys: readonly JWK[], keyId: string | undefined): readonly JWK[] {
  if (keyId === undefined) return keys.length === 1 ? keys : [];
  return keys.filter((key) => key.kid === keyId);
}

function texts(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : null;
}
