import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSmtpSink } from '#libs/mail/testing';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

describe('segl keys', () => {
  let directory: string;
  let keyring: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-keys-'));
    keyring = join(directory, 'keyring');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('makes, lists, rotates and destroys, with no configuration but where the keyring is', async () => {
    const made = await segl(['keys', 'init', '--keyring', keyring, '--json']);
    expect(JSON.parse(made.text)).toMatchObject({
      keyring,
      keys: expect.arrayContaining([expect.objectContaining({ keyId: 'sealing-1' })]),
    });
    expect((await segl(['keys', 'init', '--keyring', keyring])).exitCode).toBe(1);
    expect((await segl(['--keyring', keyring, 'keys', 'rotate', 'sealing'])).text).toBe('sealing-2\n');
    expect((await segl(['keys', 'destroy', 'sealing-2', '--yes', '--keyring', keyring])).said).toContain(
      'rotate sealing" first',
    );
    const destroyed = await segl(['keys', 'destroy', 'sealing-1', '--yes', '--keyring', keyring]);
    expect([destroyed.exitCode, destroyed.text]).toEqual([0, 'sealing-1 is destroyed\n']);
    const listed = await segl(['keys', 'list'], { environment: { SEGL_KEYRING: keyring } });
    expect(listed.text).toMatch(/^sealing-2 +sealing +current +2026-03-01T12:00:00.000Z$/m);
    expect(listed.text).toMatch(/^sealing-1 +sealing +destroyed +2026-03-01T12:00:00.000Z$/m);
    expect(listed.text + listed.said).not.toMatch(/AGE-SECRET|BEGIN/);
  });

  it('makes the key for Redis in a keyring from before there was one', async () => {
    await segl(['keys', 'init', '--keyring', keyring]);
    await rm(join(keyring, 'ephemeral-1.key'));
    expect((await segl(['keys', 'rotate', 'ephemeral', '--keyring', keyring])).text).toBe('ephemeral-1\n');
    await segl(['keys', 'rotate', 'ephemeral', '--keyring', keyring]);
    const asked = await segl(['keys', 'destroy', 'ephemeral-1', '--keyring', keyring]);
    expect([asked.exitCode, asked.said]).toEqual([64, expect.stringContaining('in Redis')]);
    const listed = await segl(['keys', 'list', '--keyring', keyring]);
    expect(listed.text).toMatch(/^ephemeral-2 +ephemeral +current/m);
  });

  it('reads where the keyring is from the configuration file too, and lets variables and options win', async () => {
    await segl(['keys', 'init', '--keyring', keyring]);
    const file = join(directory, 'segl.yaml');
    await writeFile(file, `keyring: ${keyring}\n`);
    const listed = async (environment: NodeJS.ProcessEnv, ...argv: string[]) =>
      (await segl(['keys', 'list', ...argv], { environment: { SEGL_CONFIG: file, ...environment } })).exitCode;
    expect(await listed({})).toBe(0);
    expect(await listed({ SEGL_KEYRING: '/nowhere' })).toBe(78);
    expect(await listed({ SEGL_KEYRING: '/nowhere' }, '--keyring', keyring)).toBe(0);
    expect(await listed({ SEGL_CONFIG: '/no/file.yaml' })).toBe(78);
  });

  it('knows a demonstration’s keyring by its mark', async () => {
    await segl(['keys', 'init', '--keyring', keyring, '--demonstration']);
    const said = await segl(['open', '-', '--keyring', keyring], { input: Buffer.from('nothing to open here') });
    expect([said.exitCode, said.said]).toEqual([65, expect.stringContaining('no carrier')]);
  });

  it.each([
    [['keys'], 64, 'init'],
    [['keys', 'rotate', 'nonsense'], 64, 'person-wrapping'],
    [['keys', 'destroy', 'nonsense-1', '--yes'], 64, 'no key id'],
    [['keys', 'destroy', 'cookies-9', '--yes'], 1, 'no key cookies-9'],
    [['keys', 'destroy', 'cookies-1'], 64, '--yes'],
    [['keys', 'destroy', 'cookies-1', '--yes'], 1, 'rotate cookies'],
    [['keys', 'rewrap'], 69, 'no person directory'],
    [['nonsense'], 64, 'nonsense'],
    [['keys', 'list', '--nonsense'], 64, 'nonsense'],
    [['keys', 'list', '--event-store', 'mysql://x'], 78, 'sqlite:<path>'],
    [['audit', 'query', '--data-dir', '/nowhere'], 69, 'no event store at /nowhere'],
    [['erase', 'anna@example.com', '--data-dir', '/nowhere'], 69, 'no person directory at /nowhere'],
  ])('%j ends with %d', async (argv, exitCode, words) => {
    await segl(['keys', 'init', '--keyring', keyring]);
    const ran = await segl([...argv, ...(argv.length > 1 ? ['--keyring', keyring] : [])]);
    expect(ran.text + ran.said).toContain(words);
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.said).not.toMatch(/\n {4}at /);
  });

  it('explains every command, with examples and exit codes', async () => {
    const commands = [
      ['seal'],
      ['inspect'],
      ['open'],
      ['revoke'],
      ['erase'],
      ['telemetry'],
      ['doctor'],
      ['audit', 'query'],
      ['projections', 'rebuild'],
      ...['init', 'list', 'rotate', 'destroy', 'rewrap'].map((name) => ['keys', name]),
    ];
    for (const command of commands) {
      const help = await segl([...command, '--help']);
      expect([command, help.exitCode, help.text]).toEqual([
        command,
        0,
        expect.stringMatching(new RegExp(`Examples?:\\n {2}.*segl ${command.join(' ')}`)),
      ]);
    }
    expect((await segl(['--help'])).text).toMatch(/Exit codes:[^]*78/);
  });
});

describe('persons when their keys change', () => {
  let home: Installation;
  beforeEach(async () => {
    home = await temporaryInstallation();
    const seal = ['seal', '--from', 'anna@example.com', '--to', 'bo@example.org'];
    expect((await segl(seal, { environment: home.environment, input: Buffer.from('Subject: x\n\n') })).exitCode).toBe(
      0,
    );
  });
  afterEach(() => home.remove());
  const inHome = (...argv: string[]) => segl(argv, { environment: home.environment });

  it('are wrapped anew by a rotation, after which the older key hits nobody', async () => {
    const rotated = await inHome('keys', 'rotate', 'person-wrapping', '--json');
    expect(JSON.parse(rotated.text)).toEqual({ keyId: 'person-wrapping-2', rewrapped: 2 });
    expect((await inHome('keys', 'rewrap')).text).toBe('0 wrapped anew\n');
    const destroyed = await inHome('keys', 'destroy', 'person-wrapping-1', '--yes', '--json');
    expect(JSON.parse(destroyed.text)).toEqual({ destroyed: 'person-wrapping-1', persons: 0 });
    expect((await inHome('audit', 'query')).text).toContain('recipient=bo@example.org');
  });

  it('are counted before the index key that finds them is destroyed', async () => {
    await inHome('keys', 'rotate', 'person-index');
    const asked = await inHome('keys', 'destroy', 'person-index-1');
    expect([asked.exitCode, asked.said]).toEqual([64, expect.stringContaining('2 persons are not found')]);
  });

  it('keep the key they stand under while they are under legal hold, whatever is forced', async () => {
    await inHome('hold', 'place', 'bo@example.org', '--case', '2026-18');
    await inHome('keys', 'rotate', 'person-wrapping', '--no-rewrap');
    for (const more of [[], ['--force']]) {
      const kept = await inHome('keys', 'destroy', 'person-wrapping-1', '--yes', ...more);
      expect([kept.exitCode, kept.said]).toEqual([
        1,
        expect.stringMatching(/legal hold.*: [a-z2-7]{26} \(2026-18\)$/m),
      ]);
    }
    expect((await inHome('audit', 'query')).text).toContain('recipient=bo@example.org');
    await inHome('keys', 'rewrap'); // then nobody stands under it
    expect((await inHome('keys', 'destroy', 'person-wrapping-1', '--yes')).exitCode).toBe(0);
    expect((await inHome('audit', 'query')).text).toContain('recipient=bo@example.org');
  });

  it('want a second name where the installation says so before a key destroys them, and both names stand in the record', async () => {
    await inHome('keys', 'rotate', 'person-wrapping');
    const config = join(home.directory, 'segl.yaml');
    await writeFile(config, 'console: { secondPerson: [destroy-key] }\n');
    const environment = { ...home.environment, SEGL_CONFIG: config };
    const destroy = (...more: string[]) =>
      segl(['keys', 'destroy', 'person-wrapping-1', '--yes', ...more], { environment });
    expect(await destroy()).toMatchObject({ exitCode: 64, said: expect.stringContaining('--approved-by') });
    expect(await destroy('--approved-by', userInfo().username)).toMatchObject({ exitCode: 64 });
    for (const slip of ['{ secondPerson: [destroy-keys] }', '{ secondPersons: [destroy-key] }']) {
      await writeFile(config, `console: ${slip}\n`);
      expect(await destroy()).toMatchObject({ exitCode: 78, said: expect.stringContaining('console.secondPerson') });
    }
    await writeFile(config, 'console: { secondPerson: [destroy-key] }\n');
    expect((await destroy('--approved-by', 'berit')).exitCode).toBe(0);
    expect((await inHome('audit', 'query', '--type', 'KeyDestroyed')).text).toContain('approvedBy=berit');
  });

  it('doctor says what is well and what is not', async () => {
    const server = await startSmtpSink();
    const environment = { ...home.environment, SEGL_RELAY_URL: `smtp://127.0.0.1:${server.port}` };
    const well = await segl(['doctor'], { environment });
    expect([
      well.exitCode,
      well.text
        .split('\n')
        .map((line) => line.replace(/:.*/, ''))
        .filter((line) => !/^NOTE|^ /.test(line)),
    ]).toEqual([
      0,
      [
        'ok     configuration',
        'ok     data directory',
        'ok     keyring',
        'ok     event store',
        'ok     person directory',
        'ok     waiting carriers',
        'ok     read models',
        'ok     persons of the record',
        'ok     backup',
        'ok     sign-in',
        'ok     relay',
        'ok     newest checkpoint',
        'ok     disk',
        'ok     clock',
        '',
      ],
    ]);
    await server.close();
    const gone = await segl(['doctor', '--json'], { environment });
    expect([gone.exitCode, gone.said]).toEqual([69, 'segl: one thing is not well']);
    expect(JSON.parse(gone.text)).toContainEqual({
      what: 'relay',
      isWell: false,
      isAdvice: false,
      says: [expect.stringContaining('ECONNREFUSED')],
      whatToDo: expect.stringContaining('SEGL_RELAY_URL'),
    });
    await chmod(join(home.keyring, 'cookies-1.key'), 0o644);
    await chmod(home.keyring, 0o755);
    const wrong = await segl(['doctor'], { environment: { ...environment, SEGL_HTTP_PORT: 'x' } });
    expect(wrong.exitCode).toBe(78);
    expect(wrong.text).toMatch(
      /FAULT {2}configuration: SEGL_HTTP_PORT[^]*FAULT {2}keyring: .*chmod 700[^]*FAULT {2}keyring: .*chmod 600/,
    );
  });
});
