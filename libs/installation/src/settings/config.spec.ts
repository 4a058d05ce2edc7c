import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { noteDemonstrationAddress } from '../stores/data-files.ts';
import { readSettings } from './config.ts';
import { ConfigurationFault } from './configuration-fault.ts';
import { newcomersTimeZone } from './demonstration-defaults.ts';

const whole = {
  SEGL_PUBLIC_URL: 'https://post.example.com',
  SEGL_RELAY_URL: 'smtp://mail.example.com:25',
  SEGL_ORGANISATION_NAME: 'Example A/S',
  SEGL_ORGANISATION_POSTAL_ADDRESS: 'Somewhere 1, 1000 København K',
  SEGL_ORGANISATION_CONTACT_MAIL: 'post@example.com',
  SEGL_ORGANISATION_TIME_ZONE: 'Europe/Copenhagen',
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

const WITNESS =
  '{ url: "https://witness.example", key: witness.example/w1+f5f1ad4c+BAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH }';

describe('configuration', () => {
  it('takes its defaults, with paths absolute and the embedded stores in the data directory', () => {
    const settings = readSettings({ ...whole, SEGL_DATA_DIR: '/srv/segl' });
    expect(settings).toMatchObject({
      httpPort: 8080,
      roles: ['portal', 'gateway', 'console'],
      eventStore: 'sqlite:/srv/segl/events.sqlite',
      personKeys: 'sqlite:/srv/segl/persons.sqlite',
      trustedProxies: [],
      demonstration: false,
      organisation: { locales: ['en', 'da'] },
      passcode: { codesPerHour: 12, codesPerHourAndNetwork: 3 },
      sealing: { lifetimeDays: 90, maxMailBytes: 25 * 1024 * 1024 },
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
      'portal:\n  waitingSecnods: 5\nsignIn:\n  clients:\n    - clientId: Bad Name\n      kind: robot\n      senders: [x]\n',
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
      'signIn.clients.0.clientId: is not a name of a–z, 0–9 and hyphens, 63 at most',
      expect.stringContaining('signIn.clients.0.kind: '),
      'signIn.clients.0.publicKeyFile: is missing',
      'signIn.clients.0.senders.0: is neither an address nor @domain',
      expect.stringContaining('SEGL_RELAY_URL (relayUrl): is missing'),
    ]);
  });

  it.each([
    [{ SEGL_PUBLIC_URL: 'http://post.example.com' }, 'must be https://'],
    [{ SEGL_PUBLIC_URL: 'https://post.example.com/segl' }, 'without a path'],
    [
      { SEGL_ORGANISATION_LOGO_FILE: yaml('<svg xmlns="http://www.w3.org/2000/svg"/>') },
      'SEGL_ORGANISATION_LOGO_FILE (organisation.logoFile): is an SVG, which may hold scripts',
    ],
    [
      { SEGL_CONFIG: yaml('portal: { smimeAuthoritiesFile: /no/such.pem }') },
      'portal.smimeAuthoritiesFile: cannot be read (ENOENT)',
    ],
    [
      { SEGL_CONFIG: yaml(`portal: { smimeAuthoritiesFile: ${yaml('no certificate')} }`) },
      'portal.smimeAuthoritiesFile: holds no certificate (PEM)',
    ],
    [
      {
        SEGL_CONFIG: yaml(
          `portal: { smimeAuthoritiesFile: ${yaml('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')} }`,
        ),
      },
      'portal.smimeAuthoritiesFile: holds a certificate that is of no certificate authority, or cannot be read: number 1',
    ],
    [{ SEGL_ORGANISATION_LOGO_FILE: '/no/such.png' }, '(organisation.logoFile): cannot be read (ENOENT)'],
    [
      { SEGL_ORGANISATION_COLOUR: 'red' },
      'SEGL_ORGANISATION_COLOUR (organisation.colour): is no colour such as #1f4e79',
    ],
    [{ SEGL_ORGANISATION_COLOUR: '#ffcc00' }, 'on the light page, and text needs 4.5:1 (WCAG 1.4.3): a darker one'],
    [
      { SEGL_ORGANISATION_COLOUR_IN_DARK: '#1f4e79' },
      'on the dark page, and text needs 4.5:1 (WCAG 1.4.3): a lighter one',
    ],
    [{ SEGL_ORGANISATION_TIME_ZONE: undefined }, 'SEGL_ORGANISATION_TIME_ZONE (organisation.timeZone): is missing'],
    [
      { SEGL_ORGANISATION_TIME_ZONE: 'Europe/Kopenhagen' },
      'SEGL_ORGANISATION_TIME_ZONE (organisation.timeZone): is no IANA name of a time zone such as Europe/Copenhagen',
    ],
    [{ SEGL_ORGANISATION_TELEPHONE: 'call us' }, 'is no telephone number such as +45 33 12 34 56'],
    [{ SEGL_RELAY_URL: undefined }, 'is missing; carriers and codes need a next hop'],
    [{ SEGL_RELAY_URL: 'mail.example.com' }, 'is not a URL; expected smtp://'],
    [{ SEGL_RELAY_URL: 'smtp://a.example mx://' }, 'expected mx://name'],
    [{ SEGL_CONFIG: yaml('relay: { credentialsFile: /nowhere/at/all }') }, 'relay.credentialsFile: /nowhere/at/all'],
    [{ SEGL_CONFIG: yaml('dkim: { domains: [localhost] }') }, 'dkim.domains.0: is no domain of mail addresses'],
    [{ SEGL_CONFIG: yaml('dkim: { selector: _x }') }, 'dkim.selector: is no selector'],
    [{ SEGL_CONFIG: yaml(`ledger: { witnesses: [${WITNESS}] }`) }, 'ledger.witnesses: needs '],
    [
      { SEGL_CONFIG: yaml(`ledger: { directory: /x, witnesses: [${WITNESS.replace('w1', 'w2')}] }`) },
      'its key is no Ed25519 key',
    ],
    [
      { SEGL_CONFIG: yaml(`ledger: { directory: /x, witnesses: [${WITNESS.replace('https', 'http')}] }`) },
      'ledger.witnesses: http://witness.example/: must be https://',
    ],
    [
      {
        SEGL_CONFIG: yaml(
          `ledger: { directory: /x, witnesses: [${WITNESS.replace(' }', ', privateAddresses: [inside] }')}] }`,
        ),
      },
      'ledger.witnesses: https://witness.example: neither an address nor a range like 10.0.0.0/8: inside',
    ],
    [
      { SEGL_CONFIG: yaml('ledger: { checkpointUrl: "https://kim:secret@keeper.example/x" }') },
      'ledger.checkpointUrl: https://keeper.example/x: has a user or a password in it',
    ],
    [
      {
        SEGL_CONFIG: yaml('ledger: { checkpointUrl: "https://keeper.example/", checkpointPrivateAddresses: [keeper] }'),
      },
      'ledger.checkpointPrivateAddresses: neither an address nor a range like 10.0.0.0/8: keeper',
    ],
    [
      { SEGL_CONFIG: yaml('ledger: { checkpointPrivateAddresses: [10.0.0.7] }') },
      'ledger.checkpointPrivateAddresses: has no use without ',
    ],
    [{ SEGL_CONFIG: yaml('relay: { clientKeyFile: /etc/hostname }') }, 'a certificate and its key'],
    [
      { SEGL_RELAY_URL: 'smtp://a.example?tls=none', SEGL_CONFIG: yaml('relay: { authoritiesFile: /etc/hostname }') },
      'relay.authoritiesFile: has no use: no connection to a next hop is encrypted',
    ],
    [{ SEGL_RELAY_URL: 'smtp://mail.example.com/path' }, 'has a path or a fragment'],
    [
      { SEGL_TRUSTED_PROXIES: '10.0.0.0/8, loopback' },
      'SEGL_TRUSTED_PROXIES (trustedProxies.1): is neither an address nor a network',
    ],
    [
      { SEGL_PUBLIC_URL: 'https://post.example', SEGL_FORMER_HOSTS: 'old.example,post.example' },
      'SEGL_FORMER_HOSTS (formerHosts): names the host of publicUrl',
    ],
    [{ SEGL_FORMER_HOSTS: 'https://old.example' }, 'SEGL_FORMER_HOSTS (formerHosts.0): is no host name in lower case'],
    [{ SEGL_FORMER_HOSTS: 'old.example:8443' }, 'SEGL_FORMER_HOSTS (formerHosts.0): is no host name in lower case'],
    [{ SEGL_CONFIG: yaml('portal: { waitingSeconds: 901 }') }, 'portal.waitingSeconds: '],
    [{ SEGL_CONFIG: yaml('portal: { sessionIdleSeconds: 1801 }') }, 'portal.sessionIdleSeconds: '],
    [{ SEGL_CONFIG: yaml('portal: { sessionMaxSeconds: 28801 }') }, 'portal.sessionMaxSeconds: '],
    [
      { SEGL_EVENT_STORE: 'mysql://localhost' },
      'is neither sqlite:<path>, esdb://<host>[:<port>] nor esdb+discover://<host> (it begins with mysql:)',
    ],
    [{ SEGL_EVENT_STORE: '/srv/events.sqlite' }, 'SEGL_EVENT_STORE (eventStore): is neither sqlite:<path>'],
    [
      { SEGL_EVENT_STORE: 'esdb://admin:changeit@localhost' },
      'leave it out, and name a file that holds it as stores.eventStoreCredentialsFile',
    ],
    [
      { SEGL_EPHEMERAL_STORE: 'rediss://:s3cret@localhost' },
      'name a file that holds it as stores.ephemeralPasswordFile',
    ],
    [{ SEGL_EPHEMERAL_STORE: 'redis:localhost' }, 'SEGL_EPHEMERAL_STORE (ephemeralStore): is neither memory:'],
    [{ SEGL_PERSON_KEYS: 'postgres://segl@localhost/segl?password=s3cret' }, 'stores.personKeysPasswordFile'],
    [{ SEGL_PERSON_KEYS: 'postgres://localhost' }, 'nor postgres://<user>@<host>[:<port>]/<database>'],
    [{ SEGL_PERSON_KEYS: 'postgres://localhost/segl' }, 'names no user'],
    [{ SEGL_PERSON_KEYS: 'postgres://segl@db.example/segl?sslmode=require' }, 'sslmode must be verify-full'],
    [
      { SEGL_EPHEMERAL_STORE: 'redis://localhost', SEGL_CONFIG: yaml('stores: { ephemeralCaFile: /dev/null }') },
      'stores.ephemeralCaFile: has no use: the connection is not encrypted',
    ],
    [
      { SEGL_EVENT_STORE: 'esdb://a,b,c', SEGL_CONFIG: yaml('stores: { eventStoreCredentialsFile: /no/such/file }') },
      'stores.eventStoreCredentialsFile: /no/such/file cannot be read: ENOENT',
    ],
    [{ SEGL_CONFIG: yaml('stores: { personKeysCaFile: /does/not/exist.pem }') }, 'stores.personKeysCaFile: has no use'],
    [{ SEGL_MANAGEMENT_PORT: '8080' }, 'SEGL_MANAGEMENT_PORT (managementPort): is the port that readers reach'],
    [{ SEGL_ROLES: '' }, 'SEGL_ROLES (roles): names no role: portal, gateway, console'],
    [{ SEGL_ROLES: 'portal,portal' }, 'SEGL_ROLES (roles): names a role twice'],
    [{ SEGL_ROLES: 'portal,reader' }, 'SEGL_ROLES (roles.1): Invalid option'],
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

  it.each([
    ['cannot be parsed', () => yaml('portal: [')],
    ['cannot be parsed, which YAML says over several lines', () => yaml('portal: a: b')],
    ['is no mapping', () => yaml('- portal')],
    ['is not there', () => '/no/such/file.yaml'],
  ])('has one fault where the file %s: whatever else is missing may stand in it', (_, file) => {
    expect(faultsOf({ SEGL_CONFIG: file(), SEGL_PUBIC_URL: 'x' })).toEqual([
      expect.stringMatching(/^SEGL_CONFIG: .*[^:]$/),
    ]);
  });

  it('takes an empty variable for none', () => {
    const file = yaml('httpPort: 9000\ndataDir: /srv/segl\n');
    const settings = readSettings({ ...whole, SEGL_CONFIG: file, SEGL_HTTP_PORT: '', SEGL_DATA_DIR: '' });
    expect(settings).toMatchObject({ httpPort: 9000, dataDir: '/srv/segl' });
  });

  it('never quotes a secret that stands in a URL, whatever else is wrong with it', () => {
    const urls = {
      SEGL_EVENT_STORE: 'esdb://admin:s3cret@a:2113,b:2113?tls=maybe',
      SEGL_EPHEMERAL_STORE: 'mysql://root:s3cret@localhost',
      SEGL_PERSON_KEYS: 'postgres://segl:s3cret@/',
    };
    const faults = faultsOf({ ...whole, ...urls });
    expect(faults).toHaveLength(3);
    expect(faults.join()).not.toContain('s3cret');
    expect(faults.every((fault) => fault.includes('holds a password'))).toBe(true);
  });

  it('takes servers, with their secrets in files', () => {
    const stores = yaml('stores: { eventStoreCredentialsFile: /dev/null, personKeysPasswordFile: /dev/null }');
    const urls = {
      SEGL_EVENT_STORE: 'esdb://a:2113,b:2113,c:2113?tls=true',
      SEGL_EPHEMERAL_STORE: 'rediss://segl@valkey.example:6380/1',
      SEGL_PERSON_KEYS: 'postgres://segl@db.example/segl',
    };
    expect(readSettings({ ...whole, ...urls, SEGL_CONFIG: stores, SEGL_ROLES: 'portal, gateway' })).toMatchObject({
      roles: ['portal', 'gateway'],
      eventStore: urls.SEGL_EVENT_STORE,
      ephemeralStore: urls.SEGL_EPHEMERAL_STORE,
      personKeys: urls.SEGL_PERSON_KEYS,
      stores: { eventStoreCredentialsFile: '/dev/null', personKeysPasswordFile: '/dev/null' },
    });
  });

  it('needs a relay for what sends mail, not for a console', () => {
    const { SEGL_RELAY_URL: _, ...without } = whole;
    expect(faultsOf({ ...without, SEGL_ROLES: 'console' })).toEqual([]);
    for (const SEGL_ROLES of ['portal', 'gateway']) {
      expect(faultsOf({ ...without, SEGL_ROLES })).toEqual([expect.stringContaining('SEGL_RELAY_URL')]);
    }
  });

  it('has a demonstration whole and in its own directory', () => {
    const elsewhere = { SEGL_ROLES: 'portal', SEGL_EPHEMERAL_STORE: 'redis://localhost' };
    expect(faultsOf(elsewhere, { demonstration: true })).toEqual([
      expect.stringContaining('a demonstration has all roles'),
      expect.stringContaining('SEGL_EPHEMERAL_STORE (ephemeralStore): a demonstration keeps everything'),
    ]);
  });

  it.each([
    [undefined, 'UTC'], // TZ=:/etc/localtime
    ['Etc/Unknown', 'UTC'], // TZ=
    ['undefined', 'UTC'],
    ['Europe/Copenhagen', 'Europe/Copenhagen'],
  ])('starts a demonstration where Node takes the zone of the machine for %s, in %s', (found, zone) =>
    expect(newcomersTimeZone(found)).toBe(zone),
  );

  it('leads commands to the demonstration that runs, wherever it listens, but not the next start', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'segl-demonstration-'));
    const environment = { SEGL_DATA_DIR: dataDir };
    const command = { demonstration: true, isBeside: true };
    const forget = noteDemonstrationAddress(dataDir, new URL('http://localhost:4711/'));
    expect(readSettings(environment, command).publicUrl).toBe('http://localhost:4711/');
    expect(readSettings({ ...environment, SEGL_HTTP_PORT: '9000' }, command).publicUrl).toBe('http://localhost:9000');
    expect(readSettings(environment, { demonstration: true }).publicUrl).toBe('http://localhost:8080');
    forget();
    expect(readSettings(environment, command).publicUrl).toBe('http://localhost:8080');
    noteDemonstrationAddress(dataDir, new URL('https://elsewhere.example/'));
    expect(readSettings(environment, command).publicUrl).toBe('http://localhost:8080');
    rmSync(dataDir, { recursive: true });
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
