import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keysIfThereOf, keysOf } from '#libs/installation';
import type { ROLES } from '#libs/installation';
import { initKeyring, Keyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import type { ApiServer } from './api-server.ts';
import { CHART } from './chart-page.ts';
import { mountSecret } from './mounted-secret.ts';
import { textOfChart } from './rendered-chart.ts';
import type { Container } from './rendered-chart.ts';

const NAMESPACE = 'segl';
/** Root passes over every mode. Not root: the test's own user is as good. */
const POD_USER = process.getuid?.() === 0 ? { uid: 10001, gid: 10001 } : null;
type Role = (typeof ROLES)[number];

/** A Secret by the command of README, and each pod's own command that takes what its role needs from it. */
export function judgeKeysOfACluster(clusterOf: () => ApiServer): void {
  describe('the keys of mode cluster', () => {
    const place = mkdtempSync(join(tmpdir(), 'segl-cluster-keys-'));
    const at = (path: string) => join(place, path);
    let made: string[];
    chmodSync(place, 0o711); // the pod's user passes through

    beforeAll(async () => {
      await initKeyring(at('keyring'), { demonstration: false, now: new SystemClock().now() });
      made = readdirSync(at('keyring')).toSorted();
      expect(clusterOf().kubectl(['create', 'namespace', NAMESPACE])).toMatchObject({ status: 0 });
    }, 60_000);
    afterAll(() => {
      for (const pod of readdirSync(place).filter((name) => existsSync(at(`${name}/run/segl/keyring`))))
        chmodSync(at(`${pod}/run/segl/keyring`), 0o700);
      rmSync(place, { recursive: true });
    });

    /** What there is, as the API server holds it. */
    function held<Kept>(what: string): Kept {
      const { status, text, said } = clusterOf().kubectl(['get', what, '--namespace', NAMESPACE, '--output', 'json']);
      expect([status, said]).toEqual([0, '']);
      return JSON.parse(text) as Kept;
    }

    it('are a Secret, by the command of README', () => {
      const [command = ''] = /kubectl create secret generic segl-keyring [^`]*/.exec(textOfChart('README.md')) ?? [];
      const args = command.split(' ').slice(1);
      expect(args.at(-1)).toBe('--from-file=keyring');
      const created = clusterOf().kubectl([
        ...args.slice(0, -1),
        `--from-file=${at('keyring')}`,
        '--namespace',
        NAMESPACE,
      ]);
      expect([created.status, created.said]).toEqual([0, '']);
      const { data } = held<{ data: Record<string, string> }>('secret/segl-keyring');
      expect(Object.keys(data).toSorted()).toEqual(made);
    });

    it('come into each pod by its own command, as many as its role starts with and no more', async () => {
      const values = ['--namespace', NAMESPACE, '--values', join(CHART, 'ci', 'cluster-for-trying.yaml')];
      expect(clusterOf().helm(['install', 'post', CHART, ...values])).toMatchObject({ status: 0 });
      const { data } = held<{ data: Record<string, string> }>('secret/segl-keyring');
      const { items } = held<{
        items: { metadata: { name: string }; spec: { template: { spec: { initContainers?: PodContainer[] } } } }[];
      }>('deployments,statefulsets');
      const pods = items.flatMap(({ metadata: { name }, spec }) =>
        (spec.template.spec.initContainers ?? []).map((container) => [name, container] as const),
      );
      expect(pods.map(([name]) => name).toSorted()).toEqual([
        'post-segl-console',
        'post-segl-gateway',
        'post-segl-portal',
      ]);
      for (const [name, { command = [], args = [], env = [], volumeMounts = [] }] of pods) {
        for (const { mountPath } of volumeMounts) {
          mkdirSync(at(`${name}${mountPath}`), { recursive: true });
          if (POD_USER !== null) chownSync(at(`${name}${mountPath}`), POD_USER.uid, POD_USER.gid);
        }
        mountSecret(data, at(`${name}/keys`), POD_USER?.gid ?? null);
        const [program = '', ...rest] = [...command, ...args].map((word) =>
          word.replaceAll(/(?<=[\s"]|^)\/(?=run\/segl|keys\b)/g, `${at(name)}/`),
        );
        const environment = Object.fromEntries(env.map((each) => [each.name, each.value]));
        const { status, stderr } = spawnSync(program, rest, {
          encoding: 'utf8',
          env: { PATH: '/usr/bin:/bin', ...environment },
          ...POD_USER,
        });
        expect([name, status, stderr]).toEqual([name, 0, '']);

        const role = name.replace('post-segl-', '') as Role;
        const roles = { roles: [role], ephemeralStore: 'redis://somewhere' };
        const given = at(`${name}/run/segl/keyring`);
        // The keyring asks that its files are the process's own, and here it is read by another than the pod's.
        if (POD_USER !== null) for (const file of ['.', ...readdirSync(given)]) chownSync(join(given, file), 0, 0);
        const keyring = await Keyring.open(given, {
          demonstration: false,
          kinds: keysOf(roles),
          kindsIfThere: keysIfThereOf(roles),
          onFault: (faults) => expect(faults).toEqual([]),
        });
        keyring.close();
        expect([name, readdirSync(given).length < made.length]).toEqual([name, true]);
      }
    });

    it('cannot be left out: nothing in a cluster makes them, and that is said before anything is applied', () => {
      const values = ['--namespace', 'other', '--values', join(CHART, 'ci', 'cluster-for-trying.yaml')];
      const { status, said } = clusterOf().helm([
        'install',
        'other',
        CHART,
        ...values,
        '--set',
        'keys.existingSecret=',
      ]);
      expect(status).not.toBe(0);
      expect(said).toContain('keys.existingSecret: mode cluster shares one keyring; make it with "segl keys init"');
      expect(held<{ items: unknown[] }>('jobs').items).toEqual([]);
    });
  });
}

interface PodContainer extends Container {
  readonly command?: readonly string[];
}
