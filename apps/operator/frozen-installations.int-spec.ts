import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDbDouble } from '#libs/event-store/testing';
import { segl } from './test/captured-terminal.ts';
import { freezeInstallation } from './test/frozen/freeze.ts';
import type { Frozen } from './test/frozen/freeze.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const FROZEN = join(import.meta.dirname, 'test/frozen');
const { SEGL_FREEZE: freezing } = process.env;
if (freezing !== undefined) beforeAll(() => freezeInstallation(join(FROZEN, freezing)), 240_000);

const releases = readdirSync(FROZEN, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

it('there are installations to open', () => expect(releases).toContain('0.1.0'));

describe.each(releases)('an installation that release %s left behind', (release) => {
  const at = (name: string) => join(FROZEN, release, name);
  const frozen = JSON.parse(readFileSync(at('expected.json'), 'utf8')) as Frozen;
  let home: Installation;
  beforeEach(async () => {
    home = await temporaryInstallation();
  });
  afterEach(() => home.remove());

  /** Below its own name, since the fresh installation is beside it. */
  function environmentOf(directory: string): NodeJS.ProcessEnv {
    return { ...home.environment, SEGL_KEYRING: join(directory, 'keyring'), SEGL_DATA_DIR: join(directory, 'data') };
  }

  async function expectAsItWas(environment: NodeJS.ProcessEnv): Promise<void> {
    const run = (argv: readonly string[], input?: Uint8Array) => segl(argv, { environment, ...(input && { input }) });
    for (const { file, body } of frozen.carriers) {
      const opened = await run(['open', at(file)]);
      expect([file, opened.exitCode, opened.text]).toEqual([file, 0, expect.stringContaining(body)]);
    }
    const trail = (await run(['audit', 'query', '--limit', '1000'])).text;
    for (const reader of frozen.readers) expect(trail).toContain(reader);
    expect(trail).not.toContain(frozen.erased);
    expect((await run(['erase', frozen.readers[0] ?? '', '--yes'])).said).toContain('2026-2'); // the hold stands
    const kept = join(home.directory, 'checkpoint');
    await writeFile(kept, frozen.checkpoint);
    expect(await run(['audit', 'verify', '--log', '--checkpoint', kept])).toMatchObject({ exitCode: 0 });

    const mail = Buffer.from('From: <anna@example.com>\r\nSubject: x\r\n\r\nsealed by a later release\r\n');
    const sealed = await run(['seal', '--from', 'anna@example.com', '--to', frozen.readers[0] ?? ''], mail);
    expect([sealed.exitCode, sealed.said]).toEqual([0, expect.stringMatching(/^sealed /)]);
    const carrier = join(home.directory, 'new.eml');
    await writeFile(carrier, sealed.output);
    expect((await run(['open', carrier])).text).toContain('sealed by a later release');
  }

  it('opens its seals, folds its events and goes on, on its own files', async () => {
    execFileSync('tar', [
      'xzpf',
      at('installation.tar.gz'),
      '--no-same-owner',
      '-C',
      home.directory,
      '--one-top-level=old',
    ]);
    await expectAsItWas(environmentOf(join(home.directory, 'old')));
  }, 120_000);

  it('is restored from its backup, and is the same record on EventStoreDB', async () => {
    const identity = join(home.directory, 'backup.key');
    await copyFile(at('backup.key'), identity);
    const target = join(home.directory, 'restored');
    const restored = await segl(['restore', at('backup.age'), '--identity', identity, '--to', target, '--json']);
    expect(JSON.parse(restored.text)).toMatchObject({
      events: frozen.events,
      root: frozen.root,
      ledger: { isProven: true },
    });
    await expectAsItWas(environmentOf(target));

    const double = await EventStoreDbDouble.start();
    try {
      const to = `esdb://127.0.0.1:${double.port}?tls=false`;
      const copied = await segl([
        'events',
        'copy',
        '--json',
        '--from',
        `sqlite:${join(target, 'data/events.sqlite')}`,
        '--to',
        to,
      ]);
      expect(copied.exitCode).toBe(0);
      for (const name of readdirSync(join(target, 'data')))
        if (name.startsWith('read-models')) await rm(join(target, 'data', name)); // positions are a store's own
      const environment = { ...environmentOf(target), SEGL_EVENT_STORE: to };
      const trail = await segl(['audit', 'query', '--type', 'MessageSealed'], { environment });
      for (const reader of frozen.readers) expect(trail.text).toContain(reader);
    } finally {
      await double.stop();
    }
  }, 120_000);
});
