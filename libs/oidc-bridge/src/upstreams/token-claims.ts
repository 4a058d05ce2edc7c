import { AddressRefused, parseWrittenAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { UpstreamRefused } from './upstream.ts';

/** Of a token whose signature was verified; nothing else is known of them. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** What one attempt expects of the token that ends it. */
export interface TokenExpectation {
  readonly clientId: string;
  readonly nonce: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** `iss` of the answer that brought the code (RFC 9207), where there was one. */
  readonly answeredBy?: string | null;
}

/** 60 s: threats.md A2, A44. */
export const MAX_CLOCK_SKEW_SECONDS = 60;
/** 255 ASCII characters: OpenID Connect Core 1.0 §2. */
const MAX_SUBJECT_LENGTH = 255;

/**
 * What every ID token must say, whoever issued it: for this client alone, for this attempt, now (OpenID Connect Core 1.0
 * §3.1.3.7). `iss` is the provider's own rule.
 * @throws UpstreamRefused
 */
export function checkAudienceNonceAndTime(claims: TokenClaims, { clientId, nonce, now }: TokenExpectation): void {
  const { aud, azp, exp, nbf, iat } = claims;
  const isForUsAlone = aud === clientId || (Array.isArray(aud) && aud.length === 1 && aud[0] === clientId);
  if (!isForUsAlone || (azp !== undefined && azp !== clientId)) throw new UpstreamRefused('wrong-audience');
  if (claims.nonce !== nonce) throw new UpstreamRefused('wrong-nonce');
  if (!isTime(exp) || exp + MAX_CLOCK_SKEW_SECONDS <= now) throw new UpstreamRefused('token-invalid', 'expired');
  if (!isTime(iat) || iat - MAX_CLOCK_SKEW_SECONDS > now) {
    throw new UpstreamRefused('token-invalid', 'issued in the future');
  }
  if (nbf !== undefined && (!isTime(nbf) || nbf - MAX_CLOCK_SKEW_SECONDS > now)) {
    throw new UpstreamRefused('token-invalid', 'not yet valid');
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** @throws UpstreamRefused when the token names nobody */
export function subjectOf({ sub }: TokenClaims): string {
  if (typeof sub !== 'string' || !/^[\x20-\x7e]+$/.test(sub) || sub.length > MAX_SUBJECT_LENGTH) {
    throw new UpstreamRefused('token-invalid', 'without a subject');
  }
  return sub;
}

/** Null when the claim is no address that the house knows: it is then as good as absent (threats.md A17). */
export function addressIn(claim: unknown): MailAddress | null {
  if (typeof claim !== 'string') return null;
  try {
    return parseWrittenAddress(claim);
  } catch (fault) {
    if (fault instanceof AddressRefused) return null;
    throw fault;
  }
}

export function domainOf(address: MailAddress): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** Whether an address is of one of these canonical domains; without a list every one will do. Subdomains are others. */
export function isWithin(domains: readonly string[] | undefined, address: MailAddress | null): boolean {
  return domains === undefined || (address !== null && domains.includes(domainOf(address)));
}

/** The first of these claims that can be shown to a person as one line. */
export function shownAsOf(claims: TokenClaims, ...names: readonly string[]): string | null {
  const shown = names.map((name) => claims[name]).find(isOneShortLine);
  return shown ?? null;
}

function isOneShortLine(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 254 && !/[\p{C}\p{Zl}\p{Zp}]/u.test(value);
}
