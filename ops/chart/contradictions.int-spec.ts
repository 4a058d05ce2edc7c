import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigurationFault, readSettings } from '#libs/installation';
import { HELM, render } from './rendered-chart.ts';

const place = mkdtempSync(join(tmpdir(), 'segl-contradictions-'));
afterAll(() => rmSync(place, { recursive: true }));
const values = join(place, 'values.yaml');
const asThePodHasIt = join(place, 'segl.yaml');
const addresses = { publicUrl: 'https://post.example', relayUrl: 'smtp://mail.example' };
const required = {
  organisation: { name: 'x', postalAddress: 'x', contactMail: 'x@post.example', timeZone: 'UTC' },
  passcode: { sender: 'x@post.example' },
};

/** What Helm says of these settings. */
function saidByTheChart(settings: object): string {
  writeFileSync(values, JSON.stringify({ ...addresses, settings })); // JSON is YAML
  return render('--values', values).said;
}

/** What a pod that was installed with them would end with. */
function saidByTheAppliance(settings: object): string {
  writeFileSync(asThePodHasIt, JSON.stringify({ ...addresses, ...required, ...settings }));
  try {
    readSettings({ SEGL_CONFIG: asThePodHasIt });
    return '';
  } catch (error) {
    if (error instanceof ConfigurationFault) return error.faults.join('\n');
    throw error;
  }
}

const server = { clientId: 'exchange', networks: ['10.0.0.0/8'], senders: ['@post.example'] };
const smtp = (client: object, more: object = {}) => ({ smtp: { withoutTls: true, clients: [client], ...more } });
const hash = '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$c29tZWhhc2hzb21laGFzaA';
const otherIssuer = { issuer: 'https://id.example', clientId: 'segl', clientSecretFile: '/x' };
const key = 'witness.example/w1+f5f1ad4c+BAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH';

/** The setting that both name, and settings that contradict each other. */
const CONTRADICTIONS: readonly (readonly [string, object])[] = [
  ['formerHosts', { formerHosts: ['post.example'] }],
  ['uploads.maxBytes', { uploads: { maxBytes: 26_542_079 } }],
  ['uploads.maxBytes', { sealing: { maxMailBytes: 150 * 1024 * 1024 } }],
  ['portal.ephemeralMaxBytes', { portal: { ephemeralMaxBytes: 28_000_000 } }],
  ['ledger.witnesses', { ledger: { witnesses: [{ url: 'https://witness.example', key }] } }],
  ['relay.clientCertificateFile', { relay: { clientKeyFile: '/etc/hostname' } }],
  ['canary.address', { canary: { everySeconds: 900, address: 'canary@post.example' } }],
  ['canary.everySeconds', { canary: { everySeconds: 900 }, signIn: { otherIssuer } }],
  ['gateway.bounceAddress', { gateway: { bounceAddress: 'bounces@post.example' } }],
  ['smtp.certificateFile', smtp(server, { certificateFile: '/run/secrets/a/tls.crt' })],
  ['smtp.certificateFile', smtp(server, { privateKeyFile: '/run/secrets/a/tls.key' })],
  ['smtp.certificateFile', smtp(server, { withoutTls: false })],
  ['smtp.maxBytesUnderWay', smtp(server, { maxBytesUnderWay: 1_000_000 })],
  ['smtp.clients: exchange stands twice', smtp(server, { clients: [server, server] })],
  ['smtp.clients: exchange cannot be known', smtp({ ...server, networks: [] })],
  ['smtp.clients: exchange logs in', smtp({ ...server, passwordHash: hash })],
  ['smtp.clients: exchange has certificateNames', smtp({ ...server, certificateNames: ['a.example'] })],
];

/** At the very bound, or with what was missing. */
const NONE: readonly object[] = [
  {},
  { formerHosts: ['old.example'] },
  { uploads: { maxBytes: 26_542_080 } },
  { sealing: { maxMailBytes: 100 * 1024 * 1024 } },
  { canary: { address: 'canary@post.example' } }, // none is sent
  {
    ...smtp(server),
    canary: { everySeconds: 600, address: 'canary@post.example' },
    gateway: { bounceAddress: 'bounces@post.example' },
  },
];

(HELM === null ? describe.skip : describe)('settings that contradict each other', () => {
  it.each(CONTRADICTIONS)(
    '%s: are refused by the appliance, and by Helm before anything is applied: %j',
    (name, given) => {
      expect(saidByTheAppliance(given)).toContain(name);
      expect(saidByTheChart(given)).toContain(`settings.${name}`);
    },
  );

  it.each(NONE)('are not found where there are none: %j', (given) => {
    expect([saidByTheAppliance(given), saidByTheChart(given)]).toEqual(['', '']);
  });
});
