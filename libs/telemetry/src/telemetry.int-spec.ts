import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreUnavailable, ProjectionRunner, ReadModels } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, instantOf } from '#libs/vocabulary';
import { readTelemetry, telemetryTallies } from './read-model.ts';
import { Telemetry, telemetryStream } from './telemetry.ts';

const clock = new FixedClock(instantOf('2026-11-25T10:03:07.123Z'));
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0 MARKER-UA';

let sqlite: TemporarySqlite;

beforeEach(async () => {
  sqlite = await openTemporarySqlite();
});
afterEach(() => sqlite.cleanUp());

async function written() {
  const events = [];
  for await (const event of sqlite.store.readStream(telemetryStream)) events.push(event.data);
  return events;
}

function visitTimes(telemetry: Telemetry, times: number, prefix = 'MARKER-VISIT'): void {
  for (let visit = 0; visit < times; visit++) telemetry.count(`${prefix}-${visit}`, 'message-view', 'page');
}

/** The store behind it, failing as often as it is told to. */
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
  it('is a dimension for each event, a day, and cells of ten visits', async () => {
    const telemetry = new Telemetry(sqlite.store, clock);
    for (let visit = 0; visit < 10; visit++) {
      telemetry.countClient(`MARKER-VISIT-${visit}`, FIREFOX);
      telemetry.countHandInToPage(`MARKER-VISIT-${visit}`, 42);
    }
    telemetry.count('MARKER-VISIT-0', 'sign-in', 'passcode');
    await telemetry.stop();
    expect(await written()).toEqual([
      { dimension: 'browser', talliedOn: '2026-11-25', cells: [{ value: 'Firefox 145', count: 10 }] },
      { dimension: 'system', talliedOn: '2026-11-25', cells: [{ value: 'Linux', count: 10 }] },
      { dimension: 'app', talliedOn: '2026-11-25', cells: [{ value: 'computer-browser', count: 10 }] },
      { dimension: 'hand-in-to-page', talliedOn: '2026-11-25', cells: [{ value: 'under-1-minute', count: 10 }] },
    ]);
  });

  it('holds nothing of any visit, in any file', async () => {
    const telemetry = new Telemetry(sqlite.store, clock);
    for (let visit = 0; visit < 30; visit++) telemetry.countClient(`MARKER-VISIT-${visit}`, FIREFOX);
    await telemetry.stop();
    await sqlite.store.close();
    const bytes = readdirSync(sqlite.directory).map((file) =>
      readFileSync(join(sqlite.directory, file)).toString('latin1'),
    );
    expect(bytes.join('')).toContain('Firefox 145');
    expect(bytes.join('')).not.toMatch(/MARKER|Mozilla|10:03:07\.123/);
  });

  it('is nothing while there are nine, also at a stop', async () => {
    const telemetry = new Telemetry(sqlite.store, clock);
    visitTimes(telemetry, 9);
    await telemetry.flush();
    await telemetry.stop();
    expect(await written()).toEqual([]);
    const afterRestart = new Telemetry(sqlite.store, clock);
    visitTimes(afterRestart, 9);
    await afterRestart.stop();
    expect(await written()).toEqual([]);
  });

  it('waits for the store and then is written once, whether the store had it or not', async () => {
    const failures: unknown[] = [];
    const telemetry = new Telemetry(failing(sqlite.store, ['before', 'after', 'before']), clock, {
      onFailure: (error) => failures.push(error),
    });
    visitTimes(telemetry, 10);
    await telemetry.flush(); // away
    visitTimes(telemetry, 3, 'later');
    await telemetry.flush(); // taken, but the answer is lost
    expect(failures).toHaveLength(2);
    visitTimes(telemetry, 9, 'latest');
    await telemetry.flush(); // away again
    await telemetry.flush();
    expect(failures).toHaveLength(3);
    expect((await written()).map((data) => JSON.stringify(data))).toEqual([
      '{"cells":[{"count":10,"value":"page"}],"dimension":"message-view","talliedOn":"2026-11-25"}',
      '{"cells":[{"count":12,"value":"page"}],"dimension":"message-view","talliedOn":"2026-11-25"}',
    ]);
  });

  it('comes from several processes without one losing to the other', async () => {
    const other = await sqlite.openAnother();
    const processes = [
      new Telemetry(sqlite.store, clock),
      new Telemetry(other, clock),
      new Telemetry(sqlite.store, clock),
    ];
    for (let round = 0; round < 4; round++) {
      for (const telemetry of processes) visitTimes(telemetry, 10);
      await Promise.all(processes.flatMap((telemetry) => [telemetry.flush(), telemetry.flush()]));
    }
    expect(await written()).toHaveLength(12);
  });

  it('is written by itself, now and then', async () => {
    const telemetry = new Telemetry(sqlite.store, clock, { flushEverySeconds: 0.02 });
    telemetry.start();
    telemetry.start();
    visitTimes(telemetry, 10);
    for (let tries = 0; tries < 200 && (await written()).length === 0; tries++)
      await new Promise((resume) => setTimeout(resume, 10));
    await telemetry.stop();
    expect(await written()).toHaveLength(1);
  });
});

describe('what is kept', () => {
  it('is added up by day', async () => {
    const moving = new FixedClock(clock.now());
    const telemetry = new Telemetry(sqlite.store, moving);
    for (const count of [10, 15]) {
      visitTimes(telemetry, count);
      await telemetry.flush();
    }
    moving.advance(24 * 3600);
    visitTimes(telemetry, 11);
    await telemetry.stop();
    const readModels = ReadModels.open(join(sqlite.directory, 'read.sqlite'));
    const runner = new ProjectionRunner(sqlite.store, readModels, [telemetryTallies]);
    try {
      runner.start();
      await runner.caughtUp();
      expect(readTelemetry(readModels.db)).toEqual([
        { dimension: 'message-view', value: 'page', day: '2026-11-25', count: 25 },
        { dimension: 'message-view', value: 'page', day: '2026-11-26', count: 11 },
      ]);
    } finally {
      await runner.stop();
      readModels.close();
    }
  });
});
