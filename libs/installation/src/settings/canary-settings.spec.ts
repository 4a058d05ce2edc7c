import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { canaryAddress, hasCanary } from './canary-settings.ts';
import { readSettings } from './config.ts';
import { ConfigurationFault } from './configuration-fault.ts';

const place = mkdtempSync(join(tmpdir(), 'segl-canary-settings-'));
afterAll(() => rmSync(place, { recursive: true }));
const whole = {
  publicUrl: 'https://post.example.com',
  relayUrl: 'smtp://mail.example.com:25',
  passcode: { sender: 'no-reply@example.com' },
  organisation: {
    name: 'Example A/S',
    postalAddress: 'Somewhere 1, 1000 København K',
    contactMail: 'post@example.com',
    timeZone: 'Europe/Copenhagen',
  },
};
const smtp = {
  host: '127.0.0.1',
  clients: [{ clientId: 'exchange', networks: ['10.0.0.0/8'], senders: ['@example.com'] }],
};

function settingsOf(more: object) {
  writeFileSync(join(place, 'segl.yaml'), JSON.stringify({ ...whole, ...more })); // JSON is YAML
  return readSettings({ SEGL_CONFIG: join(place, 'segl.yaml') });
}
function faultsOf(more: object): readonly string[] {
  try {
    settingsOf(more);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationFault) return error.faults;
    throw error;
  }
}

describe('canary mails', () => {
  it('are sent only where somebody says so', () => {
    expect(hasCanary(settingsOf({}))).toBe(false);
    expect(hasCanary(settingsOf({ canary: { everySeconds: 900 } }))).toBe(true);
  });

  it('have an address that is nobody’s, or one of their own whose mail comes in here', () => {
    expect(canaryAddress(settingsOf({ canary: { everySeconds: 900 } }))).toBe('canary@segl.invalid');
    const canary = { everySeconds: 900, address: 'canary-7f3k2q@mail.example.com' };
    expect(canaryAddress(settingsOf({ canary, smtp }))).toBe(canary.address);
    expect(faultsOf({ canary })).toEqual([expect.stringContaining('canary.address: its mail comes in over SMTP')]);
  });

  it('are no oftener than codes are given to one address', () => {
    expect(faultsOf({ canary: { everySeconds: 60 } })).toEqual([
      expect.stringContaining('canary.everySeconds: is neither 0 (off) nor 600 at least'),
    ]);
  });

  it('need a store that portals and gateways share, and a way to prove an address by a code', () => {
    const canary = { everySeconds: 900 };
    for (const roles of [['portal', 'console'], ['gateway']])
      expect(faultsOf({ canary, roles })).toEqual([expect.stringContaining('an ephemeralStore that they share')]);
    expect(faultsOf({ canary, roles: ['gateway'], ephemeralStore: 'redis://store:6379' })).toEqual([]);
  });
});
