/* eslint-disable @typescript-eslint/parameter-properties -- benchmarks run this as it is, with types taken away (ops/bench/account-provider.ts) */
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SignJWT, UnsecuredJWT, exportJWK } from 'jose';
import type { JWK } from 'jose';

export type FakeBehaviour = 'microsoft' | 'google' | 'organisation';

/** How a fake provider's answers may be bad. Each one breaks one thing of an otherwise good sign-in. */
export type Breakage =
  // the token
  | 'wrong-issuer'
  | 'wrong-tenant' // a good token of a tenant nobody configured
  | 'tenant-unlike-issuer' // tid A under iss B
  | 'wrong-audience'
  | 'extra-audience'
  | 'wrong-authorized-party'
  | 'wrong-nonce'
  | 'missing-nonce'
  | 'alg-none'
  | 'hs256-with-public-key'
  | 'forged-signature' // the right kid, another key
  | 'unknown-key'
  | 'key-of-another-scope'
  | 'expired'
  | 'not-yet-valid'
  | 'issued-in-future'
  | 'wrong-version'
  | 'missing-subject'
  | 'no-id-token'
  | 'access-token' // typ at+jwt, RFC 9068
  | 'logout-token' // typ logout+jwt, OpenID Connect Back-Channel Logout 1.0
  | 'guest'
  | 'address-unverified'
  | 'address-verified-as-text' // "false" at Microsoft, "true" at Google: no booleans
  | 'verification-missing'
  | 'address-missing'
  // the answer that the browser carries
  | 'cancelled'
  | 'provider-error'
  | 'code-of-another-provider'
  | 'other-issuer-parameter'
  | 'missing-issuer-parameter'
  // the token endpoint
  | 'token-endpoint-down'
  | 'client-refused'
  // the userinfo endpoint
  | 'userinfo-of-another'
  | 'userinfo-refused'
  | 'userinfo-signed';

export const PERSONAL_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
/** The tenant of the fake Microsoft's work accounts, unless `signInAs` says another. */
export const WORK_TENANT = '3b2fcd1c-52c5-4a3e-9a42-5c5d6b1b7e11';
export const OTHER_TENANT = 'c0ffee00-1111-4222-8333-444455556666';

interface FakeKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Microsoft: whose tokens it signs; `{tenantid}` for all. */
  readonly tenant: string;
}

/** RSA keys are dear to make, so a process makes one of each tenant once; a rotated key comes on top. */
const madeOnce = new Map<string, FakeKey>();

function newKey(tenant: string): FakeKey {
  return { kid: randomUUID(), tenant, ...generateKeyPairSync('rsa', { modulusLength: 2048 }) };
}

function keyFor(name: string, tenant: string): FakeKey {
  const key = madeOnce.get(name) ?? newKey(tenant);
  madeOnce.set(name, key);
  return key;
}

/** The keys of one fake provider, and the tokens they sign: good ones, and bad ones on request. */
export class FakeTokens {
  private keys: { main: FakeKey; personal: FakeKey; otherTenant: FakeKey };

  private readonly behaves: FakeBehaviour;
  private readonly origin: string;

  constructor(behaves: FakeBehaviour, origin: string) {
    this.behaves = behaves;
    this.origin = origin;
    this.keys = {
      main: keyFor(behaves, '{tenantid}'),
      personal: keyFor('personal', PERSONAL_TENANT),
      otherTenant: keyFor('other tenant', OTHER_TENANT),
    };
  }

  /** What oidc-provider itself signs with; nobody sees such a token. */
  async privateKeySet(): Promise<{ keys: JWK[] }> {
    const { kid, privateKey } = this.keys.main;
    return { keys: [{ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }] };
  }

  async publicKeySet(): Promise<{ keys: JWK[] }> {
    const { main, personal, otherTenant } = this.keys;
    const keys = this.behaves === 'microsoft' ? [main, personal, otherTenant] : [main];
    return {
      keys: await Promise.all(
        keys.map(async ({ kid, publicKey, tenant }) => ({
          ...(await exportJWK(publicKey)),
          kid,
          use: 'sig',
          ...(this.behaves === 'microsoft' ? { issuer: `${this.origin}/${tenant}/v2.0` } : { alg: 'RS256' }),
        })),
      ),
    };
  }

  /** From now on signs with a new key, and publishes no other main key. */
  rotate(): void {
    this.keys = { ...this.keys, main: newKey('{tenantid}') };
  }

  /** The claims of a good token about this account; a claim given as undefined is left out. */
  claimsOf(account: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const email = typeof account.email === 'string' ? account.email : 'somebody@example.com';
    const domain = email.slice(email.lastIndexOf('@') + 1);
    const byBehaviour = {
      microsoft: {
        sub: digestOf(`sub ${email}`),
        oid: guidOf(email),
        tid: WORK_TENANT,
        ver: '2.0',
        acct: 0,
        xms_edov: true,
        preferred_username: email,
      },
      google: {
        sub: digestOf(email),
        email_verified: true,
        ...(domain === 'gmail.com' ? {} : { hd: domain }),
      },
      organisation: { sub: digestOf(email), email_verified: true, preferred_username: email.split('@')[0] },
    }[this.behaves];
    return { email, ...byBehaviour, ...account };
  }

  /**
   * The token as this provider would have it, made from the one that oidc-provider issued.
   * @param issued its claims: `aud`, `nonce`, `iat`, `exp` are kept
   */
  async mint(
    issued: Readonly<Record<string, unknown>>,
    account: Readonly<Record<string, unknown>>,
    breakage: Breakage | null,
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const tenant = breakage === 'wrong-tenant' ? OTHER_TENANT : String(account.tid ?? WORK_TENANT);
    const claims: Record<string, unknown> = {
      aud: issued.aud,
      nonce: issued.nonce,
      iat: now,
      exp: now + 3600,
      ...(this.behaves === 'microsoft' ? { nbf: now } : {}),
      ...this.claimsOf(account),
      ...(this.behaves === 'microsoft' ? { iss: `${this.origin}/${tenant}/v2.0` } : { iss: this.origin }),
      ...(breakage === 'wrong-tenant' ? { tid: tenant } : {}),
    };
    Object.assign(claims, this.brokenClaims(claims, breakage, now));
    const kept = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
    return this.sign(kept, breakage);
  }

  private brokenClaims(good: Readonly<Record<string, unknown>>, breakage: Breakage | null, now: number): object {
    const verified = this.behaves === 'microsoft' ? 'xms_edov' : 'email_verified';
    switch (breakage) {
      case 'wrong-issuer':
        return { iss: `${String(good.iss)}.evil.example` };
      case 'tenant-unlike-issuer':
        return { iss: `${this.origin}/${OTHER_TENANT}/v2.0` };
      case 'wrong-audience':
        return { aud: 'another-client' };
      case 'extra-audience':
        return { aud: [good.aud, 'another-client'], azp: good.aud };
      case 'wrong-authorized-party':
        return { azp: 'another-client' };
      case 'wrong-nonce':
        return { nonce: 'a-nonce-of-another-attempt' };
      case 'missing-nonce':
        return { nonce: undefined };
      case 'expired':
        return { iat: now - 7200, nbf: now - 7200, exp: now - 3600 };
      case 'not-yet-valid':
        return { nbf: now + 600 };
      case 'issued-in-future':
        return { iat: now + 600 };
      case 'wrong-version':
        return { ver: '1.0' };
      case 'missing-subject':
        return { sub: undefined, oid: undefined };
      case 'guest':
        return { acct: 1 };
      case 'address-unverified':
        return { [verified]: false };
      case 'address-verified-as-text':
        return { [verified]: this.behaves === 'microsoft' ? 'false' : 'true' };
      case 'verification-missing':
        return { [verified]: undefined };
      case 'address-missing':
        return { email: undefined };
      default:
        return {};
    }
  }

  private async sign(claims: Record<string, unknown>, breakage: Breakage | null): Promise<string> {
    const { main, personal, otherTenant } = this.keys;
    const isPersonal = this.behaves === 'microsoft' && claims.tid === PERSONAL_TENANT;
    const right = isPersonal ? personal : main;
    const typ = { 'access-token': 'at+jwt', 'logout-token': 'logout+jwt' }[String(breakage)] ?? 'JWT';
    const signed = (key: FakeKey, kid = key.kid) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ, kid }).sign(key.privateKey);
    switch (breakage) {
      case 'alg-none':
        return new UnsecuredJWT(claims).encode();
      case 'hs256-with-public-key': {
        const pem = right.publicKey.export({ format: 'pem', type: 'spki' });
        return new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: right.kid })
          .sign(Buffer.from(pem));
      }
      case 'forged-signature':
        return signed(otherTenant, right.kid);
      case 'unknown-key':
        return signed(otherTenant, 'a-key-nobody-published');
      case 'key-of-another-scope':
        return signed(isPersonal ? otherTenant : personal);
      default:
        return signed(right);
    }
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 21);
}

function guidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
