import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makePackage, NAME } from '../../../ops/package/make-package.mjs';
import { HttpReader, newestCarrierField } from './http-reader.ts';
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
});
