import { describe, expect, it } from '@jest/globals';
import { instantOf, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import type { BridgeProof } from '../proof.ts';
import type { NamingAccount } from '../settings.ts';
import { nextSignInStep } from './next-sign-in-step.ts';
import type { Arrival } from './next-sign-in-step.ts';

const anna = parseMailAddress('anna@example.com');
const office = parseMailAddress('office@nordlys.example');
const rules = {
  sharedMailboxes: [
    { mailboxes: [office], reader: 'state' as const },
    { mailboxes: ['@shared.example'], reader: 'account' as const },
  ],
  noPasscodeFor: ['@seen.example'],
};
const portal = { clientKind: 'portal' as const, asks: [], wantedAddress: null };
const proofOf = (address: string, method: BridgeProof['method'] = 'passcode'): BridgeProof => ({
  ...{ address: parseMailAddress(address), method, issuer: 'https://portal.example/oidc', subject: 'somebody' },
  ...{ provenAt: instantOf('2026-11-30T12:00:00Z'), roles: [] },
});
const stated = { kind: 'stated', name: 'Anna Lund' } as const;
const account = { kind: 'account', issuer: 'https://google.example', subject: 'anna', address: anna } as const;

describe('the next step of a sign-in', () => {
  it('is the page with every way, until something was proven', () => {
    expect(nextSignInStep(portal, { with: 'nothing' }, rules)).toEqual({ step: 'choose-way', told: null });
    expect(nextSignInStep(portal, { with: 'nothing-left' }, rules)).toEqual({ step: 'choose-way', told: 'over' });
  });

  it.each([
    ['sign-in', 'choose-way'],
    ['reader', 'name-reader'],
  ] as const)('is, after a failed %s, %s again with what became of it', (purpose, step) => {
    const failure = { with: 'failure', purpose, told: 'unreachable' } as const;
    expect(nextSignInStep(portal, failure, rules)).toMatchObject({ step, told: 'unreachable' });
  });

  it.each(['passcode', 'google', 'microsoft', 'organisation'] as const)(
    'is the client, with a proof by %s',
    (method) => {
      const proof = proofOf(anna, method);
      expect(nextSignInStep(portal, { with: 'proof', proof }, rules)).toEqual({ step: 'leave', proof });
    },
  );

  it('asks who reads at a shared mailbox that a passcode proved, and holds the proof back; an account says so itself', () => {
    const proof = proofOf(office);
    expect(nextSignInStep(portal, { with: 'proof', proof }, rules)).toEqual({
      ...{ step: 'name-reader', told: null, holdBack: proof },
    });
    const byAccount = proofOf(office, 'google');
    expect(nextSignInStep(portal, { with: 'proof', proof: byAccount }, rules)).toMatchObject({ step: 'leave' });
  });

  it('never leaves with a passcode for a console, nor for an address whose mail others see', () => {
    const refused = { step: 'refuse-passcode' };
    expect(
      nextSignInStep({ ...portal, clientKind: 'console' }, { with: 'proof', proof: proofOf(anna) }, rules),
    ).toEqual(refused);
    expect(nextSignInStep(portal, { with: 'proof', proof: proofOf('a@seen.example') }, rules)).toEqual(refused);
  });

  it('never leaves with a passcode where the message asks for an account; an account will do', () => {
    const asking = { ...portal, asks: ['account' as const], wantedAddress: anna };
    expect(nextSignInStep(asking, { with: 'proof', proof: proofOf(anna) }, rules)).toEqual({ step: 'refuse-passcode' });
    const proof = proofOf(anna, 'google');
    expect(nextSignInStep(asking, { with: 'proof', proof }, rules)).toEqual({ step: 'leave', proof });
  });

  it('asks who reads where the message says that several do, by the rule for the mailbox if there is one', () => {
    const asking = (wantedAddress: MailAddress) => ({ ...portal, asks: ['reader' as const], wantedAddress });
    const proof = proofOf(anna);
    expect(nextSignInStep(asking(anna), { with: 'proof', proof }, rules)).toMatchObject({ step: 'name-reader' });
    const named = { with: 'reader', pending: proof, reader: stated } as const;
    expect(nextSignInStep(asking(anna), named, rules)).toEqual({ step: 'leave', proof: { ...proof, reader: stated } });
    const board = proofOf('board@shared.example');
    const typed = { with: 'reader', pending: board, reader: stated } as const;
    expect(nextSignInStep(asking(board.address), typed, rules)).toMatchObject({ step: 'name-reader' }); // an account, by the rule
    const byAccount = { with: 'proof', proof: proofOf(anna, 'google') } as const;
    expect(nextSignInStep(asking(anna), byAccount, rules)).toMatchObject({ step: 'leave' });
  });

  it('leaves with the reader added, when it is known in the way that is asked for', () => {
    const named = (pending: BridgeProof | null, reader: typeof stated | typeof account) =>
      nextSignInStep(portal, { with: 'reader', pending, reader }, rules);
    expect(named(proofOf(office), stated)).toEqual({ step: 'leave', proof: { ...proofOf(office), reader: stated } });
    const withReader = { ...proofOf(office), reader: stated };
    expect(nextSignInStep(portal, { with: 'proof', proof: withReader }, rules)).toEqual({
      ...{ step: 'leave', proof: withReader }, // nobody is asked twice
    });
    expect(named(proofOf(office), account)).toMatchObject({ step: 'leave', proof: { reader: account } });
    expect(named(proofOf('a@shared.example'), account)).toMatchObject({ step: 'leave' });
    expect(named(proofOf('a@shared.example'), stated)).toEqual({ step: 'name-reader', told: null, holdBack: null });
    expect(named(null, stated)).toEqual({ step: 'choose-way', told: 'over' });
    expect(named(proofOf(anna), stated)).toMatchObject({ step: 'leave' }); // no longer listed since
  });

  it('keeps an account that does not say who it is, until another one or the name beside it does', () => {
    const mailbox = proofOf('a@shared.example');
    const opaque = { ...account, address: null };
    const held = { ...mailbox, reader: opaque };
    const after = (pending: BridgeProof, reader: typeof stated | typeof account | typeof opaque) =>
      nextSignInStep(portal, { with: 'reader', pending, reader }, rules);
    expect(after(mailbox, opaque)).toEqual({ step: 'name-reader', told: 'unnamed', holdBack: held });
    expect(after(held, stated)).toEqual({
      ...{ step: 'leave', proof: { ...mailbox, reader: { ...opaque, name: 'Anna Lund' } } },
    });
    expect(after(held, account)).toEqual({ step: 'leave', proof: { ...mailbox, reader: account } });
    expect(after(held, opaque)).toMatchObject({ step: 'name-reader', told: 'unnamed' });
  });

  it('takes for naming what the rule says', () => {
    const mailbox = proofOf('a@shared.example');
    const step = (namedBy: readonly NamingAccount[], arrival: Arrival) =>
      nextSignInStep(portal, arrival, {
        ...rules,
        sharedMailboxes: [{ mailboxes: ['@shared.example'], reader: 'account', namedBy }],
      }).step;
    const byAccount = (address: typeof anna | null): Arrival => ({
      ...{ with: 'reader', pending: mailbox, reader: { ...account, address } },
    });
    const ownAccount: Arrival = { with: 'proof', proof: proofOf(mailbox.address, 'microsoft') };
    expect(step(['any-account'], byAccount(null))).toBe('leave');
    expect(step(['any-account'], ownAccount)).toBe('leave');
    expect(step(['account-with-address'], byAccount(anna))).toBe('leave');
    expect(step(['account-with-address'], byAccount(mailbox.address))).toBe('name-reader');
    expect(step(['account-with-address'], ownAccount)).toBe('name-reader');
    expect(step(['mailbox-account'], ownAccount)).toBe('leave');
    expect(step([], byAccount(anna))).toBe('name-reader');
    const consoleProof = nextSignInStep({ ...portal, clientKind: 'console' }, ownAccount, {
      ...rules,
      sharedMailboxes: [{ mailboxes: ['@shared.example'], reader: 'account', namedBy: [] }],
    });
    expect(consoleProof.step).toBe('leave'); // of the organisation's own accounts alone
  });
});
