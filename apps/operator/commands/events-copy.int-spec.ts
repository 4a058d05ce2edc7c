import { createHash } from 'node:crypto';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteEventStore, streamName } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { segl } from '../test/captured-terminal.ts';
import { makeEvents, storedEvents } from '../test/made-events.ts';
import { copyEvents } from './events-copying.ts';

const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** RFC 6962 §2.1 by its definition, from the file's own bytes. */
function rootOf(leaves: readonly Uint8Array[]): Buffer {
  const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  if (leaves.length < 2) return leaves[0] === undefined ? sha256() : sha256(Buffer.of(0), leaves[0]);
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

describe('segl events copy', () => {
  let directory: string;
  let source: string;
  let target: string;
  const opened: SqliteEventStore[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-copy-'));
    [source, target] = [join(directory, 'source.sqlite'), join(directory, 'target.sqlite')];
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  const copy = (from: string, to: string, ...more: string[]) =>
    segl(['events', 'copy', '--from', `sqlite:${from}`, '--to', `sqlite:${to}`, ...more]);

  async function open(path: string): Promise<SqliteEventStore> {
    const store = await SqliteEventStore.open(path);
    opened.push(store);
    return store;
  }

  it('copies every event, and back, byte for byte and in the order of all', async () => {
    await makeEvents(source, 2000);
    const stored = storedEvents(source);
    const first = await copy(source, target, '--json');
    expect(first.exitCode).toBe(0);
    const root = rootOf(stored.map(({ bytes }) => bytes)).toString('hex');
    expect(JSON.parse(first.text)).toEqual({
      from: `sqlite:${source}`,
      to: `sqlite:${target}`,
      events: 2000,
      copied: 2000,
      grew: 0,
      root,
      eventsPerSecond: expect.any(Number),
    });
    expect(storedEvents(target)).toEqual(stored);
    const back = join(directory, 'back.sqlite');
    const second = await copy(target, back);
    expect(second.text).toContain(`2000 events on both sides (2000 copied now, `);
    expect(second.text).toContain(root);
    expect(storedEvents(back)).toEqual(stored);
  });

  it('does nothing the second time, and goes on where the source went on', async () => {
    await makeEvents(source, 100);
    await copy(source, target);
    const again = await copy(source, target, '--json');
    expect(JSON.parse(again.text)).toMatchObject({ events: 100, copied: 0, eventsPerSecond: null });
    const store = await open(source);
    await store.append(streamName('made', 'later'), 'NONE', [{ type: 'Made', data: {} }]);
    expect(JSON.parse((await copy(source, target, '--json')).text)).toMatchObject({ events: 101, copied: 1 });
    expect(storedEvents(target)).toEqual(storedEvents(source));
  });

  it('copies a store without events', async () => {
    await open(source);
    expect(JSON.parse((await copy(source, target, '--json')).text)).toMatchObject({ events: 0, root: EMPTY_ROOT });
  });

  it('refuses a target that holds other events, altered ones, or more, and leaves it alone', async () => {
    await makeEvents(source, 50);
    const store = await open(target);
    await store.append(streamName('made', 'elsewhere'), 'NONE', [{ type: 'Made', data: {} }]);
    const other = await copy(source, target);
    expect([other.exitCode, other.said]).toEqual([1, expect.stringContaining('holds other events: number 1')]);
    expect(storedEvents(target)).toHaveLength(1);

    const altered = join(directory, 'altered.sqlite');
    await copy(source, altered);
    const db = new DatabaseSync(altered);
    db.exec(`DROP TRIGGER events_are_never_changed;
      UPDATE events SET bytes = CAST(replace(CAST(bytes AS TEXT), '"n":30', '"n":31') AS BLOB) WHERE bytes LIKE '%"n":30}%' OR bytes LIKE '%"n":30,%'`);
    db.close();
    const said = (await copy(source, altered)).said;
    expect(said).toContain('holds other events: number 31');

    await copy(source, join(directory, 'more.sqlite'));
    const more = await open(join(directory, 'more.sqlite'));
    await more.append(streamName('made', 'more'), 'NONE', [{ type: 'Made', data: {} }]);
    const refused = await copy(source, join(directory, 'more.sqlite'));
    expect([refused.exitCode, refused.said]).toEqual([1, expect.stringContaining('more than the 50 events')]);
  });

  /** The store with some of its methods replaced. */
  const altered = (
    store: SqliteEventStore,
    methods: Partial<Pick<SqliteEventStore, 'importRecorded' | 'readAll'>>,
  ) => ({
    append: store.append.bind(store),
    readStream: store.readStream.bind(store),
    readAll: methods.readAll ?? store.readAll.bind(store),
    subscribe: store.subscribe.bind(store),
    eventAt: store.eventAt.bind(store),
    lastRevision: store.lastRevision.bind(store),
    foreignEvents: store.foreignEvents.bind(store),
    checkWritable: store.checkWritable.bind(store),
    close: store.close.bind(store),
    importRecorded: methods.importRecorded ?? store.importRecorded.bind(store),
  });
  const appendTo = (store: SqliteEventStore, id: string) =>
    store.append(streamName('made', id), 'NONE', [{ type: 'Made', data: {} }]);

  it('copies what is appended to the source meanwhile, and says so', async () => {
    await makeEvents(source, 3000);
    const [from, to] = [await open(source), await open(target)];
    let late = 0;
    const hooked = altered(to, {
      async importRecorded(events) {
        await to.importRecorded(events);
        if (late < 3) await appendTo(from, `late-${++late}`);
      },
    });
    expect(await copyEvents(from, hooked)).toMatchObject({ events: 3003, copied: 3003, grew: 3 });
    expect(storedEvents(target)).toEqual(storedEvents(source));
  });

  it('calls no copy whole whose source was written while it was verified', async () => {
    await makeEvents(source, 1000);
    const [from, to] = [await open(source), await open(target)];
    const hooked = altered(from, {
      async *readAll(options) {
        yield* from.readAll(options);
        if (options?.maxCount === 1000) await appendTo(from, 'late');
      },
    });
    await expect(copyEvents(hooked, to)).rejects.toMatchObject({ code: 'source-being-written' });
    expect(await copyEvents(from, to)).toMatchObject({ events: 1001, copied: 1 });
  });

  it('gives up on a source that is written without end', async () => {
    await makeEvents(source, 10);
    const [from, to] = [await open(source), await open(target)];
    let late = 0;
    const hooked = altered(to, {
      async importRecorded(events) {
        await to.importRecorded(events);
        await appendTo(from, `late-${++late}`);
      },
    });
    await expect(copyEvents(from, hooked)).rejects.toMatchObject({ code: 'source-being-written' });
  });

  it('notices somebody else who writes to the target', async () => {
    await makeEvents(source, 2500);
    const [from, to] = [await open(source), await open(target)];
    let foreign = 0;
    const hooked = altered(to, {
      async importRecorded(events) {
        await to.importRecorded(events);
        if (foreign++ === 0) await appendTo(to, 'foreign');
      },
    });
    await expect(copyEvents(from, hooked)).rejects.toThrow('something else writes to it');
  });

  it('notices a target that keeps other bytes than it was given', async () => {
    await makeEvents(source, 20);
    const [from, to] = [await open(source), await open(target)];
    const forge = ({ bytes }: Pick<RecordedEvent, 'bytes'>) => ({
      bytes: Buffer.from(Buffer.from(bytes).toString().replace('"n":17', '"n":18')),
    });
    const forging = altered(to, { importRecorded: (events) => to.importRecorded(events.map(forge)) });
    await expect(copyEvents(from, forging)).rejects.toThrow('the two stores differ');
  });

  it.each([
    ['no source', 69, ['--from', 'sqlite:/no/such.sqlite', '--to', 'sqlite:/tmp/x'], 'there is nothing at'],
    ['no --to', 64, ['--from', 'sqlite:/no/such.sqlite'], '--to'],
    ['a scheme nobody knows', 64, ['--from', 'mysql://host/x', '--to', 'sqlite:/tmp/x'], '--from: is neither'],
    [
      'a password in a URL',
      64,
      ['--from', 'sqlite:/x', '--to', 'esdb://admin:changeit@host'],
      '--to: holds a password',
    ],
    ['the same store twice', 64, ['--from', 'sqlite:./a', '--to', `sqlite:${process.cwd()}/a`], 'are the same store'],
  ])('refuses %s', async (_, exitCode, argv, words) => {
    const ran = await segl(['events', 'copy', ...argv]);
    expect([ran.exitCode, ran.said]).toEqual([exitCode, expect.stringContaining(words)]);
    expect(ran.said).not.toContain('changeit');
    expect(ran.text).toBe('');
  });

  it('keeps a demonstration’s record apart, and needs the target’s directory', async () => {
    const demo = join(directory, 'demo');
    await mkdir(demo);
    await writeFile(join(demo, 'DEMONSTRATION'), '');
    await makeEvents(join(demo, 'events.sqlite'), 1);
    const refused = await copy(join(demo, 'events.sqlite'), target);
    expect([refused.exitCode, refused.said]).toEqual([1, expect.stringContaining('demonstration')]);
    const nowhere = await copy(join(demo, 'events.sqlite'), join(directory, 'no', 'x.sqlite'));
    expect([nowhere.exitCode, nowhere.said]).toEqual([69, expect.stringContaining('there is no directory')]);
  });
});
