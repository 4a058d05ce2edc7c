import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDITED_TYPES } from '#libs/audit';
import { redisServerPath, startRedisServer } from '#libs/ephemeral-store/testing';
import type { RedisServer } from '#libs/ephemeral-store/testing';
import { openEventStoreDb, SqliteEventStore } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { postgresBinaries, startTemporaryPostgres } from '#libs/keyring/testing';
import type { TemporaryPostgres } from '#libs/keyring/testing';
import { answerOf, carrierFieldOf, HttpReader } from './http-reader.ts';
import type { Answer } from './http-reader.ts';
import { SeveralProcesses } from './several-processes.ts';
import type { ProcessName } from './several-processes.ts';
import { runSegl } from './running-process.ts';

/** Rounds in which every process is killed once while work goes on. */
const KILL_ROUNDS = Number(process.env['SEGL_TEST_KILL_ROUNDS'] ?? 2);
const eventStoreServer = process.env['SEGL_TEST_EVENTSTORE'];

async function until<T>(what: string, ask: () => Promise<T | null | undefined | false>, seconds = 120): Promise<T> {
  for (const deadline = Date.now() + seconds * 1000; ; await sleep(50)) {
    const answer = await ask().catch(() => null);
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: never within ${seconds} s`);
  }
}

interface Variant {
  readonly name: string;
  readonly isEmbedded: boolean;
  /** Why it cannot be told on this machine. */
  readonly missing: string | null;
}

const noRedis = redisServerPath() === null ? 'no redis-server on this machine' : null;
const variants: readonly Variant[] = [
  { name: 'SQLite and Redis', isEmbedded: true, missing: noRedis },
  {
    name: 'EventStoreDB, Redis and PostgreSQL',
    isEmbedded: false,
    missing:
      eventStoreServer === undefined
        ? 'SEGL_TEST_EVENTSTORE names none'
        : (noRedis ?? (postgresBinaries() === null ? 'no PostgreSQL on this machine' : null)),
  },
];

for (const { name, isEmbedded, missing } of variants) {
  const told = missing === null ? describe : describe.skip;
  told(`two portals, a gateway and two consoles on ${name}${missing === null ? '' : ` (${missing})`}`, () => {
    let redis: RedisServer;
    let postgres: TemporaryPostgres | null = null;
    let all: SeveralProcesses;

    beforeAll(async () => {
      redis = await startRedisServer();
      postgres = isEmbedded ? null : await startTemporaryPostgres();
      all = await SeveralProcesses.start(async (directory) => ({
        eventStore: isEmbedded ? `sqlite:${join(directory, 'events.sqlite')}` : (eventStoreServer ?? ''),
        ephemeralStore: redis.url,
        personKeys: postgres?.url ?? `sqlite:${join(directory, 'persons.sqlite')}`,
      }));
    }, 600_000);
    afterAll(async () => {
      await all?.stop();
      await postgres?.remove();
      await redis?.stop();
    }, 60_000);

    async function askToSeal(key: string, to: string, deliver = false): Promise<Response> {
      const query = `from=mette@nordlys.example&to=${to}&deliver=${deliver}`;
      return fetch(new URL(`/api/v1/messages?${query}`, all.url), {
        method: 'POST',
        headers: {
          authorization: await all.program.authorization(all.url),
          'content-type': 'message/rfc822',
          'idempotency-key': key,
        },
        body: `From: mette@nordlys.example\r\nTo: ${to}\r\nSubject: The offer\r\n\r\nWe offer 412,500 for ${key}.\r\n`,
      });
    }

    /** @returns the ciphertext as the carrier's form sends it */
    async function seal(key: string, to = 'anna@example.com'): Promise<string> {
      const answer = await askToSeal(key, to);
      const carrier = await answer.text();
      expect([answer.status, answer.status === 201 ? '' : carrier]).toEqual([201, '']);
      return carrierFieldOf(carrier);
    }

    async function record(): Promise<RecordedEvent[]> {
      const { eventStore } = all.stores;
      const store = isEmbedded
        ? await SqliteEventStore.open(eventStore.slice('sqlite:'.length))
        : await openEventStoreDb(eventStore);
      const events: RecordedEvent[] = [];
      for await (const event of store.readAll()) events.push(event);
      await store.close();
      return events;
    }

    const ofMessage = (events: readonly RecordedEvent[], location: string) =>
      events.filter(({ stream }) => stream === `message-${location.slice('/m/'.length)}`);

    async function epochOf(location: string): Promise<unknown> {
      const [sealed] = ofMessage(await record(), location);
      return (sealed?.data as { sealingKeyId?: unknown }).sealingKeyId;
    }

    const get = async (name: ProcessName, path: string): Promise<Answer> =>
      answerOf(await fetch(new URL(path, all.process(name).url), { redirect: 'manual' }));
    const watch = async (name: ProcessName, path: string): Promise<Answer> =>
      answerOf(await fetch(new URL(path, all.process(name).managementUrl)));
    const isReady = async (name: ProcessName) => (await watch(name, '/readyz')).status === 200;

    it('a mail is sealed, delivered, handed in, proven, read, taken home and finished, each step by another portal', async () => {
      expect((await askToSeal(randomUUID(), 'anna@example.com', true)).status).toBe(201);
      const delivered = await until('the carrier', async () => {
        const page = await fetch(new URL('/demo/mailbox/0/message.html', all.url));
        return page.status === 200 ? carrierFieldOf(await page.text()) : null;
      });
      const reader = new HttpReader(all.url);
      all.front.takeCounts();
      const { location } = await reader.handIn(delivered);
      const confirm = await reader.signInFor(location);
      const shown = await reader.view(location, confirm);
      expect(shown.status).toBe(200);
      expect(shown.body).toContain('412,500');
      const again = await reader.view(location, await reader.get(location));
      expect(again.body).toContain('412,500');
      expect((await reader.download(confirm, `${location}/original`)).toString()).toContain('412,500');
      const counts = all.front.takeCounts();
      expect(Math.abs((counts['portal-1'] ?? 0) - (counts['portal-2'] ?? 0))).toBeLessThanOrEqual(1);
      expect(counts['portal-1']).toBeGreaterThan(4);
      // A second browser at the same address signs in itself, whichever portal it meets.
      for (const _ of [1, 2]) expect((await new HttpReader(all.url).get(location)).body).not.toContain('412,500');

      const types = ofMessage(await record(), location).map(({ type }) => type);
      expect(types).toEqual(['MessageSealed', 'MessageViewed', 'MessageViewed', 'MessageViewed']);
    }, 300_000);

    it('limits hold over all of them: a code is guessed five times, not five times each', async () => {
      const reader = new HttpReader(all.url);
      const { location } = await reader.handIn(await seal(randomUUID(), 'guessed@example.com'));
      const asked = await reader.asksForACode(location);
      const enter = await reader.get(asked.location);
      await Promise.all(
        Array.from({ length: 20 }, (_, guess) =>
          reader.submit(enter, asked.location, { code: String(10_000_000 + guess) }),
        ),
      );
      const passcodes = (await record()).filter(({ type, data }) => {
        const { challengeId } = data as { challengeId?: unknown };
        return /^Otp(Rejected|Exhausted)$/.test(type) && asked.location.endsWith(String(challengeId));
      });
      const count = (type: string) => passcodes.filter((event) => event.type === type).length;
      expect([count('OtpRejected'), count('OtpExhausted')]).toEqual([5, 1]);
    }, 300_000);

    it('each serves what its role serves, and says of the rest that it is elsewhere', async () => {
      const elsewhere: [ProcessName, string][] = [
        ['gateway', '/'],
        ['gateway', '/open'],
        ['gateway', `/m/${'a'.repeat(32)}`],
        ['gateway', '/oidc/.well-known/openid-configuration'],
        ['gateway', '/privacy'],
        ['console-1', '/'],
        ['console-1', '/sign-in/x'],
      ];
      for (const [process, path] of elsewhere) {
        const { status, body } = await get(process, path);
        expect([process, path, status]).toEqual([process, path, 404]);
        expect(body).toContain('This part of the portal does not serve it');
      }
      for (const process of ['portal-1', 'console-2'] as const) {
        const { status, body, headers } = await get(process, '/api/v1/openapi.json');
        expect([status, headers.get('content-type')]).toEqual([404, expect.stringContaining('problem+json')]);
        expect(JSON.parse(body)).toMatchObject({
          detail: expect.stringContaining('This part of the portal does not serve it'),
        });
      }
      const posted = await fetch(new URL('/open', all.process('gateway').url), { method: 'POST', body: 'm=x' });
      expect([posted.status, await posted.text()]).toEqual([404, expect.stringContaining('does not serve it')]);
      const unknown = await get('gateway', '/nowhere');
      expect([unknown.status, unknown.body]).toEqual([404, expect.stringContaining('Page not found')]);
      for (const [process, path] of [
        ['portal-1', '/'],
        ['portal-2', '/privacy'],
        ['gateway', '/api/v1/openapi.json'],
      ] as const)
        expect((await get(process, path)).status).toBe(200);
      // Figures of its own parts, and of no others.
      const figures = {
        'portal-1': 'segl_waiting_bytes',
        gateway: 'segl_outbox_carriers',
        'console-1': 'segl_projection',
      };
      for (const process of Object.keys(figures) as (keyof typeof figures)[]) {
        const { body } = await watch(process, '/metrics');
        expect(body).toContain(figures[process]);
        if (process !== 'console-1') expect(body).not.toContain('segl_projection');
      }
    }, 300_000);

    it('a new epoch is sealed to once both portals can open it, and not before', async () => {
      let field = '';
      const sealed = async () => (await new HttpReader(all.url).handIn((field = await seal(randomUUID())))).location;
      const keyId = await all.newSealingKey();
      expect(keyId).toBe('sealing-2');
      await all.handOut('sealing-2.pub', 'gateway');
      for (const half of ['key', 'pub']) await all.handOut(`sealing-2.${half}`, 'portal-1');
      await until('the gateway says that it waits', async () =>
        all.process('gateway').output().includes('a new sealing epoch waits'),
      );
      expect(await epochOf(await sealed())).toBe('sealing-1');
      for (const half of ['key', 'pub']) await all.handOut(`sealing-2.${half}`, 'portal-2');
      const location = await until('the new epoch', async () => {
        const sealedAt = await sealed();
        return (await epochOf(sealedAt)) === 'sealing-2' ? sealedAt : null;
      });
      for (const _ of [1, 2]) {
        const reader = new HttpReader(all.url);
        await reader.handIn(field);
        const shown = await reader.view(location, await reader.signInFor(location));
        expect(shown.body).toContain('412,500');
      }
    }, 300_000);

    it('without Redis portals say why they are not ready, mail is sealed all the same, and all goes on without a restart', async () => {
      const reader = new HttpReader(all.url);
      const field = await seal(randomUUID());
      const { location } = await reader.handIn(field);
      await reader.signInFor(location);
      await redis.kill();
      await until('both portals say so', async () => !(await isReady('portal-1')) && !(await isReady('portal-2')));
      const { body } = await watch('portal-1', '/readyz');
      expect(body).toMatch(/^ephemeral store: .{10,}/);
      expect(body).not.toMatch(/127\.0\.0\.1|:\d{4,5}|\/tmp/);
      expect((await get('portal-1', '/healthz')).status).toBe(200);
      for (const process of ['gateway', 'console-1', 'console-2'] as const) expect(await isReady(process)).toBe(true);
      expect((await watch('portal-1', '/metrics')).status).toBe(200);
      const views = async () =>
        ofMessage(await record(), location).filter(({ type }) => type === 'MessageViewed').length;
      expect((await reader.get(location)).status).toBe(503);
      expect(await views()).toBe(0);

      // Emptied, too: what must expire is gone, and the reader begins again with the attachment.
      await redis.start();
      await until('both portals are back', async () => (await isReady('portal-1')) && (await isReady('portal-2')));
      const { location: handedInAgain } = await reader.handIn(field);
      const shown = await reader.view(handedInAgain, await reader.signInFor(handedInAgain));
      expect(shown.body).toContain('412,500');
      expect(await views()).toBe(1);
    }, 300_000);

    it('a process that starts while Redis is away is alive, says what it waits for, and comes by itself', async () => {
      await all.kill('portal-2');
      await redis.kill();
      const url = new URL('/', all.process('portal-1').url);
      const starting = all.startOne('portal-2');
      const itself = all.addressOf('portal-2');
      await until('it listens', async () => (await fetch(new URL('/healthz', itself))).status === 200);
      const ready = await fetch(new URL('/readyz', all.managementOf('portal-2')));
      expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('ephemeral store')]);
      expect((await fetch(url)).status).toBe(200); // a page that needs nothing of it
      await redis.start();
      await starting;
      await until('both are ready', async () => (await isReady('portal-1')) && (await isReady('portal-2')));
    }, 300_000);

    it('whichever is killed, a reader goes on with the next, and one who comes back needs no new sign-in', async () => {
      const reader = new HttpReader(all.url);
      const { location } = await reader.handIn(await seal(randomUUID()));
      await all.kill('portal-1');
      const confirm = await reader.signInFor(location);
      await all.startOne('portal-1');
      await all.kill('portal-2');
      expect((await reader.view(location, confirm)).body).toContain('412,500');
      await all.kill('portal-1');
      expect((await reader.get(location)).status).toBe(502);
      await Promise.all([all.startOne('portal-1'), all.startOne('portal-2')]);
      expect((await reader.view(location, await reader.get(location))).body).toContain('412,500');
    }, 300_000);

    it(`over ${KILL_ROUNDS * 4} kills in the middle of work nothing acknowledged is lost, and nothing is doubled`, async () => {
      const sealed = new Map<string, string[]>();
      const begun: string[] = [];
      const shown = new Map<string, number>();
      let isOver = false;

      const sealOver = async (key: string) => {
        const answer = await askToSeal(key, 'anna@example.com', true);
        if (answer.status !== 201) throw new Error(`${answer.status}`);
        const { messages } = (await answer.json()) as { messages: { messageId: string }[] };
        const messageIds = messages.map(({ messageId }) => messageId);
        expect(sealed.get(key) ?? messageIds).toEqual(messageIds);
        sealed.set(key, messageIds);
      };
      const sealing = async () => {
        while (!isOver) {
          const key = randomUUID();
          begun.push(key);
          await sealOver(key).catch(() => sleep(20));
        }
      };
      const reading = async () => {
        while (!isOver) {
          try {
            const reader = new HttpReader(all.url);
            const { location } = await reader.handIn(await seal(randomUUID(), `reader-${randomUUID()}@example.com`));
            const confirm = await reader.signInFor(location);
            for (let time = 0; time < 3; time++) {
              const { status, body } = await reader.view(location, confirm);
              if (status === 200 && body.includes('412,500')) shown.set(location, (shown.get(location) ?? 0) + 1);
            }
          } catch {
            await sleep(20); // the process that answered was killed
          }
        }
      };
      const working = [sealing(), reading(), reading()];
      for (let round = 0; round < KILL_ROUNDS; round++) {
        for (const name of ['portal-1', 'gateway', 'portal-2', 'console-1'] as const) {
          const [sealedBefore, shownBefore] = [sealed.size, shown.size];
          await until('work goes on', async () => sealed.size > sealedBefore + 2 && shown.size > shownBefore);
          await sleep(Math.random() * 50);
          await all.kill(name);
          await sleep(Math.random() * 200);
          await all.startOne(name);
        }
      }
      isOver = true;
      await Promise.all(working);
      for (const key of begun) if (!sealed.has(key)) await sealOver(key);

      const events = await record();
      const accepted = events.filter(({ type }) => type === 'SubmissionAccepted');
      for (const [key, messageIds] of sealed) {
        const timesAccepted = accepted.filter(({ data }) =>
          (data as { messages: { messageId: string }[] }).messages.some((each) => messageIds.includes(each.messageId)),
        ).length;
        expect([key, timesAccepted]).toEqual([key, 1]);
      }
      for (const [location, times] of shown) {
        const recorded = ofMessage(events, location).filter(({ type }) => type === 'MessageViewed').length;
        expect(recorded).toBeGreaterThanOrEqual(times);
      }
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      const revisions = new Map<string, number>();
      for (const { stream, revision } of events) {
        expect([stream, revision]).toEqual([stream, (revisions.get(stream) ?? -1) + 1]);
        revisions.set(stream, revision);
      }
    }, 1_200_000);

    it('both consoles hold the whole record once each, whichever was killed, and so does a third on the same file', async () => {
      const events = await record();
      const expected = events.filter(({ type }) => AUDITED_TYPES.includes(type)).length;
      const held = (name: ProcessName) => {
        const file = new DatabaseSync(join(all.dataDirOf(name), 'read-models.sqlite'), { readOnly: true });
        const sql = 'SELECT count(*) AS events, count(DISTINCT event_id) AS "distinct" FROM audit_event';
        const counts = file.prepare(sql).get() as { events: number; distinct: number };
        file.close();
        return counts;
      };
      for (const name of ['console-1', 'console-2'] as const) {
        await until(`${name} is there`, async () => held(name).distinct >= expected);
        expect(held(name)).toEqual({ events: expected, distinct: expected });
      }
      // `segl audit query` follows with a runner of its own on the first console's file, as a third console would.
      const { eventStore, personKeys } = all.stores;
      const where = ['--data-dir', all.dataDirOf('console-1'), '--keyring', all.keyringOf('portal-1')];
      const stores = ['--event-store', eventStore, '--person-keys', personKeys];
      const views = JSON.parse(runSegl('audit', 'query', '--type', 'MessageViewed', '--json', ...where, ...stores)) as {
        rows: [];
      };
      expect(views.rows.length).toBeGreaterThan(0);
      const after = held('console-1');
      expect(after.events).toBe(after.distinct);
      expect([expected, expected + 1]).toContain(after.events); // the question itself is recorded, too
    }, 300_000);

    it('nothing unexpected was ever answered, and no log names a person', () => {
      const said = all.everythingSaid();
      expect(said).not.toContain('an unexpected error was answered');
      expect(said).not.toMatch(/@example\.com|412,500/);
    });
  });
}
