import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationFault, readSettings } from './config.ts';

const whole = {
  SEGL_PUBLIC_URL: 'https://post.example.com',
  SEGL_RELAY_URL: 'smtp://mail.example.com:25',
  SEGL_ORGANISATION_NAME: 'Example A/S',
  SEGL_ORGANISATION_POSTAL_ADDRESS: 'Somewhere 1, 1000 København K',
  SEGL_ORGANISATION_CONTACT_MAIL: 'post@example.com',
  SEGL_PASSCODE_SENDER: 'no-reply@example.com',
};

function faultsOf(environment: NodeJS.ProcessEnv, options = {}): readonly string[] {
  try {
    readSettings(environment, options);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationFault) return error.faults;
    throw error;
  }
}

function yaml(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'segl-config-')), 'segl.yaml');
  writeFileSync(file, text);
  return file;
}

describe('configuration', () => {
  it('takes its defaults, with paths absolute and the embedded stores in the data directory', () => {
    const settings = readSettings({ ...whole, SEGL_DATA_DIR: '/srv/segl' });
    expect(settings).toMatchObject({
      httpPort: 8080,
      eventStore: 'sqlite:/srv/segl/events.sqlite',
      personKeys: 'sqlite:/srv/segl/persons.sqlite',
      trustedProxies: [],
      demonstration: false,
      organisation: { locales: ['en', 'da'] },
      passcode: { codesPerHour: 12, codesPerHourAndNetwork: 3 },
      sealing: { lifetimeDays: 90, maxMailBytes: 25 * 1024 * 1024, clients: [] },
      portal: { waitingSeconds: 900, sessionIdleSeconds: 1800, sessionMaxSeconds: 28800 },
    });
  });

  it('lets variables win over the file', () => {
    const file = yaml('httpPort: 9000\norganisation:\n  name: From the file\n  locales: [da]\n');
    const settings = readSettings({ ...whole, SEGL_CONFIG: file, SEGL_ORGANISATION_NAME: 'From a variable' });
    expect(settings.httpPort).toBe(9000);
    expect(settings.organisation).toMatchObject({ name: 'From a variable', locales: ['da'] });
  });

  it('tells every fault at once, by the name that was written', () => {
    const file = yaml(
      'portal:\n  waitingSecnods: 5\nsealing:\n  clients:\n    - clientId: Bad Name\n      tokenSha256: abc\n      senders: []\n',
    );
    expect(
      faultsOf({
        SEGL_CONFIG: file,
        SEGL_HTTP_PORT: 'eighty',
        SEGL_PUBIC_URL: 'x',
        SEGL_PASSCODE_SENDER: 'a@b@c.test',
      }),
    ).toEqual([
      'SEGL_PUBIC_URL: no such variable',
      'portal.waitingSecnods: no such setting',
      'SEGL_PUBLIC_URL (publicUrl): is missing',
      'SEGL_HTTP_PORT (httpPort): expected number, received NaN',
      'organisation: is missing',
      'SEGL_PASSCODE_SENDER (passcode.sender): is not one plain mail address (not-one-at-sign)',
      'sealing.clients.0.clientId: is not a name of a–z, 0–9 and hyphens',
      'sealing.clients.0.tokenSha256: is not a SHA-256 in 64 lower-case hexadecimal digits',
      expect.stringContaining('sealing.clients.0.senders: '),
      expect.stringContaining('SEGL_RELAY_URL (relayUrl): is missing'),
    ]);
  });

  it.each([
    [{ SEGL_PUBLIC_URL: 'http://post.example.com' }, 'must be https://'],
    [{ SEGL_PUBLIC_URL: 'https://post.example.com/segl' }, 'without a path'],
    [{ SEGL_RELAY_URL: undefined }, 'is missing; carriers and codes need a next hop'],
    [{ SEGL_RELAY_URL: 'mail.example.com' }, 'is neither smtp://'],
    [{ SEGL_RELAY_URL: 'smtp://mail.example.com/path' }, 'has a path or a fragment'],
    [
      { SEGL_TRUSTED_PROXIES: '10.0.0.0/8, loopback' },
      'SEGL_TRUSTED_PROXIES (trustedProxies.1): is neither an address nor a network',
    ],
    [{ SEGL_CONFIG: yaml('portal: { waitingSeconds: 901 }') }, 'portal.waitingSeconds: '],
    [{ SEGL_CONFIG: yaml('portal: { sessionIdleSeconds: 1801 }') }, 'portal.sessionIdleSeconds: '],
    [{ SEGL_CONFIG: yaml('portal: { sessionMaxSeconds: 28801 }') }, 'portal.sessionMaxSeconds: '],
    [{ SEGL_EVENT_STORE: 'esdb://localhost' }, 'this build takes sqlite:<path> only'],
    [{ SEGL_EPHEMERAL_STORE: 'redis://localhost' }, 'this build takes memory: only'],
    [{ SEGL_CONFIG: '/does/not/exist.yaml' }, '/does/not/exist.yaml cannot be read'],
  ])('refuses %j', (change, fault) => {
    expect(faultsOf({ ...whole, ...change })).toEqual([expect.stringContaining(fault)]);
  });

  it('tells what contradicts what beside what is wrong in itself, and nothing that only follows from that', () => {
    const faulty = { SEGL_HTTP_PORT: 'eighty', SEGL_RELAY_URL: undefined, SEGL_TRUSTED_PROXIES: 'x' };
    expect(faultsOf({ ...whole, ...faulty })).toEqual([
      expect.stringContaining('SEGL_HTTP_PORT'),
      expect.stringContaining('SEGL_TRUSTED_PROXIES'),
      expect.stringContaining('SEGL_RELAY_URL (relayUrl): is missing'),
    ]);
    expect(faultsOf({ ...whole, SEGL_PUBLIC_URL: 'nonsense' })).toHaveLength(1);
    expect(faultsOf({ SEGL_PUBLIC_URL: 'nonsense', SEGL_RELAY_URL: 'smtp://x' }, { demonstration: true })).toEqual([
      expect.stringContaining('SEGL_PUBLIC_URL'),
      expect.stringContaining('a demonstration sends no mail'),
    ]);
  });

  it('keeps a demonstration on loopback, and without a relay', () => {
    expect(faultsOf({}, { demonstration: true })).toEqual([]);
    expect(
      faultsOf(
        { SEGL_HTTP_HOST: '0.0.0.0', SEGL_PUBLIC_URL: 'https://post.example.com', SEGL_RELAY_URL: 'smtp://x:25' },
        { demonstration: true },
      ),
    ).toEqual([
      expect.stringContaining('a demonstration sends no mail'),
      expect.stringContaining('a demonstration listens on loopback only'),
      expect.stringContaining('a demonstration is on loopback only'),
    ]);
  });
});
