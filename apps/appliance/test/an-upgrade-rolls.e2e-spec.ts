import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { redisServerPath, startRedisServer } from '#libs/ephemeral-store/testing';
import type { RedisServer } from '#libs/ephemeral-store/testing';
import { EventStoreDbDouble } from '#libs/event-store/testing';
import { postgresBinaries, startTemporaryPostgres } from '#libs/keyring/testing';
import type { TemporaryPostgres } from '#libs/keyring/testing';
import { simpleParser } from 'mailparser';
import { freePort } from '#libs/vocabulary/testing';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import type { Answer } from './http-reader.ts';
import { roleOf, SeveralProcesses } from './several-processes.ts';
import type { ProcessName } from './several-processes.ts';
import { WayIn } from './way-in.ts';

const missing = [
  ...(redisServerPath() === null ? ['no redis-server'] : []),
  ...(postgresBinaries() === null ? ['no PostgreSQL'] : []),
  ...(WayIn.isHere() ? [] : ['no HAProxy']),
].join(', ');

/** What the chart says of each pod's end, and of the order in which portals are exchanged. */
const templates = join(import.meta.dirname, '../../../helm/segl/templates');
const [pod = '', deployment = '', settingsOfPods = ''] = await Promise.all(
  ['_pod.tpl', 'portal.yaml', '_settings.tpl'].map((name) => readFile(join(templates, name), 'utf8')),
);
const seconds = (pattern: RegExp) => Number(pattern.exec(pod)?.[1]);
const preStopSeconds = seconds(/preStop: \{ sleep: \{ seconds: (\d+) \} \}/);
const drainSeconds = Number(/ternary (\d+) 5 /.exec(settingsOfPods)?.[1]);
const graceSeconds = drainSeconds + seconds(/terminationGracePeriodSeconds: .* add (\d+) /);
/** An upload on a slow line, half a megabyte of it: longer under way after the signal than a process gives it by default. */
const UPLOAD_SECONDS = preStopSeconds + 8;
/** Proxies hear of a pod's end late; later than this, `preStop` would have to be longer. */
const HEARD_AFTER_SECONDS = preStopSeconds - 1;

interface Reading {
  readonly reader: HttpReader;
  readonly location: string;
  readonly to: string;
}

const newAddress = () => `reader-${randomUUID()}@example.com`;

(missing === '' ? describe : describe.skip)(
  `an upgrade, behind HAProxy, on Redis, PostgreSQL and EventStoreDB’s protocol${missing && ` (${missing})`}`,
  () => {
    let place: string;
    let redis: RedisServer;
    let postgres: TemporaryPostgres;
    let events: EventStoreDbDouble;
    let all: SeveralProcesses;
    let wayIn: WayIn;

    beforeAll(async () => {
      place = await mkdtemp(join(tmpdir(), 'segl-upgrade-'));
      [redis, postgres, events] = await Promise.all([
        startRedisServer(),
        startTemporaryPostgres(),
        EventStoreDbDouble.start(),
      ]);
      const port = await freePort();
      all = await SeveralProcesses.start(
        async () => ({ eventStore: events.url, ephemeralStore: redis.url, personKeys: postgres.url }),
        { publicUrl: `http://localhost:${port}`, drainSeconds },
        ['portal-1', 'portal-2', 'gateway', 'gateway-2'],
      );
      wayIn = await WayIn.start(port, all.front.url, place);
      for (const name of ['portal-1', 'portal-2', 'gateway', 'gateway-2'] as const) await admit(name);
    }, 300_000);
    afterAll(async () => {
      await wayIn?.stop();
      await all?.stop();
      await events?.stop();
      await postgres?.remove();
      await redis?.stop();
      await rm(place, { recursive: true, force: true });
    }, 60_000);

    const admit = (name: ProcessName) => wayIn.admit(roleOf(name) as 'portal' | 'gateway', name, all.addressOf(name));

    /** As a cluster ends a pod: proxies hear of it in their own time, and the kubelet does not wait for them. */
    async function endPod(name: ProcessName): Promise<void> {
      const heard = sleep(HEARD_AFTER_SECONDS * 1000).then(() => wayIn.dismiss(name));
      await sleep(preStopSeconds * 1000);
      const signalledAt = Date.now();
      expect([name, await all.stopOne(name)]).toEqual([name, 0]);
      expect((Date.now() - signalledAt) / 1000).toBeLessThan(graceSeconds - preStopSeconds);
      await heard;
    }

    /** `maxSurge: 1, maxUnavailable: 0`: each goes once the next one is ready (`startOne` waits for `/readyz`, as a cluster does). */
    async function exchangePortals(isGoing: (name: ProcessName) => void): Promise<void> {
      const ends: Promise<void>[] = [];
      for (const [before, next] of [
        ['portal-1', 'portal-3'],
        ['portal-2', 'portal-4'],
      ] as const) {
        await all.startOne(next);
        await admit(next);
        isGoing(before);
        ends.push(endPod(before));
      }
      await Promise.all(ends);
    }

    /** Of a StatefulSet: the last one first, each on its own volume, the next one not before that one is ready again. */
    async function exchangeGateways(): Promise<void> {
      for (const name of ['gateway-2', 'gateway'] as const) {
        await endPod(name);
        await all.startOne(name);
        await admit(name);
      }
    }

    /** @returns the field that the attachment's form sends */
    async function seal(to = newAddress(), more = ''): Promise<string> {
      const answer = await fetch(
        new URL(`/api/v1/messages?from=mette@nordlys.example&to=${to}&deliver=false`, wayIn.url),
        {
          method: 'POST',
          headers: { authorization: await all.program.authorization(wayIn.url), 'content-type': 'message/rfc822' },
          body: `From: mette@nordlys.example\r\nTo: ${to}\r\nSubject: The offer\r\n\r\nWe offer 412,500.\r\n${more}`,
        },
      );
      const text = await answer.text();
      if (answer.status !== 201) throw new Error(`sealing: ${answer.status} ${text.slice(0, 200)}`);
      return carrierFieldOf(text);
    }

    async function handIn(): Promise<Reading> {
      const to = newAddress();
      const reader = new HttpReader(wayIn.url);
      const { status, location } = await reader.handIn(await seal(to));
      if (status !== 303) throw new Error(`handing in: ${status}`);
      return { reader, location, to };
    }

    /** @returns what enters the code that has come by then */
    async function askForACode({ reader, location, to }: Reading): Promise<() => Promise<Answer>> {
      const asked = await reader.asksForACode(location);
      const enter = await reader.get(asked.location);
      const code = await codeFor(to);
      return async () => reader.follow(await reader.submit(enter, asked.location, { code }));
    }

    /** Several ask for codes at a time: each looks into their own mailbox. */
    async function codeFor(to: string): Promise<string> {
      for (let look = 0; look < 1000; look++, await sleep(20)) {
        const mail = all.mails.find(({ rcptTo }) => rcptTo.includes(to));
        const text = mail === undefined ? '' : ((await simpleParser(mail.content)).text ?? '');
        const [code] = /\b\d{4} \d{4}\b/.exec(text) ?? [];
        if (code !== undefined) return code;
      }
      throw new Error('the code never came');
    }

    async function expectShown({ reader, location }: Reading, confirm: Answer): Promise<void> {
      const { status, body } = await reader.view(location, confirm);
      if (status !== 200 || !body.includes('412,500')) throw new Error(`viewing: ${status} ${body.slice(0, 200)}`);
    }

    /** The rest of a slow upload that a proxy had begun to send to that pod. @returns the status of the answer */
    async function slowUploadTo(name: ProcessName): Promise<number> {
      const body = `m=${await seal(newAddress(), 'as agreed, and nothing else\r\n'.repeat(20_000))}`;
      const { port } = all.addressOf(name);
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) };
      const asked = request({ host: '127.0.0.1', port, path: '/open', method: 'POST', headers });
      const answered = new Promise<number>((resolve, reject) => {
        asked.once('error', reject).once('response', (answer) => resolve(answer.resume().statusCode ?? 0));
      });
      answered.catch(() => undefined);
      const pieces = 10;
      for (let piece = 0; piece < pieces; piece++) {
        asked.write(body.slice((body.length * piece) / pieces, (body.length * (piece + 1)) / pieces));
        await sleep((UPLOAD_SECONDS * 1000) / pieces);
      }
      asked.end();
      return answered;
    }

    it('rolls while all the journeys go on, with no failed request and no lost sign-in', async () => {
      expect([preStopSeconds, drainSeconds, graceSeconds]).toEqual([5, 60, 80]);
      expect(deployment).toContain('rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }');

      const signedIn = await handIn();
      const confirm = await (await askForACode(signedIn))();
      await expectShown(signedIn, confirm);
      const halfWay = await handIn();
      const entersCode = await askForACode(halfWay);
      const onlyHandedIn = await handIn();

      let isOver = false;
      const failures: unknown[] = [];
      const done = { journeys: 0, views: 0, seals: 0 };
      const again = async (kind: keyof typeof done, work: () => Promise<void>) => {
        while (!isOver) {
          try {
            await work();
            done[kind]++;
          } catch (error) {
            failures.push(error);
            await sleep(50);
          }
        }
      };
      const journey = async () => {
        const reading = await handIn();
        const page = await (await askForACode(reading))();
        await expectShown(reading, page);
        const original = await reading.reader.download(page, `${reading.location}/original`);
        expect(original.toString()).toContain('412,500');
      };
      const working = [
        again('journeys', journey),
        again('journeys', journey),
        again('views', () => expectShown(signedIn, confirm).then(() => sleep(100))),
        again('seals', () => seal().then(() => sleep(100))),
      ];
      const slow: Promise<number>[] = [];
      await Promise.all([exchangePortals((going) => slow.push(slowUploadTo(going))), exchangeGateways()]);
      const afterRoll = { ...done };
      while (done.journeys < afterRoll.journeys + 2 && failures.length === 0) await sleep(50);
      isOver = true;
      await Promise.all(working);

      expect(failures).toEqual([]);
      expect(await Promise.all(slow)).toEqual([303, 303]);
      await expectShown(signedIn, confirm);
      await expectShown(halfWay, await entersCode());
      await expectShown(onlyHandedIn, await (await askForACode(onlyHandedIn))());

      const counted = await wayIn.counted();
      expect(counted.map(({ name }) => name)).toEqual([
        'portal-1',
        'portal-2',
        'gateway',
        'gateway-2',
        'portal-3',
        'portal-4',
      ]);
      for (const each of counted) {
        expect(each).toMatchObject({ failed: 0, refused: 0 });
        expect(each.requests).toBeGreaterThan(5);
      }
      expect(Math.min(...Object.values(done))).toBeGreaterThan(4);
      process.stdout.write(`while the upgrade rolled: ${JSON.stringify({ ...done, counted })}\n`);
    }, 300_000);

    it('and nothing unexpected was answered', () => {
      expect(all.everythingSaid()).not.toContain('an unexpected error was answered');
    });
  },
);
