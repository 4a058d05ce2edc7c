import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appendFacts,
  canRemoveContents,
  isContentRemoved,
  openEventStoreDb,
  ProjectionRunner,
  ReadModels,
  streamName,
} from '#libs/event-store';
import type { EventStore, RecordedEvent } from '#libs/event-store';
import { EventStoreDbDouble, openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, instantOf } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { eventCatalogue } from '../event-catalogue.ts';
import { selectedEvents } from '../export/selected-events.ts';
import { exportRange, exportSelection } from '../export/range-export.ts';
import { exportSelectionAsCsv } from '../export/csv-export.ts';
import { auditFigures } from '../figures/figures-projection.ts';
import { ledgerProjection } from '../ledger/ledger-projection.ts';
import { LedgerTree } from '../ledger/ledger-tree.ts';
import { signCheckpoint } from '../ledger/checkpoint.ts';
import { inclusionProof, rootAt } from '../ledger/tree-proofs.ts';
import { trailIn } from '../query/audit-trail-source.ts';
import { auditTrail } from '../read-models/audit-trail.ts';
import { frozenRecords } from '../testing/frozen/frozen-events.ts';
import { ORIGIN, signerOfTests } from '../testing/log-of-tests.ts';
import { exportLines } from '../verify/csv-lines.ts';
import { readTrustedKey } from '../verify/note.ts';
import { verifyExport } from '../verify/verify-export.ts';
import { planRemoval, removeContents } from './remove-contents.ts';
import { RETENTION_STREAM } from './retention-events.ts';
import type { RetentionEvent } from './retention-events.ts';
import { RETENTION_KINDS, RETENTION_TYPES, retentionRules } from './retention-rules.ts';

/** Every event ever written, of 2026-11-30, looked at three years later: every message has expired. */
const records = frozenRecords().map((text) => ({ bytes: Buffer.from(text) }));
const later = instantOf('2029-11-30T12:00:00Z');
const rules = retentionRules(Object.fromEntries(RETENTION_KINDS.map((kind) => [`${kind}Days`, 365])), later);
const removable: readonly string[] = Object.values(RETENTION_TYPES).flat();
const mandate = { by: 'kim', reason: 'schedule of 2026' };

describe('retention', () => {
  let sqlite: TemporarySqlite;
  let readModels: ReadModels;
  let runner: ProjectionRunner;
  const closing: (() => unknown)[] = [];

  async function modelsOf(store: EventStore, name: string): Promise<ReadModels> {
    const models = ReadModels.open(join(sqlite.directory, name));
    runner = new ProjectionRunner(store, models, [auditTrail, auditFigures, ledgerProjection]);
    runner.start();
    closing.push(
      () => models.close(),
      (
        (started) => () =>
          started.stop()
      )(runner),
    );
    await runner.caughtUp();
    return models;
  }

  beforeEach(async () => {
    sqlite = await openTemporarySqlite({ clock: new FixedClock(later) });
    await sqlite.store.importRecorded(records);
    readModels = await modelsOf(sqlite.store, 'read-models.sqlite');
  });
  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
    await sqlite.cleanUp();
  });

  const record = () => ({
    store: sqlite.store,
    readModels,
    caughtUp: (
      (one) => () =>
        one.caughtUp()
    )(runner),
  });
  const remove = () => removeContents(record(), rules, mandate, new FixedClock(later));

  async function all(store: EventStore = sqlite.store): Promise<RecordedEvent[]> {
    return Array.fromAsync(store.readAll());
  }

  /** Every table of the trail but the index of words, which has none to show. */
  const trailOf = (models: ReadModels) =>
    ['audit_event', 'audit_term', 'audit_hour'].map((table) =>
      models.db.all(
        table === 'audit_event'
          ? 'SELECT sequence, type, method, time, event_id, stream, revision, version, position, message_id, data FROM audit_event JOIN audit_kind USING (kind) ORDER BY sequence'
          : `SELECT * FROM ${table}`,
      ),
    );

  it('plans what it then does, and changes nothing by planning', async () => {
    const before = await all();
    const planned = await planRemoval(record(), rules, later);
    expect((await all()).map(({ bytes }) => bytes)).toEqual(before.map(({ bytes }) => bytes));
    expect(await remove()).toEqual(planned);
    const gone = (await all()).filter(isContentRemoved);
    expect(gone.length).toBe(planned.reduce((sum, { counts }) => sum + counts.remove, 0));
    expect(gone.every(({ type }) => removable.includes(type))).toBe(true);
    expect(new Set(gone.map(({ type }) => type))).toEqual(new Set(removable));
  });

  it('leaves nothing of the content in the files of the record and of the read models', async () => {
    const view = (await all()).find(({ type }) => type === 'MessageViewed');
    const secret = (view?.data as { networkAddress?: string }).networkAddress ?? '';
    expect(secret.length).toBeGreaterThan(80);
    expect(
      (await readFile(sqlite.path)).includes(secret) || (await readFile(`${sqlite.path}-wal`)).includes(secret),
    ).toBe(true);
    const models = join(sqlite.directory, 'read-models.sqlite');
    const held = async () => Buffer.concat([await readFile(models), await readFile(`${models}-wal`)]);
    const before = await held();
    expect(before.includes(secret)).toBe(true);
    const words = (await all())
      .filter(({ type }) => removable.includes(type))
      .flatMap(
        (event) =>
          eventCatalogue
            .describe(event)
            .words.join(' ')
            .toLowerCase()
            .match(/\w{7,}/g) ?? [],
      )
      .filter((word) => before.includes(word));
    await remove();
    await runner.caughtUp();
    const counted = JSON.stringify(
      readModels.db.all('SELECT method FROM audit_kind UNION SELECT detail FROM figure_hour'),
    );
    await runner.stop();
    readModels.close();
    (await modelsOf(sqlite.store, 'rebuilt.sqlite')).close();
    await sqlite.store.close();
    expect((await readFile(sqlite.path)).includes(secret)).toBe(false);
    // Some words stand for something else as well, which a rebuilt file has too; and which methods and reasons there were is kept by the list of kinds and the counts of hours.
    const rebuilt = await readFile(join(sqlite.directory, 'rebuilt.sqlite'));
    const gone = [secret, ...words.filter((word) => !rebuilt.includes(word) && !counted.includes(word))];
    expect(gone.length).toBeGreaterThan(2);
    const after = await readFile(models);
    expect(gone.filter((text) => after.includes(text))).toEqual([]);
  });

  it('records that it begins and what it did, in whose name; and is done once', async () => {
    const count = (await all()).length;
    const removed = await remove();
    const told = (await all()).slice(count);
    expect(told.map(({ type }) => type)).toEqual(['ContentRemovalBegun', 'ContentRemoved']);
    expect(told[0]?.data).toEqual({
      ...mandate,
      rules: rules.map(({ kind, types, before }) => ({ kind, types, before })),
      begunAt: later,
    });
    expect(told[1]?.data).toMatchObject({
      by: 'kim',
      rules: removed.map(({ kind, counts }) => ({ kind, removed: counts.remove })),
    });
    const again = await remove();
    expect(again.map(({ counts }) => counts)).toEqual(
      removed.map(({ counts }) => ({ ...counts, remove: 0, gone: counts.remove })),
    );
    expect((await all()).length).toBe(count + 2);
  });

  it('makes of the trail what a rebuilt one is, and the ledger stays the same', async () => {
    const rootBefore = rootAt(new LedgerTree(readModels.db), records.length);
    await remove();
    await runner.caughtUp();
    const rebuilt = await modelsOf(sqlite.store, 'rebuilt.sqlite');
    expect(trailOf(readModels)).toEqual(trailOf(rebuilt));
    for (const models of [readModels, rebuilt])
      expect(rootAt(new LedgerTree(models.db), records.length)).toEqual(rootBefore);
    // Words of what went find nothing: these are the methods of sign-ins and the forms of codes.
    for (const words of ['short', 'microsoft', 'page']) {
      const found = await Promise.all([readModels, rebuilt].map(({ db }) => trailIn(db).page({ words })));
      expect(found[0]?.rows.map(({ sequence }) => sequence)).toEqual(found[1]?.rows.map(({ sequence }) => sequence));
      expect(found[0]?.rows.filter(({ type }) => removable.includes(type))).toEqual([]);
    }
  });

  it('is proven by the verifier, which says how many are left by their leaves and why', async () => {
    const count = (await all()).length;
    const signer = signerOfTests();
    const keys = [readTrustedKey(signer.vkey)].filter((key) => key !== null);
    const known = signCheckpoint(
      { origin: ORIGIN, size: count, root: rootAt(new LedgerTree(readModels.db), count) },
      signer,
    );
    const gone = (await remove()).reduce((sum, { counts }) => sum + counts.remove, 0);
    await runner.caughtUp();
    const tree = new LedgerTree(readModels.db);
    const note = (size: number) => signCheckpoint({ origin: ORIGIN, size, root: rootAt(tree, size) }, signer);
    const range = (to: number) =>
      exportRange({ events: sqlite.store.readAll(), tree, from: 0, checkpoints: [note(to)] });
    expect(await verifyExport(range(tree.size), { keys, known: [known] })).toMatchObject({
      isProven: true,
      provenEvents: tree.size,
      withoutContent: { events: gone, byRetention: gone },
    });
    // Up to before retention told of it, nothing explains it.
    expect(await verifyExport(range(count), { keys })).toMatchObject({
      isProven: true,
      withoutContent: { events: gone, byRetention: 0 },
    });
    const selected = () =>
      selectedEvents(
        { store: sqlite.store, trail: trailIn(readModels.db), tree },
        { filter: {}, size: tree.size, fromIndex: 0 },
      );
    const prove = (index: number) => inclusionProof(tree, index, tree.size);
    for (const lines of [
      exportSelection(selected(), note(tree.size), prove),
      exportLines(linesOf(exportSelectionAsCsv(selected(), note(tree.size), prove))),
    ]) {
      expect(await verifyExport(lines, { keys })).toMatchObject({ isProven: true, withoutContent: { events: gone } });
    }
  });

  it.each([
    ['of another type', { types: ['MessageSealed'], before: '9999-01-01T00:00:00.000Z' }],
    ['of another type that is old enough', { types: ['MessageSealed'], before: '2029-01-01T00:00:00.000Z' }],
    ['that is younger than 30 days', { types: ['MessageViewed'], before: '2029-10-31T12:00:00.001Z' }],
    ['of a time that is none', { types: ['MessageViewed'], before: '2029' }],
  ])('is not what an announcement explains that somebody appended for content %s', async (_, rule) => {
    const taken = (await all()).filter(({ type }) => rule.types.includes(type));
    await sqlite.store.removeContents(taken);
    await appendFacts(sqlite.store, RETENTION_STREAM, [
      {
        type: 'ContentRemovalBegun',
        data: { ...mandate, rules: [{ kind: 'views', ...rule, before: rule.before as Instant }], begunAt: later },
      } satisfies RetentionEvent,
    ]);
    await runner.caughtUp();
    const tree = new LedgerTree(readModels.db);
    const signer = signerOfTests();
    const note = signCheckpoint({ origin: ORIGIN, size: tree.size, root: rootAt(tree, tree.size) }, signer);
    const retention = (await Array.fromAsync(sqlite.store.readStream(RETENTION_STREAM))).map(({ bytes }) =>
      Buffer.from(bytes).toString('utf8'),
    );
    const lines = exportRange({ events: sqlite.store.readAll(), tree, from: 0, checkpoints: [note] });
    const keys = [readTrustedKey(signer.vkey)].filter((key) => key !== null);
    expect(taken.length).toBeGreaterThan(0);
    expect(await verifyExport(lines, { keys, retention })).toMatchObject({
      isProven: false,
      findings: [{ kind: 'content-missing', events: taken.length }],
      withoutContent: { events: taken.length, byRetention: 0 },
    });
  });

  it('spares persons under legal hold and messages that can be opened, and says so', async () => {
    const planned = await planRemoval(record(), rules, instantOf('2026-12-20T12:00:00Z'));
    expect(planned.find(({ kind }) => kind === 'views')?.counts.alive).toBeGreaterThan(0);
    const view = (await all()).find(({ type }) => type === 'MessageViewed') as RecordedEvent;
    const [held] = eventCatalogue.describe(view).persons;
    const hold = { by: 'kim', caseNumber: '2026-17', placedAt: later };
    await appendFacts(sqlite.store, streamName('subject', held?.personId ?? ''), [{ type: 'HoldPlaced', data: hold }]);
    const counted = await remove();
    const views = counted.find(({ kind }) => kind === 'views')?.counts;
    expect(views?.held).toBeGreaterThan(0);
    expect((await all()).find(({ id }) => id === view.id)?.bytes).toEqual(view.bytes);
  });

  it('spares whom a hold names that comes once it has begun', async () => {
    const view = (await all()).find(({ type }) => type === 'MessageViewed') as RecordedEvent;
    const [held] = eventCatalogue.describe(view).persons;
    const subject = streamName('subject', held?.personId ?? '');
    const announcements = async () => (await Array.fromAsync(sqlite.store.readStream(RETENTION_STREAM))).length;
    const before = await announcements();
    let isPlaced = false;
    const caughtUp = async () => {
      if ((await announcements()) > before && !isPlaced) {
        isPlaced = true;
        const hold = { by: 'kim', caseNumber: '2026-17', placedAt: later };
        await appendFacts(sqlite.store, subject, [{ type: 'HoldPlaced', data: hold }]);
      }
      await record().caughtUp();
    };
    const counted = await removeContents({ ...record(), caughtUp }, rules, mandate, new FixedClock(later));
    expect(counted.find(({ kind }) => kind === 'views')?.counts.held).toBeGreaterThan(0);
    expect((await all()).find(({ id }) => id === view.id)?.bytes).toEqual(view.bytes);
  });

  it('goes over a file for a store that never changes an event, and comes back whole', async () => {
    const double = await EventStoreDbDouble.start();
    closing.push(() => double.stop());
    const server = await openEventStoreDb(double.url, { onNotice: () => undefined });
    closing.push(() => server.close());
    expect([sqlite.store, server].map(canRemoveContents)).toEqual([true, false]); // what the daily run asks
    await remove();
    const left = await all();
    for (let from = 0; from < left.length; from += 100) await server.importRecorded(left.slice(from, from + 100));
    const there = await all(server);
    expect(there.map(({ bytes }) => bytes)).toEqual(left.map(({ bytes }) => bytes));
    const models = await modelsOf(server, 'of-the-server.sqlite');
    expect(rootAt(new LedgerTree(models.db), left.length)).toEqual(rootAt(new LedgerTree(readModels.db), left.length));
    expect(await trailIn(models.db).page({}, { limit: 1000 })).toMatchObject({ isWhole: true, next: null });
  });

  it('is finished by the next run where the trail did not learn of it', async () => {
    const rows = (await trailIn(readModels.db).page({ types: ['OtpIssued'] })).rows;
    await sqlite.store.removeContents(rows.map(({ eventId: id, position }) => ({ id, position })));
    expect((await remove()).find(({ kind }) => kind === 'codes')?.counts.gone).toBe(0);
    expect((await remove()).find(({ kind }) => kind === 'codes')?.counts.remove).toBe(0);
  });
});

async function* linesOf(parts: AsyncIterable<string>): AsyncIterable<string> {
  for await (const part of parts) yield* part.replace(/\r\n$/, '').split('\n');
}
