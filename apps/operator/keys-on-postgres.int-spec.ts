import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { postgresBinaries, startTemporaryPostgres } from '#libs/keyring/testing';
import type { TemporaryPostgres } from '#libs/keyring/testing';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const withPostgres = postgresBinaries() === null ? describe.skip : describe;

withPostgres('persons on PostgreSQL when their keys change', () => {
  let server: TemporaryPostgres;
  let home: Installation;
  beforeAll(async () => {
    server = await startTemporaryPostgres();
  }, 120_000);
  afterAll(() => server.remove());
  beforeEach(async () => {
    const installation = await temporaryInstallation();
    const environment = { ...installation.environment, SEGL_PERSON_KEYS: await server.newDatabase() };
    home = { ...installation, environment };
    const seal = ['seal', '--from', 'anna@example.com', '--to', 'bo@example.org'];
    const sealed = await segl(seal, { environment, input: Buffer.from('Subject: x\n\n') });
    expect([sealed.exitCode, sealed.said]).toEqual([0, expect.anything()]);
  });
  afterEach(() => home.remove());
  const inHome = (...argv: string[]) => segl(argv, { environment: home.environment });

  it('are wrapped anew by a rotation, after which the older key hits nobody', async () => {
    const rotated = await inHome('keys', 'rotate', 'person-wrapping', '--json');
    expect(JSON.parse(rotated.text)).toEqual({ keyId: 'person-wrapping-2', rewrapped: 2 });
    const destroyed = await inHome('keys', 'destroy', 'person-wrapping-1', '--yes', '--json');
    expect(JSON.parse(destroyed.text)).toEqual({ destroyed: 'person-wrapping-1', persons: 0 });
    expect((await inHome('audit', 'query')).text).toContain('recipient=bo@example.org');
  });

  it('are left as they are where the new key must be copied first', async () => {
    const rotated = await inHome('keys', 'rotate', 'person-wrapping', '--no-rewrap', '--json');
    expect(JSON.parse(rotated.text)).toEqual({ keyId: 'person-wrapping-2', rewrapped: null });
    expect((await inHome('keys', 'destroy', 'person-wrapping-1')).said).toContain('2 persons are erased by that');
    expect((await inHome('keys', 'rewrap')).text).toBe('2 wrapped anew\n');
    expect((await inHome('keys', 'rewrap')).text).toBe('0 wrapped anew\n');
  });

  it('are not to be had while the server is away, which is said in words', async () => {
    await server.stop();
    const away = await inHome('keys', 'rewrap');
    await server.start();
    expect([away.exitCode, away.said]).toEqual([69, expect.stringContaining('nothing listens there')]);
    expect(away.said).not.toMatch(/127\.0\.0\.1|\n {4}at /);
    expect((await inHome('keys', 'rewrap')).text).toBe('0 wrapped anew\n');
  });
});
