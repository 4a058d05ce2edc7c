import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ROLES } from '#libs/installation';
import type { Role } from '#libs/installation';
import { parseRelayUrls } from '#libs/mail';
import { CHART } from './chart-page.ts';
import { chartValuesSchema } from './chart-values.ts';
import { HELM, manifestsOf, render } from './rendered-chart.ts';

const place = mkdtempSync(join(tmpdir(), 'segl-policies-'));
afterAll(() => rmSync(place, { recursive: true }));

interface Rule {
  readonly ports: readonly { readonly port: number | string }[];
  readonly from?: readonly unknown[];
  readonly to?: readonly unknown[];
}
interface Policy {
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
}

/** The policy of each component of a cluster with these values beside. */
function policiesWith(values: object): Record<Role, Policy> {
  const file = join(place, 'values.yaml');
  writeFileSync(file, JSON.stringify(values)); // JSON is YAML
  const { text, said } = render(
    ...['--values', join(CHART, 'ci', 'cluster.yaml'), '--values', file],
    // A setting by itself, without those that must stand beside it.
    ...[
      '--set',
      'settings.ledger.directory=/l',
      '--show-only',
      'templates/network-policy.yaml',
      '--skip-schema-validation',
    ],
  );
  expect(said).toBe('');
  const policies = manifestsOf(text);
  const of = (role: Role) =>
    policies.find(({ metadata }) => metadata.name === `post-segl-${role}`)?.spec as unknown as Policy;
  return { portal: of('portal'), gateway: of('gateway'), console: of('console') };
}

function portsOf({ egress }: Policy): (number | string)[] {
  return egress.flatMap(({ ports }) => ports.map(({ port }) => port));
}

interface Schema {
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Every setting that is a URL. */
function urlsIn({ format, properties = {}, items }: Schema, path: string): string[] {
  if (format === 'uri') return [path];
  if (items !== undefined) return urlsIn(items, `${path}[]`);
  return Object.entries(properties).flatMap(([name, inner]) => urlsIn(inner, path === '' ? name : `${path}.${name}`));
}

/** Who speaks to the address of a setting. A new setting that holds one wants its line here, and its rule in the policy. */
const SPOKEN_TO_BY: Readonly<Record<string, Role | 'nobody'>> = {
  'signIn.microsoft[].authority': 'portal',
  'signIn.google[].issuer': 'portal',
  'signIn.organisation[].issuer': 'portal',
  'signIn.otherIssuer.issuer': 'portal',
  'signIn.clients[].webhook.url': 'gateway',
  'signIn.clients[].redirectUris[]': 'nobody', // a browser goes there
  'console.portalUrl': 'console',
  'ledger.witnesses[].url': 'console',
  'ledger.witnesses[].monitoringUrl': 'console',
  'ledger.checkpointUrl': 'console',
};

/** Settings that have nothing but this, at its path. */
function settingsWith(path: string, value: string): object {
  return path
    .split('.')
    .toReversed()
    .reduce<unknown>((inner, step) => {
      const isList = step.endsWith('[]');
      return { [step.replace('[]', '')]: isList ? [inner] : inner };
    }, value) as object;
}

(HELM === null ? describe.skip : describe)('the network policies of the chart, by Helm 4', () => {
  const settings = (chartValuesSchema() as Schema).properties?.['settings'] as Schema;

  it('say of every setting with an address who speaks to it', () => {
    expect(urlsIn(settings, '').toSorted()).toEqual(Object.keys(SPOKEN_TO_BY).toSorted());
  });

  it.each(Object.entries(SPOKEN_TO_BY))('%s: opens its port for %s alone', (path, speaker) => {
    const policies = policiesWith({ settings: settingsWith(path, 'https://there.example:9443') });
    expect(ROLES.filter((role) => portsOf(policies[role]).includes(9443))).toEqual(
      speaker === 'nobody' ? [] : [speaker],
    );
  });

  it('knows the port of a web address that has none', () => {
    const policies = policiesWith({ settings: { ledger: { checkpointUrl: 'http://there.example/log' } } });
    expect(portsOf(policies.console)).toContain(80);
    expect(portsOf(policiesWith({ settings: { ledger: { checkpointUrl: 'https://a.example' } } }).console)).toContain(
      443,
    );
  });

  it('reach a provider at its further hosts, and within where it may be there', () => {
    const organisation = { issuer: 'https://id.example', hosts: ['keys.example:8443'], privateAddresses: ['10.9.0.7'] };
    const { egress } = policiesWith({ settings: { signIn: { otherIssuer: organisation } } }).portal;
    const rule = egress.find(({ ports }) => ports.some(({ port }) => port === 8443));
    expect(rule?.ports.map(({ port }) => port)).toEqual([443, 8443]);
    expect(rule?.to).toContainEqual({ ipBlock: { cidr: '10.9.0.7/32' } });
  });

  it('let the canary of a gateway come in where readers do', () => {
    const policies = policiesWith({ settings: { canary: { everySeconds: 900 } } });
    expect(ROLES.filter((role) => portsOf(policies[role]).includes(8443))).toEqual(['gateway']);
  });

  it.each([
    { console: { noticesTo: ['officer@nordlys.example'] } },
    { ledger: { checkpointMail: 'keeper@outside.example' } },
  ])('lead a console to the relay once it writes to its own: %j', (settings) => {
    expect(portsOf(policiesWith({}).console)).not.toContain(2525);
    expect(portsOf(policiesWith({ settings }).console)).toContain(2525);
  });

  it.each([
    'smtp://mail.example',
    'smtp://mail.example:2526?tls=required',
    'smtps://mail.example',
    'mx://nordlys.example',
    'smtp://127.0.0.1',
    'smtps://a.example mx://nordlys.example smtp://b.example:2526',
  ])('lead to each next hop of %s at the port that the appliance takes', (relayUrl) => {
    const { egress } = policiesWith({
      relayUrl,
      networkPolicy: { relayTo: [{ ipBlock: { cidr: '10.1.0.99/32' } }] },
    }).gateway;
    const rule = egress.find(({ to }) => JSON.stringify(to ?? []).includes('10.1.0.99'));
    expect(rule?.ports.map(({ port }) => port)).toEqual(parseRelayUrls(relayUrl).map(({ port }) => port));
    const { said } = render('--set', 'publicUrl=https://post.example', '--set-string', `relayUrl=${relayUrl}`);
    expect(said).toBe(''); // by the schema too
  });

  it('let the release’s own pods in, whoever else may come', () => {
    const readersFrom = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }];
    const policies = policiesWith({ networkPolicy: { readersFrom } });
    const own = ROLES.map((role) => {
      const rule = policies[role].ingress.find(({ ports }) => ports.some(({ port }) => port === 'http'));
      expect(rule?.from).toContainEqual(readersFrom[0]);
      return JSON.stringify(rule?.from).match(/(?<="app.kubernetes.io\/component":")\w+/g);
    });
    expect(own).toEqual([['test', 'console'], ['test'], ['test']]);
    expect(policiesWith({}).portal.ingress[0]?.from).toBeUndefined();
  });
});
