import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteEventStore, streamName } from '#libs/event-store';
import { newPersonId } from '#libs/vocabulary';
import { segl } from './test/captured-terminal.ts';
import type { RunOptions } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const MAIL = Buffer.from('From: Anna <anna@example.com>\r\nSubject: x\r\n\r\nbody\r\n');

let home: Installation;
beforeEach(async () => {
  home = await temporaryInstallation();
});
afterEach(() => home.remove());

const inHome = (argv: readonly string[], options: RunOptions = {}) =>
  segl(argv, { environment: home.environment, ...options });
const at = (name: string) => join(home.directory, name);

async function seal(to: string): Promise<string> {
  const ran = await inHome(['seal', '--from', 'anna@example.com', '--to', to], { input: MAIL });
  expect(ran.exitCode).toBe(0);
  return ran.said.slice(7, 39);
}

/** What an auditor keeps elsewhere. */
async function keep(): Promise<void> {
  await writeFile(at('keys'), (await inHome(['audit', 'key'])).text);
  await writeFile(at('checkpoint'), (await inHome(['audit', 'checkpoint'])).text);
}

async function exported(...more: string[]): Promise<string> {
  const ran = await inHome(['audit', 'export', ...more]);
  expect([ran.exitCode, ran.said]).toEqual([0, '']);
  await writeFile(at('export'), ran.text);
  return ran.text;
}

/** Far away from the installation: no settings, no data. */
const verify = (...more: string[]) =>
  segl(['audit', 'verify', at('export'), '--key', at('keys'), '--checkpoint', at('checkpoint'), ...more], {
    environment: {},
  });

describe('the record, exported', () => {
  it('takes two persons where the installation says so, but of one message, and both stand in the record', async () => {
    const messageId = await seal('bo@example.org');
    await writeFile(at('segl.yaml'), 'console: { secondPerson: [export] }\n');
    const environment = { ...home.environment, SEGL_CONFIG: at('segl.yaml') };
    const take = (...more: string[]) => segl(['audit', 'export', ...more], { environment });
    for (const question of [[], ['--type', 'MessageSealed'], ['--person', 'bo@example.org']])
      expect(await take(...question)).toMatchObject({
        ...{ exitCode: 64, text: '', said: expect.stringContaining('--approved-by') },
      });
    expect(await take('--approved-by', userInfo().username)).toMatchObject({ exitCode: 64, text: '' });
    expect(await inHome(['audit', 'query', '--type', 'AuditTrailExported'])).toMatchObject({ text: '' });
    expect((await take('--message', messageId)).exitCode).toBe(0);
    const taken = await take('--approved-by', 'berit');
    expect([taken.exitCode, taken.text.includes('MessageSealed')]).toEqual([0, true]);
    const { text } = await inHome(['audit', 'query', '--type', 'AuditTrailExported']);
    expect(text.trimEnd().split('\n').at(-1)).toContain('approvedBy=berit');
  });

  it('is signed under the name that the installation has, and under none where nobody says it', async () => {
    await seal('bo@example.org');
    const { SEGL_PUBLIC_URL, ...nameless } = home.environment;
    for (const command of ['export', 'key', 'checkpoint'])
      expect(await segl(['audit', command], { environment: nameless })).toMatchObject({
        ...{ exitCode: 1, text: '', said: expect.stringContaining('SEGL_PUBLIC_URL') },
      });
    const { host } = new URL(SEGL_PUBLIC_URL ?? '');
    expect((await inHome(['audit', 'checkpoint'])).text.split('\n')[0]).toBe(`${host}/ledger`);
    expect((await segl(['audit', 'key'], { environment: nameless })).text).toContain(`${host}/ledger+`); // it has a name now
  });

  it('is proven anywhere, with the key and a checkpoint that were kept', async () => {
    for (const to of ['bo@example.org', 'cy@example.org']) await seal(to);
    await keep();
    await seal('di@example.org');
    const lines = (await exported()).split('\n');
    expect(lines.at(-1)).toBe('');
    const ran = await verify();
    expect([ran.exitCode, ran.text]).toEqual([
      0,
      expect.stringMatching(/^\d+ events proven, up to the checkpoint of post\.example\.com\/ledger at \d+\n$/),
    ]);
    expect(ran.text).not.toContain('example.org');
    expect((await exported()).length).toBeGreaterThan(0);
    const since = (await exported('--since', at('checkpoint'))).match(/"record"/g) ?? [];
    const all = (await exported()).match(/"record"/g) ?? [];
    expect(since.length).toBeGreaterThan(0);
    expect(since.length).toBeLessThan(all.length);
    expect((await verify()).exitCode).toBe(0);
  });

  it('proves the events of one message alone', async () => {
    await seal('bo@example.org');
    const messageId = await seal('cy@example.org');
    await keep();
    const text = await exported('--message', messageId);
    expect(text.match(/"record"/g)).toHaveLength(1);
    const ran = await verify();
    expect([ran.exitCode, ran.text]).toEqual([0, expect.stringMatching(/^1 events proven/)]);
    await writeFile(at('export'), text.replace('MessageSealed', 'MessageSealeD'));
    expect(await verify('--json')).toMatchObject({ exitCode: 65, text: expect.stringContaining('"not-proven"') });
  });

  it('proves what a question selects, also as CSV, by the id of a person, and from where it was cut off', async () => {
    for (const to of ['bo@example.org', 'cy@example.org', 'bo@example.org']) await seal(to);
    const query = async (...question: string[]) =>
      (JSON.parse((await inHome(['audit', 'query', '--json', ...question])).text) as { rows: { data: object }[] }).rows;
    const [sealing] = await query('--recipient', 'bo@example.org');
    const { recipientId: bo = '' } = (sealing?.data ?? {}) as { recipientId?: string };
    expect(await query('--recipient', bo, '--type', 'MessageSealed')).toHaveLength(2);
    await keep();
    expect(await exported('--recipient', bo, '--type', 'MessageSealed', '--csv')).toMatch(/^index,time,type,/);
    expect(await verify()).toMatchObject({ exitCode: 0, text: expect.stringMatching(/^2 events proven/) });
    const lines = (await exported('--recipient', bo, '--outcome', 'done', '--type', 'MessageSealed')).split('\n');
    const indexes = lines.flatMap((line) => /"index":(\d+)/.exec(line)?.[1] ?? []);
    expect(indexes).toHaveLength(2);
    const rest = await exported('--recipient', bo, '--type', 'MessageSealed', '--from-index', indexes[1] as string);
    expect(rest.match(/"record"/g)).toHaveLength(1);
    expect((await verify()).exitCode).toBe(0);
    const before = await query('--type', 'AuditTrailExported');
    for (const wrong of [
      ['--words', '*'],
      ['--from-index', '1'],
      ['--csv', '--since', at('checkpoint')],
    ])
      expect((await inHome(['audit', 'export', ...wrong])).exitCode).toBe(64);
    expect(await query('--type', 'AuditTrailExported')).toHaveLength(before.length);
    // Of somebody erased the id is all that is left to ask by.
    await inHome(['erase', 'bo@example.org', '--yes']);
    const timeline = await inHome(['audit', 'timeline', '--person', bo]);
    expect([timeline.exitCode, timeline.text]).toEqual([0, expect.stringContaining('MessageSealed')]);
  });

  it('shows what somebody with the database did to it, and in the log itself too', async () => {
    for (const to of ['bo@example.org', 'cy@example.org', 'di@example.org']) await seal(to);
    await keep();
    const text = await exported();
    await writeFile(
      at('export'),
      text.replace('"mailBytes', '"mailbytes').replaceAll('\\"mailBytes\\":', '\\"mailBytes\\": '),
    );
    expect(await verify()).toMatchObject({ exitCode: 65, text: expect.stringMatching(/^ALTERED /m) });
    await writeFile(
      at('export'),
      text
        .split('\n')
        .filter((line) => !line.includes('"index":1,'))
        .join('\n'),
    );
    expect(await verify()).toMatchObject({ exitCode: 65, text: expect.stringMatching(/^REMOVED .*index=1/m) });

    expect((await inHome(['audit', 'verify', '--log', '--checkpoint', at('checkpoint')])).exitCode).toBe(0);
    const events = new DatabaseSync(join(home.dataDir, 'events.sqlite'));
    events.exec(`DROP TRIGGER events_are_never_changed; UPDATE events
      SET bytes = CAST(replace(CAST(bytes AS TEXT), 'Nordlys', 'Sydlys!') AS BLOB) WHERE position = (SELECT min(position) FROM events)`);
    events.close();
    const ran = await inHome(['audit', 'verify', '--log', '--checkpoint', at('checkpoint'), '--key', at('keys')]);
    expect(ran).toMatchObject({ exitCode: 65, text: expect.stringMatching(/^ALTERED /m) });
  });

  it('says what is missing, in words', async () => {
    expect(await inHome(['audit', 'verify', at('nothing')])).toMatchObject({
      exitCode: 64,
      said: expect.stringContaining('--key is missing'),
    });
    expect(await inHome(['audit', 'verify', at('nothing'), '--key', at('nothing')])).toMatchObject({ exitCode: 65 });
    await seal('bo@example.org');
    await keep();
    expect(await inHome(['audit', 'verify', at('nothing'), '--key', at('keys')])).toMatchObject({ exitCode: 65 });
    expect(await inHome(['audit', 'export', '--since', at('keys')])).toMatchObject({
      exitCode: 65,
      said: expect.stringContaining('holds no checkpoint'),
    });
    const key = (await readFile(at('keys'), 'utf8')).trim();
    expect(key).toMatch(/^post\.example\.com\/ledger\+[0-9a-f]{8}\+/);
    expect(await inHome(['audit', 'verify', '-', '--key', key], { input: Buffer.from('') })).toMatchObject({
      exitCode: 65,
    });
  });
});

describe('an exposure report', () => {
  const PORTAL_EVENT = {
    recipientId: '',
    viewedAt: '2026-03-01T12:05:00.000Z',
    method: 'passcode',
    form: 'page',
    signInId: null,
  };

  it('proves that nothing of a message was shown, and opens nobody else’s events', async () => {
    await seal('cy@example.org');
    const messageId = await seal('bo@example.org');
    await seal('di@example.org');
    await keep();
    const ran = await inHome(['audit', 'exposure', '--message', messageId, '--case', '2026-17']);
    expect(ran.exitCode).toBe(0);
    await writeFile(at('export'), ran.text);
    expect(ran.text.match(/"record"/g)).toHaveLength(1);
    const verified = await verify();
    expect([verified.exitCode, verified.text]).toEqual([
      0,
      expect.stringMatching(
        new RegExp(`nothing of message ${messageId} was shown or downloaded.*\n.*recipient="bo@example.org"`),
      ),
    ]);
    expect(verified.text).not.toMatch(/cy@|di@/);
    expect(await inHome(['audit', 'exposure', '--message', 'a'.repeat(32)])).toMatchObject({ exitCode: 1 });
    // The same lines, said to be about another message: no line of them is wrong, and they say nothing of that one.
    await writeFile(
      at('export'),
      ran.text.replace(`{"messageId":"${messageId}"}`, `{"messageId":"${'a'.repeat(32)}"}`),
    );
    const other = await verify();
    expect([other.exitCode, other.text]).toEqual([0, expect.stringContaining('NOT WHOLE')]);
    expect(other.text).not.toContain('nothing of message');
  });

  it('says what was shown, and is worth nothing once a view is left out', async () => {
    const messageId = await seal('bo@example.org');
    const store = await SqliteEventStore.open(join(home.dataDir, 'events.sqlite'));
    const recipientId = newPersonId();
    await store.append(streamName('message', messageId), 0, [
      { type: 'MessageViewed', version: 2, data: { ...PORTAL_EVENT, recipientId } },
    ]);
    await store.close();
    await keep();
    const { text } = await inHome(['audit', 'exposure', '--message', messageId]);
    await writeFile(at('export'), text);
    expect((await verify()).text).toMatch(
      new RegExp(`message ${messageId} was shown in this portal.*[^]*MessageViewed`),
    );
    await writeFile(
      at('export'),
      text
        .split('\n')
        .filter((line) => !line.includes('MessageViewed'))
        .join('\n'),
    );
    const cut = await verify('--json');
    expect(cut).toMatchObject({ exitCode: 65, text: expect.stringContaining('"removed"') });
    expect(JSON.parse(cut.text)).toMatchObject({ exposure: null });
  });
});
