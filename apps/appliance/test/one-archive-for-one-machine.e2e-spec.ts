import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makePackage, NAME } from '../../../ops/package/make-package.mjs';
import { RUN_ON_A_MACHINE } from './commands-that-run.ts';
import { blocksIn, commandsIn } from './documented-commands.ts';
import { HttpReader, newestCarrierField } from './http-reader.ts';
import { canHaveAMachine, typedOnAMachine } from './own-machine.ts';
import { ensureBuilt, startProcess } from './running-process.ts';

/** The archive has the Node of this platform, where the lockfile has one. */
const canBeMade = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

(canBeMade ? describe : describe.skip)('npm run package', () => {
  let directory: string;
  let unpacked: string;
  let digest: string;
  beforeAll(async () => {
    ensureBuilt();
    directory = await mkdtemp(join(tmpdir(), 'segl-archive-'));
    const file = join(directory, `${NAME}.tar.gz`);
    digest = await makePackage(file, 1);
    execFileSync('tar', ['xzf', file, '-C', directory]);
    unpacked = join(directory, NAME);
    await symlink(join(unpacked, 'bin/segl'), join(directory, 'segl'));
  }, 300_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** With nothing of this machine but /bin. */
  function segl(...argv: string[]) {
    const environment = [`SEGL_KEYRING=${join(directory, 'keyring')}`, `SEGL_DATA_DIR=${directory}`];
    return spawnSync('env', ['-i', 'PATH=/usr/bin:/bin', ...environment, join(directory, 'segl'), ...argv], {
      cwd: '/',
      encoding: 'utf8',
    });
  }

  it('gives the same bytes twice', async () => {
    expect(await makePackage(null)).toBe(digest);
  }, 120_000);

  it('has what the units start, documents, and nothing that only builds or tests', () => {
    for (const unit of ['segl', 'segl-backup']) {
      const text = readFileSync(join(unpacked, `ops/systemd/${unit}.service`), 'utf8');
      for (const [, path = ''] of text.matchAll(/\/opt\/segl\/(\S+)/g))
        expect([path, statSync(join(unpacked, path)).isFile()]).toEqual([path, true]);
    }
    expect(readFileSync(join(unpacked, 'README.md'), 'utf8')).toContain('# Segl on one machine');
    const files = globSync(['**/*.ts', 'node_modules/{typescript,jest,esbuild}/*', 'dist/compiled'], { cwd: unpacked });
    expect(files).toEqual([]);
    const { version } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as { version: string };
    expect(segl('--version').stdout.trim()).toBe(version);
  });

  it('has what its own pages for operators lead to', () => {
    const missing = globSync(['*.md', 'ops/**/*.md'], { cwd: unpacked }).flatMap((page) => {
      const text = readFileSync(join(unpacked, page), 'utf8');
      const links = [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to));
      const isRunbook = page.startsWith('ops/runbooks/');
      const named = isRunbook ? [...text.matchAll(/`((?:ops|libs|helm|apps)\/[\w./-]+|docker-compose\.yml)`/g)] : [];
      return [
        ...links.map((to) => relative(unpacked, resolve(dirname(realpathSync(join(unpacked, page))), to))),
        ...named.map(([, path = '']) => path),
      ]
        .filter((path) => !existsSync(join(unpacked, path)))
        .map((path) => [page, path]);
    });
    expect(missing).toEqual([]);
  });

  it('makes keys, and says before the first start what is missing, on its own Node', () => {
    expect(segl('keys', 'init')).toMatchObject({ status: 0 });
    expect(statSync(join(directory, 'keyring')).mode & 0o777).toBe(0o700);
    const doctor = segl('doctor');
    expect([doctor.status, doctor.stdout]).toEqual([78, expect.stringContaining('SEGL_PUBLIC_URL (publicUrl): is missing')]); // prettier-ignore
  });

  it('serves, and a message is read from it', async () => {
    const node = join(unpacked, 'node_modules/.bin/node');
    const portal = await startProcess({ build: join(unpacked, 'dist'), node });
    try {
      const reader = new HttpReader(portal.url);
      const { location } = await reader.handIn(await newestCarrierField(portal.url));
      const shown = await reader.view(location, await reader.signInFor(location));
      expect([shown.status, shown.body]).toEqual([200, expect.stringContaining('412,500')]);
    } finally {
      expect(await portal.stop()).toBe(0);
      await portal.cleanUp();
    }
  }, 180_000);

  (canHaveAMachine() && existsSync('/usr/bin/caddy') ? it : it.skip)(
    'is installed in a closed network, read from, backed up and upgraded, under a systemd, by what the pages say',
    async () => {
      const taken = new Map<string, string[]>();
      const from = (page: string) => (start: string) => {
        taken.set(page, [...(taken.get(page) ?? []), start]);
        return commandsIn(page).find((each) => each.startsWith(start)) ?? `false # no such command: ${start}`;
      };
      const page = from('ops/package/README.md');
      const ofSystemd = from('ops/systemd/README.md');
      const [settings] = blocksIn('ops/package/README.md').filter(({ kind }) => kind === 'yaml');
      const asSegl = 'SEGL_CONFIG=/etc/segl/segl.yaml setpriv --reuid segl --regid segl --clear-groups';
      const isReady =
        'curl --silent --fail --retry 60 --retry-delay 1 --retry-connrefused http://127.0.0.1:8081/readyz';
      const script = [
        `cd ${directory} && export HOME=/root`,
        "printf '127.0.0.1 localhost post.example.com mail.example.com\\n' > /etc/hosts",
        ...[
          'useradd',
          'mkdir /opt/segl &&',
          'ln -s',
          'install -d -o segl -g segl -m 0700 /etc/segl/keyring',
          'setpriv ',
        ].map(page),
        `cat > /etc/segl/segl.yaml <<'YAML'\n${settings?.text}canary: { everySeconds: 600 }\nYAML`,
        'chown segl /etc/segl/segl.yaml',
        // A closed network: a certificate and an authority of its own.
        'openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=post.example.com -addext subjectAltName=DNS:post.example.com -keyout /etc/ssl/post.key -out /etc/ssl/post.pem',
        'chmod 644 /etc/ssl/post.key; mkdir -p /etc/systemd/system/segl.service.d /var/lib/caddy && chown caddy /var/lib/caddy',
        "printf '[Service]\\nEnvironment=NODE_EXTRA_CA_CERTS=/etc/ssl/post.pem\\n' > /etc/systemd/system/segl.service.d/ca.conf",
        `${page('SEGL_CONFIG=')} || [ $? = 69 ]`, // neither a relay nor a proxy is there yet
        page('cp /opt/segl/ops/systemd/segl.service'),
        isReady,
        'grep -E "^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/$(systemctl show --value --property MainPID segl)/status; id -u segl',
        page('cp /opt/segl/ops/proxies/Caddyfile'),
        "sed -i 's|^post.example.com {|&\\n\\ttls /etc/ssl/post.pem /etc/ssl/post.key|' /etc/caddy/Caddyfile && systemctl restart caddy",
        `${asSegl} segl canary run`,
        `${page('printf ')}\ngrep 'filename.*message.html' carrier.eml`,
        `${asSegl} segl keys backup-identity /var/lib/segl/identity > /etc/segl/backup-recipients`,
        page('install -d -o segl -g segl -m 0700 /srv/backups'),
        page('cp /opt/segl/ops/systemd/segl-backup.*'),
        'systemctl list-timers --no-pager segl-backup.timer',
        ...['systemctl start segl-backup.service', 'mkdir /opt/segl.next', 'systemctl stop segl', 'mv /opt/segl'].map(
          page,
        ),
        ...['cp /opt/segl/ops/systemd/segl*', 'systemctl start segl &&'].map(page),
        `${asSegl} segl audit query --canary --type MessageViewed`,
        'cd /opt/segl',
        ofSystemd('install -d -o segl -g segl -m 0700 /etc/segl/keyring'),
        ...[
          'cp ops/systemd/segl.service',
          'install -d -o segl -g segl -m 0700 /srv',
          'cp ops/systemd/segl-backup',
          'journalctl',
        ].map(ofSystemd),
        'ls /srv/backups; systemctl is-active segl segl-backup.timer caddy',
      ].join('\n');
      const { status, said } = await typedOnAMachine(join(directory, 'machine'), script);
      if (status !== 0) throw new Error(`it ended with ${status}:\n${said}`);
      expect(said).toMatch(/CapEff:\s0+\n[^]*CapBnd:\s0+\n[^]*NoNewPrivs:\s1\n[^]*Seccomp:\s2\n/);
      expect(said).toMatch(/^segl-\d{4}-\d\d-\d\d-\d{4}\.age$/m);
      expect(said).toMatch(/active\nactive\nactive\n$/);
      expect(said).toMatch(/"msg":"ready"[^]*"msg":"stopped"[^]*"msg":"ready"/);
      const sorted = (lists: Iterable<readonly [string, readonly string[]]>) =>
        Object.fromEntries([...lists].map(([each, starts]) => [each, starts.toSorted()]));
      expect(sorted(taken)).toEqual(sorted(Object.entries(RUN_ON_A_MACHINE)));
    },
    300_000,
  );
});
