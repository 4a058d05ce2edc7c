import { chmod, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteEventStore, streamName } from '#libs/event-store';
import { altered, BackedUp, modesBelow } from './test/backups.ts';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';
import { storedEvents } from './test/made-events.ts';

let home: Installation;
let backedUp: BackedUp;
beforeEach(async () => {
  home = await temporaryInstallation();
  backedUp = await BackedUp.of(home);
});
afterEach(() => home.remove());

interface Restored {
  readonly events: number;
  readonly persons: number;
  readonly root: string;
  readonly erased: readonly string[];
  readonly erasedUnknown: number;
  readonly keyIds: readonly string[];
  readonly carriers: number;
  readonly carriersLeftOut: number;
  readonly ledger: { readonly provenEvents: number; readonly unprovenEvents: number } | null;
}

describe('a backup, restored', () => {
  it('is the installation that it was: record, persons, keys, configuration, with owner-only modes', async () => {
    const { carrier, messageId } = await backedUp.seal('anna@example.com', 'bo@example.org');
    const secret = join(home.directory, 'microsoft.secret');
    await writeFile(secret, 'very secret\n', { mode: 0o600 });
    const config = join(home.directory, 'segl.yaml');
    await writeFile(config, `signIn: { microsoft: [{ clientId: x, clientSecretFile: ${secret} }] }\n`);
    const made = await backedUp.backup(undefined, { environment: { ...home.environment, SEGL_CONFIG: config } });
    expect(made).toMatchObject({ exitCode: 0 });
    const summary = JSON.parse(made.text) as { events: number; root: string; persons: number };
    expect(summary).toMatchObject({ events: storedEvents(join(home.dataDir, 'events.sqlite')).length - 1, persons: 2 });

    const restored = await backedUp.restore();
    expect(restored).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(restored.text)).toMatchObject({
      events: summary.events,
      root: summary.root,
      persons: 2,
      erased: [],
    });

    const before = storedEvents(join(home.dataDir, 'events.sqlite')).map(({ bytes }) => Buffer.from(bytes).toString());
    const after = storedEvents(join(backedUp.target, 'data', 'events.sqlite')).map(({ bytes }) =>
      Buffer.from(bytes).toString(),
    );
    expect(after.slice(0, -1)).toEqual(before.slice(0, -1)); // each has one event more: what was made, and what was restored
    expect(before.at(-1)).toContain('"BackupMade"');
    expect(after.at(-1)).toContain('"BackupRestored"');
    for (const name of await readdir(home.keyring))
      expect(await readFile(join(backedUp.target, 'keyring', name))).toEqual(await readFile(join(home.keyring, name)));
    expect(await readFile(join(backedUp.target, 'configuration', 'segl.yaml'))).toEqual(await readFile(config));
    expect(await readFile(join(backedUp.target, 'configuration', 'files', '01-microsoft.secret'), 'utf8')).toBe(
      'very secret\n',
    );
    for (const [path, mode] of await modesBelow(backedUp.target))
      expect([path, mode]).toEqual([path, /\.|-\d+$|DEMO/.test(path.split('/').at(-1) ?? '') ? '600' : '700']);

    await writeFile(join(home.directory, 'carrier.eml'), carrier);
    const opened = await backedUp.inRestored('open', join(home.directory, 'carrier.eml'));
    expect(opened.text).toContain('marker-of-the-body');
    const timeline = await backedUp.inRestored('audit', 'query', '--message', messageId, '--json');
    expect(timeline.text).toContain('bo@example.org');
  });

  it('is rehearsed without leaving anything', async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    await backedUp.backup();
    const before = (await readdir(home.directory)).sort();
    const rehearsed = await segl([
      'restore',
      backedUp.file,
      '--identity',
      backedUp.identity,
      '--to',
      backedUp.target,
      '--dry-run',
    ]);
    expect(rehearsed.text).toContain(`would be there at ${backedUp.target}`);
    expect(rehearsed.text).toMatch(
      /\d+ events, the newest of 2.*\n.*no checkpoint was ever signed.*\n.*2 persons.*erased again: 0/,
    );
    expect((await readdir(home.directory)).sort()).toEqual(before);
  });

  it('brings nobody back who was erased since: a record that survived says who', async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    await backedUp.seal('anna@example.com', 'cy@example.org');
    await backedUp.run(['hold', 'place', 'bo@example.org', '--case', '2026-17']);
    await backedUp.backup();
    await backedUp.run(['hold', 'lift', 'bo@example.org', '--case', '2026-17']);
    expect((await backedUp.run(['erase', 'bo@example.org', '--yes'])).exitCode).toBe(0);

    const restored = await backedUp.restore('--erasures-from', `sqlite:${join(home.dataDir, 'events.sqlite')}`);
    expect((JSON.parse(restored.text) as Restored).erased).toHaveLength(1);
    const trail = (await backedUp.inRestored('audit', 'query', '--type', 'MessageSealed', '--json')).text;
    expect(trail).toContain('cy@example.org');
    expect(trail).not.toContain('bo@example.org');
    expect((await backedUp.inRestored('audit', 'query', '--type', 'SubjectErased', '--json')).text).toContain(
      'SubjectErased',
    );
    expect((await backedUp.inRestored('audit', 'query', '--type', 'MessageRevoked', '--json')).text).toContain(
      'MessageRevoked',
    );
  });

  it('goes on as a record whose checkpoints prove it, says where they end, and is refused where they contradict it', async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    await backedUp.backup();
    const older = backedUp.file;
    await backedUp.seal('anna@example.com', 'cy@example.org');
    const kept = join(home.directory, 'checkpoint');
    await writeFile(kept, (await backedUp.run(['audit', 'checkpoint'])).text);
    await backedUp.seal('anna@example.com', 'di@example.org');
    const newer = `${older}.newer`;
    await backedUp.backup(newer);

    const rehearsed = JSON.parse(
      (await backedUp.restoreFile(newer, '--checkpoint', kept, '--dry-run')).text,
    ) as Restored;
    expect(rehearsed.ledger).toMatchObject({ isProven: true, knownBeyond: null });
    expect(rehearsed.ledger?.provenEvents).toBeGreaterThan(0);
    expect(rehearsed.ledger?.unprovenEvents).toBeGreaterThan(0);

    const db = new DatabaseSync(join(home.dataDir, 'events.sqlite'));
    db.exec('DROP TRIGGER events_are_never_changed');
    db.exec("UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), 'anna', 'vera') AS BLOB)");
    db.exec(`UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), '"mailBytes":', '"mailBytes":1') AS BLOB)`);
    db.close();
    const forged = `${older}.forged`;
    await backedUp.backup(forged);
    const refused = await backedUp.restoreFile(forged);
    expect(refused).toMatchObject({ exitCode: 65, said: expect.stringContaining('contradicts its ledger') });
    expect((await backedUp.restoreFile(forged, '--accept-unproven')).exitCode).toBe(0);
  });
});

describe('a backup that somebody else made, for the key that anybody may know', () => {
  let other: Installation;
  let forged: string;
  beforeEach(async () => {
    other = await temporaryInstallation();
    forged = join(other.directory, 'forged.age');
  });
  afterEach(() => other.remove());

  async function forge(environment: NodeJS.ProcessEnv): Promise<void> {
    const input = Buffer.from('From: <mallory@example.com>\r\nSubject: x\r\n\r\nx\r\n');
    for (let times = 0; times < 3; times++)
      await segl(['seal', '--from', 'mallory@example.com', '--to', 'bo@example.org'], { environment, input });
    const recipients = join(other.directory, 'recipients');
    await backedUp.writeRecipients(recipients);
    const made = await segl(['backup', forged, '--recipients-file', recipients], { environment });
    expect(made).toMatchObject({ exitCode: 0 });
  }

  async function kept(name: 'key' | 'checkpoint'): Promise<string> {
    const path = join(home.directory, `kept-${name}`);
    await writeFile(path, (await backedUp.run(['audit', name])).text);
    return path;
  }

  it('is told from ours by a ledger key that was kept elsewhere, and by nothing that is in it', async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    const key = await kept('key');
    await backedUp.backup();
    expect(JSON.parse((await backedUp.restore('--ledger-key', key, '--dry-run')).text)).toMatchObject({
      signedBy: { keyId: 'ledger-1', isKeptElsewhere: true },
    });

    await forge(other.environment);
    expect(JSON.parse((await backedUp.restoreFile(forged, '--dry-run')).text)).toMatchObject({
      signedBy: { keyId: 'ledger-1', isKeptElsewhere: false },
    });
    const refused = await backedUp.restoreFile(forged, '--ledger-key', key);
    expect(refused).toMatchObject({ exitCode: 65, said: expect.stringContaining('no ledger key that you gave') });
    const unsigned = join(import.meta.dirname, 'test/frozen/0.1.0');
    const argv = ['restore', join(unsigned, 'backup.age'), '--identity', join(unsigned, 'backup.key')];
    const older = await segl([...argv, '--to', backedUp.target, '--ledger-key', key]);
    expect(older).toMatchObject({ exitCode: 65, said: expect.stringContaining('not signed') });
    expect(await readdir(home.directory)).not.toContain('restored');
  });

  it('is contradicted by a checkpoint that was kept elsewhere, though none stands in its own record', async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    await backedUp.backup(); // before the first checkpoint of all
    const checkpoint = await kept('checkpoint');
    const older = JSON.parse((await backedUp.restore('--checkpoint', checkpoint, '--dry-run')).text) as Restored;
    expect(older.ledger).toMatchObject({ isProven: true, provenEvents: 0, knownBeyond: expect.any(Number) });

    // The same keys, another record.
    await forge({ ...other.environment, SEGL_KEYRING: home.keyring, SEGL_DATA_DIR: join(other.directory, 'data-2') });
    const refused = await backedUp.restoreFile(forged, '--checkpoint', checkpoint);
    expect(refused).toMatchObject({ exitCode: 65, said: expect.stringContaining('contradicts its ledger') });
    await rm(forged);
    await forge(other.environment);
    const stranger = await backedUp.restoreFile(forged, '--checkpoint', checkpoint);
    expect(stranger).toMatchObject({ exitCode: 65, said: expect.stringContaining('unknown-key') });
  });

  it('is not restored unasked where its record holds what this release cannot read, so that nothing is proven', async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    const store = await SqliteEventStore.open(join(home.dataDir, 'events.sqlite'));
    const later = { type: 'MessageViewed', version: 99, data: {} };
    await store.append(streamName('message', 'a'.repeat(32)), 'NONE', [later]);
    await store.close();
    await backedUp.backup();
    const refused = await backedUp.restore();
    expect(refused).toMatchObject({ exitCode: 65, said: expect.stringContaining('could not be compared') });
    expect(await readdir(home.directory)).not.toContain('restored');
    const taken = await backedUp.restore('--accept-unproven', '--dry-run');
    expect(taken).toMatchObject({ exitCode: 0, text: expect.stringContaining('"ledger": null') });
  });
});

describe('what is no whole backup for this key is refused with the reason, and nothing is left of it', () => {
  let left: string[];
  beforeEach(async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    await backedUp.backup();
    left = await readdir(home.directory);
  });
  const isAsBefore = async () =>
    (await readdir(home.directory)).filter((name) => !left.includes(name) && !name.endsWith('.altered'));

  it('altered or cut short, wherever', async () => {
    for (const at of [100, 2500, 20_000, -1]) {
      const refused = await backedUp.restoreFile(await altered(backedUp.file, at));
      expect(refused).toMatchObject({ exitCode: 65, said: expect.stringContaining('altered') });
    }
    for (const bytes of [(await readFile(backedUp.file)).length - 1, 30_000, 1000, 0]) {
      await truncate(backedUp.file, bytes);
      expect(await backedUp.restore()).toMatchObject({ exitCode: 65, said: expect.stringContaining('cut short') });
    }
    expect(await isAsBefore()).toEqual([]);
  });

  it('for another key, or with something that is no key', async () => {
    const other = await BackedUp.of({ ...home, directory: join(home.directory, 'data') });
    const argv = ['restore', backedUp.file, '--identity', other.identity, '--to', backedUp.target];
    expect(await segl(argv)).toMatchObject({ exitCode: 65, said: expect.stringContaining('not for this key') });
    const noKey = ['restore', backedUp.file, '--identity', backedUp.file, '--to', backedUp.target];
    expect(await segl(noKey)).toMatchObject({ exitCode: 65, said: expect.stringContaining('no hybrid identity') });
    expect(await isAsBefore()).toEqual([]);
  });

  it('to a place that holds something', async () => {
    await mkdir(backedUp.target);
    await writeFile(join(backedUp.target, 'mine'), '');
    const refused = await backedUp.restore();
    expect(refused).toMatchObject({ exitCode: 1, said: expect.stringContaining('not empty') });
    expect(await readdir(backedUp.target)).toEqual(['mine']);
  });
});

describe('a backup is not made', () => {
  it('over another file, for nobody, or for a key that is not hybrid', async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    expect((await backedUp.backup()).exitCode).toBe(0);
    expect(await backedUp.backup()).toMatchObject({ exitCode: 1, said: expect.stringContaining('there already') });
    expect((await backedUp.run(['backup', `${backedUp.file}2`])).exitCode).toBe(64);
    const classical = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj';
    expect((await backedUp.run(['backup', `${backedUp.file}2`, '--recipient', classical])).exitCode).toBe(64);
  });

  it('of half a keyring, and leaves no part of a file', async () => {
    await backedUp.seal('anna@example.com', 'bo@example.org');
    await chmod(join(home.keyring, 'sealing-1.key'), 0o644);
    const refused = await backedUp.backup();
    expect(refused.exitCode).toBe(78);
    expect((await readdir(home.directory)).filter((name) => name.startsWith('segl.age'))).toEqual([]);
  });
});
