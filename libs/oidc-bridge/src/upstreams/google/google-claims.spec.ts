import { describe, expect, it } from '@jest/globals';
import type { TokenClaims } from '../token-claims.ts';
import { UpstreamRefused } from '../upstream.ts';
import { googleIdentity } from './google-claims.ts';

const issuer = 'https://accounts.google.com';
const now = 1_795_000_000;
const expectation = { clientId: 'segl', nonce: 'n-1', now };
const good: TokenClaims = {
  iss: issuer,
  sub: '10769150350006150715113082367',
  aud: 'segl',
  azp: 'segl',
  nonce: 'n-1',
  iat: now,
  exp: now + 3600,
  email: 'anna.berg@gmail.com',
  email_verified: true,
};
const identityOf = (changes: TokenClaims = {}) => googleIdentity({ ...good, ...changes }, { issuer }, expectation);

describe('whom a Google token proves', () => {
  it('is keyed by issuer and subject, and its gmail.com address counts', () => {
    expect(identityOf()).toEqual({
      method: 'google',
      issuer,
      subject: '10769150350006150715113082367',
      provenAddress: 'anna.berg@gmail.com',
      unproven: null,
      shownAs: 'anna.berg@gmail.com',
      roles: [],
    });
  });

  it('is the same account under the issuer without its scheme', () =>
    expect(identityOf({ iss: 'accounts.google.com' })).toEqual(identityOf()));

  it.each<[string, TokenClaims, string]>([
    ['gmail.com in capitals', { email: 'Anna.Berg@GMail.com' }, 'anna.berg@gmail.com'],
    ['a Workspace of the very domain', { email: 'anna@example.com', hd: 'example.com' }, 'anna@example.com'],
    ['gmail.com, in a Workspace', { hd: 'example.com' }, 'anna.berg@gmail.com'],
  ])('has a proven address: %s', (_, changes, address) =>
    expect(identityOf(changes)).toMatchObject({ provenAddress: address, unproven: null }),
  );

  it.each<[string, TokenClaims]>([
    ['no Workspace', { email: 'anna@example.com' }],
    ['a Workspace of another domain', { email: 'anna@example.com', hd: 'example.org' }],
    ['a secondary domain of a Workspace', { email: 'anna@second.example.com', hd: 'example.com' }],
    ['a domain that only ends alike', { email: 'anna@notexample.com', hd: 'example.com' }],
    ['a Workspace as a list', { email: 'anna@example.com', hd: ['example.com'] }],
    ['googlemail.com', { email: 'anna.berg@googlemail.com' }],
    ['a domain like gmail.com', { email: 'anna@gmail.com.evil.example' }],
    ['not verified', { email_verified: false }],
    ['verified as text', { email_verified: 'true' }],
    ['verified as a number', { email_verified: 1 }],
    ['nothing said of it', { email_verified: undefined }],
    ['no address', { email: undefined }],
    ['an address that is none', { email: 'anna＠gmail.com' }],
  ])('proves none: %s', (_, changes) =>
    expect(identityOf(changes)).toMatchObject({ provenAddress: null, unproven: 'address-unverified' }),
  );

  it.each<[string, TokenClaims, string]>([
    ['another issuer', { iss: 'https://accounts.google.com.evil.example' }, 'wrong-issuer'],
    ['an issuer with a slash more', { iss: 'https://accounts.google.com/' }, 'wrong-issuer'],
    ['the issuer by http', { iss: 'http://accounts.google.com' }, 'wrong-issuer'],
    ['no issuer', { iss: undefined }, 'wrong-issuer'],
    ['no subject', { sub: undefined }, 'token-invalid'],
    ['another nonce', { nonce: 'n-2' }, 'wrong-nonce'],
    ['a further audience', { aud: ['segl', 'other'] }, 'wrong-audience'],
    ['its time over', { exp: now - 60 }, 'token-invalid'],
  ])('is refused for %s', (_, changes, reason) => {
    const refusal = (() => {
      try {
        return identityOf(changes);
      } catch (fault) {
        return fault;
      }
    })();
    expect(refusal).toBeInstanceOf(UpstreamRefused);
    expect((refusal as UpstreamRefused).reason).toBe(reason);
  });
});
