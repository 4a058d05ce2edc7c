import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Decrypter } from 'age-encryption';
import { prepareDataDirectory } from '#libs/installation';
import { FixedClock, plusSeconds } from '#libs/vocabulary';
import { noon, segl } from './test/captured-terminal.ts';
import type { RunOptions } from './test/captured-terminal.ts';
import { temporaryInstallation } from './test/installation.ts';
import type { Installation } from './test/installation.ts';

const MAIL = Buffer.from(
  'From: Anna <anna@example.com>\r\nTo: bo@example.org\r\nSubject: Secret subject\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\n\r\nmarker-of-the-body\n.\nbare LF \xe6\xff\r\n',
  'latin1',
);
const SEAL = ['seal', '--from', 'anna@example.com', '--to', 'Bo@Example.org'];

let home: Installation;
beforeEach(async () => {
  home = await temporaryInstallation();
});
afterEach(() => home.remove());

const inHome = (argv: readonly string[], options: RunOptions = {}) =>
  segl(argv, { environment: home.environment, ...options });

async function sealed(mail: Uint8Array | readonly Uint8Array[] = MAIL, ...more: string[]) {
  const ran = await inHome([...SEAL, ...more], { input: mail });
  expect(ran.said).toMatch(/^sealed [a-z2-7]{32}, until /);
  expect(ran.exitCode).toBe(0);
  return { carrier: ran.output, messageId: ran.said.slice(7, 39), said: ran.said };
}

describe('segl seal', () => {
  it('prints a carrier that segl open gives back byte for byte', async () => {
    const { carrier } = await sealed();
    expect(carrier.toString('latin1')).not.toMatch(/marker-of-the-body|Secret subject/);
    expect(carrier.toString('latin1')).toContain('https://post.example.com/open');
    const opened = await inHome(['open', '-'], { input: carrier });
    expect([opened.exitCode, opened.said]).toEqual([0, '']);
    expect(opened.output.equals(MAIL)).toBe(true);
  });

  it('seals under terms, in the signed manifest; segl open says them, and segl inspect where they are', async () => {
    const { carrier, said } = await sealed(MAIL, '--term', 'no-download', '--term', 'account');
    expect(said).toMatch(/^sealed [a-z2-7]{32}, until [^ ]+, account, no-download$/);
    const opened = await inHome(['open', '-'], { input: carrier });
    expect([opened.said, opened.output]).toEqual(['segl: sealed under these terms: account, no-download', MAIL]);
    const { text } = await inHome(['open', '--manifest', '-'], { input: carrier });
    expect(JSON.parse(text)).toMatchObject({ terms: ['account', 'no-download'] });
    expect((await inHome(['inspect', '-'], { input: carrier })).text).toContain('terms              inside the seal');
  });

  it.each([
    ['nothing at all', Buffer.alloc(0)],
    ['a body alone', Buffer.from('no header here\n')],
    ['a header alone', Buffer.from('Subject: x')],
    ['8 bit and NUL', Buffer.from([0, 255, 13, 10, 13, 13, 10, 0])],
    ['a chunk and a bit', Buffer.concat([Buffer.from('Subject: x\n\n'), randomBytes(65536 * 3)])],
  ])('takes %s as it is', async (_, mail) => {
    const { carrier } = await sealed(mail);
    expect((await inHome(['open', '-'], { input: carrier })).output.equals(mail)).toBe(true);
  });

  it.each([
    ['two addresses without a comma', 'anna@example.com boss@bank.example', 'some of it is no address'],
    ['two of them', 'anna@example.com, boss@bank.example', 'it names more than one address'],
  ])('refuses a mail whose From is %s, and says which field', async (_, from, why) => {
    const refused = await inHome(SEAL, { input: Buffer.from(`From: ${from}\r\n\r\nx`) });
    expect(refused.exitCode).toBe(65);
    expect(refused.said).toContain(`the From field of the mail names no single clear author: ${why}`);
    expect(refused.output.length).toBe(0);
  });

  it('streams: output comes while input is still to come', async () => {
    const pieces = Array.from({ length: 40 }, () => randomBytes(64 * 1024));
    let read = 0;
    let writtenEarly = 0;
    const input = (function* () {
      for (const piece of pieces) {
        read++;
        yield piece;
      }
    })();
    const ran = await inHome(SEAL, {
      input: input as unknown as Uint8Array[],
      onWrite: (piece) => (writtenEarly += read < pieces.length ? piece.length : 0),
    });
    expect(ran.exitCode).toBe(0);
    expect(writtenEarly).toBeGreaterThan(38 * 64 * 1024);
  });

  it('records the seal before the last byte leaves', async () => {
    const eventsBefore: number[] = [];
    const { DatabaseSync } = await import('node:sqlite');
    const ran = await inHome(SEAL, {
      input: MAIL,
      onWrite: () => {
        const db = new DatabaseSync(join(home.dataDir, 'events.sqlite'), { readOnly: true });
        eventsBefore.push(Number(db.prepare('SELECT count(*) AS count FROM events').get()?.['count']));
        db.close();
      },
    });
    expect(ran.exitCode).toBe(0);
    expect(eventsBefore.at(-1)).toBe(1);
    expect(eventsBefore.slice(0, -1).every((count) => count === 0)).toBe(true);
  });

  it('leaves nothing readable in the data directory', async () => {
    await sealed();
    const { readdir } = await import('node:fs/promises');
    for (const name of await readdir(home.dataDir)) {
      const raw = (await readFile(join(home.dataDir, name))).toString('latin1');
      expect(raw).not.toMatch(/marker-of-the-body|Secret subject|anna@example\.com|bo@example\.org/);
    }
  });

  it('refuses a mail that opening could not take, and records nothing of it', async () => {
    const environment = { ...home.environment, SEGL_SEALING_MAX_MAIL_BYTES: '1000' };
    const ran = await segl(SEAL, { input: randomBytes(1001), environment });
    expect([ran.exitCode, ran.said]).toEqual([65, expect.stringContaining('1000 bytes')]);
    const trail = await inHome(['audit', 'query', '--json']);
    expect(JSON.parse(trail.text)).toEqual({ rows: [], next: null, previous: null, isWhole: true });
  });

  it.each([
    [['seal', '--from', 'anna@example.com'], 64, '--to'],
    [['seal', '--from', 'anna', '--to', 'bo@example.org'], 64, 'not-one-at-sign'],
    [[...SEAL, '--expires-days', '0'], 64, '--expires-days'],
    [[...SEAL, '--expires-days', 'ten'], 64, '--expires-days'],
    [[...SEAL, '--term', 'no-peeking'], 64, 'account, no-download, no-forward'],
    [[...SEAL, '--organisation', 'two\nlines'], 64, 'one line'],
    [[...SEAL, '/no/such/mail.eml'], 69, 'ENOENT'],
    [[...SEAL, '/tmp'], 65, 'directory'],
  ])('%j ends with %d', async (argv, exitCode, words) => {
    const ran = await inHome(argv, { input: MAIL });
    expect(ran.said).toContain(words);
    expect([ran.exitCode, ran.output.length]).toEqual([exitCode, 0]);
  });

  it('works on the demonstration’s own keys and data, and on no mixture', async () => {
    const environment = { SEGL_DATA_DIR: join(home.directory, 'demonstration') };
    prepareDataDirectory(environment.SEGL_DATA_DIR, { demonstration: true });
    expect((await segl(['keys', 'init', '--demonstration'], { environment })).exitCode).toBe(0);
    const ran = await segl([...SEAL, '--demonstration'], { environment, input: MAIL });
    expect([ran.exitCode, ran.said]).toEqual([0, expect.stringContaining('sealed')]);
    const opened = await segl(['open', '--demonstration', '-'], { environment, input: ran.output });
    expect(opened.output.equals(MAIL)).toBe(true);
    expect(
      JSON.parse((await segl(['audit', 'query', '--demonstration', '--json'], { environment })).text).rows,
    ).toHaveLength(1);
    const mixed = await segl(['audit', 'query', '--demonstration', '--keyring', home.keyring], { environment });
    expect([mixed.exitCode, mixed.said]).toEqual([78, expect.stringContaining('do not belong together')]);
    const real = await segl(SEAL, { environment: { ...home.environment, ...environment }, input: MAIL });
    expect([real.exitCode, real.output.length]).toEqual([78, 0]);
  });

  it('reports every fault of the configuration', async () => {
    const ran = await segl(SEAL, { input: MAIL, environment: { SEGL_HTTP_PORT: 'x' } });
    expect(ran.exitCode).toBe(78);
    expect(ran.said).toMatch(/SEGL_PUBLIC_URL[^]*SEGL_HTTP_PORT/);
  });
});

describe('segl inspect', () => {
  it('says what a carrier says, from the mail, from its page, and from the age file', async () => {
    const { carrier, messageId } = await sealed();
    const page =
      /<!DOCTYPE html>\r\n<html lang="en">\r\n<head>\r\n<meta charset[^]*<\/html>/.exec(
        carrier.toString('latin1'),
      )?.[0] ?? '';
    for (const input of [carrier, Buffer.from(page, 'latin1')]) {
      const facts = JSON.parse((await inHome(['inspect', '--json', '-'], { input })).text) as Record<string, unknown>;
      expect(facts).toMatchObject({
        messageId,
        portalUrl: 'https://post.example.com/open',
        carrierBytes: input.length,
      });
      expect(facts['pageTitle']).toContain('Nordlys & Søn');
      expect(String(facts['headerSha256'])).toMatch(/^[0-9a-f]{64}$/);
    }
    const text = await segl(['inspect', '-'], { input: carrier }); // no key, no configuration
    expect([text.exitCode, text.text]).toEqual([0, expect.stringContaining(`message id         ${messageId}`)]);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'no-carrier'],
    ['a mail without a seal', MAIL, 'no-carrier'],
    ['another age file', Buffer.from('age-encryption.org/v1\n-> X25519 abc\nxyz\n--- mac\n'), 'outside-profile'],
    ['the beginning of one', Buffer.from('age-encryption.org/v1\n-> mlkem768x25519 '), 'cut short'],
  ])('says of %s that it is none', async (_, input, words) => {
    const ran = await segl(['inspect', '-'], { input });
    expect([ran.exitCode, ran.text, ran.said]).toEqual([65, '', expect.stringContaining(words)]);
  });
});

describe('segl open', () => {
  it('prints what was signed about the mail', async () => {
    const { carrier, messageId } = await sealed(MAIL, '--expires-days', '10', '--organisation', 'Søn & Co');
    const manifest = JSON.parse((await inHome(['open', '--manifest', '-'], { input: carrier })).text) as object;
    expect(manifest).toEqual({
      messageId,
      headerSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      organisation: 'Søn & Co',
      sender: 'anna@example.com',
      recipient: 'bo@example.org',
      sealedAt: noon,
      expiresAt: plusSeconds(noon, 10 * 86_400),
      signingKeyId: 'manifest-1',
      signature: expect.stringMatching(/^[\w-]{86}$/),
      signatureCheck: 'valid',
    });
  });

  it('opens with the identity file alone, as the age tool does, and says that the signature was not checked', async () => {
    const { carrier } = await sealed();
    const file = join(home.directory, 'carrier.eml');
    await writeFile(file, carrier);
    const ran = await segl(['open', '--identity', join(home.keyring, 'sealing-1.key'), file]);
    expect([ran.exitCode, ran.said]).toEqual([0, expect.stringContaining('signature is not checked')]);
    expect(ran.output.equals(MAIL)).toBe(true);
  });

  it('opens the bare age file; and the age-encryption package opens what segl sealed', async () => {
    const { carrier } = await sealed();
    const [, field] = /name="m" value="\r\n([\w\r\n-]+)"/.exec(carrier.toString('latin1')) ?? [];
    const ageFile = Buffer.from((field ?? '').replace(/\s/g, ''), 'base64url');
    expect((await inHome(['open', '-'], { input: ageFile })).output.equals(MAIL)).toBe(true);
    const decrypter = new Decrypter();
    const identity = (await readFile(join(home.keyring, 'sealing-1.key'), 'utf8')).split('\n')[2] ?? '';
    decrypter.addIdentity(identity);
    const opened = Buffer.from(await decrypter.decrypt(ageFile));
    expect(opened.subarray(-MAIL.length).equals(MAIL)).toBe(true);
    expect(opened.toString('latin1')).toMatch(/^Segl-Version: 1\r\n/);
  });

  it('prints not one byte of what was altered or cut short, wherever', async () => {
    const mail = Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), randomBytes(200_000)]);
    const { carrier } = await sealed(mail);
    const text = carrier.toString('latin1');
    const start = text.indexOf('name="m" value="\r\n') + 18;
    for (const at of [start + 30, start + 1000, start + 3000, start + 90_000, text.lastIndexOf('">\r\n<h1>') - 20]) {
      const other = text.charAt(at) === 'A' ? 'B' : 'A';
      const altered = Buffer.from(text.slice(0, at) + other + text.slice(at + 1), 'latin1');
      const ran = await inHome(['open', '-'], { input: altered });
      expect([ran.exitCode, ran.output.length]).toEqual([65, 0]);
      expect(ran.said).toMatch(/^segl: .{20,}$/);
    }
    const cut = await inHome(['open', '-'], { input: carrier.subarray(0, carrier.length / 2) });
    expect([cut.exitCode, cut.output.length, cut.said]).toEqual([65, 0, expect.stringContaining('cut-short')]);
  });

  it('says whose key it would need', async () => {
    const { carrier } = await sealed();
    const other = await temporaryInstallation();
    const wrongKeyring = await segl(['open', '-'], { input: carrier, environment: other.environment });
    expect([wrongKeyring.exitCode, wrongKeyring.said]).toEqual([65, expect.stringContaining('wrong-key')]);
    const { rotateKey, destroyKey } = await import('#libs/keyring');
    await rotateKey(home.keyring, 'sealing', { now: noon });
    expect((await inHome(['open', '-'], { input: carrier })).output.equals(MAIL)).toBe(true);
    await destroyKey(home.keyring, 'sealing-1', { now: noon });
    const destroyed = await inHome(['open', '-'], { input: carrier });
    expect([destroyed.exitCode, destroyed.said]).toEqual([65, expect.stringContaining('epoch was destroyed')]);
    await other.remove();
  });
});

describe('a sealed mail in the record', () => {
  it('is found by message, person, type and time, and decrypted for showing only', async () => {
    const { messageId } = await sealed();
    await sealed(MAIL);
    const query = async (...options: string[]) =>
      (
        JSON.parse((await inHome(['audit', 'query', '--json', ...options])).text) as {
          rows: { messageId: string; data: Record<string, string> }[];
        }
      ).rows;
    const [first] = await query('--message', messageId);
    expect(first).toMatchObject({
      messageId,
      type: 'MessageSealed',
      data: { sender: 'anna@example.com', recipient: 'bo@example.org' },
    });
    expect(first?.data['mailSha256']).toBe(createHash('sha256').update(MAIL).digest('hex'));
    expect(await query('--type', 'MessageSealed')).toHaveLength(2);
    expect(await query('--person', 'BO@example.org')).toHaveLength(2);
    expect(await query('--person', 'nobody@example.org')).toEqual([]);
    expect(await query('--type', 'MessageRevoked')).toEqual([]);
    expect(await query('--sender', 'anna@example.com', '--recipient', 'bo@example.org')).toHaveLength(2);
    expect(await query('--reader', 'bo@example.org')).toEqual([]);
    const sealings = ['audit', 'query', '--type', 'MessageSealed'];
    const cut = await inHome([...sealings, '--json', '--limit', '1', '--newest-first']);
    const { rows, next } = JSON.parse(cut.text) as { rows: { sequence: number }[]; next: string };
    expect([rows.map(({ sequence }) => sequence), cut.said]).toEqual([[2], `segl: more rows exist: --after ${next}`]);
    expect(
      (await query('--type', 'MessageSealed', '--after', next, '--newest-first')).map((row) => row.messageId),
    ).toEqual([messageId]);
    expect(await query('--to', '2000-01-01')).toEqual([]);
    expect(await query('--from', '2000-01-01T00:00:00Z', '--type', 'MessageSealed')).toHaveLength(2);
    const [closed] = await query('--message', messageId, '--no-personal');
    expect(closed?.data['sender']).toMatch(/^[\w-]{60,}$/);
    const csv = (await inHome(['audit', 'query', '--message', messageId, '--csv'])).text;
    expect(csv).toMatch(
      /^time,type,evidence,outcome,method,messageId,[^\r]*\r\n\S+Z,MessageSealed,message-sealed,done,,/,
    );
    const timeline = await inHome(['audit', 'timeline', '--person', 'bo@example.org']);
    expect(timeline.text.match(/MessageSealed/g)).toHaveLength(2);
    const lines = await inHome(['audit', 'query', '--message', messageId]);
    expect(lines.text).toMatch(/^1 {2}\S+Z {2}MessageSealed {2}message-\S+ {2}.*recipient=bo@example\.org/);
  }, 120_000);

  it('is revoked once', async () => {
    const { messageId } = await sealed();
    const revoke = ['revoke', messageId, '--reason', 'sent to the wrong company', '--by', 'compliance', '--yes'];
    expect((await inHome([...revoke, '--json'])).text).toContain('"outcome": "revoked"');
    expect((await inHome(revoke)).text).toContain('had been revoked already');
    const trail = await inHome(['audit', 'query', '--type', 'MessageRevoked', '--json']);
    expect(JSON.parse(trail.text).rows).toEqual([
      expect.objectContaining({
        data: { revokedAt: noon, revokedBy: 'compliance', reason: 'sent to the wrong company' },
      }),
    ]);
  });

  it.each([
    [['revoke', 'a'.repeat(32), '--yes'], 1, 'no message of that name'],
    [['revoke', 'a'.repeat(32)], 64, 'give --yes'],
    [['revoke'], 64, 'what to search for'],
    [['revoke', 'a'.repeat(32), '--from', '2026-03-01'], 64, 'either'],
    [['revoke', '--sender', 'nobody@example.org', '--yes'], 1, 'nobody is known'],
    [['revoke', 'x'], 64, 'no message id'],
    [['revoke', 'a'.repeat(32), '--by', 'anna@example.com'], 64, 'no mail address'],
    [['revoke', 'a'.repeat(32), '--reason', 'two\nlines'], 64, 'one line'],
    [['audit', 'query', '--type', 'Nonsense'], 64, 'MessageSealed'],
    [['audit', 'query', '--from', 'yesterday'], 64, '2026-03-01'],
    [['audit', 'query', '--limit', '-3'], 64, '-3'],
    [['audit', 'query', '--person', 'x'], 64, 'not-one-at-sign'],
    [['audit', 'query', '--after', '17'], 64, 'after: '],
    [['audit', 'query', '--limit', '5000'], 64, 'limit: '],
    [['audit', 'query', '--words', '*'], 64, 'words: '],
    [['audit', 'query', '--from', '2026-02-01', '--to', '2026-01-01'], 64, 'to: '],
    [['audit', 'timeline'], 64, 'either --message or --person'],
    [['projections', 'pass-over', 'audit-trail.v4', '--reason', 'none'], 1, 'does not stand in front'],
    [['projections', 'pass-over', 'nothing.v1', '--reason', 'none'], 64, 'audit-trail.v4'],
    [['projections', 'rebuild', 'nothing.v1'], 64, 'audit-trail.v4'],
  ])('%j ends with %d', async (argv, exitCode, words) => {
    await sealed();
    const ran = await inHome(argv);
    expect(ran.said).toContain(words);
    expect(ran.exitCode).toBe(exitCode);
  });

  it('is told again by rebuilt read models', async () => {
    await sealed();
    const query = ['audit', 'query', '--type', 'MessageSealed', '--json'];
    const before = (await inHome(query)).text;
    expect((await inHome(['projections', 'rebuild'])).text).toContain('audit-trail.v4');
    expect((await inHome(['projections', 'rebuild', 'audit-trail.v4', '--json'])).exitCode).toBe(0);
    expect((await inHome(query)).text).toBe(before);
    expect(JSON.parse((await inHome(['telemetry', '--json'])).text)).toEqual([]);
  });

  it('forgets a person who is erased, in whatever is shown and in every byte', async () => {
    const { messageId } = await sealed();
    const asked = await inHome(['erase', 'bo@example.org'], { answer: 'no' });
    expect([asked.exitCode, asked.said]).toEqual([
      1,
      expect.stringContaining('1 message to that address has not expired'),
    ]);
    const nobodyThere = await inHome(['erase', 'bo@example.org']);
    expect([nobodyThere.exitCode, nobodyThere.said]).toEqual([64, expect.stringContaining('--yes')]);
    expect((await inHome(['erase', 'bo@example.org'], { answer: 'yes' })).text).toMatch(
      /^[a-z2-7]{26} is erased; 1 messages revoked, 0 mails taken back from the outbox\n$/,
    );
    expect((await inHome(['erase', 'bo@example.org', '--yes'])).text).toContain('nobody is known');
    const [row] = JSON.parse((await inHome(['audit', 'query', '--json', '--message', messageId])).text).rows as {
      data: object;
    }[];
    expect(row?.data).toMatchObject({ sender: 'anna@example.com', recipient: '(erased)' });
    expect(JSON.parse((await inHome(['audit', 'query', '--person', 'bo@example.org', '--json'])).text).rows).toEqual(
      [],
    );
  });

  it('is counted before its epoch is destroyed: unexpired and unrevoked ones only', async () => {
    const clock = new FixedClock(noon);
    const { messageId } = await sealed();
    await sealed();
    await sealed(MAIL, '--expires-days', '1');
    await inHome(['revoke', messageId, '--yes']);
    await inHome(['keys', 'rotate', 'sealing']);
    await sealed();
    clock.advance(2 * 86_400);
    const asked = await inHome(['keys', 'destroy', 'sealing-1'], { clock, answer: '' });
    expect([asked.exitCode, asked.said]).toEqual([1, expect.stringContaining('1 unexpired message is hit')]);
    const done = await inHome(['keys', 'destroy', 'sealing-1', '--yes', '--json'], { clock });
    expect(JSON.parse(done.text)).toEqual({ destroyed: 'sealing-1', unexpiredMessages: 1 });
  });
});
