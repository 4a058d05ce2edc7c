import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFacts, SqliteEventStore, streamName } from '#libs/event-store';
import { EVENT_STORES, EVENTSTOREDB } from '#libs/event-store/testing';
import type { AddressedStore } from '#libs/event-store/testing';
import { FixedClock, instantOf, newPersonId } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { noon, segl } from './test/captured-terminal.ts';
import type { RunOptions } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const MAIL = Buffer.from('From: Anna <anna@example.com>\r\nSubject: x\r\n\r\nbody\r\n');

const EXPIRED_AT = instantOf('2024-06-01T12:00:00Z');

/** Sealed today; old events of two persons, of whom the recipient is held. @returns the environment with retention configured */
async function fill(home: Installation): Promise<NodeJS.ProcessEnv> {
  const configuration = join(home.directory, 'segl.yaml');
  await writeFile(configuration, 'retention:\n  codesDays: 400\n  signInsDays: 800\n');
  const environment = { ...home.environment, SEGL_CONFIG: configuration };
  await segl(['seal', '--from', 'anna@example.com', '--to', 'bo@example.org'], { input: MAIL, environment });
  const store = await home.record.client(new FixedClock(EXPIRED_AT));
  const sealed = (await Array.fromAsync(store.readAll())).find(({ type }) => type === 'MessageSealed');
  const { recipientId: held } = sealed?.data as { recipientId: PersonId };
  for (const person of [newPersonId(), held]) {
    const expired = { challengeId: 'c', exhaustedAt: EXPIRED_AT };
    await appendFacts(store, streamName('passcodes', person), [{ type: 'OtpExhausted', data: expired }]);
    const data = { clientId: 'portal', reason: 'cancelled', failedAt: EXPIRED_AT, personId: person };
    await appendFacts(store, streamName('signins', person), [{ type: 'AuthenticationFailed', data }]);
  }
  await store.close();
  const placed = await segl(['hold', 'place', '--person-id', held, '--case', '2026-17'], { environment });
  expect([placed.exitCode, placed.said]).toEqual([0, '']);
  return environment;
}

const rules = (text: string) => (JSON.parse(text) as { rules: { kind: string; counts: object }[] }).rules;

describe.each(EVENT_STORES)('segl retention plan, on $store', ({ serve }) => {
  it('says what would go, of what is old enough and nobody is held for', async () => {
    const home = await temporaryInstallation(serve);
    try {
      const environment = await fill(home);
      const planned = await segl(['retention', 'plan', '--json'], { environment });
      expect([planned.exitCode, planned.said]).toEqual([0, '']);
      expect(rules(planned.text)).toEqual([
        { kind: 'signIns', before: '2023-12-22T12:00:00.000Z', counts: { remove: 0, gone: 0, held: 0, alive: 0 } },
        { kind: 'codes', before: '2025-01-25T12:00:00.000Z', counts: { remove: 1, gone: 0, held: 1, alive: 0 } },
      ]);
      const forCase = ['--case', '2026-18', '--reason', 'schedule of 2026'];
      expect((await segl(['retention', 'plan', ...forCase], { environment })).text).toContain(
        'kept for good, since no setting says otherwise: views, visits, auditing',
      );
      const asked = await segl(['audit', 'query', '--type', 'AuditTrailQueried', '--json'], { environment });
      const questions = (JSON.parse(asked.text) as { rows: { data: Record<string, unknown> }[] }).rows;
      expect(questions.map(({ data }) => [data['fields'], data['rows'], data['caseNumber']])).toEqual([
        [['retention'], 1, undefined],
        [['retention'], 1, '2026-18'],
      ]);
    } finally {
      await home.remove();
    }
  });
});

describe('segl retention on EventStoreDB', () => {
  it('removes nothing there; by way of a file it is removed in a fresh one, and the record is proven', async () => {
    const home = await temporaryInstallation(EVENTSTOREDB.serve);
    const copy = async (from: string, to: string) => {
      const ran = await segl(['events', 'copy', '--json', '--from', from, '--to', to]);
      expect([ran.exitCode, ran.said]).toEqual([0, '']);
    };
    let fresh: AddressedStore | null = null;
    try {
      const environment = await fill(home);
      const keys = join(home.directory, 'keys');
      await writeFile(keys, (await segl(['audit', 'key'], { environment })).text);
      const refused = await segl(['retention', 'apply', '--yes'], { environment });
      expect([refused.exitCode, refused.said]).toEqual([1, expect.stringContaining('EventStoreDB never changes an')]);

      const file = `sqlite:${join(home.directory, 'copy.sqlite')}`;
      await copy(home.record.url, file);
      await mkdir(join(home.directory, 'beside'));
      const onFile = { ...environment, SEGL_EVENT_STORE: file, SEGL_DATA_DIR: join(home.directory, 'beside') };
      const persons = `sqlite:${join(home.dataDir, 'persons.sqlite')}`;
      const removed = await segl(['retention', 'apply', '--yes', '--json'], {
        environment: { ...onFile, SEGL_PERSON_KEYS: persons },
      });
      expect([removed.exitCode, removed.said]).toEqual([0, expect.stringContaining('goes for good')]);
      expect(rules(removed.text).find(({ kind }) => kind === 'codes')?.counts).toMatchObject({ remove: 1, held: 1 });
      fresh = await EVENTSTOREDB.serve();
      await copy(file, fresh.url);
      const moved = { ...environment, SEGL_EVENT_STORE: fresh.url };
      expect((await segl(['projections', 'rebuild'], { environment: moved })).exitCode).toBe(0);
      const exported = join(home.directory, 'export');
      await writeFile(exported, (await segl(['audit', 'export'], { environment: moved })).text);
      const verified = await segl(['audit', 'verify', exported, '--key', keys], { environment: {} });
      expect([verified.exitCode, verified.text]).toEqual([
        0,
        expect.stringContaining('1 of them by their leaves alone: the content of 1 was removed by retention'),
      ]);
    } finally {
      await home.remove();
      await fresh?.remove();
    }
  }, 60_000);
});

describe('segl retention', () => {
  let home: Installation;
  let configured: NodeJS.ProcessEnv;
  const run = (argv: readonly string[], options: RunOptions = {}) =>
    segl(argv, { environment: configured, ...options });
  const at = (name: string) => join(home.directory, name);

  beforeAll(async () => {
    home = await temporaryInstallation();
    configured = await fill(home);
    await writeFile(at('keys'), (await run(['audit', 'key'])).text);
  });
  afterAll(() => home.remove());

  it('asks first, then removes it, and the record is proven all the same', async () => {
    expect((await run(['retention', 'apply'])).exitCode).toBe(64);
    expect((await run(['retention', 'apply'], { answer: 'no' })).exitCode).toBe(1);
    const removed = await run(['retention', 'apply', '--reason', 'schedule of 2026'], { answer: 'yes' });
    expect([removed.exitCode, removed.text]).toEqual([
      0,
      expect.stringMatching(/^codes +2025-01-25T\S+ +1 +1 +0 +0$/m),
    ]);
    const trail = (await run(['audit', 'query', '--type', 'OtpExhausted'])).text;
    expect(trail.split('\n').filter((line) => line.endsWith('(content removed by retention)'))).toHaveLength(1);
    await writeFile(at('export'), (await run(['audit', 'export'])).text);
    const verified = await segl(['audit', 'verify', at('export'), '--key', at('keys')], { environment: {} });
    expect([verified.exitCode, verified.text]).toEqual([
      0,
      expect.stringContaining('1 of them by their leaves alone: the content of 1 was removed by retention'),
    ]);
    const again = await run(['retention', 'apply', '--yes', '--json'], { clock: new FixedClock(noon) });
    expect(rules(again.text).find(({ kind }) => kind === 'codes')?.counts).toEqual({
      remove: 0,
      gone: 1,
      held: 1,
      alive: 0,
    });
  });

  it('keeps everything where no setting names a kind, and refuses a period too short', async () => {
    const kept = await run(['retention', 'apply', '--yes', '--json'], { environment: home.environment });
    expect(JSON.parse(kept.text)).toEqual({
      rules: [],
      keptForGood: ['views', 'signIns', 'codes', 'visits', 'auditing'],
    });
    await writeFile(at('short.yaml'), 'retention:\n  viewsDays: 29\n');
    const short = await run(['retention', 'plan'], {
      environment: { ...home.environment, SEGL_CONFIG: at('short.yaml') },
    });
    expect([short.exitCode, short.said]).toEqual([78, expect.stringContaining('retention.viewsDays')]);
  });

  it('is missed by the doctor where the last run is more than two days old', async () => {
    const { text } = await run(['doctor', '--json']);
    const found = (JSON.parse(text) as { what: string }[]).filter(({ what }) => what === 'retention');
    const says = [`the last run ended at ${noon}; 48 hours are allowed`];
    expect(found).toMatchObject([{ what: 'retention', isWell: false, isAdvice: false, says }]);
  });

  it('is told from somebody who takes content out of the database, whom verifying the log names', async () => {
    const verify = () => run(['audit', 'verify', '--log', '--json']);
    const before = await verify();
    expect([before.exitCode, JSON.parse(before.text)]).toMatchObject([
      0,
      { withoutContent: { events: 1, byRetention: 1 } },
    ]);
    const store = await SqliteEventStore.open(join(home.dataDir, 'events.sqlite'));
    for await (const { id, position, type } of store.readAll())
      if (type === 'MessageSealed') await store.removeContents([{ id, position }]);
    await store.close();
    const after = await verify();
    expect([after.exitCode, (JSON.parse(after.text) as { findings: unknown }).findings]).toEqual([
      65,
      [{ kind: 'content-missing', events: 1 }],
    ]);
  });

  it('leaves read models that can be rebuilt', async () => {
    const rebuilt = await run(['projections', 'rebuild']);
    expect([rebuilt.exitCode, rebuilt.said]).toEqual([0, '']);
    expect((await run(['audit', 'query', '--type', 'OtpExhausted'])).text).toContain('(content removed by retention)');
  });
});
