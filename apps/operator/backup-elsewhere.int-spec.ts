import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDbDouble } from '#libs/event-store/testing';
import { postgresBinaries, startTemporaryPostgres } from '#libs/keyring/testing';
import { BackedUp } from './test/backups.ts';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';
import { storedEvents } from './test/made-events.ts';

/** The first age that knows mlkem768x25519. */
const AGE = /^v?(1\.([3-9]|\d\d)|[2-9])/;
const version = ageVersion();

function ageVersion(): string | null {
  try {
    return execFileSync('age', ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return null; // none on this machine
  }
}

let home: Installation;
beforeEach(async () => {
  home = await temporaryInstallation();
});
afterEach(() => home.remove());

describe('a backup of an installation on servers', () => {
  (postgresBinaries() === null ? it.skip : it)(
    'is restored to files, and from there to other servers, with the same root',
    async () => {
      const server = await startTemporaryPostgres();
      const [double, other] = [await EventStoreDbDouble.start(), await EventStoreDbDouble.start()];
      try {
        const onServers = {
          ...home.environment,
          SEGL_EVENT_STORE: `esdb://127.0.0.1:${double.port}?tls=false`,
          SEGL_PERSON_KEYS: await server.newDatabase(),
        };
        const backedUp = await BackedUp.of({ ...home, environment: onServers });
        const { messageId } = await backedUp.seal('anna@example.com', 'bo@example.org');
        await backedUp.seal('anna@example.com', 'cy@example.org');
        const made = JSON.parse((await backedUp.backup()).text) as { events: number; persons: number; root: string };
        expect(made).toMatchObject({ persons: 3 });
        expect(made.events).toBeGreaterThan(1);
        const restored = await backedUp.restore();
        expect(JSON.parse(restored.text)).toMatchObject({ events: made.events, persons: 3, root: made.root });

        const [data, keyring] = [join(backedUp.target, 'data'), join(backedUp.target, 'keyring')];
        const to = { events: `esdb://127.0.0.1:${other.port}?tls=false`, persons: await server.newDatabase() };
        const events = await segl([
          'events',
          'copy',
          '--json',
          '--from',
          `sqlite:${data}/events.sqlite`,
          '--to',
          to.events,
        ]);
        expect(JSON.parse(events.text)).toMatchObject({ events: made.events + 1 }); // with BackupRestored
        const from = `sqlite:${data}/persons.sqlite`;
        const persons = await segl([
          'persons',
          'copy',
          '--json',
          '--from',
          from,
          '--to',
          to.persons,
          '--keyring',
          keyring,
        ]);
        expect(JSON.parse(persons.text)).toMatchObject({ persons: 3 });
        const environment = {
          ...onServers,
          SEGL_EVENT_STORE: to.events,
          SEGL_PERSON_KEYS: to.persons,
          SEGL_KEYRING: keyring,
        };
        const trail = await segl(['audit', 'query', '--message', messageId], { environment });
        expect(trail.text).toContain('bo@example.org');
      } finally {
        await Promise.all([double.stop(), other.stop(), server.remove()]);
      }
    },
    240_000,
  );
});

describe('the age tool', () => {
  if (version === null || !AGE.test(version)) {
    it('is not asked: this machine has no age of 1.3 or newer', () => expect(version ?? '').not.toMatch(AGE));
    return;
  }
  const age = (...args: string[]) => execFileSync('age', args, { maxBuffer: 1024 * 1024 * 1024 });

  it('opens a backup, whose archive tar unpacks; and what it seals itself is restored', async () => {
    const backedUp = await BackedUp.of(home);
    const { carrier } = await backedUp.seal('anna@example.com', 'bo@example.org');
    await backedUp.backup();
    const [unpacked, sealedByAge] = [join(home.directory, 'unpacked'), join(home.directory, 'by-age.age')];
    await mkdir(unpacked);
    const archive = age('-d', '-i', backedUp.identity, backedUp.file);
    execFileSync('tar', ['x', '-C', unpacked], { input: archive });
    const lines = (await readFile(join(unpacked, 'events/00000001.ndjson'), 'utf8')).trimEnd().split('\n');
    const stored = storedEvents(join(home.dataDir, 'events.sqlite')).map(({ bytes }) => Buffer.from(bytes).toString());
    expect(lines).toEqual(stored.slice(0, -1));
    expect(readdirSync(join(unpacked, 'keyring')).sort()).toEqual(readdirSync(home.keyring).sort());

    const plain = join(home.directory, 'archive.tar');
    await writeFile(plain, archive);
    const recipient = /age1pq1\S+/.exec(await readFile(backedUp.identity, 'utf8'))?.[0] ?? '';
    age('-r', recipient, '-o', sealedByAge, plain);
    expect(await backedUp.restoreFile(sealedByAge)).toMatchObject({ exitCode: 0 });
    await writeFile(join(home.directory, 'carrier.eml'), carrier);
    const opened = await backedUp.inRestored('open', join(home.directory, 'carrier.eml'));
    expect(opened.text).toContain('marker-of-the-body');
  }, 120_000);

  it('makes keys that backups are sealed to', async () => {
    const backedUp = await BackedUp.of(home);
    await backedUp.seal('anna@example.com', 'bo@example.org');
    const identity = join(home.directory, 'by-keygen.key');
    execFileSync('age-keygen', ['-pq', '-o', identity], { stdio: 'pipe' });
    const recipient = /age1pq1\S+/.exec(await readFile(identity, 'utf8'))?.[0] ?? '';
    expect((await backedUp.run(['backup', backedUp.file, '--recipient', recipient])).exitCode).toBe(0);
    const argv = ['restore', backedUp.file, '--identity', identity, '--to', backedUp.target];
    expect(await segl(argv)).toMatchObject({ exitCode: 0 });
  }, 120_000);
});
