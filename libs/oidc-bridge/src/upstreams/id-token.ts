import { compactVerify, createLocalJWKSet, decodeProtectedHeader, errors } from 'jose';
import type { JWK } from 'jose';
import type { TokenClaims } from './token-claims.ts';
import { UpstreamRefused } from './upstream.ts';

export interface SignatureRules {
  /** Asymmetric ones only; anything else in a header is refused before a key is looked at. */
  readonly algorithms: readonly string[];
  /** Whether this key may sign for whom the token speaks of: the scope of a key, where the provider has such. */
  readonly mayVouch: (key: JWK, claims: TokenClaims) => boolean;
}

/** Where the provider's keys are found by their id. */
export interface KeyFinder {
  keysFor(keyId: string | undefined): Promise<readonly JWK[]>;
  /** Null when they may not be asked for again now. */
  keysAskedAnewFor(keyId: string | undefined): Promise<readonly JWK[] | null>;
}

/** `typ` of an ID token, where it has one; everything else is a token for something else (RFC 8725 §3.11): `at+jwt`, `logout+jwt`. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'application/jwt'];

/**
 * The claims of an ID token that one of the provider's own keys signed. Of one `kid` there may be several keys.
 * @throws UpstreamRefused with `token-signature`, or `token-invalid` for what is no ID token; UpstreamUnreachable from the finder
 */
export async function verifiedClaims(token: string, keys: KeyFinder, rules: SignatureRules): Promise<TokenClaims> {
  const { alg, kid, typ } = headerOf(token);
  if (typeof alg !== 'string' || !rules.algorithms.includes(alg)) {
    throw new UpstreamRefused('token-signature', 'an algorithm that is not on the list');
  }
  if (!TYPES.includes(typeof typ === 'string' ? typ.toLowerCase() : typ)) {
    throw new UpstreamRefused('token-invalid', 'a token of another type');
  }
  const known = await vouchedBy(await keys.keysFor(kid), token, rules);
  // A key may have come, or another taken its name, since they were asked for.
  const found = known === 'unsigned' ? await vouchedBy((await keys.keysAskedAnewFor(kid)) ?? [], token, rules) : known;
  if (typeof found !== 'string') return found;
  const isSigned = found === 'signed-by-another';
  throw new UpstreamRefused('token-signature', isSigned ? 'a key of another scope' : 'signed by none of the keys');
}

async function vouchedBy(
  keys: readonly JWK[],
  token: string,
  rules: SignatureRules,
): Promise<TokenClaims | 'unsigned' | 'signed-by-another'> {
  let hasSigned = false;
  for (const key of keys) {
    const claims = await claimsSignedBy(key, token, rules.algorithms);
    if (claims === null) continue;
    hasSigned = true;
    if (rules.mayVouch(key, claims)) return claims;
  }
  return hasSigned ? 'signed-by-another' : 'unsigned';
}

function headerOf(token: string): { alg?: string; kid?: string; typ?: unknown } {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw new UpstreamRefused('token-invalid', 'not a token');
  }
}

async function claimsSignedBy(key: JWK, token: string, algorithms: readonly string[]): Promise<TokenClaims | null> {
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(token, finderOf(key), { algorithms: [...algorithms] }));
  } catch (fault) {
    if (fault instanceof errors.JOSEError || fault instanceof TypeError || fault instanceof DOMException) return null;
    throw fault;
  }
  return claimsIn(payload);
}

/** As long as the provider's document is kept: each keeps its key imported. */
const finders = new WeakMap<JWK, ReturnType<typeof createLocalJWKSet>>();

/** createLocalJWKSet holds `kty`, `alg`, `use` and `key_ops` of the key against the token's header. */
function finderOf(key: JWK): ReturnType<typeof createLocalJWKSet> {
  let finder = finders.get(key);
  if (finder === undefined) finders.set(key, (finder = createLocalJWKSet({ keys: [key] })));
  return finder;
}

function claimsIn(payload: Uint8Array): TokenClaims {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) return claims as TokenClaims;
  } catch {
    // answered below
  }
  throw new UpstreamRefused('token-invalid', 'no claims in it');
}
