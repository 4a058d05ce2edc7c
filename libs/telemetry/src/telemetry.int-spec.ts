import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventStoreUnavailable, ProjectionRunner, ReadModels } from '#libs/event-store';
import type { EventStore, StreamName } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, instantOf } from '#libs/vocabulary';
import { DIMENSIONS } from './dimensions.ts';
import type { NoisyCell } from './noisy-cells.ts';
import { Chance } from './privacy/chance.ts';
import { DEFAULT_PRIVACY } from './privacy/privacy-budget.ts';
import { readTelemetry, telemetryCounts } from './read-model.ts';
import { Telemetry } from './telemetry.ts';
import type { TelemetryEvent, TelemetryOptions } from './telemetry.ts';
import { seededBytes } from './testing/seeded-bytes.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0 MARKER-UA';
type NoisyCountsWritten = Extract<TelemetryEvent, { type: 'NoisyCountsWritten' }>;
const PERIOD_SECONDS = DEFAULT_PRIVACY.periodDays * 24 * 3600;

let sqlite: TemporarySqlite;
let clock: FixedClock;

beforeEach(async () => {
  sqlite = await openTemporarySqlite();
  clock = new FixedClock(instantOf('2026-11-25T10:03:07.123Z'));
});
afterEach(() => sqlite.cleanUp());

function telemetryOn(store: EventStore = sqlite.store, options: TelemetryOptions = {}): Telemetry {
  const chance = new Chance(seededBytes('telemetry'));
  return new Telemetry(store, clock, { chance, monotonicMs: () => Date.parse(clock.now()), ...options });
}

const written = () => writtenTo(sqlite.store);

async function writtenTo(store: EventStore) {
  const events = [];
  for await (const { stream, type, data } of store.readAll()) events.push({ stream, type, data });
  return events as { stream: StreamName; type: string; data: NoisyCountsWritten['data'] }[];
}

async function cellsWritten() {
  return (await written()).flatMap(({ data }) => data.cells as readonly NoisyCell[]);
}

function visit(telemetry: Telemetry, persons: number, prefix = 'MARKER-PERSON'): void {
  for (let person = 0; person < persons; person++) telemetry.count(`${prefix}-${person}`, 'message-view', 'page');
}

/** The store behind it, failing as often as it is set to. */
function failing(store: EventStore, failures: ('before' | 'after')[]): EventStore {
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'append') return Reflect.get(target, name, target) as unknown;
      return async (...given: Parameters<EventStore['append']>) => {
        const failure = failures.shift();
        if (failure === 'before') throw new EventStoreUnavailable('away');
        const result = await target.append(...given);
        if (failure === 'after') throw new EventStoreUnavailable('answer lost');
        return result;
      };
    },
  });
}

describe('what telemetry writes', () => {
  it('is one event for each dimension of a period that has ended, and near the truth', async () => {
    const telemetry = telemetryOn();
    for (let person = 0; person < 2000; person++) {
      telemetry.countClient(`MARKER-PERSON-${person}`, FIREFOX);
      if (person < 60) telemetry.count(`MARKER-PERSON-${person}`, 'sign-in', 'passcode');
    }
    await telemetry.write();
    expect(await written()).toEqual([]); // the period goes on
    clock.advance(PERIOD_SECONDS);
    await telemetry.write();
    await telemetry.write();
    const events = await written();
    expect(events.map(({ data }) => data.dimension)).toEqual([...DIMENSIONS]);
    expect(new Set(events.map(({ stream }) => stream)).size).toBe(1);
    expect(events.find(({ data }) => data.dimension === 'browser')?.data).toEqual({
      dimension: 'browser',
      from: '2026-11-25', // when this process began, within the period of 2026-11-03
      until: '2026-12-03',
      epsilon: 2,
      cells: [{ value: 'Firefox 145', persons: expect.any(Number), margin: expect.any(Number) }],
    });
    for (const { persons, margin } of await cellsWritten()) {
      expect(Math.abs(persons - 2000)).toBeLessThanOrEqual(2 * margin);
    }
    expect(events.find(({ data }) => data.dimension === 'sign-in')?.data.cells).toEqual([]); // too few
  });

  it('holds nothing of any visit, in any file', async () => {
    const telemetry = telemetryOn();
    for (let person = 0; person < 1000; person++) telemetry.countClient(`MARKER-PERSON-${person}`, FIREFOX);
    clock.advance(PERIOD_SECONDS);
    await telemetry.stop();
    await sqlite.store.close();
    const bytes = readdirSync(sqlite.directory).map((file) => readFileSync(join(sqlite.directory, file), 'latin1'));
    expect(bytes.join('')).toContain('Firefox 145');
    expect(bytes.join('')).not.toMatch(/MARKER|Mozilla|10:03:07\.123/);
  });

  it('is nothing of a period that has not ended, also at a stop', async () => {
    const telemetry = telemetryOn();
    visit(telemetry, 1000);
    await telemetry.stop();
    clock.advance(PERIOD_SECONDS);
    await telemetry.write();
    expect(await cellsWritten()).toEqual([]);
  });

  it('waits for the store and then is written once, with one and the same noise', async () => {
    const failures: unknown[] = [];
    const telemetry = telemetryOn(failing(sqlite.store, ['before', 'after', 'before']), {
      onFailure: (error) => failures.push(error),
    });
    visit(telemetry, 1000);
    clock.advance(PERIOD_SECONDS);
    await telemetry.write(); // away
    expect(await written()).toEqual([]);
    await telemetry.write(); // taken, but the answer is lost
    const taken = await written();
    visit(telemetry, 1000);
    clock.advance(PERIOD_SECONDS);
    for (let tries = 0; tries < 3; tries++) await telemetry.write();
    expect(failures).toHaveLength(3);
    expect(taken).toHaveLength(DIMENSIONS.length);
    expect((await written()).slice(0, taken.length)).toEqual(taken);
    expect(await written()).toHaveLength(2 * DIMENSIONS.length);
  });

  it('is of one process alone, whichever comes first, whoever it has counted', async () => {
    const other = await sqlite.openAnother();
    const processes = [telemetryOn(), telemetryOn(other), telemetryOn(other)];
    processes.slice(1).forEach((telemetry, at) => visit(telemetry, 1000, `MARKER-${at}`));
    clock.advance(PERIOD_SECONDS);
    await processes[0]?.write(); // it has counted nobody, and says no less
    await Promise.all(processes.map((telemetry) => telemetry.write()));
    expect(await written()).toHaveLength(DIMENSIONS.length);
    expect(await cellsWritten()).toEqual([]);
  });

  it('tells of no day twice, whichever lengths of period processes count by, at once and one after the other', async () => {
    const lengths = fc.integer({ min: 7, max: 45 });
    const restarts = fc.array(fc.record({ process: fc.nat(2), periodDays: lengths, afterDays: fc.nat(40) }), {
      minLength: 4,
      maxLength: 12,
    });
    const property = fc.asyncProperty(fc.tuple(lengths, lengths, lengths), restarts, async (began, changes) => {
      const store = await openTemporarySqlite();
      const run = (periodDays: number) => telemetryOn(store.store, { privacy: { epsilon: 2, periodDays } });
      try {
        const processes = began.map(run);
        for (const { process, periodDays, afterDays } of changes) {
          clock.advance(afterDays * 24 * 3600);
          for (const telemetry of processes) await telemetry.write();
          await processes[process]?.stop();
          processes[process] = run(periodDays);
        }
        const told = await writtenTo(store.store);
        const periods = [...new Map(told.map(({ data }) => [data.until, data])).values()];
        expect(told).toHaveLength(periods.length * DIMENSIONS.length);
        periods.slice(1).forEach(({ from }, at) => expect(from >= (periods[at]?.until ?? '')).toBe(true));
      } finally {
        await store.cleanUp();
      }
    });
    await fc.assert(property, { numRuns: 10 });
  });

  it('counts after a change from the first period that begins when the last written one has ended', async () => {
    const weekly = telemetryOn(sqlite.store, { privacy: { epsilon: 2, periodDays: 7 } });
    clock.advance(3 * 24 * 3600);
    await weekly.stop(); // [2026-11-19, 2026-11-26) is told of
    const monthly = telemetryOn();
    for (const days of [10, 30]) {
      clock.advance(days * 24 * 3600);
      await monthly.write();
    }
    const periods = (await written()).map(({ data }) => `${data.from} to ${data.until}`);
    expect([...new Set(periods)]).toEqual(['2026-11-25 to 2026-11-26', '2026-12-03 to 2027-01-02']);
  });

  it('does not end a period when the clock is set back', async () => {
    const telemetry = telemetryOn();
    visit(telemetry, 1000);
    clock.advance(-2 * PERIOD_SECONDS);
    visit(telemetry, 1000);
    await telemetry.write();
    expect(await written()).toEqual([]);
    clock.advance(3 * PERIOD_SECONDS);
    await telemetry.write();
    expect(await written()).toHaveLength(DIMENSIONS.length);
  });

  it('does not end a period when the clock is set forward for a while, and goes on in it', async () => {
    let aheadSeconds = 0;
    const telemetry = telemetryOn(sqlite.store, { monotonicMs: () => Date.parse(clock.now()) - aheadSeconds * 1000 });
    const setForward = (seconds: number) => {
      aheadSeconds += seconds;
      clock.advance(seconds);
    };
    visit(telemetry, 1000);
    for (const seconds of [100 * PERIOD_SECONDS, -100 * PERIOD_SECONDS]) {
      setForward(seconds);
      visit(telemetry, 1000);
      await telemetry.write();
      expect(await written()).toEqual([]);
    }
    clock.advance(PERIOD_SECONDS);
    await telemetry.write();
    expect(await cellsWritten()).toHaveLength(1);
  });

  it('is written by itself, now and then', async () => {
    const telemetry = telemetryOn(sqlite.store, { lookEverySeconds: 0.02 });
    telemetry.start();
    telemetry.start();
    visit(telemetry, 10);
    clock.advance(PERIOD_SECONDS);
    for (let tries = 0; tries < 1000 && (await written()).length === 0; tries++)
      await new Promise((resume) => setTimeout(resume, 10));
    await telemetry.stop();
    expect(await written()).toHaveLength(DIMENSIONS.length);
  });
});

describe('what is kept', () => {
  it('is what was written, by period', async () => {
    const telemetry = telemetryOn();
    for (const persons of [1000, 3000]) {
      visit(telemetry, persons);
      clock.advance(PERIOD_SECONDS);
      await telemetry.write();
    }
    const readModels = ReadModels.open(join(sqlite.directory, 'read.sqlite'));
    const runner = new ProjectionRunner(sqlite.store, readModels, [telemetryCounts]);
    try {
      runner.start();
      await runner.caughtUp();
      expect(readTelemetry(readModels.db)).toMatchObject([
        { dimension: 'message-view', value: 'page', from: '2026-11-25', until: '2026-12-03', epsilon: 2 },
        { dimension: 'message-view', value: 'page', from: '2026-12-03', until: '2027-01-02', epsilon: 2 },
      ]);
      expect(readTelemetry(readModels.db).map(({ persons }) => persons)).toEqual(
        (await cellsWritten()).map(({ persons }) => persons),
      );
    } finally {
      await runner.stop();
      readModels.close();
    }
  });
});
