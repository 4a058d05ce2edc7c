import { existsSync, globSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HttpReader, mailIdsIn, newCode, newestCarrierField } from './http-reader.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const PATIENCE_MS = 300_000;
const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
const withFakeTime = library !== undefined && existsSync(library) ? describe : describe.skip;

withFakeTime('a clock that jumps while the portal runs (skipped without Debian’s faketime)', () => {
  let directory: string;
  let portal: RunningProcess;
  let field: string;

  /** Of the portal alone; time as it goes by is left as it is. */
  const setClock = (offset: string) => writeFileSync(join(directory, 'clock'), `${offset}\n`);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-clock-'));
    setClock('+0');
    portal = await startProcess({
      environment: {
        LD_PRELOAD: library ?? '',
        FAKETIME_TIMESTAMP_FILE: join(directory, 'clock'),
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1',
      },
    });
    field = await newestCarrierField(portal.url);
  }, PATIENCE_MS);
  afterAll(async () => {
    await portal.stop();
    await portal.cleanUp();
    await rm(directory, { recursive: true, force: true });
  });

  async function said(text: RegExp): Promise<void> {
    while (!text.test(portal.output())) await new Promise((resume) => setTimeout(resume, 100));
  }

  /** A browser that has proven the address, on the page that asks for the confirming click. */
  async function signedIn() {
    const reader = new HttpReader(portal.url);
    const { location: path } = await reader.handIn(field);
    const confirm = await reader.signInFor(path);
    return async () => (await reader.view(path, confirm)).status;
  }

  /** The stores, the outbox and the ledger among what it asks. */
  async function isReady(): Promise<number> {
    return (await fetch(new URL('/readyz', portal.managementUrl))).status;
  }

  it(
    'a day back and forward again: who had signed in reads on, what waits goes on waiting, no code lives longer, and the record keeps its order',
    async () => {
      const viewOfEarlier = await signedIn();
      const waiting = new HttpReader(portal.url);
      const { location: path } = await waiting.handIn(field);
      const before = await mailIdsIn(portal.url);
      const asked = await waiting.asksForACode(path);
      const enter = await waiting.get(asked.location);
      const code = await newCode(portal.url, before);

      setClock('-1d');
      await said(/"clockJumpSeconds":-86[34]\d\d/);
      expect(portal.output()).toContain('its order does not');
      expect(await viewOfEarlier()).toBe(200);
      // A code that came from the future is none: it would live a day longer. The next one is taken.
      const entered = await waiting.follow(await waiting.submit(enter, asked.location, { code }));
      expect(entered.body).not.toContain(`${path}/view"`);
      const viewOfLater = await signedIn();
      expect(await viewOfLater()).toBe(200);
      expect(await isReady()).toBe(200);

      setClock('+0');
      await said(/"clockJumpSeconds":86[34]\d\d/);
      expect(await viewOfLater()).not.toBe(200); // begun a day ago, by the clock: over
      expect(await viewOfEarlier()).toBe(200);
      // What was handed in before the first jump still waits, and the code of then is good for the rest of its ten minutes.
      const again = await waiting.get(asked.location);
      const confirm = await waiting.follow(await waiting.submit(again, asked.location, { code }));
      expect((await waiting.view(path, confirm)).status).toBe(200);
      expect(await isReady()).toBe(200);

      const db = new DatabaseSync(join(portal.dataDir, 'events.sqlite'), { readOnly: true });
      const events = db.prepare('SELECT CAST(bytes AS TEXT) AS text FROM events ORDER BY position').all();
      db.close();
      const types = events.map(({ text }) => /"type":"(\w+)"/.exec(String(text))?.[1]);
      expect(types.filter((type) => type === 'MessageViewed')).toHaveLength(4);
      expect(types.indexOf('OtpAccepted')).toBeLessThan(types.indexOf('MessageViewed'));
      const times = events.map(({ text }) => /"time":"([^"]+)"/.exec(String(text))?.[1] ?? '');
      expect(times.toSorted()).not.toEqual(times);
    },
    PATIENCE_MS,
  );
});
