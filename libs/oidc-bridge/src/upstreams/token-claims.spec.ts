import { describe, expect, it } from '@jest/globals';
import { addressIn, checkAudienceNonceAndTime, shownAsOf, subjectOf } from './token-claims.ts';
import type { TokenClaims } from './token-claims.ts';
import { UpstreamRefused } from './upstream.ts';

const now = 1_795_000_000;
const expectation = { clientId: 'segl', nonce: 'n-1', now };
const good: TokenClaims = { aud: 'segl', nonce: 'n-1', iat: now, exp: now + 3600 };
const outcomeOf = (changes: TokenClaims): string => {
  try {
    checkAudienceNonceAndTime({ ...good, ...changes }, expectation);
    return 'good';
  } catch (fault) {
    return fault instanceof UpstreamRefused ? fault.reason : String(fault);
  }
};

describe('what every ID token must say', () => {
  it.each<[string, TokenClaims, string]>([
    ['nothing special', {}, 'good'],
    ['its audience as a list of one', { aud: ['segl'] }, 'good'],
    ['its authorized party', { azp: 'segl' }, 'good'],
    ['expired 59 s ago', { exp: now - 59 }, 'good'],
    ['valid in 60 s', { nbf: now + 60 }, 'good'],
    ['issued in 60 s', { iat: now + 60 }, 'good'],
    ['another audience', { aud: 'other' }, 'wrong-audience'],
    ['an audience that begins alike', { aud: 'segl-2' }, 'wrong-audience'],
    ['a further audience', { aud: ['segl', 'other'] }, 'wrong-audience'],
    ['its audience twice', { aud: ['segl', 'segl'] }, 'wrong-audience'],
    ['no audience', { aud: undefined }, 'wrong-audience'],
    ['an empty list of audiences', { aud: [] }, 'wrong-audience'],
    ['another authorized party', { azp: 'other' }, 'wrong-audience'],
    ['another nonce', { nonce: 'n-2' }, 'wrong-nonce'],
    ['no nonce', { nonce: undefined }, 'wrong-nonce'],
    ['a nonce in a list', { nonce: ['n-1'] }, 'wrong-nonce'],
    ['expired 60 s ago', { exp: now - 60 }, 'token-invalid'],
    ['no end', { exp: undefined }, 'token-invalid'],
    ['an end as text', { exp: String(now + 3600) }, 'token-invalid'],
    ['valid in 61 s', { nbf: now + 61 }, 'token-invalid'],
    ['a beginning as text', { nbf: '0' }, 'token-invalid'],
    ['issued in 61 s', { iat: now + 61 }, 'token-invalid'],
    ['no time of issue', { iat: undefined }, 'token-invalid'],
  ])('%s', (_, changes, outcome) => expect(outcomeOf(changes)).toBe(outcome));
});

describe('a subject', () => {
  it('is what the token calls it', () => expect(subjectOf({ sub: '1234' })).toBe('1234'));

  it.each([[undefined], [''], [7], ['x'.repeat(256)], ['a\nb'], ['é']])('is not %p', (sub) =>
    expect(() => subjectOf({ sub })).toThrow(UpstreamRefused),
  );
});

/** Security.md A17: what is proven is what is mailed, byte for byte; whatever is not one plain address proves nothing. */
describe('an address in a claim', () => {
  it.each([
    ['Anna.Berg@Example.COM', 'anna.berg@example.com'],
    ['anna@bücher.example', 'anna@xn--bcher-kva.example'],
  ])('%s is %s', (claim, address) => expect(addressIn(claim)).toBe(address));

  it.each([
    ['anna＠example.com'],
    ['anna@evil.example@example.com'],
    ['аdmin@example.com'],
    ['"anna@evil.example x"@example.com'],
    ['anna@good(x)evil.example'],
    ['anna%evil.example@example.com'],
    ['anna@exam\u00adple.com'],
    ['anna@example.com '],
    ['anna@example.com.'],
    ['anna@[127.0.0.1]'],
    ['anna@example.com,eve@evil.example'],
    [''],
    [['anna@example.com']],
    [{ toString: (): string => 'anna@example.com' }],
    [null],
    [undefined],
    [true],
  ])('is none: %p', (claim) => expect(addressIn(claim)).toBeNull());
});

describe('what an account is shown as', () => {
  it('is the first claim that can be shown', () =>
    expect(shownAsOf({ name: 'Anna', email: 'anna@example.com' }, 'email', 'name')).toBe('anna@example.com'));

  it.each([['a\u202eb'], ['a\nb'], ['  '], ['x'.repeat(255)], [7]])('is never %p', (name) =>
    expect(shownAsOf({ name }, 'name')).toBeNull(),
  );
});
