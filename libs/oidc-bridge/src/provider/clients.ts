import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Adapter, AdapterPayload, ClientMetadata, JWK } from 'oidc-provider';
import type { Keyring, KeyringSecret } from '#libs/keyring';
import type { Instant } from '#libs/vocabulary';
import type { BridgeClient, OidcBridgeSettings } from '../settings.ts';
import { signingFirst, signingKeyFirst } from './signing-keys.ts';
import type { OidcKey } from './signing-keys.ts';

/** The client that Segl itself is. */
export const PORTAL_CLIENT_ID = 'portal';
/** Its console, which may be a process on another machine. */
export const CONSOLE_CLIENT_ID = 'segl-console';

/** A–Z stay out of it, so that no two clients differ by case alone. */
const CLIENT_ID = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MIN_RSA_BITS = 2048;
/** DER of a PKCS #8 Ed25519 key, up to its 32 bytes (RFC 8410 §7). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface OwnClientKey {
  /** `portal-oidc-<n>`, `segl-console-cookies-<n>`: derived from that key, and gone with it. */
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/**
 * The keys by which the portal proves itself to its own bridge: Ed25519, derived (HKDF) from the oidc keys, so that every
 * portal process has the same ones and there is nothing to configure. Newest first; the bridge accepts all.
 */
export function portalClientKeys(keyring: Keyring): readonly OwnClientKey[] {
  return keyring.oidcKeys().map(portalKeyOf);
}

/** The one to sign with: not the newest as long as other processes may not have seen it yet. Null without any key. */
export function portalSigningKey(keyring: Keyring, now: Instant): OwnClientKey | null {
  const [first] = signingKeyFirst(keyring, now);
  return first === undefined ? null : portalKeyOf(first);
}

/**
 * The keys by which the console proves itself: Ed25519, derived from the cookie keys. Those are on the machines of portals and
 * consoles alone, so that nobody else can derive them and there is nothing to configure. The bridge accepts all.
 */
export function consoleClientKeys(keyring: Keyring): readonly OwnClientKey[] {
  return keyring.cookieSecrets().map(consoleKeyOf);
}

/** As `portalSigningKey`. */
export function consoleSigningKey(keyring: Keyring, now: Instant): OwnClientKey | null {
  const [first] = signingFirst(keyring.cookieSecrets(), keyring, now);
  return first === undefined ? null : consoleKeyOf(first);
}

const derived = new WeakMap<object, KeyObject>();

function portalKeyOf({ keyId, privateKey }: OidcKey): OwnClientKey {
  const secret = () => Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  return {
    keyId: `${PORTAL_CLIENT_ID}-${keyId}`,
    privateKey: derivedKey(privateKey, secret, 'segl portal client key v1'),
  };
}

function consoleKeyOf({ keyId, bytes }: KeyringSecret): OwnClientKey {
  return {
    keyId: `${CONSOLE_CLIENT_ID}-${keyId}`,
    privateKey: derivedKey(bytes, () => bytes, 'segl console client key v1'),
  };
}

function derivedKey(from: object, secret: () => Uint8Array, purpose: string): KeyObject {
  let key = derived.get(from);
  if (key === undefined) {
    const seed = Buffer.from(hkdfSync('sha256', secret(), '', purpose, 32));
    key = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' });
    derived.set(from, key);
  }
  return key;
}

/** What is wrong with the clients as configured, in an operator's words; empty when nothing is. */
export function clientFaults(clients: readonly BridgeClient[]): string[] {
  const faults: string[] = [];
  const seen = new Set<string>([PORTAL_CLIENT_ID, CONSOLE_CLIENT_ID]);
  for (const client of clients) {
    const { clientId, publicKeys } = client;
    if (!CLIENT_ID.test(clientId)) faults.push(`client "${clientId}": a name has 1 to 63 of a–z, 0–9 and hyphen`);
    if (seen.has(clientId)) faults.push(`client "${clientId}": that name is taken`);
    seen.add(clientId);
    if (publicKeys.length === 0) faults.push(`client "${clientId}": has no public key to prove itself by`);
    if (!publicKeys.every(isFitKey)) {
      faults.push(`client "${clientId}": a public key must be P-256, Ed25519, or RSA of ${MIN_RSA_BITS} bits and more`);
    }
    if (client.kind !== 'program') {
      if (client.redirectUris.length === 0) faults.push(`client "${clientId}": has no redirect URI`);
      for (const uri of client.redirectUris) {
        if (!isFitRedirectUri(uri)) {
          faults.push(
            `client "${clientId}": redirect URI ${uri} must be https (http on loopback alone), without fragment`,
          );
        }
      }
    } else if (client.scopes.length === 0) {
      faults.push(`client "${clientId}": a program needs a scope`);
    }
  }
  return faults;
}

/** An application that wants RS256 where no key could sign it would be met by an error at its first sign-in. */
export function rs256Faults(clients: readonly BridgeClient[], keyring: Pick<Keyring, 'oidcRsaKeys'>): string[] {
  if (keyring.oidcRsaKeys().length > 0) return [];
  return clients
    .filter((client) => client.kind !== 'program' && client.idTokenAlgorithm === 'RS256')
    .map(
      ({ clientId }) =>
        `client "${clientId}": wants RS256, and the keyring has no oidc-rsa key: "segl keys rotate oidc-rsa" makes one`,
    );
}

function isFitKey(key: KeyObject): boolean {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ec':
      return namedCurve === 'prime256v1';
    case 'ed25519':
      return true;
    case 'rsa':
      return modulusLength >= MIN_RSA_BITS;
    default:
      return false;
  }
}

function isFitRedirectUri(text: string): boolean {
  const uri = URL.parse(text);
  if (uri === null || text.includes('#') || uri.username !== '' || uri.password !== '') return false;
  return (
    uri.protocol === 'https:' || (uri.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(uri.hostname))
  );
}

/** How the library is told of a client. Secrets there are none: every client proves itself by a key of its own (RFC 7523). */
export function clientMetadata(
  settings: Pick<OidcBridgeSettings, 'clients' | 'organisation' | 'portalRedirectUri' | 'consoleRedirectUri'>,
  keys: readonly OidcKey[],
  consoleKeys: readonly OwnClientKey[],
): ClientMetadata[] {
  const { organisation, portalRedirectUri, consoleRedirectUri } = settings;
  const own = (clientId: string, redirectUri: string, clientKeys: readonly OwnClientKey[]) =>
    signInClient(
      clientId,
      organisation,
      [redirectUri],
      clientKeys.map(({ keyId, privateKey }) => publicJwk(createPublicKey(privateKey), keyId)),
    );
  // RSA keys sign for others alone
  const portalKeys = keys.filter(({ privateKey }) => privateKey.asymmetricKeyType === 'ec').map(portalKeyOf);
  return [
    own(PORTAL_CLIENT_ID, portalRedirectUri, portalKeys),
    ...(consoleRedirectUri === undefined ? [] : [own(CONSOLE_CLIENT_ID, consoleRedirectUri, consoleKeys)]),
    ...settings.clients.map(configuredClient),
  ];
}

/** Where the library looks a client up: those of the configuration, and never another. Nothing registers itself. */
export class ConfiguredClients implements Adapter {
  private readonly clients: ReadonlyMap<string, ClientMetadata>;

  constructor(clients: readonly ClientMetadata[]) {
    this.clients = new Map(clients.map((client) => [client.client_id, client]));
  }

  async find(clientId: string): Promise<AdapterPayload | undefined> {
    return this.clients.get(clientId);
  }

  upsert = refuse;
  findByUserCode = refuse;
  findByUid = refuse;
  consume = refuse;
  destroy = refuse;
  revokeByGrantId = refuse;
}

async function refuse(): Promise<never> {
  throw new TypeError('clients stand in the configuration');
}

function configuredClient(client: BridgeClient): ClientMetadata {
  const keys = client.publicKeys.map((key) => publicJwk(key));
  return client.kind === 'program'
    ? {
        client_id: client.clientId,
        client_name: client.name,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys },
      }
    : {
        ...signInClient(client.clientId, client.name, client.redirectUris, keys),
        id_token_signed_response_alg: client.idTokenAlgorithm ?? 'ES256',
      };
}

function signInClient(clientId: string, name: string, redirectUris: readonly string[], keys: JWK[]): ClientMetadata {
  return {
    client_id: clientId,
    client_name: name,
    application_type: 'web',
    redirect_uris: [...redirectUris],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    response_modes: ['query'],
    scope: 'openid email',
    id_token_signed_response_alg: 'ES256',
    require_pushed_authorization_requests: true,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys },
  };
}

function publicJwk(key: KeyObject, keyId?: string): JWK {
  const half = key.type === 'public' ? key : createPublicKey(key);
  return { ...half.export({ format: 'jwk' }), use: 'sig', ...(keyId === undefined ? {} : { kid: keyId }) } as JWK;
}
