import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { stringify } from 'yaml';
import { freePort } from '#libs/vocabulary/testing';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import type { Answer } from './http-reader.ts';
import { noPostfixBecause } from './postfix-instance.ts';
import { startPostfix } from './postfix.ts';
import type { Postfix } from './postfix.ts';
import { NORDLYS } from './installation.ts';
import { Program } from './program.ts';
import { ensureBuilt, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const anna = 'anna@example.com';
const bo = 'bo@example.org';
const office = 'office@nordlys.example';
const attached = Buffer.concat([Buffer.from([0, 13, 10, 255]), randomBytes(300_000)]);
/** In a charset that is not UTF-8: a program that decodes and encodes it again changes it. */
const original = Buffer.concat([
  Buffer.from(
    [
      `From: "Kontoret" <${office}>`,
      `To: Anna Berg <${anna}>, ${bo}`,
      'Subject: The offer of 7 million',
      'Date: Sun, 22 Nov 2026 09:14:00 +0100',
      'Message-ID: <offer-2@nordlys.example>',
      'In-Reply-To: <offer-1@example.com>',
      'References: <offer-0@nordlys.example> <offer-1@example.com>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: 8bit',
      '',
      'We offer 7 million for the h\xf8jskole.',
      'From here on it reads like the lines between the mails of a mailbox.',
      '.',
      '--b',
      'Content-Type: application/octet-stream; name=plan.bin',
      'Content-Disposition: attachment; filename=plan.bin',
      'Content-Transfer-Encoding: base64',
      '',
      '',
    ].join('\r\n'),
    'latin1',
  ),
  Buffer.from(attached.toString('base64').replace(/.{76}/g, '$&\r\n')),
  Buffer.from('\r\n--b--\r\n'),
]);

const noPostfix = noPostfixBecause();
const withPostfix = noPostfix === null ? describe : describe.skip;

interface Sealed {
  readonly to: string;
  readonly messageId: string;
  readonly delivery: string;
}

withPostfix(
  `an organisation runs it in production, behind its own Postfix${noPostfix ? ` (${noPostfix})` : ''}`,
  () => {
    let directory: string;
    let configuration: string;
    let postfix: Postfix;
    let portal: RunningProcess;
    let program: Program;

    beforeAll(async () => {
      ensureBuilt();
      directory = await mkdtemp(join(tmpdir(), 'segl-production-'));
      configuration = join(directory, 'segl.yaml');
      postfix = await startPostfix([anna, bo]);
      const httpPort = await freePort();
      program = await Program.in(directory, ['@nordlys.example'], 'office');
      const settings = {
        publicUrl: `http://localhost:${httpPort}`,
        httpHost: '127.0.0.1',
        httpPort,
        dataDir: join(directory, 'data'),
        keyring: join(directory, 'keyring'),
        relayUrl: `smtp://127.0.0.1:${postfix.port}`,
        organisation: NORDLYS.organisation,
        passcode: NORDLYS.passcode,
        signIn: { clients: [program.client] },
      };
      await writeFile(configuration, stringify(settings));
      expect(segl('keys', 'init', '--keyring', settings.keyring)).toMatchObject({ status: 0 });
      portal = await startProcess({
        arguments: [],
        dataDir: settings.dataDir,
        port: httpPort,
        environment: { SEGL_CONFIG: configuration },
      });
    }, 120_000);
    afterAll(async () => {
      await portal?.stop();
      await postfix?.cleanUp();
      await rm(directory, { recursive: true, force: true });
    });

    /** The command line with the same configuration, as an operator on that machine has it. */
    function segl(...command: string[]): { status: number | null; stdout: Buffer; stderr: string } {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(root, 'dist', 'apps', 'operator', 'main.js'), ...command],
        { env: { PATH: process.env['PATH'] ?? '', SEGL_CONFIG: configuration }, maxBuffer: 16 * 1024 * 1024 },
      );
      return { status, stdout, stderr: stderr.toString() };
    }

    interface Told {
      readonly type: string;
      readonly data: Record<string, unknown>;
    }

    function recordOf(messageId: string): Told[] {
      const { status, stdout, stderr } = segl('audit', 'query', '--message', messageId, '--json');
      expect([status, stderr]).toEqual([0, '']);
      const { rows } = JSON.parse(stdout.toString()) as { rows: Told[] };
      return rows.filter(({ type }) => type !== 'AuditTrailQueried'); // that it was asked before
    }

    async function seal(...to: string[]): Promise<Sealed[]> {
      const query = new URLSearchParams({ from: office });
      for (const address of to) query.append('to', address);
      const answer = await fetch(new URL(`/api/v1/messages?${query}`, portal.url), {
        method: 'POST',
        headers: { authorization: await program.authorization(portal.url), 'content-type': 'message/rfc822' },
        body: original,
      });
      expect(answer.status).toBe(201);
      return ((await answer.json()) as { messages: Sealed[] }).messages;
    }

    /** Asks until there is an answer; what takes this long has failed, on however slow a machine. */
    async function eventually<Thing>(what: string, look: () => Promise<Thing | undefined>): Promise<Thing> {
      const deadline = Date.now() + 150_000;
      while (Date.now() < deadline) {
        const found = await look();
        if (found !== undefined) return found;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`${what} never came\n${portal.output()}\n${await postfix.log()}`);
    }

    function carrierOf(messageId: string, address: string): Promise<Buffer> {
      return eventually(`the carrier to ${address}`, async () =>
        (await postfix.mailsTo(address)).find((mail) => mail.includes(`Segl-Message: ${messageId}`)),
      );
    }

    async function handIn(carrier: Buffer, reader = new HttpReader(portal.url)): Promise<Answer> {
      const { attachments } = await simpleParser(carrier);
      return reader.handIn(carrierFieldOf(attachments[0]?.content.toString() ?? ''));
    }

    /** The page says which of the codes in the mailbox it is about. */
    async function codeFor(page: Answer, address: string): Promise<string> {
      const [, reference = 'none'] = /has the reference ([A-Z2-7]{4})\b/.exec(textOf(page)) ?? [];
      return eventually(`the code ${reference} to ${address}`, async () => {
        for (const bytes of await postfix.mailsTo(address)) {
          const mail = await simpleParser(bytes);
          if (mail.subject?.includes(`(${reference})`)) return /\b\d{4} \d{4}\b/.exec(mail.text ?? '')?.[0];
        }
        return undefined;
      });
    }

    function textOf({ body }: Answer): string {
      return body.replace(/<(style|head)[\s\S]*?<\/\1>|<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    }

    async function asksForACode(reader: HttpReader, location: string): Promise<string> {
      const asked = await reader.asksForACode(location);
      expect(asked.status).toBe(303);
      return asked.location;
    }

    async function pageSaying(reader: HttpReader, path: string, words: string): Promise<Answer> {
      return eventually(`the words "${words}"`, async () => {
        const page = await reader.get(path);
        return page.body.includes(words) ? page : undefined;
      });
    }

    async function reads(reader: HttpReader, location: string, codePage: Answer, path: string, address: string) {
      const code = await codeFor(codePage, address);
      const verified = await reader.submit(codePage, path, { code });
      const confirm = await reader.follow(verified);
      expect(confirm.body).not.toContain('7 million');
      return reader.view(location, confirm);
    }

    it('starts without anything of a demonstration', async () => {
      const reader = new HttpReader(portal.url);
      expect((await reader.get('/demo/mailbox')).status).toBe(404);
      for (const path of ['/', '/privacy']) {
        const page = await reader.get(path);
        expect(page.status).toBe(200);
        expect(page.body).toContain('Nordlys Advokater');
        expect(page.body).not.toMatch(/demonstration/i);
      }
      expect((await reader.get('/privacy')).body).toContain('Havnegade 1');
    });

    it('seals for each recipient, and each carrier arrives as the ordinary mail that it stands for', async () => {
      const sealed = await seal(anna, bo);
      expect(sealed).toMatchObject([
        { to: anna, delivery: 'relayed' },
        { to: bo, delivery: 'relayed' },
      ]);
      for (const { to, messageId } of sealed) {
        const bytes = await carrierOf(messageId, to);
        const mail = await simpleParser(bytes);
        expect(mail.headers.get('delivered-to')).toMatchObject({ text: to });
        expect(mail.headers.get('return-path')).toMatchObject({ text: office });
        expect(mail.from?.value).toEqual([{ name: 'Kontoret', address: office }]);
        expect(mail.to).toMatchObject({
          value: [
            { name: 'Anna Berg', address: anna },
            { name: '', address: bo },
          ],
        });
        expect(mail.date?.toISOString()).toBe('2026-11-22T08:14:00.000Z');
        expect(mail.messageId).toBe('<offer-2@nordlys.example>');
        expect(mail.inReplyTo).toBe('<offer-1@example.com>');
        expect(mail.references).toEqual(['<offer-0@nordlys.example>', '<offer-1@example.com>']);
        expect(mail.subject).not.toContain('7 million');
        expect(mail.text).toContain('Nordlys Advokater');
        expect(mail.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([
          ['message.html', 'text/html'],
        ]);
        expect(bytes.includes('7 million')).toBe(false);

        const file = join(directory, `${messageId}.eml`);
        await writeFile(file, bytes);
        const opened = segl('open', file);
        expect([opened.status, opened.stderr]).toEqual([0, '']);
        expect(opened.stdout.equals(original)).toBe(true);
      }
    }, 200_000);

    it('says whom the mail server refuses for good, and keeps that address out of record and logs', async () => {
      const sealed = await seal(anna, 'nobody-there@example.com', 'somebody@elsewhere.example');
      expect(sealed.map(({ delivery }) => delivery)).toEqual(['relayed', 'refused', 'refused']);
      expect(await postfix.log()).toContain('Relay access denied');
      const events = await Promise.all(
        (await readdir(portal.dataDir))
          .filter((name) => name.endsWith('-wal') || name.endsWith('.sqlite'))
          .map((name) => readFile(join(portal.dataDir, name))),
      );
      expect(events.length).toBeGreaterThanOrEqual(3);
      for (const address of ['nobody-there', 'elsewhere.example', anna]) {
        expect([address, portal.output().includes(address)]).toEqual([address, false]);
        expect([address, events.some((bytes) => bytes.includes(address))]).toEqual([address, false]);
      }
    }, 200_000);

    it('a recipient reads with the code that came through Postfix; it is recorded, revoked, and in the end forgotten', async () => {
      const [sealed] = await seal(anna);
      const messageId = sealed?.messageId ?? '';
      const carrier = await carrierOf(messageId, anna);
      const reader = new HttpReader(portal.url);
      const { status, location } = await handIn(carrier, reader);
      expect([status, location]).toEqual([303, `/m/${messageId}`]);
      const path = await asksForACode(reader, location);
      const codePage = await pageSaying(reader, path, 'was accepted by the mail server');
      const shown = await reads(reader, location, codePage, path, anna);
      expect(shown.status).toBe(200);
      expect(shown.body).toContain('The offer of 7 million');
      expect(shown.body).toContain('højskole');
      const [download = ''] = /\/m\/[a-z2-7]+\/attachments\/\d+/.exec(shown.body) ?? [];
      expect((await reader.download(shown, download)).equals(attached)).toBe(true);
      expect((await reader.download(shown, `${location}/original`)).equals(original)).toBe(true);

      expect(
        segl('revoke', messageId, '--yes', '--by', 'the compliance office', '--reason', 'wrong offer'),
      ).toMatchObject({
        status: 0,
      });
      for (const answer of [await reader.view(location, shown), await handIn(carrier)]) {
        expect(answer.status).toBe(404);
        expect(answer.body).toContain('We cannot show this message right now');
        expect(answer.body).not.toContain('7 million');
      }
      // A browser that has brought nothing gets the same page at any address, whatever became of the message.
      for (const address of [`/m/${'a'.repeat(32)}`, location]) {
        expect((await new HttpReader(portal.url).get(address)).status).toBe(200);
      }

      const record = recordOf(messageId);
      expect(record[0]).toMatchObject({ type: 'MessageSealed', data: { sender: office, recipient: anna } });
      expect(record).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            type: 'MessageViewed',
            data: expect.objectContaining({ method: 'passcode', form: 'page', networkAddress: '127.0.0.1' }),
          }),
          expect.objectContaining({
            type: 'AttachmentDownloaded',
            data: expect.objectContaining({ method: 'passcode' }),
          }),
          expect.objectContaining({
            type: 'MessageRevoked',
            data: expect.objectContaining({ revokedBy: 'the compliance office', reason: 'wrong offer' }),
          }),
          expect.objectContaining({ type: 'ViewDenied', data: expect.objectContaining({ reason: 'revoked' }) }),
        ]),
      );

      const [open] = await seal(anna);
      const openCarrier = await carrierOf(open?.messageId ?? '', anna);
      expect((await handIn(openCarrier)).status).toBe(303);
      expect(segl('erase', anna, '--yes')).toMatchObject({ status: 0 });
      expect((await handIn(openCarrier)).status).toBe(404);
      const afterwards = recordOf(messageId);
      expect(afterwards.map(({ type }) => type).slice(0, record.length)).toEqual(record.map(({ type }) => type));
      expect(afterwards[0]?.data).toMatchObject({ sender: office, recipient: '(erased)' });
      expect(JSON.stringify(afterwards)).not.toMatch(/anna|127\.0\.0\.1/);
    }, 400_000);

    it('while Postfix is away everything waits and says so, and all of it arrives once it is back', async () => {
      const [before] = await seal(bo);
      const carrier = await carrierOf(before?.messageId ?? '', bo);
      postfix.stop();
      const [waiting] = await seal(bo);
      expect(waiting?.delivery).toBe('queued');
      const doctor = segl('doctor');
      expect(doctor.status).toBe(69);
      expect(doctor.stdout.toString()).toMatch(/^FAULT {2}relay: /m);

      const reader = new HttpReader(portal.url);
      const { location } = await handIn(carrier, reader);
      const path = await asksForACode(reader, location);
      await pageSaying(reader, path, 'We will try again at');
      expect((await fetch(new URL('/readyz', portal.managementUrl))).status).toBe(200);

      postfix.start();
      const codePage = await pageSaying(reader, path, 'was accepted by the mail server');
      const shown = await reads(reader, location, codePage, path, bo);
      expect(shown.body).toContain('The offer of 7 million');
      const late = await carrierOf(waiting?.messageId ?? '', bo);
      expect((await handIn(late)).status).toBe(303);
      await eventually('the end of the outbox', async () =>
        (await readdir(join(portal.dataDir, 'outbox', 'queue'))).length === 0 ? true : undefined,
      );
      const copies = (await postfix.mailsTo(bo)).filter((mail) => mail.includes(`Segl-Message: ${waiting?.messageId}`));
      expect(copies).toHaveLength(1);
    }, 500_000);

    it('the doctor finds everything well, and SIGTERM ends it in order', async () => {
      const doctor = segl('doctor');
      expect(doctor.stdout.toString()).not.toContain('FAULT');
      expect([doctor.status, doctor.stderr]).toEqual([0, '']);
      expect(await portal.stop()).toBe(0);
    }, 60_000);
  },
);
