import { describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { parseMailAddress } from '#libs/vocabulary';
import { googleUpstream } from './google/google-upstream.ts';
import { microsoftUpstream } from './microsoft/microsoft-upstream.ts';
import { organisationUpstream } from './organisation/organisation-upstream.ts';

const egress = new Egress();
const common = { id: 'x', name: 'X', clientId: 'segl', credential: { secret: 's' } };
const upstreams = {
  personal: microsoftUpstream({ ...common, accounts: 'personal' }, egress),
  work: microsoftUpstream({ ...common, accounts: 'work', domains: ['known.example'] }, egress),
  both: microsoftUpstream({ ...common, accounts: 'both' }, egress),
  google: googleUpstream({ ...common, workspaceDomains: ['Known.example'] }, egress),
  organisation: organisationUpstream(
    { ...common, issuer: 'https://login.example.com', domains: ['bücher.example'] },
    egress,
  ),
};

describe('how well an account suits an address', () => {
  it.each([
    ['anna@outlook.com', 'fits', 'does-not-fit', 'fits', 'does-not-fit', 'does-not-fit'],
    ['anna@hotmail.co.uk', 'fits', 'does-not-fit', 'fits', 'does-not-fit', 'does-not-fit'],
    ['anna@live.dk', 'fits', 'does-not-fit', 'fits', 'does-not-fit', 'does-not-fit'],
    ['anna@gmail.com', 'may-fit', 'does-not-fit', 'may-fit', 'fits', 'does-not-fit'],
    ['anna@googlemail.com', 'may-fit', 'does-not-fit', 'may-fit', 'does-not-fit', 'does-not-fit'],
    ['anna@proton.me', 'may-fit', 'does-not-fit', 'may-fit', 'does-not-fit', 'does-not-fit'],
    ['anna@example.org', 'may-fit', 'may-fit', 'may-fit', 'may-fit', 'does-not-fit'],
    ['anna@known.example', 'may-fit', 'fits', 'may-fit', 'fits', 'does-not-fit'],
    ['anna@xn--bcher-kva.example', 'may-fit', 'may-fit', 'may-fit', 'may-fit', 'fits'],
    ['anna@sub.xn--bcher-kva.example', 'may-fit', 'may-fit', 'may-fit', 'may-fit', 'does-not-fit'],
    ['anna@outlook.example.com', 'may-fit', 'may-fit', 'may-fit', 'may-fit', 'does-not-fit'],
  ])('%s: personal %s, work %s, both %s, Google %s, organisation %s', (text, ...expected) => {
    const address = parseMailAddress(text);
    expect(Object.values(upstreams).map((upstream) => upstream.suits(address))).toEqual(expected);
  });
});

describe('a configuration', () => {
  it('refuses accounts that are no kind of accounts', () =>
    expect(() => microsoftUpstream({ ...common, accounts: 'everybody' }, egress)).toThrow('personal, work, both'));

  it('takes a tenant in capitals', () =>
    expect(microsoftUpstream({ ...common, accounts: '3B2FCD1C-52C5-4A3E-9A42-5C5D6B1B7E11' }, egress).issuer).toBe(
      'https://login.microsoftonline.com/3b2fcd1c-52c5-4a3e-9a42-5c5d6b1b7e11/v2.0',
    ));

  it('refuses a domain that is none', () =>
    expect(() =>
      organisationUpstream({ ...common, issuer: 'https://login.example.com', domains: ['@example'] }, egress),
    ).toThrow());

  it('gives roles only with a mapping', () => expect(upstreams.organisation.givesRoles).toBe(false));
});
