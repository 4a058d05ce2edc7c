/**
 * Faults injected at every step of the main job, on a cluster of processes: what must be zero is counted over all of them.
 *
 * SEGL_TEST_FAULTS  how many runs (default 20; a round of every fault at every step is 70 on SQLite, 84 on a server).
 * SEGL_TEST_EVENTSTORE  URL of a real server, with the variant that needs one.
 * SEGL_TEST_EVENTSTORE_CONTROL  the command that strikes that server: see eventStoreServerFaults in faults.ts for what it is
 *   given and what it answers. Without it the server itself is left alone.
 */
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDITED_TYPES } from '#libs/audit';
import { redisServerPath, startRedisServer } from '#libs/ephemeral-store/testing';
import type { RedisServer } from '#libs/ephemeral-store/testing';
import { openEventStoreDb, SqliteEventStore } from '#libs/event-store';
import type { EventStore, RecordedEvent } from '#libs/event-store';
import { postgresBinaries, startTemporaryPostgres } from '#libs/keyring/testing';
import type { TemporaryPostgres } from '#libs/keyring/testing';
import { RevokeMessage, RevokeMessageHandler } from '#libs/sealing';
import { SystemClock } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { FaultJourney, StepFailed, STEPS } from './fault-journey.ts';
import type { Step } from './fault-journey.ts';
import { FaultTally } from './fault-tally.ts';
import { eventStoreServerFaults, postgresFaults, processFaults, redisFaults, sqliteFaults } from './faults.ts';
import type { Fault } from './faults.ts';
import { FaultFigures } from './fault-figures.ts';
import { PROCESSES, SeveralProcesses } from './several-processes.ts';

const RUNS = Number(process.env['SEGL_TEST_FAULTS'] ?? 20);
const eventStoreServer = process.env['SEGL_TEST_EVENTSTORE'];
const eventStoreControl = process.env['SEGL_TEST_EVENTSTORE_CONTROL'];
/** What hangs is left so in turn, a round long each: longer than the 5 s that a store waits for a lock first, then shorter. */
const LASTING_SECONDS = [6, 3, 10] as const;
/** A machine that does much else takes its time; nobody waits so long unless something is wrong. */
const PATIENCE_SECONDS = 180;
/** Tries of one step after all is back, before the reader begins again with the attachment. */
const TRIES = 2;

const noServers =
  redisServerPath() === null
    ? 'no redis-server on this machine'
    : postgresBinaries() === null
      ? 'no PostgreSQL on this machine'
      : null;
const variants = [
  { name: 'SQLite', isEmbedded: true, missing: noServers },
  {
    name: 'EventStoreDB',
    isEmbedded: false,
    missing: eventStoreServer === undefined ? 'SEGL_TEST_EVENTSTORE names none' : noServers,
  },
];

async function until(what: string, ask: () => Promise<boolean>, seconds = PATIENCE_SECONDS): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; !(await ask().catch(() => false)); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`${what}: never within ${seconds} s`);
  }
}

for (const { name, isEmbedded, missing } of variants) {
  const told = missing === null ? describe : describe.skip;
  told(`faults at every step on ${name}, Redis and PostgreSQL${missing === null ? '' : ` (${missing})`}`, () => {
    let redis: RedisServer;
    let postgres: TemporaryPostgres;
    let all: SeveralProcesses;
    let store: EventStore;
    let faults: readonly Fault[];
    const tally = new FaultTally();
    const figures = new FaultFigures();

    beforeAll(async () => {
      redis = await startRedisServer();
      postgres = await startTemporaryPostgres();
      all = await SeveralProcesses.start(async (directory) => ({
        eventStore: isEmbedded ? `sqlite:${join(directory, 'events.sqlite')}` : (eventStoreServer ?? ''),
        ephemeralStore: redis.url,
        personKeys: postgres.url,
      }));
      const { eventStore } = all.stores;
      const path = eventStore.slice('sqlite:'.length);
      store = await (isEmbedded ? SqliteEventStore.open(path) : openEventStoreDb(eventStore));
      const ofEventStore = isEmbedded
        ? sqliteFaults(path)
        : eventStoreControl === undefined
          ? []
          : eventStoreServerFaults(eventStoreControl);
      faults = [...ofEventStore, ...redisFaults(redis), ...postgresFaults(postgres), ...processFaults(all)];
    }, 600_000);
    afterAll(async () => {
      await store?.close();
      await all?.stop();
      await postgres?.remove();
      await redis?.stop();
    }, 120_000);

    const revoke = async (messageId: string): Promise<void> => {
      const revocations = new RevokeMessageHandler(store, new SystemClock());
      await revocations.execute(new RevokeMessage(messageId as MessageId, 'the fault runs'));
    };
    const newJourney = () => new FaultJourney(all, tally, revoke);
    const ask = async (process: (typeof PROCESSES)[number], path: string) => {
      const answer = await fetch(new URL(path, all.process(process).managementUrl));
      return { status: answer.status, text: await answer.text() };
    };
    const stateOf = async (process: (typeof PROCESSES)[number]): Promise<string> => {
      try {
        const { managementUrl, output } = all.process(process);
        const answer = await fetch(new URL('/readyz', managementUrl), { signal: AbortSignal.timeout(20_000) });
        return `${(await answer.text()).trim()}; its last words: ${output().slice(-2000)}`;
      } catch (error) {
        return String(error);
      }
    };
    const areReady = async () => {
      const answers = await Promise.all(PROCESSES.map((process) => ask(process, '/readyz')));
      return answers.every(({ status }) => status === 200);
    };

    /** Both portals say what is away, in words for anybody, and stay alive: a supervisor has no reason to restart them. */
    async function isToldAtReadyz(part: string): Promise<void> {
      for (const portal of ['portal-1', 'portal-2'] as const) {
        let text = '';
        await until(`${portal} tells of the ${part}`, async () => {
          const answer = await ask(portal, '/readyz');
          text = answer.text;
          return answer.status === 503 && text.includes(`${part}: `);
        });
        expect(text).toMatch(new RegExp(`^${part}: .{10,}$`, 'm'));
        expect(text).not.toMatch(/127\.0\.0\.1|localhost|:\d{4,5}|\/tmp|@/);
        figures.reasonTold(text);
        expect((await ask(portal, '/healthz')).status).toBe(200);
      }
    }

    /** Tries on, as a reader does, until it is done; once all is back a reader who gets no further begins again. */
    async function goOn(journey: FaultJourney, step: Step, isBack: () => boolean): Promise<'went on' | 'began again'> {
      const path = STEPS.slice(0, STEPS.indexOf(step) + 1);
      let failures = 0;
      for (let deadline = Infinity; ; await sleep(100)) {
        const wasBack = isBack();
        if (wasBack) deadline = Math.min(deadline, Date.now() + PATIENCE_SECONDS * 1000);
        try {
          if (failures >= TRIES) {
            journey.takeAnotherBrowser();
            for (const before of path.slice(path.indexOf('hand in'), -1)) await journey.take(before);
          }
          await journey.take(step);
          return failures >= TRIES ? 'began again' : 'went on';
        } catch (error) {
          if (!(error instanceof StepFailed)) throw error;
          if (Date.now() > deadline) throw new Error(`never came further: ${error.message}`, { cause: error });
          if (wasBack && path.includes('hand in')) failures++;
        }
      }
    }

    async function run(number: number): Promise<void> {
      const round = Math.floor(number / (faults.length * STEPS.length));
      // Every pair once in a round, each fault and each step already in its first runs.
      const shift = Math.floor(number / faults.length) % STEPS.length;
      const fault = faults[number % faults.length] as Fault;
      const chosen = STEPS[(number + shift) % STEPS.length] as Step;
      const isBefore = (number + round) % 2 === 0; // or in the middle of the step
      const journey = newJourney();
      for (const step of STEPS) {
        if (step !== chosen) {
          await goOn(journey, step, () => true);
          continue;
        }
        let backAt = Infinity;
        if (isBefore) await fault.begin();
        const going = goOn(journey, step, () => backAt < Infinity).then(
          (how) => ({ how, at: Date.now() }),
          (error: unknown) => ({ error }),
        );
        if (!isBefore) {
          await sleep(Math.random() * 30);
          await fault.begin();
        }
        const struckAt = Date.now();
        const lastsUntil = struckAt + (LASTING_SECONDS[round % LASTING_SECONDS.length] ?? 3) * 1000;
        try {
          if (fault.part !== null) await isToldAtReadyz(fault.part);
          if (fault.lasts) await sleep(Math.max(0, lastsUntil - Date.now()));
        } finally {
          await fault.end();
        }
        backAt = Date.now();
        await until('all processes are ready again', areReady);
        const readyMs = Date.now() - backAt;
        const outcome = await going;
        if ('error' in outcome) throw new Error(`run ${number}, ${fault.name} at "${step}"`, { cause: outcome.error });
        figures.ran(fault.name, step, {
          readyMs,
          readerMs: Math.max(0, outcome.at - backAt),
          heldUpMs: Math.max(0, outcome.at - struckAt),
          beganAgain: outcome.how === 'began again',
        });
      }
      figures.answered(journey.longestAnswerMs);
    }

    it(`nothing acknowledged is lost, doubled or shown without a record, over ${RUNS} faults`, async () => {
      let isOver = false;
      // Somebody who reads without pause, and so stands anywhere when a fault comes.
      const passingBy = (async () => {
        while (!isOver) {
          const journey = newJourney();
          for (const step of STEPS) if (!isOver) await goOn(journey, step, () => true);
          figures.passedBy();
        }
      })();
      let failure: unknown = null;
      try {
        for (let number = 0; number < RUNS; number++) {
          const running = run(number);
          await Promise.race([running, passingBy.then(() => running)]);
          // A long series says that it lives; a short one is over before anybody asks.
          if (RUNS > 50 && number % 10 === 9) process.stdout.write(`${name}: ${number + 1} faults of ${RUNS}\n`);
        }
      } catch (error) {
        failure = error;
        for (const process of PROCESSES) figures.stood(process, await stateOf(process));
      }
      isOver = true;
      await passingBy.catch((error: unknown) => (failure ??= error));

      const events: RecordedEvent[] = [];
      for await (const event of store.readAll()) events.push(event);
      const reckoning = tally.reckon(events);
      process.stdout.write(figures.told(name, tally, reckoning, events.length));
      if (failure !== null) throw failure;
      expect(reckoning).toEqual({
        shownWithoutRecord: [],
        lost: [],
        doubled: [],
        shownAfterRevocation: [],
        recordedWithoutRequest: [],
      });
      expect(figures.runs).toBe(RUNS);
      // It means something only if readers saw what they came for, and revocations were tried.
      expect(tally.showings.filter(({ isShown }) => isShown).length).toBeGreaterThanOrEqual(2 * RUNS);
      expect(tally.revokedAt.size).toBeGreaterThanOrEqual(RUNS);
    }, 14_400_000);

    it('both consoles hold the whole record once', async () => {
      let expected = 0;
      for await (const { type } of store.readAll()) if (AUDITED_TYPES.includes(type)) expected++;
      for (const console of ['console-1', 'console-2'] as const) {
        const held = () => {
          const file = new DatabaseSync(join(all.dataDirOf(console), 'read-models.sqlite'), { readOnly: true });
          const sql = 'SELECT count(*) AS events, count(DISTINCT event_id) AS "distinct" FROM audit_event';
          const counts = file.prepare(sql).get() as { events: number; distinct: number };
          file.close();
          return counts;
        };
        await until(`${console} is there`, async () => held().distinct >= expected).catch(() => undefined);
        expect({ console, ...held() }).toEqual({ console, events: expected, distinct: expected });
      }
    }, 600_000);

    it('nothing unexpected was ever answered, and no log names a person', () => {
      const said = all.everythingSaid();
      expect(said.split('\n').filter((line) => line.includes('an unexpected error was answered'))).toEqual([]);
      expect(said).not.toMatch(/@example\.com|412,500/);
    });
  });
}
