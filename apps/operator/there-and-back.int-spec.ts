import { readdirSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EventStoreDbDouble } from '#libs/event-store/testing';
import { postgresBinaries, startTemporaryPostgres } from '#libs/keyring/testing';
import { BackedUp } from './test/backups.ts';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';
import { storedEvents } from './test/made-events.ts';

let home: Installation;
beforeEach(async () => {
  home = await temporaryInstallation();
});
afterEach(() => home.remove());

interface Copied {
  readonly events: number;
  readonly copied: number;
  readonly root: string;
  readonly digest: string;
}

/** ops/runbooks/moving-in.md, there and back, with work done in between. */
(postgresBinaries() === null ? it.skip : it)(
  'an installation moves from files to servers and back: one record, one root, and every seal opens',
  async () => {
    const server = await startTemporaryPostgres();
    const double = await EventStoreDbDouble.start();
    try {
      const files = {
        events: `sqlite:${home.dataDir}/events.sqlite`,
        persons: `sqlite:${home.dataDir}/persons.sqlite`,
      };
      const servers = { events: `esdb://127.0.0.1:${double.port}?tls=false`, persons: await server.newDatabase() };
      const copy = async (what: 'events' | 'persons', from: string, to: string) => {
        const keyring = what === 'persons' ? ['--keyring', home.keyring] : [];
        const ran = await segl([what, 'copy', '--json', '--from', from, '--to', to, ...keyring]);
        expect([ran.exitCode, ran.said]).toEqual([0, '']);
        return JSON.parse(ran.text) as Copied;
      };
      const dropReadModels = async () => {
        for (const name of readdirSync(home.dataDir))
          if (name.startsWith('read-models')) await rm(join(home.dataDir, name)); // positions belong to a store
      };

      const onFiles = await BackedUp.of(home);
      const carriers = [(await onFiles.seal('anna@example.com', 'bo@example.org')).carrier];
      await onFiles.seal('anna@example.com', 'di@example.org');
      const kept = join(home.directory, 'checkpoint');
      await writeFile(kept, (await onFiles.run(['audit', 'checkpoint'])).text);
      const before = storedEvents(join(home.dataDir, 'events.sqlite'));

      const there = await copy('events', files.events, servers.events);
      expect(there).toMatchObject({ events: before.length, copied: before.length });
      expect((await copy('events', files.events, servers.events)).root).toBe(there.root);
      const persons = await copy('persons', files.persons, servers.persons);
      await dropReadModels();
      await rename(join(home.dataDir, 'persons.sqlite'), join(home.directory, 'old-persons.sqlite'));

      const environment = {
        ...home.environment,
        SEGL_EVENT_STORE: servers.events,
        SEGL_PERSON_KEYS: servers.persons,
      };
      const atWork = async (...argv: string[]) => {
        const ran = await segl(argv, { environment });
        expect([argv[0], ran.exitCode, ran.said.includes('not well')]).toEqual([argv[0], 0, false]);
        return ran;
      };
      await atWork('audit', 'verify', '--log', '--checkpoint', kept); // what was signed on files holds on servers
      const mail = Buffer.from('From: <anna@example.com>\r\nSubject: x\r\n\r\nmarker-of-the-body\r\n');
      const sealed = await segl(['seal', '--from', 'anna@example.com', '--to', 'cy@example.org'], {
        environment,
        input: mail,
      });
      carriers.push(sealed.output);
      await atWork('erase', 'di@example.org', '--yes', '--case', '2026-1');
      await atWork('audit', 'checkpoint');

      const back = await copy('events', servers.events, files.events); // behind what was left there, as it stands there
      expect(back.copied).toBe(back.events - before.length);
      const after = storedEvents(join(home.dataDir, 'events.sqlite'));
      expect(after.slice(0, before.length)).toEqual(before);
      expect(after).toHaveLength(back.events);
      const returned = await copy('persons', servers.persons, files.persons);
      expect(returned.digest).not.toBe(persons.digest); // one was erased meanwhile, one came
      await dropReadModels();

      expect((await copy('events', files.events, servers.events)).root).toBe(back.root);
      for (const carrier of carriers) {
        const file = join(home.directory, 'carrier.eml');
        await writeFile(file, carrier);
        expect((await onFiles.run(['open', file])).text).toContain('marker-of-the-body');
      }
      expect(await onFiles.run(['audit', 'verify', '--log', '--checkpoint', kept])).toMatchObject({ exitCode: 0 });
      const trail = (await onFiles.run(['audit', 'query', '--limit', '100'])).text;
      expect(trail).toContain('cy@example.org');
      expect(trail).not.toContain('di@example.org');
    } finally {
      await Promise.all([double.stop(), server.remove()]);
    }
  },
  240_000,
);
