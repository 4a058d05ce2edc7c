import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFacts, SqliteEventStore, streamName } from '#libs/event-store';
import { FixedClock, instantOf, newPersonId } from '#libs/vocabulary';
import { noon, segl } from './test/captured-terminal.ts';
import type { RunOptions } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const MAIL = Buffer.from('From: Anna <anna@example.com>\r\nSubject: x\r\n\r\nbody\r\n');

describe('segl retention', () => {
  let home: Installation;
  let configured: NodeJS.ProcessEnv;
  const [personId, held] = [newPersonId(), newPersonId()];
  const run = (argv: readonly string[], options: RunOptions = {}) =>
    segl(argv, { environment: configured, ...options });
  const at = (name: string) => join(home.directory, name);

  beforeAll(async () => {
    home = await temporaryInstallation();
    await writeFile(at('segl.yaml'), 'retention:\n  codesDays: 400\n  signInsDays: 800\n');
    configured = { ...home.environment, SEGL_CONFIG: at('segl.yaml') };
    await run(['seal', '--from', 'anna@example.com', '--to', 'bo@example.org'], { input: MAIL });
    const clock = new FixedClock(instantOf('2024-06-01T12:00:00Z'));
    const store = await SqliteEventStore.open(join(home.dataDir, 'events.sqlite'), { clock });
    const expired = { challengeId: 'c', exhaustedAt: clock.now() };
    const failed = { clientId: 'portal', reason: 'cancelled', failedAt: clock.now() };
    for (const person of [personId, held]) {
      await appendFacts(store, streamName('passcodes', person), [{ type: 'OtpExhausted', data: expired }]);
      const data = { ...failed, personId: person };
      await appendFacts(store, streamName('signins', person), [{ type: 'AuthenticationFailed', data }]);
    }
    await store.close();
    await run(['hold', 'place', '--person-id', held, '--case', '2026-17']);
    await writeFile(at('keys'), (await run(['audit', 'key'])).text);
  });
  afterAll(() => home.remove());

  const rules = (text: string) => (JSON.parse(text) as { rules: { kind: string; counts: object }[] }).rules;

  it('says what would go, of what is old enough and nobody is held for', async () => {
    const planned = await run(['retention', 'plan', '--json']);
    expect([planned.exitCode, planned.said]).toEqual([0, '']);
    expect(rules(planned.text)).toEqual([
      { kind: 'signIns', before: '2023-12-22T12:00:00.000Z', counts: { remove: 0, gone: 0, held: 0, alive: 0 } },
      { kind: 'codes', before: '2025-01-25T12:00:00.000Z', counts: { remove: 1, gone: 0, held: 1, alive: 0 } },
    ]);
    expect((await run(['retention', 'plan'])).text).toContain(
      'kept for good, since no setting says otherwise: views, visits, auditing',
    );
  });

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
