import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { validate as lint } from 'dockerfile-utils';
import { parse } from 'yaml';
import { readSettings, ROLE_PARTS, ROLES, settingsSchema, VARIABLES } from '#libs/installation';
import { isLetThrough, isPinned, readCompose, readContainerfile, ROOT, textOf } from './image-files.ts';
import type { ComposeService } from './image-files.ts';

/**
 * The image is built and started by image-is-built-and-read-from.e2e-spec.ts; the services of the Compose file are not, since no
 * engine that composes runs where this is developed. What can be known without one: that the files say what was meant, and that every
 * path, command, port, variable and address in them is one that the code knows.
 */

const compose = readCompose(textOf('docker-compose.yml'));
const services = Object.entries(compose.services);
const containerfile = textOf('ops/images/Containerfile');
const instructions = readContainerfile(containerfile);
const caddyfile = textOf('ops/images/Caddyfile');
const packageJson = JSON.parse(textOf('package.json')) as {
  bin: { segl: string };
  engines: { node: string };
  scripts: Record<string, string>;
};
const ours = services.filter(([, { image }]) => image.startsWith('segl:'));
const running = ours.filter(([, { environment }]) => environment['SEGL_ROLES'] !== undefined);

const last = <Item>(items: readonly Item[]): Item => {
  const item = items.at(-1);
  if (item === undefined) throw new Error('there is none');
  return item;
};
const all = (name: string) => instructions.filter((each) => each.name === name);
const finalStage = Math.max(...instructions.map(({ stage }) => stage));
const ofFinalStage = (name: string) => all(name).filter(({ stage }) => stage === finalStage);
const memory = (text: string) => Number.parseInt(text, 10) * 1024 ** (text.endsWith('g') ? 3 : 2);
const grantsOf = (grants: ComposeService['secrets']) =>
  grants.map((each) => (typeof each === 'string' ? { source: each, target: `/run/secrets/${each}` } : each));
const healthOf = ({ healthcheck }: ComposeService) => ('test' in healthcheck ? healthcheck.test.join(' ') : null);
/** Paths that the management port answers. */
const watched = [...textOf('apps/appliance/management-server.ts').matchAll(/case '(\/\w+)'/g)].map(([, path]) => path);

describe('docker-compose.yml', () => {
  it('is what the Compose specification’s own schema allows, and nothing that a linter calls an error', () => {
    // It builds and names an image, which the linter would have decided; order and quotes are prettier's business.
    const linter = join(ROOT, 'node_modules', 'dclint', 'bin', 'dclint.cjs');
    const file = join(ROOT, 'docker-compose.yml');
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [linter, file, '--formatter', 'json', '--quiet', '--disable-rule', 'no-build-and-image'],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect((JSON.parse(stdout) as { messages: unknown[] }[]).flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('has two portals, a gateway, a console, and every store of its own', () => {
    const roles = running.map(([, { environment }]) => environment['SEGL_ROLES']);
    expect(roles.toSorted()).toEqual(['console', 'gateway', 'portal', 'portal']);
    expect(new Set(roles)).toEqual(new Set(ROLES));
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining(['proxy', 'event-store', 'ephemeral-store', 'person-keys', 'mail', 'keys-init']),
    );
  });

  it.each(services)('%s can write, gain and leave behind as little as possible', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], mem_swappiness: 0, init: true });
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.ulimits['core']).toBe(1);
    expect(service.memswap_limit).toBe(service.mem_limit); // no swap: it would be a disk
    expect(isPinned(service.image)).toBe(true);
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    if (service.user !== undefined) expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    if (service.restart !== 'no') expect(healthOf(service)).not.toBeNull();
    for (const [name, value] of Object.entries(service.environment)) {
      if (!name.endsWith('_FILE')) expect(`${name}=${value}`).not.toMatch(/PASSWORD|SECRET|TOKEN/i);
    }
  });

  it('names nothing that is not there, and has nothing that is not named', () => {
    const used = (pick: (service: ComposeService) => readonly string[]) =>
      [...new Set(services.flatMap(([, service]) => pick(service)))].toSorted();
    expect(used(({ networks }) => Object.keys(networks))).toEqual(Object.keys(compose.networks).toSorted());
    expect(used(({ configs }) => grantsOf(configs).map(({ source }) => source))).toEqual(
      Object.keys(compose.configs).toSorted(),
    );
    expect(used(({ secrets }) => grantsOf(secrets).map(({ source }) => source))).toEqual(
      Object.keys(compose.secrets).toSorted(),
    );
    expect(used(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''))).toEqual(
      Object.keys(compose.volumes).toSorted(),
    );
    for (const { file } of Object.values(compose.configs)) expect(existsSync(join(ROOT, file))).toBe(true);
    for (const [name, { depends_on }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const needed = compose.services[other];
        if (needed === undefined) throw new Error(`${name} waits for ${other}, which is not there`);
        if (condition === 'service_healthy') expect(healthOf(needed)).not.toBeNull();
        else expect(needed.restart).toBe('no');
      }
    }
  });

  it('takes its secrets from files that never reach the repository nor an image', () => {
    for (const { file } of Object.values(compose.secrets)) {
      expect(execFileSync('git', ['check-ignore', '--no-index', file], { cwd: ROOT, encoding: 'utf8' }).trim()).toBe(
        file,
      );
      expect(isLetThrough(file, textOf('.containerignore'))).toBe(false);
    }
  });

  it('mounts what the image and the settings expect, where they expect it', () => {
    for (const [, service] of ours) {
      const keyring = service.environment['SEGL_KEYRING'];
      expect(service.volumes.some((volume) => volume.startsWith(`keyring:${keyring}`))).toBe(true);
      expect(service.user).toBe(last(ofFinalStage('USER')).rest);
      expect(service.build).toEqual({ context: '.', dockerfile: 'ops/images/Containerfile' });
    }
    for (const [, service] of running) {
      expect(service.volumes).toContain(`keyring:${service.environment['SEGL_KEYRING']}:ro`);
      const mounts = [
        ...service.volumes.map((volume) => volume.split(':')[1]),
        ...service.tmpfs.map((each) => each.split(':')[0]),
      ];
      expect(mounts).toContain(service.environment['SEGL_DATA_DIR']);
      const config = service.environment['SEGL_CONFIG'];
      if (config !== undefined) expect(grantsOf(service.configs).map(({ target }) => target)).toContain(config);
    }
  });

  it('reaches every store and the relay by a name and a port that are there, on a network in common', () => {
    for (const [name, { environment, networks, volumes }] of running) {
      for (const variable of ['SEGL_EVENT_STORE', 'SEGL_EPHEMERAL_STORE', 'SEGL_PERSON_KEYS', 'SEGL_RELAY_URL']) {
        if (environment[variable] === undefined) continue;
        if (name === 'console' && variable === 'SEGL_RELAY_URL') continue; // it sends nothing
        const url = new URL(environment[variable]);
        const host = decodeURIComponent(url.hostname);
        if (host.startsWith('/')) {
          expect(volumes.map((volume) => volume.split(':')[1])).toContain(host);
          expect(compose.services['person-keys']?.command?.join(' ')).toContain(`unix_socket_directories=${host}`);
          continue;
        }
        const server = compose.services[host];
        if (server === undefined) throw new Error(`${variable} of ${name} names ${host}, which is not there`);
        expect(Object.keys(networks).filter((network) => network in server.networks)).not.toEqual([]);
        const itself = `${JSON.stringify(server)} ${grantsOf(server.configs)
          .map(({ source }) => textOf(compose.configs[source]?.file ?? ''))
          .join('\n')}`;
        expect(itself).toMatch(new RegExp(`(NODE_PORT":"|BIND_ADDR":"0\\.0\\.0\\.0:|^port )${url.port}\\b`, 'm'));
        expect(environment['NO_PROXY']?.split(',')).toContain(host);
        expect(environment['no_proxy']).toBe(environment['NO_PROXY']);
      }
    }
  });

  describe('as the appliance itself reads it', () => {
    let directory: string;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'segl-compose-'));
    });
    afterAll(() => rm(directory, { recursive: true, force: true }));

    it.each(running)('%s has a configuration without a fault', async (name, service) => {
      const environment: NodeJS.ProcessEnv = { ...service.environment };
      const secrets = grantsOf(service.secrets);
      if (environment['SEGL_CONFIG'] !== undefined) {
        const { source } = last(
          grantsOf(service.configs).filter(({ target }) => target === environment['SEGL_CONFIG']),
        );
        let yaml = textOf(compose.configs[source]?.file ?? '');
        for (const { source: secret, target } of secrets) {
          const file = join(directory, secret);
          await writeFile(file, 'x');
          yaml = yaml.replaceAll(target, file);
        }
        expect(yaml).not.toContain('/run/secrets/'); // every secret that it names is granted
        environment['SEGL_CONFIG'] = join(directory, `${name}.yaml`);
        await writeFile(environment['SEGL_CONFIG'], yaml);
      }
      const settings = readSettings(environment);
      expect(settings.roles).toEqual([service.environment['SEGL_ROLES']]);
      expect(healthOf(service)).toContain(`127.0.0.1:${settings.managementPort}/readyz`);
      for (const variable of Object.keys(environment).filter((each) => each.startsWith('SEGL_'))) {
        expect(variable === 'SEGL_CONFIG' || variable in VARIABLES).toBe(true);
      }
    });
  });

  it('runs commands that there are', () => {
    const command = compose.services['keys-init']?.command?.join(' ') ?? '';
    expect(command).toContain('segl keys init');
    expect(textOf('apps/operator/commands/keys-init.ts')).toContain("new Command('init')");
    expect(command).toContain(`${compose.services['keys-init']?.environment['SEGL_KEYRING']}/sealing-1.pub`);
  });

  it('has an ephemeral store that keeps nothing, evicts nothing, and has room', () => {
    const lines = textOf('ops/images/valkey.conf').split('\n');
    expect(lines).toEqual(expect.arrayContaining(['save ""', 'appendonly no', 'maxmemory-policy noeviction']));
    expect(lines.some((line) => /^(replicaof|slaveof|cluster-enabled yes)/.test(line))).toBe(false);
    const store = compose.services['ephemeral-store'];
    if (store === undefined) throw new Error('there is none');
    expect(store.volumes).toEqual([]);
    const maxmemory = memory((lines.find((line) => line.startsWith('maxmemory ')) ?? '').split(' ')[1] ?? '');
    const { portal } = settingsSchema.shape;
    const bound = (portal.parse(undefined) as { ephemeralMaxBytes: number }).ephemeralMaxBytes;
    expect(maxmemory).toBeGreaterThan(bound * 1.1);
    expect(memory(store.mem_limit)).toBeGreaterThan(maxmemory * 1.2);
  });
});

describe('the proxy', () => {
  const proxy = compose.services['proxy'];

  it('passes each role’s paths to that role, and everything else to both portals', () => {
    const pathsTo = (name: string) => (new RegExp(`@${name} path (.*)`).exec(caddyfile)?.[1] ?? '').split(' ');
    for (const role of ['gateway', 'console'] as const) {
      for (const path of ROLE_PARTS[role].paths) expect(pathsTo(role)).toContain(path);
      for (const path of pathsTo(role)) expect(ROLE_PARTS[role].paths).toContain(path.replace(/\/\*$/, ''));
    }
    const upstreams = [...caddyfile.matchAll(/reverse_proxy ([^{\n]+)/g)].map(([, to]) => (to ?? '').trim().split(' '));
    expect(upstreams).toEqual([['gateway:8080'], ['console:8080'], ['portal-1:8080', 'portal-2:8080']]);
    for (const upstream of upstreams.flat()) {
      const [name = '', port] = upstream.split(':');
      expect(compose.services[name]?.environment['SEGL_HTTP_PORT']).toBe(port);
      expect(compose.services[name]?.networks).toHaveProperty('front');
    }
  });

  it('asks portals whether they are ready, and shows nobody what is for those who watch', () => {
    expect(watched).toEqual(['/healthz', '/readyz', '/metrics']);
    const [, port] = /health_port (\d+)\n\t+health_uri \/readyz\n/.exec(caddyfile) ?? [];
    for (const [, { environment, ports }] of running) {
      expect(environment['SEGL_MANAGEMENT_PORT']).toBe(port);
      // A gateway takes mail in, once its settings name who may hand it in.
      expect(ports).toEqual(environment['SEGL_ROLES'] === 'gateway' ? ['127.0.0.1:2525:2525'] : []);
      // The proxy asks portals; the others are asked from within alone.
      const isPortal = environment['SEGL_ROLES'] === 'portal';
      expect(environment['SEGL_MANAGEMENT_HOST']).toBe(isPortal ? '0.0.0.0' : undefined);
    }
    expect(caddyfile).not.toMatch(new RegExp(`reverse_proxy [^{\\n]*:${port ?? ''}`));
  });

  it('is the one whose X-Forwarded-* counts, at an address of its own', () => {
    const address = proxy?.networks['front'];
    const given = address !== undefined && 'ipv4_address' in address ? address.ipv4_address : '';
    for (const [, { environment }] of running) expect(environment['SEGL_TRUSTED_PROXIES']).toBe(given);
    expect(JSON.stringify(compose.networks['front'])).toContain(given.replace(/\d+$/, '0/24'));
    expect(caddyfile).not.toContain('trusted_proxies'); // Caddy then drops what a client claims
  });

  it('listens where it is published, where the public URL says, with the certificate it is given', () => {
    const [, , port] = (proxy?.ports[0] ?? '').split(':');
    expect(caddyfile).toContain(`\n:${port} {`);
    expect(healthOf(proxy as ComposeService)).toContain(`127.0.0.1:${port}/healthz`);
    expect(new URL(running[0]?.[1].environment['SEGL_PUBLIC_URL'] ?? '').port).toBe(port);
    const tls = /tls (\S+) (\S+)/.exec(caddyfile)?.slice(1);
    expect(grantsOf(proxy?.secrets ?? []).map(({ target }) => target)).toEqual(tls);
  });
});

describe('the Containerfile', () => {
  it('is one that a linter has nothing to say of', () => {
    expect(lint(containerfile)).toEqual([]);
  });

  it('begins every stage with the same exact base, new enough for the code, and is not root at the end', () => {
    const bases = all('FROM').map(({ rest }) => rest.split(' ')[0] ?? '');
    expect(new Set(bases).size).toBe(1);
    expect(bases.every(isPinned)).toBe(true);
    const [major, minor] =
      /:(\d+)\.(\d+)/
        .exec(bases[0] ?? '')
        ?.slice(1)
        .map(Number) ?? [];
    const [wantedMajor, wantedMinor] = /(\d+)\.(\d+)/.exec(packageJson.engines.node)?.slice(1).map(Number) ?? [];
    expect([major, (minor ?? 0) >= (wantedMinor ?? 99)]).toEqual([wantedMajor, true]);
    expect(bases[0]).toContain('-slim');
    const user = last(ofFinalStage('USER'));
    expect(user.rest).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(instructions.slice(instructions.indexOf(user)).some(({ name }) => name === 'RUN')).toBe(false);
  });

  it('fetches nothing but what the lockfile names, and runs nothing of that', () => {
    expect(all('ADD')).toEqual([]);
    // Two, that only say what is in it.
    expect(all('ARG').map(({ rest, stage }) => [rest, stage])).toEqual([
      ['VERSION=unknown', finalStage],
      ['REVISION=unknown', finalStage],
    ]);
    for (const { rest } of [...all('RUN'), ...all('COPY')]) expect(rest).not.toMatch(/VERSION|REVISION/);
    for (const { rest } of all('RUN')) {
      expect(rest).not.toMatch(/curl|wget|apt-get|sudo|(^|[&;|] *)npx |npm (i|install)\b|chmod 0?777|https?:/);
    }
    const installs = all('RUN').filter(({ rest }) => rest.startsWith('npm'));
    expect(installs).toHaveLength(2);
    for (const { rest } of installs) expect(rest).toMatch(/^npm ci --ignore-scripts /);
    expect(installs[1]?.rest).toMatch(/--omit=dev .*--omit=optional/);
  });

  it('copies what is there, what the build may see, and from stages that there are', () => {
    const stages = all('FROM').flatMap(({ rest }) => / AS (\w+)$/.exec(rest)?.[1] ?? []);
    for (const { rest } of all('COPY')) {
      const words = rest.split(' ');
      const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : null;
      if (typeof from === 'string') {
        expect(stages).toContain(from);
        continue;
      }
      for (const source of words.slice(0, -1)) {
        expect(existsSync(join(ROOT, source))).toBe(true);
        expect(isLetThrough(source, textOf('.containerignore'))).toBe(true);
      }
    }
    const build = all('RUN').find(({ rest }) => rest.startsWith('['))?.rest ?? '';
    expect(JSON.parse(build)).toEqual(packageJson.scripts['build']?.split(' '));
    for (const read of ['tsconfig.build.json', 'apps', 'libs'])
      expect(textOf('ops/build.mjs') + textOf('tsconfig.build.json')).toContain(read);
  });

  it('starts and watches what the build makes, and has segl on the path', () => {
    const command = JSON.parse(last(ofFinalStage('CMD')).rest) as string[];
    expect(command).toEqual(['node', '--disable-sigusr1', '--enable-source-maps', 'dist/apps/appliance/main.js']);
    expect(existsSync(join(ROOT, 'apps/appliance/main.ts'))).toBe(true);
    const setup = last(ofFinalStage('RUN').slice()).rest;
    expect(setup).toContain(`ln -s /opt/segl/${packageJson.bin.segl} /usr/local/bin/segl`);
    expect(last(ofFinalStage('WORKDIR')).rest).toBe('/opt/segl');
    const health = last(ofFinalStage('HEALTHCHECK')).rest;
    const [, path] = /'(\/\w+)'\)/.exec(health) ?? [];
    expect(watched).toContain(path);
    expect(() => new Function((JSON.parse(health.slice(health.indexOf('['))) as string[])[2] ?? '!')).not.toThrow();
    expect(last(ofFinalStage('EXPOSE')).rest).toBe(String(settingsSchema.shape.httpPort.parse(undefined)));
  });

  it('sets variables that the appliance knows, to its own defaults, and none that is secret', () => {
    const set = ofFinalStage('ENV').flatMap(({ rest }) =>
      [...rest.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value]) => ({ name, value })),
    );
    expect(set.map(({ name }) => name)).toEqual(['NODE_ENV', 'SEGL_HTTP_PORT', 'SEGL_DATA_DIR', 'SEGL_KEYRING']);
    const { shape } = settingsSchema;
    expect(set.slice(1).map(({ value }) => value)).toEqual([
      String(shape.httpPort.parse(undefined)),
      shape.dataDir.parse(undefined),
      shape.keyring.parse(undefined),
    ]);
    for (const { name } of set.slice(1)) expect(VARIABLES).toHaveProperty(name);
    for (const directory of [shape.dataDir.parse(undefined), shape.keyring.parse(undefined)]) {
      expect(last(ofFinalStage('RUN')).rest).toMatch(
        new RegExp(`install -d -o segl -g segl -m 0700 [^&]*${directory}`),
      );
    }
  });

  it('lets nothing of the repository through but what it copies', () => {
    const rules = (path: string) => textOf(path).split('\n').slice(1);
    expect(rules('ops/images/Containerfile.dockerignore')).toEqual(rules('.containerignore'));
    const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
    const seen = tracked.filter((path) => isLetThrough(path, textOf('.containerignore')));
    expect(seen.filter((path) => !/^(apps|libs)\//.test(path)).toSorted()).toEqual(
      [
        '.npmrc',
        'ops/build.mjs',
        'ops/bundle.mjs',
        'ops/sbom.mjs',
        'package-lock.json',
        'package.json',
        'tsconfig.build.json',
        'tsconfig.json',
      ].toSorted(),
    );
    expect(seen.filter((path) => /spec\.ts$|^apps\/\w+\/test\//.test(path))).toEqual([]);
    expect(isLetThrough('.git/config', textOf('.containerignore'))).toBe(false);
    expect(isLetThrough('node_modules/x/index.js', textOf('.containerignore'))).toBe(false);
  });
});

describe('what it says of itself', () => {
  it.each(['docker-compose.yml', 'ops/images/README.md'])('%s says that no engine started the services', (path) => {
    expect(textOf(path)).toMatch(/NEVER RUN YET|was never started/);
  });

  it('names files of ops/images that are there', () => {
    for (const [, name] of textOf('ops/images/README.md').matchAll(/^\| `([^`]+)` \|/gm)) {
      expect(
        existsSync(
          join(ROOT, name?.includes('/') || name === 'docker-compose.yml' ? (name ?? '') : `ops/images/${name}`),
        ),
      ).toBe(true);
    }
    expect(parse(textOf('ops/images/portal-and-gateway.yaml'))).toHaveProperty('stores');
  });
});
