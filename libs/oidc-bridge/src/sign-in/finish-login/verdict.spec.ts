import { describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { ScriptedUpstream } from '../testing/scripted-upstream.ts';
import { verdictOn } from './verdict.ts';

const anna = parseMailAddress('anna@example.com');
const noon = '2026-11-25T12:00:00.000Z' as Instant;
const staff = new ScriptedUpstream('staff', { givesRoles: true });
const google = new ScriptedUpstream('google', { method: 'google' });
const wanting = { purpose: 'sign-in', clientKind: 'portal', wantedAddress: anna } as const;

describe('an account', () => {
  it('proves the wanted address, byte for byte, and no other', () => {
    expect(verdictOn(google.account(anna), wanting, google, noon)).toEqual({
      kind: 'proven',
      proof: {
        ...{ address: anna, method: 'google', issuer: 'https://google.example', subject: 'google-subject' },
        ...{ provenAt: noon, roles: [] },
      },
    });
    for (const other of ['anna@example.org', 'anna@mail.example.com', 'ann.a@example.com', 'anna+x@example.com']) {
      expect(verdictOn(google.account(parseMailAddress(other)), wanting, google, noon)).toEqual({
        kind: 'not-proven',
        reason: 'other-address',
      });
    }
  });

  it('proves nothing where its provider proves no address, whatever it is shown as', () => {
    const guest = google.account(null, { unproven: 'guest-account', shownAs: anna });
    expect(verdictOn(guest, wanting, google, noon)).toEqual({ kind: 'not-proven', reason: 'guest-account' });
    const anyAddress = { ...wanting, wantedAddress: null };
    expect(verdictOn(google.account(null), anyAddress, google, noon)).toEqual({
      kind: 'not-proven',
      reason: 'address-unverified',
    });
  });

  it('gives roles to a console alone, and from a provider that may give them alone', () => {
    const roles = ['auditor'];
    const rolesOf = (upstream: ScriptedUpstream, clientKind: 'portal' | 'application' | 'console') => {
      const verdict = verdictOn(upstream.account(anna, { roles }), { ...wanting, clientKind }, upstream, noon);
      return verdict.kind === 'proven' ? verdict.proof.roles : null;
    };
    expect(rolesOf(staff, 'console')).toEqual(roles);
    expect(rolesOf(google, 'console')).toEqual([]);
    expect(rolesOf(staff, 'portal')).toEqual([]);
    expect(rolesOf(staff, 'application')).toEqual([]);
  });

  it('says who reads at a shared mailbox, whatever address it has, and proves that mailbox in no way', () => {
    const reader = { ...wanting, purpose: 'reader', wantedAddress: null } as const;
    expect(verdictOn(google.account(null), reader, google, noon)).toEqual({
      kind: 'reader',
      reader: { kind: 'account', issuer: 'https://google.example', subject: 'google-subject', address: null },
    });
  });
});
