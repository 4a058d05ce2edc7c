import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiServer, noApiServerBecause } from './api-server.ts';
import { CHART } from './chart-page.ts';
import { judgeKeysOfACluster } from './keys-of-a-cluster.ts';
import { customResourceDefinitions } from './kubernetes-schemas.ts';
import { example, EXAMPLES, podsOf, textOfChart } from './rendered-chart.ts';

const reason = noApiServerBecause();

(reason === null ? describe : describe.skip)(
  `the chart, by a real API server${reason === null ? '' : ` (${reason})`}`,
  () => {
    let cluster: ApiServer;
    const namespaceOf = (name: string) => name.replace('.yaml', '');
    const restricted = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: namespaceOf(name),
        labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' },
      },
    });

    beforeAll(async () => {
      cluster = await ApiServer.start();
      for (const file of customResourceDefinitions() ?? [])
        expect(cluster.kubectl(['apply', '--server-side', '-f', file])).toMatchObject({ status: 0 });
      expect(cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])).toMatchObject({
        status: 0,
      });
      for (const name of EXAMPLES)
        expect(cluster.kubectl(['create', '-f', '-'], JSON.stringify(restricted(name)))).toMatchObject({ status: 0 });
      // The controller manager would make these.
      for (const name of EXAMPLES)
        expect(
          cluster.kubectl(['create', 'serviceaccount', 'default', '--namespace', namespaceOf(name)]),
        ).toMatchObject({ status: 0 });
      const priority = {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name: 'high' },
        value: 1000,
      };
      expect(cluster.kubectl(['create', '-f', '-'], JSON.stringify(priority))).toMatchObject({ status: 0 });
    }, 300_000);
    afterAll(() => cluster.stop());

    const chartOf = (name: string) => [
      'post',
      CHART,
      '--namespace',
      namespaceOf(name),
      '--values',
      join(CHART, 'ci', name),
    ];

    it.each(EXAMPLES)(
      '%s: is installed, without one warning, and every pod passes as restricted',
      (name) => {
        const { status, said } = cluster.helm(['install', ...chartOf(name)]);
        expect([status, said]).toEqual([0, '']);
        for (const [of, spec] of podsOf(example(name))) {
          // What a StatefulSet's claims would become.
          const volumes = [
            ...(spec.volumes ?? []).filter((volume) => volume.name !== 'data'),
            { name: 'data', emptyDir: {} },
          ];
          const pod = {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: `by-hand-${of}` },
            spec: { ...spec, volumes },
          };
          const created = cluster.kubectl(['create', '--namespace', namespaceOf(name), '-f', '-'], JSON.stringify(pod));
          expect([of, created.status, created.said]).toEqual([of, 0, '']);
        }
      },
      300_000,
    );

    it('refuses a pod that is not restricted, so that the answer above is worth something', () => {
      const [[, spec] = ['', undefined]] = podsOf(example('embedded.yaml'));
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'root' },
        spec: { ...spec, securityContext: {}, volumes: [...(spec?.volumes ?? []), { name: 'data', emptyDir: {} }] },
      };
      const { status, said } = cluster.kubectl(['create', '--namespace', 'embedded', '-f', '-'], JSON.stringify(pod));
      expect(status).not.toBe(0);
      expect(said).toContain('violates PodSecurity "restricted');
    });

    judgeKeysOfACluster(() => cluster);

    it('takes the pod of README that restores a backup, as restricted and with the volume that the chart makes', () => {
      const [command = ''] = /^kubectl --namespace segl run .*?^ {2}.* } }'$/ms.exec(textOfChart('README.md')) ?? [];
      const { stdout } = spawnSync('sh', ['-c', `kubectl() { printf '%s\\0' "$@"; }\n${command}`], {
        encoding: 'utf8',
      });
      const args = stdout
        .split('\0')
        .slice(0, -1)
        .map((each) => (each === 'segl' ? 'embedded' : each));
      expect(args).toContain('--overrides');
      const { status, said, text } = cluster.kubectl([...args, '--output', 'json']);
      expect([status, said]).toEqual([0, '']);
      const made = JSON.parse(text) as { spec: { volumes: { persistentVolumeClaim?: { claimName: string } }[] } };
      const claims = made.spec.volumes.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
      expect(claims).toEqual(['data-segl-appliance-0']);
    });

    it('is upgraded in place, and leaves the volumes when it goes', () => {
      const upgraded = cluster.helm([
        'upgrade',
        ...chartOf('embedded.yaml'),
        '--set',
        'settings.organisation.name=Nordlys',
      ]);
      expect([upgraded.status, upgraded.said]).toEqual([0, '']);
      const set = cluster.kubectl([
        'get',
        'statefulset',
        'post-segl-appliance',
        '--namespace',
        'embedded',
        '-o',
        'json',
      ]);
      const { spec } = JSON.parse(set.text) as { spec: { persistentVolumeClaimRetentionPolicy: unknown } };
      expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
      expect(cluster.helm(['uninstall', 'post', '--namespace', 'embedded'])).toMatchObject({ status: 0 });
    });
  },
);
