import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keysIfThereOf, keysOf, partsOf, pathsElsewhere, ROLE_PARTS, ROLES } from '#libs/installation';
import type { Role } from '#libs/installation';
import { initKeyring, Keyring } from '#libs/keyring';
import type { Instant } from '#libs/vocabulary';
import { CONTROLLERS, ROOMS } from './appliance.module.ts';

let parent: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'segl-roles-'));
  await initKeyring(join(parent, 'whole'), { demonstration: false, now: '2026-01-01T00:00:00.000Z' as Instant });
});
afterAll(() => rm(parent, { recursive: true, force: true }));

/** A directory with these files of a whole keyring and nothing else. */
async function directoryWith(name: string, files: readonly string[]): Promise<string> {
  const directory = join(parent, name);
  await mkdir(directory, { mode: 0o700 });
  for (const file of files) await copyFile(join(parent, 'whole', file), join(directory, file));
  return directory;
}

const REDIS = 'redis://localhost';
const persons = ['person-index-1.key', 'person-wrapping-1.key'];

describe('a role', () => {
  it.each<[Role, string, string[]]>([
    ['portal', 'memory:', ['cookies-1.key', 'manifest-1.pub', 'oidc-1.key', 'sealing-1.key', ...persons]],
    [
      'portal',
      REDIS,
      ['cookies-1.key', 'ephemeral-1.key', 'manifest-1.pub', 'oidc-1.key', 'sealing-1.key', ...persons],
    ],
    ['gateway', 'memory:', ['manifest-1.key', 'oidc-1.pub', 'sealing-1.pub', ...persons]],
    ['gateway', REDIS, ['ephemeral-1.key', 'manifest-1.key', 'oidc-1.pub', 'sealing-1.pub', ...persons]],
    ['console', 'memory:', ['cookies-1.key', 'ledger-1.key', 'oidc-1.pub', ...persons]],
    ['console', REDIS, ['cookies-1.key', 'ephemeral-1.key', 'ledger-1.key', 'oidc-1.pub', ...persons]],
  ])(
    '%s on %s opens a keyring of its own files and no others, and misses each of them',
    async (role, ephemeralStore, files) => {
      const kinds = keysOf({ roles: [role], ephemeralStore });
      const directory = await directoryWith(`${role}-${ephemeralStore.slice(0, 5)}`, files);
      const keyring = await Keyring.open(directory, { demonstration: false, kinds });
      expect(keyring.faults()).toEqual([]);
      keyring.close();
      for (const file of files) {
        await rm(join(directory, file));
        await expect(Keyring.open(directory, { demonstration: false, kinds })).rejects.toThrow(
          file.split('-')[0] ?? '',
        );
        await copyFile(join(parent, 'whole', file), join(directory, file));
      }
    },
  );

  it('all of them read every key of a keyring but the one for what processes share, unless they share it', async () => {
    const names = (await readdir(join(parent, 'whole'))).filter((name) => name.endsWith('.key'));
    const ifThere = keysIfThereOf({ roles: ROLES });
    const kinds = names
      .map((name) => name.replace(/-1\.key$/, ''))
      .filter((kind) => !ifThere.some((each) => each === kind));
    expect([...ifThere].sort()).toEqual(['bounces', 'dkim-eddsa', 'dkim-rsa', 'oidc-rsa']);
    expect([...keysOf({ roles: ROLES, ephemeralStore: REDIS })].sort()).toEqual(kinds.sort());
    expect([...keysOf({ roles: ROLES, ephemeralStore: 'memory:' })].sort()).toEqual(
      kinds.filter((kind) => kind !== 'ephemeral'),
    );
  });

  it.each([...ROLES])(
    '%s: every route of its rooms stands in its list of paths, or another role would not own up to it',
    (role) => {
      const controllers = [
        ...CONTROLLERS[role],
        ...ROOMS[role].flatMap((room) => (Reflect.getMetadata('controllers', room) ?? []) as Type[]),
      ];
      const routes = controllers.flatMap((controller) => {
        const base = String(Reflect.getMetadata('path', controller));
        const { prototype } = controller as { prototype: Record<string, object> };
        const handlers = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
        return handlers.flatMap((name) => {
          const path: unknown = Reflect.getMetadata('path', prototype[name] ?? {});
          return typeof path === 'string' ? [`/${base}/${path}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1')] : [];
        });
      });
      expect(routes.length).toBeGreaterThan(0);
      const missing = routes.filter(
        (route) =>
          !ROLE_PARTS[role].paths.some((path) => route === path || (path !== '/' && route.startsWith(`${path}/`))),
      );
      expect(missing).toEqual([]);
    },
  );

  it('serves nothing of another, and alone has what only it needs', () => {
    expect(pathsElsewhere(ROLES)).toEqual([]);
    expect(pathsElsewhere(['gateway'])).toEqual(expect.arrayContaining(['/', '/open', '/m', '/oidc', '/console']));
    expect(pathsElsewhere(['portal'])).toEqual([
      '/api/v1/messages',
      '/api/v1/openapi.json',
      '/console',
      '/api/v1/audit',
    ]);
    expect([...partsOf({ roles: ['console'], ephemeralStore: REDIS })]).toEqual([
      ...['readModels', 'personDirectory', 'ephemeralStore'],
    ]);
    expect(partsOf({ roles: ['gateway'], ephemeralStore: 'memory:' }).has('ephemeralStore')).toBe(false);
    expect(partsOf({ roles: ['gateway'], ephemeralStore: REDIS }).has('ephemeralStore')).toBe(true);
    expect(partsOf({ roles: ['portal'], ephemeralStore: REDIS }).has('outbox')).toBe(false);
  });
});
