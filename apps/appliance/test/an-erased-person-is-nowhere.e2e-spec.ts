import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTransport } from 'nodemailer';
import { redisServerPath, startRedisServer } from '#libs/ephemeral-store/testing';
import type { RedisServer } from '#libs/ephemeral-store/testing';
import { EVENTSTOREDB } from '#libs/event-store/testing';
import type { AddressedStore } from '#libs/event-store/testing';
import { postgresBinaries, startTemporaryPostgres } from '#libs/keyring/testing';
import type { TemporaryPostgres } from '#libs/keyring/testing';
import { freePort } from '#libs/vocabulary/testing';
import { everythingInPostgres, everythingInRedis, filesBelow, rowOf, rowsOfTable, tracesIn } from './erased-places.ts';
import type { Place } from './erased-places.ts';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { mailFrom } from './installation.ts';
import { programWithKeyFile } from './program.ts';
import type { AskingProgram } from './program.ts';
import { seglIn } from './running-process.ts';
import { PROCESSES, SeveralProcesses } from './several-processes.ts';

/** Letters alone, so that no encoding of a header changes it. */
const mark = randomBytes(6)
  .toString('hex')
  .replaceAll(/\d/g, (digit) => 'ghijklmnop'.charAt(Number(digit)));
const NAME = `Botilda Kragelund${mark}`;
const botilda = `botilda.${mark}@example.org`;
const [cy, di, ea] = ['cy@example.org', 'di@example.org', 'ea@example.org'];
/** Of mails to others that name her. */
const NAMING = `Cc: ${NAME} <${botilda}>\r\n`;
const missing =
  redisServerPath() === null || postgresBinaries() === null ? 'no redis-server or no PostgreSQL on this machine' : null;

(missing === null ? describe : describe.skip)(
  `somebody who is erased, of an installation on EventStoreDB, Redis and PostgreSQL${missing === null ? '' : ` (${missing})`}`,
  () => {
    let redis: RedisServer;
    let postgres: TemporaryPostgres;
    let record: AddressedStore;
    let all: SeveralProcesses;
    let siem: AskingProgram;
    let smtpPort: number;
    /** What the next hop answers to a recipient, where it does not take the mail. */
    const answers = new Map<string, number>();
    const webhooks: string[] = [];
    const receiver = createServer((request, response) => {
      void text(request).then((body) => {
        webhooks.push(JSON.stringify(request.headers) + body);
        response.writeHead(204).end();
      });
    });

    beforeAll(async () => {
      [redis, postgres, record] = await Promise.all([
        startRedisServer(),
        startTemporaryPostgres(),
        EVENTSTOREDB.serve(),
      ]);
      smtpPort = await freePort();
      receiver.listen(0, '127.0.0.1');
      await once(receiver, 'listening');
      all = await SeveralProcesses.start(
        async () => ({ eventStore: record.url, ephemeralStore: redis.url, personKeys: postgres.url }),
        async ({ directory, program }) => {
          siem = await programWithKeyFile(directory, 'siem', ['audit:read', 'audit:export']);
          const secretFile = join(directory, 'webhook.secret');
          await writeFile(secretFile, `whsec_${Buffer.alloc(32, 5).toString('base64')}`);
          await mkdir(join(directory, 'ledger'));
          const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/segl`;
          const webhook = { url, secretFile, privateAddresses: ['127.0.0.1'], views: true };
          return {
            logLevel: 'debug',
            sealing: { recordSubject: true },
            ledger: { directory: join(directory, 'ledger') },
            smtp: mailFrom('127.0.0.1', smtpPort),
            signIn: { clients: [{ ...program.client, webhook }, siem.client] },
          };
        },
        PROCESSES,
        {
          onRcptTo: ({ address }, _session, done) => {
            const responseCode = answers.get(address);
            done(responseCode === undefined ? null : Object.assign(new Error(`not ${botilda}`), { responseCode }));
          },
        },
      );
    }, 600_000);
    afterAll(async () => {
      await all?.stop();
      receiver.close();
      await record?.remove();
      await postgres?.remove();
      await redis?.stop();
    }, 60_000);

    /** The command line on the gateway's machine, with its keys or with all of them. */
    const segl = (keys: 'gateway' | 'whole', ...command: string[]) => {
      const places = { SEGL_DATA_DIR: all.dataDirOf('gateway'), SEGL_KEYRING: all.keyringOf(keys) };
      return seglIn({ ...all.environmentOf('gateway'), ...places }, ...command);
    };
    const outbox = async (folder: string) =>
      (await filesBelow(join(all.dataDirOf('gateway'), 'outbox', folder))).filter(
        ({ name }) => !name.endsWith('.part'),
      );
    async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
      for (const deadline = Date.now() + 90_000; !(await isSo()); await sleep(50))
        if (Date.now() > deadline) throw new Error(`never: ${what}`);
    }
    async function seal(to: string, { deliver = true, header = '' } = {}): Promise<string> {
      const sealed = await all.program.seal(all.url, to, { from: 'mette@nordlys.example', deliver, header });
      expect(sealed.status).toBe(201);
      return sealed.text();
    }
    const ask = async (path: string, token: string, question?: object) => {
      const answer = await fetch(new URL(`/api/v1/${path}`, all.process('console-1').url), {
        method: question === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', connection: 'close' },
        ...(question !== undefined && { body: JSON.stringify(question) }),
      });
      return { status: answer.status, text: await answer.text() };
    };

    /** Everything that is anywhere, whoever can read it. */
    async function everything(): Promise<Place[]> {
      const place = (name: string, content: string): Place => ({ name, bytes: Buffer.from(content) });
      const token = await siem.token(all.url);
      const why = { caseNumber: '2026-17', reason: 'Art. 17' };
      const answers: Place[] = [];
      for (const [path, question] of [
        ['audit/feed?limit=1000'],
        ['audit/feed?limit=1000&form=ocsf'],
        ['audit/feed?limit=1000&form=cef'],
        ['audit/search', { limit: 1000 }],
        ['audit/exports', { why }],
        ['audit/exports', { why, form: 'csv' }],
      ] as const) {
        const { status, text: body } = await ask(path, token, question);
        answers.push(place(`answer:${path} ${JSON.stringify(question ?? {})} ${status}`, body));
      }
      const document = await (await fetch(new URL('/api/v1/openapi.json', all.url))).text();
      answers.push(place('answer:openapi.json 200', document));
      const told: Place[] = [];
      for (const name of PROCESSES)
        for (const path of ['/metrics', '/readyz', '/healthz'])
          told.push(place(`told:${name} ${path}`, await (await fetch(new URL(path, all.managementOf(name)))).text()));
      return [
        ...(await filesBelow(all.directory)),
        ...(await everythingInRedis(redis)),
        ...(await everythingInPostgres(postgres)),
        { name: 'eventstoredb:record', bytes: Buffer.concat((await record.record()).map(({ bytes }) => bytes)) },
        ...PROCESSES.map((name) => place(`log:${name}`, all.process(name).output())),
        ...told,
        ...answers,
        place('webhook:bodies', webhooks.join('\n')),
      ];
    }
    const hashes = async () =>
      (
        await postgres.query<{ hash: string }>(
          `SELECT encode(address_hash, 'hex') AS hash FROM segl_persons.person_index`,
        )
      ).map(({ hash }) => hash);

    it('is found nowhere by address, name or keyed hash, and every place of the table was looked into', async () => {
      await seal(cy);
      const before = new Set(await hashes());

      // Read, with a session that goes on, another sign-in half way, and a message that waits to be opened.
      const field = carrierFieldOf(
        await seal(botilda, { deliver: false, header: `Reply-To: ${NAME} <${botilda}>\r\n` }),
      );
      const reader = new HttpReader(all.url);
      const { location } = await reader.handIn(field);
      expect((await reader.view(location, await reader.signInFor(location))).status).toBe(200);
      const other = new HttpReader(all.url);
      await other.handIn(field);
      await other.asksForACode(location);
      await until('a webhook', () => webhooks.length > 0);

      // By SMTP, too large to be passed on from memory.
      const transport = createTransport({ host: '127.0.0.1', port: smtpPort, ignoreTLS: true });
      await transport.sendMail({
        envelope: { from: 'mette@nordlys.example', to: [botilda] },
        raw: `From: mette@nordlys.example\r\nTo: ${NAME} <${botilda}>\r\nSubject: large\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(6000)}`,
      });
      transport.close();

      // In each folder of the outbox: hers, and others' that name her.
      const [mine = ''] = (await hashes()).filter((hash) => !before.has(hash));
      for (const [to, code] of [
        [botilda, 451],
        [cy, 451],
        [di, 550],
      ] as const)
        answers.set(to, code);
      await seal(botilda);
      for (const to of [cy, di]) await seal(to, { header: NAMING });
      await seal(ea, { deliver: false, header: NAMING });
      await until('two that wait', async () => (await outbox('queue')).length === 2);
      await until('one that was refused', async () => (await outbox('refused')).length === 2);
      const wanted = { address: botilda, name: NAME, 'keyed hash': Buffer.from(mine, 'hex') };
      const traces = (places: readonly Place[]) =>
        places.flatMap((place) => tracesIn(place, wanted).map((found) => [rowOf(place), found].join(': ')));

      // The search finds what is there.
      const seen = new Set(traces(await everything()));
      for (const found of [
        '`outbox/queue`: address',
        '`outbox/queue`: name',
        '`outbox/refused`, with its `.json`: address',
        '`outbox/kept`: address',
        'PostgreSQL: keyed hash',
        'feed, search, exports, OpenAPI document: address',
      ])
        expect([...seen]).toContain(found);
      // Where nobody is to be named even before, nobody is.
      const named = [...seen].filter((found) => !found.includes('keyed hash')).map((found) => found.split(': ')[0]);
      const MAY_NAME = /outbox|feed/;
      expect(named.filter((row) => !MAY_NAME.test(row ?? ''))).toEqual([]);

      const erased = JSON.parse(
        await segl('gateway', 'erase', botilda, '--yes', '--json', '--case', '2026-17'),
      ) as object;
      expect(erased).toMatchObject({ outcome: 'erased', withdrawnCarriers: 1, carriersToOthers: 1 });
      expect((await reader.get(`${location}/view`)).status).not.toBe(200);
      answers.clear(); // what names her on its way to others leaves, without the half minute that it would wait
      for (const { name } of await outbox('queue')) {
        const [, waits = ''] = name.split(':');
        const queue = join(all.dataDirOf('gateway'), 'outbox/queue');
        await rename(join(queue, waits), join(queue, waits.replace(/^\d+/, '0'.repeat(15))));
      }
      await until(
        'the rest has left',
        async () => (await outbox('queue')).length + (await outbox('sending')).length === 0,
      );

      const key = join(all.directory, 'backup.key');
      const recipient = (await seglIn({}, 'keys', 'backup-identity', key)).trim();
      const later = join(all.directory, 'later.age');
      await segl('whole', 'backup', later, '--recipient', recipient);
      await seglIn({}, 'restore', later, '--identity', key, '--to', join(all.directory, 'restored'));

      const places = await everything();
      expect(places.filter((place) => rowOf(place) === null).map(({ name }) => name)).toEqual([]);
      expect(places.flatMap((place) => tracesIn(place, wanted).map((found) => `${found} in ${place.name}`))).toEqual(
        [],
      );
      expect(places.filter(({ name }) => name.startsWith('answer:') && !/ 200$/.test(name))).toEqual([]);
      const searched = rowsOfTable().filter(({ heldBy }) => heldBy.startsWith('searched'));
      const looked = new Set(places.map(rowOf));
      expect(searched.map(({ place }) => place).filter((place) => !looked.has(place))).toEqual([]);
    }, 600_000);
  },
);
