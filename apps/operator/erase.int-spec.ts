import { cp, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EVENT_STORES } from '#libs/event-store/testing';
import { MailRelay, Outbox } from '#libs/mail';
import type { RelayReceipt } from '#libs/mail';
import { parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { segl } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const NAME = 'Botilda Kragelund';
const bo = parseMailAddress('bo@example.org');
const cy = parseMailAddress('cy@example.org');
const anna = parseMailAddress('anna@example.com');

class RefusingRelay extends MailRelay {
  override send(): Promise<RelayReceipt> {
    return Promise.reject(new Error('nothing is sent here'));
  }
  override checkReachable(): Promise<void> {
    return Promise.resolve();
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

let home: Installation;
afterEach(() => home.remove());

const inHome = (...argv: string[]) => segl(argv, { environment: home.environment });

async function seal(from: string, to: string): Promise<MessageId> {
  const input = Buffer.from(`From: <${from}>\r\nTo: ${NAME} <${to}>\r\nSubject: x\r\n\r\nbody\r\n`);
  const ran = await segl(['seal', '--from', from, '--to', to], { environment: home.environment, input });
  expect(ran.exitCode).toBe(0);
  return ran.said.slice(7, 39) as MessageId;
}

async function withOutbox<Result>(work: (outbox: Outbox) => Promise<Result>): Promise<Result> {
  const directory = join(home.dataDir, 'outbox');
  const outbox = await Outbox.open({ directory, relay: new RefusingRelay(), settle: () => Promise.resolve('later') });
  try {
    return await work(outbox);
  } finally {
    await outbox.close();
  }
}

/** As the gateway leaves them: with the header fields of the original. */
async function staged(outbox: Outbox, messageId: MessageId, rcptTo: typeof bo, header: string) {
  const file = await outbox.stage({ messageId, submissionId: 'one', mailFrom: anna, rcptTo });
  await file.write(Buffer.from(`Segl-Message: ${messageId}\r\n${header}\r\nciphertext\r\n`));
  await file.finish();
  return file;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The keyed hashes under which the directory finds somebody, read without our own code. */
function hashesIn(path: string): Buffer[] {
  const db = new DatabaseSync(path, { readOnly: true });
  const rows = db.prepare('SELECT address_hash FROM person_index').all() as { address_hash: Uint8Array }[];
  db.close();
  return rows.map(({ address_hash }) => Buffer.from(address_hash));
}

async function rowsOf(type: string): Promise<{ data: Record<string, unknown>; messageId: string | null }[]> {
  const ran = await inHome('audit', 'query', '--type', type, '--json');
  return (JSON.parse(ran.text) as { rows: { data: Record<string, unknown>; messageId: string | null }[] }).rows;
}

describe.each(EVENT_STORES)('somebody who is erased, on $store', ({ serve }) => {
  beforeEach(async () => {
    home = await temporaryInstallation(serve);
  });

  it('is in no file, no output and no export any more, by address, name or keyed hash; the record stays whole', async () => {
    const before = new Set((await seal(anna, cy)) && hashesIn(join(home.dataDir, 'persons.sqlite')).map(String));
    const messageIds = [await seal(anna, bo), await seal(anna, bo), await seal(anna, bo), await seal(bo, cy)] as const;
    const toCy = await seal(anna, cy);
    const naming = `From: <anna@example.com>\r\nTo: ${NAME} <Bo@Example.org>, <cy@example.org>\r\n`;
    await withOutbox(async (outbox) => {
      await outbox.commit([await staged(outbox, messageIds[0], bo, naming)]);
      await outbox.keep([await staged(outbox, messageIds[1], bo, naming), await staged(outbox, toCy, cy, naming)]);
      await outbox.commit([await staged(outbox, messageIds[3], cy, `From: ${NAME} <bo@example.org>\r\n`)]);
    });
    const refused = join(home.dataDir, 'outbox/refused');
    const [queued = ''] = (await readdir(join(home.dataDir, 'outbox/queue'))).filter((name) =>
      name.includes(messageIds[0]),
    );
    await cp(join(home.dataDir, 'outbox/queue', queued), join(refused, messageIds[2]));
    await cp(join(home.keyring, 'cookies-1.key'), join(home.directory, 'unrelated'));
    const hashes = hashesIn(join(home.dataDir, 'persons.sqlite')).filter((hash) => !before.has(String(hash)));
    expect(hashes).toHaveLength(1);
    await inHome('audit', 'checkpoint');
    expect((await inHome('audit', 'query', '--person', 'bo@example.org')).text).toContain('bo@example.org');

    // where sessions are cannot be read: they would be left
    const slip = { ...home.environment, SEGL_EPHEMERAL_STORE: 'redis//127.0.0.1' };
    const unread = await segl(['erase', 'bo@example.org', '--yes'], { environment: slip });
    expect(unread).toMatchObject({ exitCode: 78, said: expect.stringContaining('SEGL_EPHEMERAL_STORE') });
    const asked = await segl(['erase', 'bo@example.org'], { environment: home.environment, answer: 'no' });
    expect(asked.said).toContain('3 messages to that address have not expired');
    const ran = await inHome('erase', 'bo@example.org', '--yes', '--json', '--case', '2026-17', '--reason', 'Art. 17');
    const erasure = JSON.parse(ran.text) as { personId: string };
    expect(erasure).toMatchObject({ outcome: 'erased', revokedMessages: 4, withdrawnCarriers: 2, carriersToOthers: 0 });

    const sought = [Buffer.from(NAME), ...hashes, ...hashes.map((hash) => Buffer.from(hash.toString('hex')))];
    const files = await filesBelow(home.dataDir);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const file of files) {
      const bytes = await readFile(file);
      expect([
        file,
        /bo@example\.org/i.test(bytes.toString('latin1')),
        sought.some((one) => bytes.includes(one)),
      ]).toEqual([...[file, false, false]]);
    }
    expect(ran.text + ran.said).not.toMatch(/bo@example/i);
    const record = Buffer.concat((await home.record.record()).map(({ bytes }) => bytes));
    expect([/bo@example/i.test(record.toString('latin1')), sought.some((one) => record.includes(one))]).toEqual([
      ...[false, false],
    ]);
    const exported = await inHome('audit', 'export');
    expect(exported.text).not.toMatch(/bo@example/i);
    expect((await inHome('audit', 'verify', '--log')).exitCode).not.toBe(65);
    const revoked = (await rowsOf('MessageRevoked')).map(({ messageId }) => messageId);
    expect(revoked.sort()).toEqual([...messageIds].sort());
    const [erased] = await rowsOf('SubjectErased');
    expect(erased?.data).toMatchObject({ personId: erasure.personId, caseNumber: '2026-17', reason: 'Art. 17' });
    const timeline = await inHome('audit', 'query', '--message', messageIds[0], '--json');
    expect(timeline.text).toContain('(erased)');

    const again = await inHome('erase', '--person-id', erasure.personId, '--yes');
    expect(again.text).toMatch(/was erased on/);
    const never = await inHome('erase', '--person-id', 'a'.repeat(26), '--yes');
    expect(never.text).toMatch(/nobody is known/);
    const { exitCode } = await inHome('erase', 'bo@example.org', '--yes');
    expect(exitCode).toBe(0);
    expect(await rowsOf('SubjectErased')).toHaveLength(1);
  }, 180_000);

  it('is gone from mails of others that only name them, also where officers name them by the id alone', async () => {
    const toCy = [await seal(anna, cy), await seal(anna, cy)] as const;
    await seal(anna, bo);
    const naming = `From: <anna@example.com>\r\nTo: <Bo@Example.org>, <cy@example.org>\r\n`;
    await withOutbox(async (outbox) => {
      await outbox.commit([await staged(outbox, toCy[0], cy, naming)]);
      await outbox.keep([await staged(outbox, toCy[1], cy, naming)]);
    });
    const [queued = ''] = await readdir(join(home.dataDir, 'outbox/queue'));
    await rename(join(home.dataDir, 'outbox/queue', queued), join(home.dataDir, 'outbox/refused', toCy[0]));
    const [sealed] = (await rowsOf('MessageSealed')).filter(({ data }) => data['recipient'] === 'bo@example.org');
    const ran = await inHome('erase', '--person-id', String(sealed?.data['recipientId']), '--yes', '--json');
    expect(JSON.parse(ran.text)).toMatchObject({ outcome: 'erased', revokedMessages: 1, carriersToOthers: 0 });
    for (const folder of ['refused', 'kept']) expect(await readdir(join(home.dataDir, 'outbox', folder))).toEqual([]);
  }, 60_000);

  it('is back with an older backup of the directory, and doctor says so', async () => {
    await seal(anna, bo);
    const backup = join(home.directory, 'backup');
    await mkdir(backup);
    await cp(join(home.dataDir, 'persons.sqlite'), join(backup, 'persons.sqlite'));
    await seal(anna, cy);
    const { personId } = JSON.parse((await inHome('erase', 'bo@example.org', '--yes', '--json')).text) as {
      personId: string;
    };
    expect((await inHome('doctor')).text).toMatch(/^ok {5}persons of the record/m);
    for (const name of ['persons.sqlite-wal', 'persons.sqlite-shm']) await cp('/dev/null', join(home.dataDir, name));
    await cp(join(backup, 'persons.sqlite'), join(home.dataDir, 'persons.sqlite'));
    const { text } = await inHome('doctor');
    expect(text).toMatch(new RegExp(`^FAULT {2}persons of the record: ${personId} was erased and is there`, 'm'));
    expect(text).toMatch(/^FAULT {2}persons of the record: [a-z2-7]{26} is named in the record and is not there/m);
  }, 120_000);
});

describe.each(EVENT_STORES)('a legal hold, on $store', ({ serve }) => {
  beforeEach(async () => {
    home = await temporaryInstallation(serve);
  });

  it('keeps a person from being erased until it is lifted, and is listed', async () => {
    await seal(anna, bo);
    expect((await inHome('hold', 'place', 'bo@example.org')).exitCode).toBe(64);
    const mistyped = await inHome('hold', 'place', '--person-id', 'a'.repeat(26), '--case', '2026-18');
    expect(mistyped).toMatchObject({ exitCode: 1, said: expect.stringContaining('nobody to hold') });
    expect((await inHome('hold', 'place', 'bo@example.org', '--case', '2026-18')).text).toContain('is held for case');
    expect((await inHome('hold', 'list')).text).toMatch(/[a-z2-7]{26} {2}2026-18/);
    const blocked = await inHome('erase', 'bo@example.org', '--yes');
    expect(blocked).toMatchObject({ exitCode: 1, said: expect.stringContaining('legal hold (2026-18)') });
    expect(await rowsOf('MessageRevoked')).toEqual([]);
    expect((await inHome('hold', 'lift', 'bo@example.org', '--case', '2026-19')).exitCode).toBe(1);
    expect((await inHome('hold', 'lift', 'bo@example.org', '--case', '2026-18')).exitCode).toBe(0);
    expect(JSON.parse((await inHome('hold', 'list', '--json')).text)).toEqual([]);
    expect((await inHome('erase', 'bo@example.org', '--yes')).exitCode).toBe(0);
  }, 120_000);
});

describe.each(EVENT_STORES)('revocation by what was sealed, on $store', ({ serve }) => {
  beforeEach(async () => {
    home = await temporaryInstallation(serve);
  });

  it('shows the list, asks, and says what became of each', async () => {
    const messageIds = [await seal(anna, bo), await seal(anna, cy)];
    await seal('di@example.com', cy);
    const search = ['revoke', '--sender', 'anna@example.com', '--case', '2026-20', '--reason', 'wrong list'];
    const asked = await segl(search, { environment: home.environment, answer: 'no' });
    expect(asked).toMatchObject({ exitCode: 1, said: expect.stringContaining('anna@example.com → cy@example.org') });
    expect(asked.said).toContain('2 messages are shown to nobody');
    // Nothing was revoked, and who saw the list stands in the record.
    expect(
      (await rowsOf('AuditTrailQueried')).map(({ data }) => data).filter((data) => data['rows'] === 2),
    ).toMatchObject([{ through: 'command-line', question: 'search', caseNumber: '2026-20', fields: ['senderId'] }]);
    const done = await inHome(...search, '--yes', '--json');
    expect(JSON.parse(done.text)).toEqual(messageIds.map((messageId) => ({ messageId, outcome: 'revoked' })));
    expect((await inHome(...search, '--recipient', 'bo@example.org', '--yes')).text).toBe(
      `${messageIds[0]} had been revoked already\n`,
    );
    const [first, ...more] = await rowsOf('MessageRevoked');
    expect(first?.data).toMatchObject({ caseNumber: '2026-20', reason: 'wrong list' });
    expect(more).toHaveLength(1);
  }, 120_000);
});
