import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

let home: Installation;
let environment: NodeJS.ProcessEnv;
beforeEach(async () => {
  home = await temporaryInstallation();
  const config = join(home.directory, 'segl.yaml');
  await writeFile(config, 'dkim: { domains: [Example.com, bücher.example], keyVersion: 2 }\n', { mode: 0o600 });
  environment = { ...home.environment, SEGL_CONFIG: config };
});
afterEach(() => home.remove());

it('prints the record of each key for each domain, as a zone file takes it, and says which sign', async () => {
  await segl(['keys', 'rotate', 'dkim-eddsa'], { environment });
  const { exitCode, text } = await segl(['dkim', 'record'], { environment });
  expect(exitCode).toBe(0);
  const names = [...text.matchAll(/^; (signs|does not).*\n(\S+) IN TXT "v=DKIM1; k=(rsa|ed25519); p=/gm)];
  expect(names.map(([, signs, name, kind]) => [signs, name, kind])).toEqual([
    ['signs', 'segl-ed25519-2._domainkey.example.com.', 'ed25519'],
    ['does not', 'segl-ed25519-1._domainkey.example.com.', 'ed25519'],
    ['does not', 'segl-rsa-1._domainkey.example.com.', 'rsa'],
    ['signs', 'segl-ed25519-2._domainkey.xn--bcher-kva.example.', 'ed25519'],
    ['does not', 'segl-ed25519-1._domainkey.xn--bcher-kva.example.', 'ed25519'],
    ['does not', 'segl-rsa-1._domainkey.xn--bcher-kva.example.', 'rsa'],
  ]);
  for (const [part = ''] of text.matchAll(/"[^"]*"/g)) expect(part.length).toBeLessThanOrEqual(257);
  expect(text).not.toMatch(/PRIVATE/);
});

it('says where nothing signs', async () => {
  const { exitCode, said } = await segl(['dkim', 'record'], { environment: home.environment });
  expect(exitCode).not.toBe(0);
  expect(said).toContain('dkim.domains names no domain');
});
