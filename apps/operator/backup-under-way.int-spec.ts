import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MerkleTree } from '#libs/audit';
import { Keyring, SqlitePersonDirectory } from '#libs/keyring';
import type { PersonId } from '#libs/vocabulary';
import { BackedUp } from './test/backups.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';
import { countStored, storedEvents } from './test/made-events.ts';

const LOADER = join(import.meta.dirname, '../../ops/source-loader.mjs');
const WRITER = join(import.meta.dirname, 'test/backed-up-process.ts');
const ROUNDS = 3;

let home: Installation;
let backedUp: BackedUp;
const alive = new Set<ChildProcess>();
beforeEach(async () => {
  home = await temporaryInstallation();
  backedUp = await BackedUp.of(home);
  await mkdir(home.dataDir, { mode: 0o700 });
});
afterEach(async () => {
  for (const child of alive) child.kill('SIGKILL');
  await home.remove();
});

/** Committed so far, with the persons they are for; grows while the process lives. */
function writing(): { child: ChildProcess; committed: Map<string, PersonId> } {
  const child = spawn(process.execPath, ['--import', LOADER, WRITER, home.keyring, home.dataDir], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  alive.add(child);
  child.once('close', () => alive.delete(child));
  const committed = new Map<string, PersonId>();
  let rest = '';
  child.stdout.on('data', (piece) => {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) committed.set(line.slice(0, 32), line.slice(33) as PersonId);
  });
  return { child, committed };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 120_000; !condition(); await new Promise((resume) => setTimeout(resume, 5)))
    if (Date.now() > deadline) throw new Error(`not within two minutes: ${what}`);
}

function rootOf(events: readonly { bytes: Uint8Array }[]): string {
  const tree = new MerkleTree();
  for (const { bytes } of events) tree.append(bytes);
  return tree.root().toString('hex');
}

describe('a backup made while others write, rotate keys and are killed', () => {
  it('is a beginning of the record, with every person, key and carrier that belongs to it', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const writers = [writing(), writing()];
      await until(() => writers.every(({ committed }) => committed.size > 15), 'fifteen messages of each');
      const before = new Map(writers.flatMap(({ committed }) => [...committed]));
      const file = `${backedUp.file}.${round}`;
      const backingUp = backedUp.backup(file);
      if (round % 2 === 1) writers[0]?.child.kill('SIGKILL'); // in the middle of it
      const made = await backingUp;
      expect(made).toMatchObject({ exitCode: 0 });
      for (const { child } of writers) {
        if (!alive.has(child)) continue;
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        await closed;
      }

      const restored = await backedUp.restoreFile(file);
      expect(restored).toMatchObject({ exitCode: 0 });
      await expectWhole(JSON.parse(made.text) as { events: number; root: string }, before);
      await rm(backedUp.target, { recursive: true });
    }
  }, 300_000);

  it('killed itself leaves a whole one or none', async () => {
    const writer = writing();
    await until(() => writer.committed.size > 50, 'fifty messages');
    const argv = ['backup', backedUp.file, '--recipients-file', join(home.directory, 'recipients')];
    await backedUp.writeRecipients(join(home.directory, 'recipients'));
    for (let kill = 0; kill < 5; kill++) {
      const main = join(import.meta.dirname, 'main.ts');
      const child = spawn(process.execPath, ['--import', LOADER, main, ...argv], {
        env: { PATH: process.env['PATH'], ...home.environment },
        stdio: 'ignore',
      });
      alive.add(child);
      const closed = once(child, 'close');
      const names = async () => (await readdir(home.directory)).filter((name) => name.startsWith('segl.age'));
      for (let parts = 0; parts <= kill && child.exitCode === null; parts = (await names()).length);
      child.kill('SIGKILL');
      await closed;
      for (const name of (await names()).filter((one) => !one.endsWith('.part'))) {
        const path = join(home.directory, name); // it was faster than the kill: then it is whole
        expect(await backedUp.restoreFile(path, '--dry-run')).toMatchObject({ exitCode: 0 });
        await rm(path);
      }
    }
    expect((await backedUp.backup()).exitCode).toBe(0);
  }, 300_000);
});

async function expectWhole(
  { events, root }: { events: number; root: string },
  before: ReadonlyMap<string, PersonId>,
): Promise<void> {
  const source = storedEvents(join(home.dataDir, 'events.sqlite'));
  const data = join(backedUp.target, 'data');
  const there = storedEvents(join(data, 'events.sqlite')).slice(0, events);
  expect(countStored(join(data, 'events.sqlite'))).toBe(events + 1);
  expect(rootOf(there)).toBe(root);
  expect(rootOf(source.slice(0, events))).toBe(root);
  const streams = new Set(there.map(({ stream }) => stream));
  for (const messageId of before.keys()) expect(streams).toContain(`message-${messageId}`);

  const keyring = await Keyring.open(join(backedUp.target, 'keyring'), {
    demonstration: false,
    kinds: ['person-wrapping', 'person-index'],
  });
  const persons = await SqlitePersonDirectory.open(join(data, 'persons.sqlite'), keyring);
  for (const { bytes } of there) {
    const { type, data: facts } = JSON.parse(Buffer.from(bytes).toString()) as {
      type: string;
      data: { recipientId: PersonId };
    };
    if (type === 'MessageSealed') expect(await persons.findById(facts.recipientId)).not.toBeNull();
  }
  await persons.close();
  keyring.close();

  const carriers = (await readdir(join(data, 'outbox', 'queue'))).map((name) => name.split('.').at(-1));
  for (const messageId of before.keys()) expect(carriers).toContain(messageId);
  for (const messageId of carriers) expect(streams).toContain(`message-${messageId}`);
}
