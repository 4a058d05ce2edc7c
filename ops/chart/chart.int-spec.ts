import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { keysIfThereOf, keysOf, readSettings, ROLE_PARTS, ROLES } from '#libs/installation';
import { KEY_KINDS } from '#libs/keyring';
import { toolPath } from '../judges/tools.mjs';
import { CHART } from './chart-page.ts';
import { KUBERNETES, writeSchemas } from './kubernetes-schemas.ts';
import { asThePodReads, example, EXAMPLES, HELM, manifestsOf, podsOf, render, textOfChart } from './rendered-chart.ts';
import type { Manifest } from './rendered-chart.ts';

const withHelm = HELM === null ? describe.skip : describe;
const place = mkdtempSync(join(tmpdir(), 'segl-schemas-'));
afterAll(() => rmSync(place, { recursive: true }));
const first = ['--set', 'publicUrl=https://post.example,relayUrl=smtp://mail.example'];
const named = (manifests: readonly Manifest[], kind: string) => manifests.filter((each) => each.kind === kind);

/** Which files of a mounted keyring a component's pod is given. */
function patternsOf(values: string, component: string): string[] {
  const [, pod] = podsOf(example(values)).find(([name]) => name.endsWith(component)) ?? [];
  const [, patterns = ''] = /for file in (.*); do/.exec(pod?.initContainers?.[0]?.args?.[0] ?? '') ?? [];
  return patterns.split(' ').toSorted();
}

withHelm('the chart, by Helm 4', () => {
  it.each(EXAMPLES)('%s: lint has nothing to say', (name) => {
    const { status, stdout } = spawnSync(
      HELM ?? '',
      ['lint', '--strict', '--quiet', CHART, '--values', join(CHART, 'ci', name)],
      { encoding: 'utf8' },
    );
    expect([status, stdout.trim()]).toEqual([0, '']);
  });

  it.each(EXAMPLES)('%s: the appliance itself finds no fault with what it is given', (name) => {
    const manifests = example(name);
    const configurations = named(manifests, 'ConfigMap');
    expect(configurations.length).toBe(name.startsWith('cluster') ? 3 : 1);
    for (const { data = {}, metadata } of configurations) {
      const { file, forget } = asThePodReads(data['segl.yaml'] ?? '');
      const settings = readSettings({ SEGL_CONFIG: file, SEGL_DATA_DIR: '', SEGL_KEYRING: '', SEGL_HTTP_PORT: '' });
      forget();
      const role = metadata.name.replace(/^post-segl-/, '');
      expect(settings.roles).toEqual(role === 'appliance' ? ROLES : [role]);
      expect([settings.httpPort, settings.managementPort, settings.dataDir]).toEqual([
        8080,
        8081,
        '/var/lib/segl/data',
      ]);
      expect(settings.organisation.name).not.toBe('');
    }
  });

  it.each(EXAMPLES)('%s: every pod is nobody, can write nothing, and has a bound of memory', (name) => {
    const pods = podsOf(example(name));
    expect(pods.length).toBeGreaterThan(1);
    for (const [, pod] of pods) {
      expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const { securityContext, resources } of [...pod.containers, ...(pod.initContainers ?? [])]) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(resources?.limits?.memory).toMatch(/^\d+[MG]i$/);
      }
    }
  });

  it('is the same out of one file, as a closed network gets it', () => {
    const { status } = spawnSync(HELM ?? '', ['package', CHART, '--destination', place], { encoding: 'utf8' });
    expect(status).toBe(0);
    const values = ['--values', join(CHART, 'ci', 'embedded-behind-an-ingress.yaml')];
    const archive = join(
      place,
      `segl-${String((parse(textOfChart('Chart.yaml')) as { version: string }).version)}.tgz`,
    );
    const { stdout } = spawnSync(HELM ?? '', ['template', 'post', archive, ...values], { encoding: 'utf8' });
    expect(stdout).toBe(render(...values).text);
  });

  it('the defaults of the image, which would win over the file, are taken back', () => {
    const image = readFileSync(join(CHART, '..', '..', 'ops', 'images', 'Containerfile'), 'utf8');
    const set = [...image.matchAll(/\b(SEGL_[A-Z_]+)=/g)].map(([, variable]) => variable);
    const [, pod] = podsOf(example('embedded.yaml'))[0] ?? [];
    const env = pod?.containers[0]?.env ?? [];
    expect(set.length).toBeGreaterThan(0);
    for (const variable of set) expect(env).toContainEqual({ name: variable, value: '' });
  });

  it('a pod of a role is given the keys of that role and no others', () => {
    for (const role of ROLES) {
      const keys = [
        ...keysOf({ roles: [role], ephemeralStore: 'rediss://somewhere' }),
        ...keysIfThereOf({ roles: [role] }),
      ];
      const wanted = keys.map((key) => (key.endsWith('.pub') ? key.replace('.pub', '-*.pub') : `${key}-*`));
      expect([role, patternsOf('cluster.yaml', role)]).toEqual([role, ['*.destroyed', ...wanted].toSorted()]);
    }
  });

  it('gives a pod a copy of a Secret’s keys that nothing in the pod can change, and anew whenever it starts', () => {
    const at = join(place, 'pod');
    for (const name of ['keys', 'run/segl']) mkdirSync(join(at, name), { recursive: true });
    const [, pod] = podsOf(example('embedded-behind-an-ingress.yaml'))[0] ?? [];
    const script = (pod?.initContainers?.[0]?.args?.[0] ?? '')
      .replaceAll('/run/segl', `${at}/run/segl`)
      .replace('cd /keys', `cd ${at}/keys`);
    const modes = () =>
      ['.', ...readdirSync(join(at, 'run/segl/keyring'))].map((name) => [
        name,
        statSync(join(at, 'run/segl/keyring', name)).mode & 0o777,
      ]);
    for (const key of ['sealing-1.key', 'sealing-2.key']) {
      writeFileSync(join(at, 'keys', key), 'x');
      expect(spawnSync('sh', ['-c', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    }
    expect(modes()).toEqual([
      ['.', 0o500],
      ['sealing-1.key', 0o400],
      ['sealing-2.key', 0o400],
    ]);
    chmodSync(join(at, 'run/segl/keyring'), 0o700);
  });

  it('the one pod of mode embedded has every kind of key there is, since a backup is made in it', () => {
    const patterns = patternsOf('embedded-behind-an-ingress.yaml', 'appliance');
    for (const kind of KEY_KINDS) expect([kind, patterns.includes(`${kind}-*`)]).toEqual([kind, true]);
  });

  it('leaves a pod the seconds that its settings and its last requests need', () => {
    const named = (manifests: readonly Manifest[], kind: string, end: string) =>
      manifests.find((each) => each.kind === kind && each.metadata.name.endsWith(end));
    const set = ['--set', 'settings.drainSeconds=120'];
    for (const [component, args, drainSeconds] of [
      ['portal', [], 60],
      ['gateway', [], 5],
      ['portal', set, 120],
    ] as const) {
      const manifests = manifestsOf(render('--values', join(CHART, 'ci', 'cluster.yaml'), ...args).text);
      const { data = {} } = named(manifests, 'ConfigMap', component) ?? {};
      expect(parse(data['segl.yaml'] ?? '')).toMatchObject({ drainSeconds });
      const [, pod] = podsOf(manifests).find(([name]) => name.endsWith(component)) ?? [];
      // Five until every proxy has heard, five that a stop takes beside its answers, and as much again.
      expect(pod).toMatchObject({
        terminationGracePeriodSeconds: drainSeconds + 20,
        containers: [{ lifecycle: { preStop: { sleep: { seconds: 5 } } } }],
      });
    }
  });

  it('vouches for a managed server in the settings, and gives processes the variables of a closed network', () => {
    const file = '/run/files/inside/ca.crt';
    const { text } = render(
      ...['--values', join(CHART, 'ci', 'cluster.yaml'), '--set', 'ephemeralStore.vouchedFor={redis-7,no-eviction}'],
      ...['--set', `environment.NODE_EXTRA_CA_CERTS=${file}`],
    );
    const manifests = manifestsOf(text);
    for (const { data = {} } of named(manifests, 'ConfigMap')) {
      const written = parse(data['segl.yaml'] ?? '') as { stores: { ephemeralVouchedFor: string[] } };
      expect(written.stores.ephemeralVouchedFor).toEqual(['redis-7', 'no-eviction']);
    }
    const envs = podsOf(manifests).flatMap(([, { containers }]) => containers.flatMap(({ env }) => (env ? [env] : [])));
    expect(envs).toHaveLength(3);
    for (const env of envs) expect(env).toContainEqual({ name: 'NODE_EXTRA_CA_CERTS', value: file });
  });

  it('leads each role’s paths to that role, and no path to the management port', () => {
    const ingress = named(example('cluster-for-trying.yaml'), 'Ingress')[0]?.spec as unknown as {
      rules: { http: { paths: { path: string; backend: { service: { name: string; port: { name: string } } } }[] } }[];
    };
    const paths = ingress.rules.flatMap(({ http }) => http.paths);
    for (const role of ['gateway', 'console'] as const) {
      const led = paths.filter(({ backend }) => backend.service.name === `post-segl-${role}`);
      expect(led.map(({ path }) => path).toSorted()).toEqual([...ROLE_PARTS[role].paths].toSorted());
    }
    expect(paths.filter(({ backend }) => backend.service.name === 'post-segl-portal').map(({ path }) => path)).toEqual([
      '/',
    ]);
    for (const { backend } of paths) expect(backend.service.port).toEqual({ name: 'http' });
  });

  it('leads the names that the portal had earlier here as well, under the same certificate', () => {
    const hosts = ['post.nordlys.example', 'secure.nordlys.example'];
    const ingress = named(example('embedded-behind-an-ingress.yaml'), 'Ingress')[0]?.spec as unknown as {
      tls: { hosts: string[] }[];
      rules: { host: string; http: unknown }[];
    };
    expect(ingress.tls.map((each) => each.hosts)).toEqual([hosts]);
    expect(ingress.rules.map(({ host }) => host)).toEqual(hosts);
    expect(ingress.rules[1]?.http).toEqual(ingress.rules[0]?.http);
    const more = [
      ...first,
      '--set',
      'gatewayApi.enabled=true,gatewayApi.parentRefs[0].name=x,settings.formerHosts={a.example,b.example}',
    ];
    const [route] = named(manifestsOf(render(...more).text), 'HTTPRoute');
    expect(route?.spec['hostnames']).toEqual(['post.example', 'a.example', 'b.example']);
  });

  it('lets mail in where the settings name a client, and nowhere else', () => {
    const manifests = example('cluster.yaml');
    const services = named(manifests, 'Service').filter(({ metadata }) => metadata.name.endsWith('-smtp'));
    expect(services.map(({ metadata, spec }) => [metadata.name, spec['ports'], spec['externalTrafficPolicy']])).toEqual(
      [
        [
          'post-segl-gateway-smtp',
          [
            { name: 'smtp', port: 25, targetPort: 'smtp' },
            { name: 'smtps', port: 465, targetPort: 'smtps' },
          ],
          'Local',
        ],
      ],
    );
    const policies = named(manifests, 'NetworkPolicy').filter(({ spec }) => JSON.stringify(spec).includes('"smtp"'));
    expect(policies.map(({ metadata }) => metadata.name)).toEqual(['post-segl-gateway']);
    expect(JSON.stringify(policies[0]?.spec)).toContain('10.1.3.0/28');
    const ports = (pod: unknown) => JSON.stringify(pod).match(/"containerPort":\d+/g);
    const podOf = (component: string) => podsOf(manifests).find(([name]) => name.endsWith(component))?.[1];
    expect([ports(podOf('gateway')), ports(podOf('portal'))].map((found) => found?.length)).toEqual([4, 2]);
    expect(JSON.stringify(example('embedded.yaml'))).not.toContain('smtps');
  });

  it('opens to the world no port but what the settings name', () => {
    const policies = named(example('cluster.yaml'), 'NetworkPolicy');
    const egressOf = (component: string) => {
      const policy = policies.find(({ metadata }) => metadata.name.endsWith(component))?.spec as unknown as {
        egress: { ports: { port: number | string }[] }[];
      };
      return policy.egress.flatMap(({ ports }) => ports.map(({ port }) => port));
    };
    expect(egressOf('portal')).toEqual([53, 53, 2525, 2113, 6379, 5432]); // no provider, so no 443
    expect(egressOf('console')).toEqual([53, 53, 2113, 6379, 5432, 'http']); // a portal signs its people in
    const withAccounts = named(example('embedded-behind-an-ingress.yaml'), 'NetworkPolicy')[0];
    expect(JSON.stringify(withAccounts?.spec)).toContain('"port":443');
    expect(JSON.stringify(withAccounts?.spec)).toContain('"port":465');
  });

  it('takes every image from the registry of a closed network, ours by digest', () => {
    const trial = [
      'eventStore.trial.enabled=true',
      'ephemeralStore.trial.enabled=true',
      'global.imageRegistry=inside.example/mirror',
    ];
    const { text } = render('--values', join(CHART, 'ci', 'cluster-for-trying.yaml'), '--set', trial.join(','));
    const images = [...text.matchAll(/^\s+image: "?([^"\n]+)/gm)].map(([, image]) => image);
    expect(images.length).toBeGreaterThan(7);
    for (const image of images) expect(image).toMatch(/^inside\.example\/mirror\/[^/]/);
    expect(JSON.stringify(example('cluster.yaml'))).toMatch(/"registry\.nordlys\.example\/mirror\/segl@sha256:0123/);
  });

  it('runs as one user, or as whichever the namespace gives, as OpenShift wants it', () => {
    const ids = (...more: string[]) => {
      const { text } = render('--values', join(CHART, 'ci', 'cluster.yaml'), ...more);
      return new Set([...text.matchAll(/(?:runAsUser|runAsGroup|fsGroup): (\d+)/g)].map(([, id]) => id));
    };
    expect([...ids()]).toEqual(['10001']);
    expect([...ids('--set', 'podUser=20000')]).toEqual(['20000']);
    expect([...ids('--set', 'podUser=null')]).toEqual([]);
    expect(render('--values', join(CHART, 'ci', 'cluster.yaml'), '--set', 'podUser=0').status).not.toBe(0);
  });

  it.each(EXAMPLES)('%s: the longest name that is taken leaves room for what Kubernetes puts behind it', (name) => {
    const longest = 'n'.repeat(40);
    const { text } = render('--values', join(CHART, 'ci', name), '--set', `fullnameOverride=${longest}nnnnn`);
    const manifests = manifestsOf(text);
    const namesOf = (kind: string) => named(manifests, kind).map(({ metadata }) => metadata.name);
    expect(namesOf('StatefulSet').length).toBeGreaterThan(0);
    // The label controller-revision-hash of its pods: name, dash, ten characters (63 in all).
    for (const each of namesOf('StatefulSet')) expect([each, each.length <= 52]).toEqual([each, true]);
    for (const each of namesOf('Service')) expect([each, each.length <= 63]).toEqual([each, true]);
    for (const each of namesOf('Service')) expect(each).toMatch(new RegExp(`^${longest}-`));
  });

  it('watches metrics that there are', () => {
    const metrics = readFileSync(resolve(CHART, '../../libs/telemetry/src/metrics.ts'), 'utf8');
    const watched = new Set(textOfChart('alerts.yaml').match(/\bsegl_[a-z_]+/g));
    expect(watched.size).toBeGreaterThan(6);
    for (const name of watched) expect(metrics).toContain(`'${name.replace(/(_seconds)_(count|bucket|sum)$/, '$1')}'`);
    expect(named(example('embedded-behind-an-ingress.yaml'), 'PrometheusRule')).toHaveLength(1);
  });

  const refusals: [string, string, RegExp][] = [
    ['no address', 'relayUrl=smtp://mail.example', /publicUrl: is missing/],
    ['no relay', 'publicUrl=https://post.example', /relayUrl: is missing/],
    [
      'an address with a path',
      'publicUrl=https://post.example/mail,relayUrl=smtp://m',
      /publicUrl: https:\/\/post\.example\/mail is not/,
    ],
    ['a setting that is none', 'settings.organisation.nmae=x', /additional properties 'nmae' not allowed/],
    ['a setting that the chart decides', 'settings.dataDir=/data', /additional properties 'dataDir' not allowed/],
    ['a value that is none', 'ingres.enabled=true', /additional properties 'ingres' not allowed/],
    ['a number that is too large', 'settings.portal.waitingSeconds=901', /waitingSeconds'.*maximum/s],
    [
      'a cluster without its stores and keys',
      'mode=cluster',
      /eventStore\.url: .*ephemeralStore\.url: .*personKeys\.url: .*keys\.existingSecret: /s,
    ],
    ['a server for one pod', 'eventStore.url=esdb://events', /eventStore\.url: mode embedded keeps it/],
    [
      'one pod that is to be many',
      'portal.autoscaling.enabled=true',
      /portal\.autoscaling\.enabled: mode embedded is one/,
    ],
    [
      'a password in an address',
      'mode=cluster,personKeys.url=postgres://segl:secret@db/segl',
      /personKeys\.url: holds a password/,
    ],
    [
      'two places for the keys',
      'keys.existingSecret=a,keys.volume.csi.driver=b',
      /keys\.existingSecret and keys\.volume/,
    ],
    [
      'a setting that is written as a variable',
      'environment.SEGL_HTTP_PORT=x',
      /environment\.SEGL_HTTP_PORT: is a setting/,
    ],
    [
      'a password for the relay, in whichever address',
      'relayUrl=smtp://a.example smtps://segl:secret@b.example',
      /relayUrl: holds credentials/,
    ],
    [
      'a word for a server that is not there',
      'ephemeralStore.vouchedFor={redis-7}',
      /ephemeralStore\.vouchedFor: is for/,
    ],
    ['a word that nobody can give', 'mode=cluster,ephemeralStore.vouchedFor={it-is-fine}', /vouchedFor\/0'/],
    ['a canary that never rests', 'settings.canary.everySeconds=5', /canary\/everySeconds'/],
    ['a name that no Service may have', 'nameOverride=Post_Office', /nameOverride': 'Post_Office' does not match/],
    ['one that begins with a digit', 'fullnameOverride=1st-post', /fullnameOverride': '1st-post' does not match/],
    ['a Gateway that has no name', 'gatewayApi.enabled=true', /gatewayApi\.parentRefs: is empty/],
  ];
  it.each(refusals)('refuses %s by name', (_, set, wanted) => {
    const base = set.includes('publicUrl') || set.startsWith('relayUrl') ? [] : first;
    const { status, said } = render(...base, '--set', set);
    expect(status).not.toBe(0);
    expect(said).toMatch(wanted);
    expect(said).not.toContain('secret@');
  });
});

const kubeconform = toolPath('kubeconform');
(HELM === null || kubeconform === null ? describe.skip : describe)('the chart, by the schemas of Kubernetes', () => {
  it.each(KUBERNETES)(
    '%s has every field that it uses',
    (release) => {
      const schemas = join(place, release);
      if (!writeSchemas(release, schemas)) {
        process.stdout.write(`SKIPPED: the schemas of Kubernetes ${release}: Go could not fetch them\n`);
        return;
      }
      const files = EXAMPLES.map((name) => {
        const file = join(place, name);
        writeFileSync(file, render('--values', join(CHART, 'ci', name), '--kube-version', release).text);
        return file;
      });
      const location = join(schemas, '{{.ResourceKind}}{{.KindSuffix}}.json');
      const { status, stdout } = spawnSync(kubeconform ?? '', ['-summary', '-schema-location', location, ...files], {
        encoding: 'utf8',
      });
      expect([status, stdout]).toEqual([0, expect.stringMatching(/Invalid: 0, Errors: 0, Skipped: 0/)]);
    },
    120_000,
  );
});
