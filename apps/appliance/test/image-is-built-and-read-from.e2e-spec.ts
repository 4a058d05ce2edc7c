import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { initKeyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { example, HELM, podsOf } from '../../../ops/chart/rendered-chart.ts';
import { HttpReader, newestCarrierField } from './http-reader.ts';
import { buildImage, Container, noImageBecause } from './image.ts';

const reason = noImageBecause();
const BUILD_MINUTES = 20;
/** The user of the image. */
const SEGL = 10001;

(reason === null ? describe : describe.skip)(`the image${reason === null ? '' : ` (${reason})`}`, () => {
  let place: string;
  let container: Container;
  let made: string;

  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'segl-image-'));
    made = buildImage();
    container = Container.create();
  }, BUILD_MINUTES * 60_000);
  afterAll(() => {
    container?.remove();
    rmSync(place, { recursive: true, force: true });
  });

  /** A directory of this machine that belongs to the user of the image. */
  function volume(name: string): string {
    const directory = join(place, name);
    mkdirSync(directory, { mode: 0o700 });
    chownSync(directory, SEGL, SEGL);
    return directory;
  }

  async function until(isSo: () => Promise<boolean>, output: () => string): Promise<void> {
    for (
      const deadline = Date.now() + 120_000;
      Date.now() < deadline;
      await new Promise((wake) => setTimeout(wake, 50))
    )
      if (await isSo().catch(() => false)) return;
    throw new Error(`not ready within two minutes:\n${output()}`);
  }

  const isReady = (port: number) => async () => (await fetch(`http://localhost:${port}/readyz`)).status === 200;

  it('is nobody’s, has the lockfile’s Node and no npm, says what it is, and how large', () => {
    const { config } = Container.inspect().Docker;
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(config.User).toBe('10001:10001');
    expect(config.Healthcheck).toBeDefined();
    expect(config.Labels).toMatchObject({
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    const script = 'id -u; node -p process.versions.node; segl --version; command -v npm npx || echo none';
    const { text } = container.run(['sh', '-c', script], { volumes: {} });
    expect(text.trim().split('\n')).toEqual(['10001', process.versions.node, version, 'none']);
    // The one beside it is of the same lockfile.
    const inside = container.run(['cat', '/opt/segl/dist/segl.cdx.json'], { volumes: {} }).text;
    const beside = readFileSync(join(import.meta.dirname, '../../../dist/segl.cdx.json'), 'utf8');
    const componentsOf = (bom: string) => (JSON.parse(bom) as { components: unknown[] }).components;
    expect(componentsOf(inside)).toEqual(componentsOf(beside));
    const [, megabytes] = / (\d+)(?:\.\d+)? MB$/.exec(made) ?? [];
    process.stdout.write(`the image: ${made}\n`);
    expect(Number(megabytes)).toBeLessThan(500);
  });

  it('serves a reader from the attachment to the message, and stops when it is told to', async () => {
    const data = volume('demonstration');
    const [port, management] = [await freePort(), await freePort()];
    const environment = {
      SEGL_HTTP_PORT: String(port),
      SEGL_MANAGEMENT_PORT: String(management),
      SEGL_DATA_DIR: '/var/lib/segl',
      SEGL_KEYRING: '/var/lib/segl/keyring',
    };
    const pid = { here: join(data, 'pid'), there: '/tmp/pid' };
    const run = volume('run');
    const started = container.start(
      'node --enable-source-maps dist/apps/appliance/main.js --demonstration',
      { volumes: { [data]: '/var/lib/segl', [run]: '/tmp' }, environment },
      { ...pid, here: join(run, 'pid') },
    );
    try {
      await until(isReady(management), started.output);
      const url = new URL(`http://localhost:${port}`);
      const reader = new HttpReader(url);
      const handedIn = await reader.handIn(await newestCarrierField(url));
      const page = await reader.view(handedIn.location, await reader.signInFor(handedIn.location));
      const shown = page.status === 303 ? await reader.follow(page) : page;
      expect([shown.status, shown.body]).toEqual([200, expect.stringContaining('<iframe')]);
    } finally {
      expect(await started.stop()).toBe(0);
    }
  }, 300_000);

  (HELM === null ? it.skip : it)(
    'starts in production as the chart would start it, with keys made once',
    async () => {
      const [[, pod] = ['', undefined]] = podsOf(example('embedded.yaml'));
      const [keys] = pod?.initContainers ?? [];
      const [data, run, etc] = [volume('data'), volume('run-of-a-pod'), volume('etc')];
      const volumes = { [data]: '/var/lib/segl', [run]: '/run/segl', [etc]: '/etc/segl' };
      const script = ['sh', '-c', keys?.args?.[0] ?? 'exit 1'];
      expect(container.run(script, { volumes })).toMatchObject({ status: 0 });
      expect(container.run(script, { volumes })).toEqual({ status: 0, text: '' }); // a pod that comes back makes no others
      expect(statSync(join(data, 'keyring', 'sealing-1.key')).mode & 0o777).toBe(0o600);

      const configuration = example('embedded.yaml').find(({ kind }) => kind === 'ConfigMap');
      writeFileSync(join(etc, 'segl.yaml'), configuration?.data?.['segl.yaml'] ?? '', { mode: 0o644 });
      const [port, management] = [await freePort(), await freePort()];
      const given = Object.fromEntries((pod?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
      const environment = { ...given, SEGL_HTTP_PORT: String(port), SEGL_MANAGEMENT_PORT: String(management) };
      const started = container.start(
        'node --enable-source-maps dist/apps/appliance/main.js',
        { volumes, environment },
        { here: join(run, 'pid'), there: '/run/segl/pid' },
      );
      try {
        await until(isReady(management), started.output);
        const statusOf = (path: string) =>
          new Promise((resolve, reject) => {
            // As `helm test` asks: by the name of the Service.
            request({ host: '127.0.0.1', port, path, headers: { host: 'post-segl-appliance' } }, (answer) => {
              answer.resume();
              resolve(answer.statusCode);
            })
              .once('error', reject)
              .end();
          });
        expect(await Promise.all(['/healthz', '/privacy', '/metrics', '/readyz'].map(statusOf))).toEqual([
          200, 200, 404, 404,
        ]);
      } finally {
        expect(await started.stop()).toBe(0);
      }

      rmSync(join(data, 'keyring'), { recursive: true });
      expect(container.run(script, { volumes })).toMatchObject({
        status: 78,
        text: expect.stringContaining('restore the keyring'),
      });
    },
    300_000,
  );

  (HELM === null ? it.skip : it)(
    'takes the keys of a mounted Secret, of its role alone, as the keyring wants them',
    async () => {
      const secret = join(place, 'secret');
      await initKeyring(secret, { demonstration: false, now: new SystemClock().now() });
      // As the kubelet mounts it: root's, and open to the pod's group.
      const readable = join(place, 'readable');
      mkdirSync(readable, { mode: 0o755 });
      for (const name of ['sealing-1.key', 'sealing-1.pub', 'manifest-1.key', 'manifest-1.pub', 'ledger-1.key'])
        writeFileSync(join(readable, name), readFileSync(join(secret, name)), { mode: 0o444 });
      const credentials = join(place, 'credentials');
      mkdirSync(credentials, { mode: 0o755 });
      writeFileSync(join(credentials, 'credentials'), 'segl:secret\n', { mode: 0o444 });

      const gateway = podsOf(example('cluster.yaml')).find(([name]) => name.endsWith('gateway'))?.[1];
      const run = volume('run-of-a-gateway');
      const { status, text } = container.run(['sh', '-c', gateway?.initContainers?.[0]?.args?.[0] ?? 'exit 1'], {
        volumes: { [readable]: '/keys', [credentials]: '/credentials', [run]: '/run/segl' },
      });
      expect([status, text]).toEqual([0, '']);
      const rotate = ['segl', '--keyring', '/run/segl/keyring', 'keys', 'rotate', 'manifest'];
      expect(container.run(rotate, { volumes: { [run]: '/run/segl' } }).status).toBeGreaterThan(0); // a key that would go with the pod
      const { text: listed } = container.run(
        ['sh', '-c', 'cd /run/segl && stat -c "%n %a %u" keyring keyring/* event-store-credentials'],
        {
          volumes: { [run]: '/run/segl' },
        },
      );
      expect(listed.trim().split('\n')).toEqual([
        'keyring 500 10001',
        'keyring/manifest-1.key 400 10001',
        'keyring/manifest-1.pub 400 10001',
        'keyring/sealing-1.pub 400 10001',
        'event-store-credentials 600 10001',
      ]);
    },
    120_000,
  );
});
