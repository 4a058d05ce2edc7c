import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFacts, ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, instantOf, newEventId } from '#libs/vocabulary';
import { signerOfTests } from '../testing/log-of-tests.ts';
import { WitnessOfTests } from '../testing/witness-of-tests.ts';
import { readSignedCheckpoint, readTrustedKey } from '../verify/note.ts';
import type { TrustedKey } from '../verify/note.ts';
import { verifyExport } from '../verify/verify-export.ts';
import { exportRange } from '../export/range-export.ts';
import { readCheckpoint, signCheckpoint } from './checkpoint.ts';
import type { CheckpointPlace } from './checkpoint-copies.ts';
import { LedgerContradicted, LEDGER_STREAM } from './ledger.ts';
import type { LedgerEvent } from './ledger.ts';
import { eventsFrom } from './events-from.ts';
import { LedgerKeeper } from './ledger-keeper.ts';
import { checkpointsBetween, ledgerProjection } from './ledger-projection.ts';
import { LedgerTree } from './ledger-tree.ts';
import { readWitness } from './witness.ts';
import type { Witness } from './witness.ts';

const ORIGIN = 'post.example/ledger';

describe('the keeper of the ledger', () => {
  const signer = { ...signerOfTests(ORIGIN), keyId: 'ledger-1' };
  const keyring = { ledgerSigner: () => signer, ledgerVerifiers: () => [signer] } as never;
  const clock = new FixedClock(instantOf('2026-11-30T12:00:00Z'));
  let sqlite: TemporarySqlite;
  let place: string;
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    sqlite = await openTemporarySqlite();
    place = await mkdtemp(join(tmpdir(), 'segl-ledger-'));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
    await sqlite.cleanUp();
    await rm(place, { recursive: true });
  });

  /** One console: read models of its own, a keeper of its own. */
  async function console_(
    name: string,
    directory: string | null = join(place, 'published'),
    witnesses: readonly Witness[] = [],
  ) {
    const store = await sqlite.openAnother();
    const models = ReadModels.open(join(place, `${name}.sqlite`));
    const runner = new ProjectionRunner(store, models, [ledgerProjection]);
    runner.start();
    closing.push(
      () => models.close(),
      () => runner.stop(),
    );
    const faults: unknown[] = [];
    const keeper = new LedgerKeeper(store, models, keyring, clock, {
      origin: ORIGIN,
      directory,
      witnesses,
      intervalMs: 20,
      onFault: (error) => faults.push(error),
    });
    await runner.caughtUp();
    return { store, models, runner, keeper, faults };
  }

  async function record(count: number): Promise<void> {
    const events = Array.from({ length: count }, () => ({ type: 'Poured', data: { litres: 1 } }));
    await sqlite.store.append(streamName('table', newEventId()), 'NONE', events);
  }

  async function checkpoints(): Promise<RecordedEvent[]> {
    const all: RecordedEvent[] = [];
    for await (const event of sqlite.store.readStream(LEDGER_STREAM)) all.push(event);
    return all;
  }

  it('signs nothing over an empty log', async () => {
    const { keeper } = await console_('one');
    expect(await keeper.signNow()).toBeNull();
  });

  it('signs when it is due, and publishes what it recorded', async () => {
    await record(400);
    const { keeper, runner, models, store } = await console_('one');
    keeper.start();
    closing.push(() => keeper.stop());
    await until(async () => (await checkpoints()).length === 1);
    await record(999); // with the checkpoint itself: a thousand
    await until(async () => (await checkpoints()).length === 2);
    await keeper.stop();
    await runner.caughtUp();
    const tree = new LedgerTree(models.db);
    const published = await readFile(join(place, 'published/checkpoint'), 'utf8');
    expect(readCheckpoint(published)?.size).toBe(1400);
    expect(tree.size).toBe(1401);

    const notes = checkpointsBetween(models.db, 0, 1400);
    const lines = exportRange({ events: eventsFrom(store, tree, 0, 1400), tree, from: 0, checkpoints: notes });
    const keys = [readTrustedKey(signer.vkey) as TrustedKey];
    expect(await verifyExport(lines, { keys, known: [published] })).toMatchObject({
      isProven: true,
      provenEvents: 1400,
    });
  });

  it('forks under no race: of many consoles one signs each checkpoint, and all publish the same', async () => {
    await record(10);
    const consoles = await Promise.all(['one', 'two', 'three'].map((name) => console_(name)));
    for (let round = 0; round < 5; round++) {
      await record(3);
      await Promise.all(consoles.map(({ runner }) => runner.caughtUp()));
      await Promise.all(consoles.map(({ keeper }) => keeper.signNow()));
    }
    const heads = (await checkpoints()).map(({ data }) => data as { size: number; root: string });
    expect(heads.length).toBeGreaterThanOrEqual(5);
    for (const [at, head] of heads.entries()) if (at > 0) expect(head.size).toBeGreaterThan(heads[at - 1]?.size ?? 0);
    const [one] = consoles;
    await one?.runner.caughtUp();
    expect(await one?.keeper.requireConsistent()).toBeUndefined();
  });

  it('refuses a log that does not hold what was published', async () => {
    await record(10);
    const { keeper, runner } = await console_('one');
    await keeper.signNow();
    const file = join(place, 'published/checkpoint');
    const note = await readFile(file, 'utf8');
    await writeFile(file, note.replace('\n10\n', '\n20\n')); // the log was set back: it holds less than was signed
    await runner.caughtUp();
    await expect(keeper.requireConsistent()).rejects.toThrow(LedgerContradicted);
    await writeFile(file, note.replace(/\n10\n.{44}\n/, `\n10\n${'A'.repeat(43)}=\n`)); // or something else
    await expect(keeper.requireConsistent()).rejects.toThrow(LedgerContradicted);
  });

  it('publishes with the cosignature of a witness, which remembers the log where the directory does not', async () => {
    await record(10);
    const first = await console_('one', null);
    const there = await new WitnessOfTests(new LedgerTree(first.models.db)).open();
    closing.push(() => there.close());
    const witness = readWitness(there.vkey, { url: there.url, privateAddresses: ['127.0.0.1'] }) as Witness;
    const keeper = (await console_('two', join(place, 'published'), [witness])).keeper;
    await keeper.signNow();
    const keys = [signer.vkey, there.vkey].map((vkey) => readTrustedKey(vkey) as TrustedKey);
    const published = await readFile(join(place, 'published/checkpoint'), 'utf8');
    expect(readSignedCheckpoint(published, keys)).toMatchObject({ size: 10 });
    expect(keeper.witnessFaults).toEqual([]);

    const elsewhere = (await console_('three', join(place, 'elsewhere'), [witness])).keeper;
    await elsewhere.requireConsistent();
    there.note = signCheckpoint({ origin: ORIGIN, size: 5000, root: Buffer.alloc(32) }, signer); // it has seen more
    await expect(elsewhere.requireConsistent()).rejects.toThrow(LedgerContradicted);
    there.note = signCheckpoint({ origin: ORIGIN, size: 5000, root: Buffer.alloc(32) }, signerOfTests(ORIGIN));
    await elsewhere.requireConsistent(); // nothing that a key of ours has signed
    there.answers = () => ({ status: 422, text: '' });
    await record(3);
    await elsewhere.signNow();
    expect(elsewhere.witnessFaults.map(String)).toEqual([expect.stringContaining('answered 422')]);
    expect(elsewhere.lastFault).toBeNull();
  });

  it('gives what it signed to those outside, once, and the first of each day by itself', async () => {
    const given: Record<'each' | 'daily', number[]> = { each: [], daily: [] };
    const placeFor = (wants: 'each' | 'daily') => ({
      ...{ name: wants, wants },
      send: async (note: string) => void given[wants].push(readCheckpoint(note)?.size ?? 0),
    });
    const options = { origin: ORIGIN, directory: null, onFault: () => undefined };
    await record(3);
    const one = await console_('one', null);
    const copiesTo = [placeFor('each'), placeFor('daily')];
    const keeper = new LedgerKeeper(one.store, one.models, keyring, clock, { ...options, copiesTo });
    closing.push(() => keeper.stop());
    await keeper.signNow();
    await until(async () => given.each.length === 1 && given.daily.length === 1);
    await keeper.signNow();
    expect(given).toEqual({ each: [3], daily: [3] });
    expect(keeper.copyFaults).toEqual([]);
  });

  it('gives them what another signed first on that day, such as a command before an export; and never what no key of ours signed', async () => {
    const given: number[] = [];
    const daily: CheckpointPlace = {
      ...{ name: 'daily', wants: 'daily' },
      send: async (note) => void given.push(readCheckpoint(note)?.size ?? 0),
    };
    await record(3);
    const console1 = await console_('one', null);
    const copyPaces = { betweenMs: 1, retryMs: 1, timeLimitMs: 10_000 };
    const options = {
      ...{ origin: ORIGIN, directory: null, copiesTo: [daily], copyPaces },
      ...{ intervalMs: 5, onFault: () => undefined },
    };
    const keeper = new LedgerKeeper(console1.store, console1.models, keyring, clock, options);
    closing.push(() => keeper.stop());
    await keeper.signNow();
    await until(async () => given.length === 1);
    clock.advance(86_400);
    await record(2);
    const command = await console_('two', null);
    await command.runner.caughtUp();
    const note = await command.keeper.signNow();
    const { size } = readCheckpoint(note ?? '') ?? {};
    await keeper.signNow();
    const stranger = signerOfTests(ORIGIN);
    await console1.runner.caughtUp();
    await until(async () => given.length === 2);
    expect(given).toEqual([3, size]);

    clock.advance(86_400);
    const head = (await checkpoints()).at(-1)?.data as LedgerEvent['data'];
    const root = Buffer.from(head.root, 'base64');
    const forged = signCheckpoint({ origin: ORIGIN, size: head.size, root }, stranger);
    await appendFacts(sqlite.store, LEDGER_STREAM, [
      { type: 'CheckpointSigned', data: { ...head, signedAt: clock.now(), note: forged } } satisfies LedgerEvent,
    ]);
    await console1.runner.caughtUp();
    keeper.start(); // nothing is due by what the record says; what was forged is signed over all the same
    await until(async () => given.length === 3);
    expect(given.at(-1)).toBeGreaterThan(head.size);
  });

  it('signs nothing more over a log that contradicts its own last checkpoint, and says so', async () => {
    await record(10);
    const first = await console_('one', null);
    await first.keeper.signNow();
    await first.runner.caughtUp();
    await first.runner.stop();
    first.models.db.run('UPDATE ledger_leaf SET hash = zeroblob(32) WHERE leaf = 4'); // as a changed record gives after a rebuild
    clock.advance(700);
    first.keeper.start();
    closing.push(() => first.keeper.stop());
    await until(async () => first.faults.length > 0);
    expect(first.faults[0]).toBeInstanceOf(LedgerContradicted);
    expect(first.keeper.lastFault).toBeInstanceOf(LedgerContradicted);
    await expect(first.keeper.signNow()).rejects.toThrow(LedgerContradicted);
    expect(await checkpoints()).toHaveLength(1);
  });

  it('finds an event that somebody changed in the database after it was read, and names it; signing goes on', async () => {
    await record(1300);
    const { keeper, runner, faults } = await console_('one', null);
    keeper.start();
    closing.push(() => keeper.stop());
    await until(async () => (await checkpoints()).length === 1);
    expect(keeper.recordFault).toBeNull();
    await keeper.stop();
    const database = new DatabaseSync(sqlite.path);
    database.exec(`DROP TRIGGER events_are_never_changed; UPDATE events
      SET bytes = CAST(replace(CAST(bytes AS TEXT), '"litres":1', '"litres":2') AS BLOB) WHERE position = 701`);
    database.close();
    clock.advance(86_400); // the next day's round
    keeper.start();
    await until(async () => keeper.recordFault !== null);
    expect(keeper.recordFault?.message).toContain('event 700 of the record');
    expect(faults).toEqual([keeper.recordFault]);
    await record(1000);
    await runner.caughtUp();
    await until(async () => (await checkpoints()).length > 2);
  });

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    const giveUpAt = Date.now() + 20_000;
    while (!(await isSo())) {
      if (Date.now() > giveUpAt) throw new Error('it did not come to be so');
      await new Promise((resume) => setTimeout(resume, 10));
    }
  }
});
