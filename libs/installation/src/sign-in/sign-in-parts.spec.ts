import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { SystemClock } from '#libs/vocabulary';
import type { ConfigurationFault } from '../settings/configuration-fault.ts';
import type { Settings } from '../settings/settings.ts';
import { signInSchema } from '../settings/sign-in-settings.ts';
import { signInParts } from './sign-in-parts.ts';

const directory = mkdtempSync(join(tmpdir(), 'segl-sign-in-parts-'));
afterAll(() => rmSync(directory, { recursive: true }));
const clientSecretFile = join(directory, 'secret');
writeFileSync(clientSecretFile, 'a secret of a test');
const TENANT = '3b2fcd1c-52c5-4a3e-9a42-5c5d6b1b7e11';
const registered = { clientId: 'segl', clientSecretFile };

/** @returns the providers, or what is wrong with the settings */
function made(signIn: object) {
  try {
    return partsOf(signIn).bridge.upstreams;
  } catch (error) {
    return (error as ConfigurationFault).faults;
  }
}

function partsOf(signIn: object, roles = ['portal']) {
  const settings = {
    ...{
      roles,
      publicUrl: 'https://segl.example',
      organisation: { name: 'Nordlys' },
      demonstration: false,
    },
    signIn: signInSchema.parse(signIn),
  } as unknown as Settings;
  return signInParts(settings, new SystemClock());
}

describe('sign-in as it is configured', () => {
  it('takes no Google or Entra as the other issuer, where their rules would not hold', () => {
    for (const issuer of ['https://accounts.google.com', `https://login.microsoftonline.com/${TENANT}/v2.0`]) {
      expect(made({ otherIssuer: { issuer, ...registered } })).toEqual([
        `signIn.otherIssuer: ${issuer} has rules of its own: configure it under signIn.microsoft or signIn.google`,
      ]);
    }
    expect(made({ otherIssuer: { issuer: 'https://login.example.com', ...registered } })).toEqual([]);
  });

  it('knows whether anybody can have a role at the console, whoever proves the addresses of readers', () => {
    const otherIssuer = { issuer: 'https://login.example.com', ...registered };
    const staff = { ...registered, name: 'Staff', issuer: 'https://staff.example.com', domains: ['example.com'] };
    const giving = { ...staff, rolesClaim: 'roles', roles: { auditors: ['auditor'] } };
    expect(partsOf({ otherIssuer }).hasAccountsWithRoles).toBe(false);
    expect(partsOf({ otherIssuer, organisation: [staff] }).hasAccountsWithRoles).toBe(false);
    expect(partsOf({ otherIssuer, organisation: [giving] }).hasAccountsWithRoles).toBe(true);
    expect(partsOf({}, ['console']).hasAccountsWithRoles).toBe(true); // a portal elsewhere knows
  });

  it('gives roles by a claim at each kind of provider, an Entra under `organisation` being one of Microsoft’s', () => {
    const giving = { ...registered, rolesClaim: 'roles', roles: { auditors: ['auditor'] } };
    const upstreams = made({
      microsoft: [{ ...giving, accounts: TENANT }],
      google: [{ ...giving, domains: ['example.com'] }],
      organisation: [
        {
          ...giving,
          name: 'Staff',
          issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`,
          domains: ['example.com'],
        },
        { ...giving, id: 'own', name: 'Own', issuer: 'https://login.example.com', domains: ['example.com'] },
      ],
    });
    expect(upstreams).toMatchObject([
      { method: 'microsoft', givesRoles: true },
      { method: 'google', givesRoles: true },
      { method: 'microsoft', givesRoles: true, id: 'organisation' },
      { method: 'organisation', givesRoles: true },
    ]);
    expect(made({ microsoft: [giving], google: [giving] })).toEqual([
      expect.stringContaining('the id of the one tenant'),
      expect.stringContaining('needs the domains'),
    ]);
  });
});
