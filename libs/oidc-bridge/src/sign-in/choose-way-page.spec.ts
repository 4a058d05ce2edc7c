import { describe, expect, it } from '@jest/globals';
import { newPersonId, parseMailAddress } from '#libs/vocabulary';
import type { SignInRequest } from '../proof.ts';
import type { Suitability } from '../upstreams/upstream.ts';
import { ScriptedUpstream } from './testing/scripted-upstream.ts';
import { accountWays, isListed, passcodeWay, sharedMailboxRule } from './ways-in.ts';
import { chooseWayPage } from './choose-way-page.ts';

const anna = parseMailAddress('anna@example.com');
const signIn: SignInRequest = {
  ...{ uid: 'abc', clientId: 'portal', clientName: 'Nordlys', clientKind: 'portal' },
  wantedAddress: anna,
  personId: newPersonId(),
  wantsCode: false,
  asks: [],
};
const suiting = (id: string, suits: Suitability, change = {}) =>
  new ScriptedUpstream(id, { name: id.toUpperCase(), suits: () => suits, ...change });
const settings = (...upstreams: ScriptedUpstream[]) => ({ upstreams, noPasscodeFor: [] as string[] });

describe('the sign-in page', () => {
  it('puts the best-fitting account first, and has the passcode always within sight', () => {
    const page = chooseWayPage(
      signIn,
      settings(suiting('far', 'does-not-fit'), suiting('maybe', 'may-fit'), suiting('near', 'fits')),
      null,
    );
    expect(page.accounts.map(({ name, isPrimary }) => [name, isPrimary])).toEqual([
      ['NEAR', true],
      ['MAYBE', false],
      ['FAR', false],
    ]);
    expect(page.accounts.map(({ hint }) => hint)).toEqual([
      'signIn.hint.fits',
      'signIn.hint.mayFit',
      'signIn.hint.doesNotFit',
    ]);
    expect(page).toMatchObject({
      isCodeFirst: false,
      noneFits: false,
      code: { isPrimary: false, needsAddress: false },
    });
    expect(page.accounts[0]?.path).toBe('/sign-in/abc/with/near');
    expect(JSON.stringify(page)).not.toContain(anna);
    expect(page.address).toBe('a••••••@example.com');
  });

  it('offers no passcode where the message asks for an account, and says so', () => {
    const asking: SignInRequest = { ...signIn, asks: ['account'] };
    const page = chooseWayPage(asking, settings(suiting('maybe', 'may-fit')), null);
    expect(page).toMatchObject({ code: null, isCodeFirst: false, isCodeNotEnough: true, hasNoWay: false });
    expect(passcodeWay(asking, settings())).toBe('not-enough');
    expect(chooseWayPage(asking, settings(), null)).toMatchObject({ hasNoWay: true });
  });

  it('says for an address that no account goes with what will do, and puts the code first', () => {
    const page = chooseWayPage(signIn, settings(suiting('maybe', 'may-fit'), suiting('far', 'does-not-fit')), null);
    expect(page).toMatchObject({ isCodeFirst: true, noneFits: true, code: { isPrimary: true } });
    expect(page.accounts.some(({ isPrimary }) => isPrimary)).toBe(false);
  });

  it('puts the code first while the account that fits cannot be reached', () => {
    const near = suiting('near', 'fits');
    near.isUp = false;
    expect(chooseWayPage(signIn, settings(near), null)).toMatchObject({
      isCodeFirst: true,
      noneFits: false,
      accounts: [{ isReachable: false, isPrimary: false }],
    });
  });

  it('shows accounts as they come where the client names no address', () => {
    const page = chooseWayPage(
      { ...signIn, clientKind: 'application', wantedAddress: null },
      settings(suiting('far', 'does-not-fit'), suiting('near', 'fits')),
      null,
    );
    expect(page.accounts.map(({ name, hint }) => [name, hint])).toEqual([
      ['FAR', null],
      ['NEAR', null],
    ]);
    expect(page).toMatchObject({ address: null, noneFits: false, isCodeFirst: false, code: { needsAddress: true } });
  });

  it('has no dead end without a word: where there is no way at all it says so', () => {
    const console = { ...signIn, clientKind: 'console' as const };
    expect(chooseWayPage(console, settings(suiting('google', 'fits')), null)).toMatchObject({
      hasNoWay: true,
      code: null,
      accounts: [],
    });
    expect(chooseWayPage(signIn, settings(), null)).toMatchObject({ hasNoWay: false, code: { isPrimary: true } });
  });

  it('says nothing that a made-up link wants it to say', () => {
    const notice = (told: unknown) => chooseWayPage(signIn, settings(), told).notice;
    expect(notice('cancelled')).toBe('signIn.told.cancelled');
    for (const told of ['toString', '__proto__', 'evil', ['cancelled'], undefined, null])
      expect(notice(told)).toBeNull();
  });
});

describe('ways in', () => {
  const console = { ...signIn, clientKind: 'console' as const };

  it('are the organisation’s own alone for a console, and never a passcode', () => {
    const upstreams = [suiting('google', 'fits'), suiting('staff', 'does-not-fit', { givesRoles: true })];
    expect(accountWays(console, { upstreams }).map(({ upstream }) => upstream.id)).toEqual(['staff']);
    for (const wantedAddress of [anna, null]) {
      expect(passcodeWay({ ...console, wantedAddress }, { noPasscodeFor: [] })).toBe('never');
    }
  });

  it('have no passcode for an address that is listed, itself or its domain, and for no subdomain of it', () => {
    for (const [list, way] of [
      [[anna], 'barred'],
      [['@example.com'], 'barred'],
      [['@mail.example.com', 'bo@example.com', 'example.com', 'a@example.com'], 'offered'],
    ] as const) {
      expect(passcodeWay(signIn, { noPasscodeFor: list })).toBe(way);
    }
    expect(isListed(parseMailAddress('anna@mail.example.com'), ['@example.com'])).toBe(false);
    expect(passcodeWay({ ...signIn, wantedAddress: null }, { noPasscodeFor: [anna] })).toBe('for-any');
  });

  it('lead to one question more at a shared mailbox, the first rule that names it', () => {
    const sharedMailboxes = [
      { mailboxes: [anna], reader: 'state' as const },
      { mailboxes: ['@example.com'], reader: 'account' as const },
    ];
    expect(sharedMailboxRule(anna, { sharedMailboxes })?.reader).toBe('state');
    expect(sharedMailboxRule(parseMailAddress('bo@example.com'), { sharedMailboxes })?.reader).toBe('account');
    expect(sharedMailboxRule(parseMailAddress('bo@example.org'), { sharedMailboxes })).toBeNull();
  });
});
