import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readSettings } from './config.ts';
import { ConfigurationFault } from './configuration-fault.ts';
import { takesBounces } from './gateway-settings.ts';
import { certificateFilesOf, listensForMail } from './smtp-settings.ts';

const place = mkdtempSync(join(tmpdir(), 'segl-smtp-settings-'));
afterAll(() => rmSync(place, { recursive: true }));
const whole = {
  SEGL_PUBLIC_URL: 'https://post.example.com',
  SEGL_RELAY_URL: 'smtp://mail.example.com:25',
  SEGL_ORGANISATION_NAME: 'Example A/S',
  SEGL_ORGANISATION_POSTAL_ADDRESS: 'Somewhere 1, 1000 København K',
  SEGL_ORGANISATION_CONTACT_MAIL: 'post@example.com',
  SEGL_ORGANISATION_TIME_ZONE: 'Europe/Copenhagen',
  SEGL_PASSCODE_SENDER: 'no-reply@example.com',
};

function settingsOf(smtp: object, more: NodeJS.ProcessEnv = {}, rest: object = {}) {
  writeFileSync(join(place, 'segl.yaml'), JSON.stringify({ smtp, ...rest })); // JSON is YAML
  return readSettings({ ...whole, SEGL_CONFIG: join(place, 'segl.yaml'), ...more });
}
function faultsOf(smtp: object, more: NodeJS.ProcessEnv = {}, rest: object = {}): readonly string[] {
  try {
    settingsOf(smtp, more, rest);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationFault) return error.faults;
    throw error;
  }
}
const exchange = { clientId: 'exchange', networks: ['10.0.0.0/8'], senders: ['@example.com'] };

describe('mail coming in', () => {
  it('is not listened for without clients, nor by another role', () => {
    expect(listensForMail(settingsOf({}))).toBe(false);
    const smtp = { clients: [exchange] };
    expect(listensForMail(settingsOf(smtp, { SEGL_ROLES: 'portal' }))).toBe(false);
    expect(listensForMail(settingsOf({ ...smtp, host: '127.0.0.1' }))).toBe(true);
  });

  it('needs a certificate, unless it is on loopback or somebody answers for the network', () => {
    expect(faultsOf({ clients: [exchange] })).toEqual([expect.stringContaining('SEGL_SMTP_CERTIFICATE_FILE')]);
    expect(faultsOf({ clients: [exchange], host: '::1' })).toEqual([]);
    expect(faultsOf({ clients: [exchange], withoutTls: true })).toEqual([]);
    expect(faultsOf({ clients: [exchange], withoutTls: true, tlsPort: 465 })).toEqual([
      expect.stringContaining('SEGL_SMTP_TLS_PORT (smtp.tlsPort): needs a certificate'),
    ]);
  });

  it('says what is wrong with a certificate', () => {
    const missing = { clients: [exchange], certificateFile: '/nowhere.pem', privateKeyFile: '/nowhere.key' };
    expect(faultsOf(missing)).toEqual([expect.stringContaining('/nowhere.pem cannot be read (ENOENT)')]);
    expect(faultsOf({ clients: [exchange], certificateFile: '/nowhere.pem' })).toEqual([
      expect.stringContaining('go together'),
    ]);
  });

  (existsSync('/usr/bin/openssl') ? it : it.skip)('takes a certificate with its key', () => {
    const [certificateFile, privateKeyFile] = [join(place, 'c.pem'), join(place, 'c.key')];
    const asked = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x'];
    execFileSync('openssl', [...asked, '-out', certificateFile, '-keyout', privateKeyFile], { stdio: 'ignore' });
    const { smtp } = settingsOf({ clients: [exchange], certificateFile, privateKeyFile });
    expect(certificateFilesOf(smtp)).toEqual({ certificateFile, privateKeyFile });
  });
});

describe('a client', () => {
  const alone = (client: object) => faultsOf({ clients: [{ ...exchange, ...client }], host: '127.0.0.1' });

  it.each(['0.0.0.0/0', '::/0', '10.0.0.0/0'])('is not everybody: %s', (network) =>
    expect(alone({ networks: [network] })).toEqual([expect.stringContaining('open relay')]),
  );
  it('must be known by something, and writes as somebody', () => {
    expect(alone({ networks: [] })).toEqual([expect.stringContaining('exchange cannot be known')]);
    expect(alone({ senders: [] })).toEqual([expect.stringContaining('smtp.clients.0.senders')]);
  });
  it('has a name of its own', () =>
    expect(faultsOf({ clients: [exchange, exchange], host: '127.0.0.1' })).toEqual([
      'smtp.clients: exchange stands twice',
    ]));
  it('logs in under TLS alone', () => {
    expect(
      alone({ networks: [], passwordHash: '$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA' }),
    ).toEqual([expect.stringContaining('smtp.certificateFile is missing')]);
    for (const passwordHash of [
      'secret',
      '$argon2id$v=19$',
      '$argon2i$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
    ])
      expect(alone({ passwordHash })).toEqual([expect.stringContaining('is not an Argon2 hash')]);
  });
  it('shows a name that somebody vouches for', () =>
    expect(alone({ certificateNames: ['mail.example.com'] })).toEqual([
      expect.stringContaining('under TLS alone'),
      expect.stringContaining('no smtp.clientAuthoritiesFile'),
    ]));
});

it('has ports and room of its own', () => {
  expect(faultsOf({ clients: [exchange], host: '127.0.0.1', port: 8080 })).toEqual([
    expect.stringContaining('another listener’s port'),
  ]);
  expect(faultsOf({ clients: [exchange], host: '127.0.0.1', maxBytesUnderWay: 1000 })).toEqual([
    expect.stringContaining('smtp.maxBytesUnderWay: must hold at least one mail'),
  ]);
});

it('has an address for bounces only where it is listened for them, and room for a token', () => {
  const listening = { clients: [exchange], host: '127.0.0.1' };
  const bouncing = (bounceAddress: string) => ({ gateway: { bounceAddress } });
  expect(takesBounces(settingsOf(listening, {}, bouncing('bounces@mail.example.com')))).toBe(true);
  expect(faultsOf({}, {}, bouncing('bounces@mail.example.com'))).toEqual([
    expect.stringContaining('smtp.clients names nobody'),
  ]);
  for (const address of ['a.long.name.for.it@mail.example.com', 'b+c@mail.example.com'])
    expect(faultsOf(listening, {}, bouncing(address))).toEqual([
      expect.stringContaining('gateway.bounceAddress: has more than 15'),
    ]);
});

it('has mailboxes that RFC 5321 has not, in their one form; its own mail comes from none that many servers refuse', () => {
  const settings = settingsOf(
    {
      host: '127.0.0.1',
      clients: [{ ...exchange, senders: ['A..b.@Docomo.ne.jp', 'Kontør@example.com', '@BLÅBÆR.example'] }],
    },
    {},
    { gateway: { unquotedDotsAt: ['Docomo.ne.jp', 'blåbær.example'] } },
  );
  expect(settings.gateway.unquotedDotsAt).toEqual(['docomo.ne.jp', 'xn--blbr-roah.example']);
  expect(settings.smtp.clients[0]?.senders).toEqual([
    '"a..b."@docomo.ne.jp',
    'kontør@example.com',
    '@xn--blbr-roah.example',
  ]);
  expect(settingsOf({}).gateway.unquotedDotsAt).toEqual([]);
  expect(settingsOf({}, {}, { gateway: { unquotedDotsAt: 'everywhere' } }).gateway.unquotedDotsAt).toBe('everywhere');
  expect(faultsOf({}, {}, { gateway: { unquotedDotsAt: ['docomo'] } })).toEqual([
    expect.stringContaining('gateway.unquotedDotsAt'),
  ]);
  expect(faultsOf({}, { SEGL_PASSCODE_SENDER: 'kontør@example.com' })).toEqual([
    expect.stringContaining('has letters beyond ASCII before the @'),
  ]);
  expect(
    faultsOf({ clients: [exchange], host: '127.0.0.1' }, {}, { gateway: { bounceAddress: 'b..@example.com' } }),
  ).toEqual([expect.stringContaining('gateway.bounceAddress')]);
});
