import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDITED_TYPES } from '#libs/audit';
import { SqliteEventStore } from '#libs/event-store';
import { carrierFieldOf, HttpReader } from './http-reader.ts';
import { Program } from './program.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

/**
 * The promise is about any moment, and each run has others: fifty, at 3.5 s of processor time each (ops/release/README.md: 500
 * before a release, by SEGL_TEST_KILLS).
 */
const KILLS = Number(process.env['SEGL_TEST_KILLS'] ?? 50);

interface Acknowledged {
  /** Messages by the key of the request that sealed them. */
  readonly sealed: Map<string, string[]>;
  /** Messages that somebody saw the content of, by how often. */
  readonly shown: Map<string, number>;
  /** Codes that were accepted: a redirect to the proof was answered. */
  accepted: number;
  /** Requests to seal that were begun; each is repeated after the kill. */
  readonly begun: Set<string>;
}

/**
 * Moments are told by answers, not by time, so that a slow machine kills no earlier in a journey than a fast one; a few
 * milliseconds more put the kill between two of them.
 */
let answered = 0;
const plainFetch = globalThis.fetch;
globalThis.fetch = (...request: Parameters<typeof fetch>) => plainFetch(...request).finally(() => answered++);

async function someAnswers(count: number): Promise<void> {
  const until = answered + count;
  const deadline = Date.now() + 60_000;
  while (answered < until && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
}

describe('a process that is killed at any moment', () => {
  let directory: string;
  let dataDir: string;
  let program: Program;
  let environment: Record<string, string>;
  const acknowledged: Acknowledged = { sealed: new Map(), shown: new Map(), accepted: 0, begun: new Set() };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-killed-'));
    dataDir = join(directory, 'data');
    program = await Program.in(directory, ['@nordlys.example']);
    await writeFile(join(directory, 'segl.yaml'), program.yaml);
    environment = { SEGL_CONFIG: join(directory, 'segl.yaml') };
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function seal(url: URL, key: string): Promise<void> {
    acknowledged.begun.add(key);
    const query = 'from=mette@nordlys.example&to=anna@example.com&to=bo@example.org';
    const answer = await fetch(new URL(`/api/v1/messages?${query}`, url), {
      method: 'POST',
      headers: {
        authorization: await program.authorization(url),
        'content-type': 'message/rfc822',
        'idempotency-key': key,
      },
      body: `From: mette@nordlys.example\r\nTo: anna@example.com\r\nSubject: ${key}\r\n\r\nHello.\r\n`,
    });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
    const { messages } = (await answer.json()) as { messages: { messageId: string }[] };
    const messageIds = messages.map(({ messageId }) => messageId);
    const before = acknowledged.sealed.get(key);
    if (before) expect(messageIds).toEqual(before); // the same request again: the same answer
    acknowledged.sealed.set(key, messageIds);
  }

  /** To somebody new each time: an address is sent three codes an hour and no more. */
  async function read(url: URL): Promise<void> {
    const query = `from=mette@nordlys.example&to=reader-${randomUUID()}@example.com&deliver=false`;
    const sealed = await fetch(new URL(`/api/v1/messages?${query}`, url), {
      method: 'POST',
      headers: {
        authorization: await program.authorization(url),
        'content-type': 'message/rfc822',
        'idempotency-key': randomUUID(),
      },
      body: 'From: mette@nordlys.example\r\nSubject: read me\r\n\r\nHello.\r\n',
    });
    const reader = new HttpReader(url);
    const { location } = await reader.handIn(carrierFieldOf(await sealed.text()));
    const confirm = await reader.signInFor(location);
    acknowledged.accepted++;
    for (let time = 0; time < 3; time++) {
      const { status, body } = await reader.view(location, confirm);
      if (status !== 200) return;
      expect(body).toContain('<h1');
      const messageId = location.slice('/m/'.length);
      acknowledged.shown.set(messageId, (acknowledged.shown.get(messageId) ?? 0) + 1);
    }
  }

  /** Everything at once, over and over, until the process is gone. */
  async function work(portal: RunningProcess, stillAlive: () => boolean): Promise<void> {
    const untilKilled = async (step: () => Promise<void>) => {
      while (stillAlive()) {
        try {
          await step();
        } catch (error) {
          if (stillAlive()) throw error;
        }
      }
    };
    for (const key of acknowledged.begun) {
      if (!acknowledged.sealed.has(key) && stillAlive()) await seal(portal.url, key).catch(() => undefined);
    }
    await Promise.all([untilKilled(() => seal(portal.url, randomUUID())), untilKilled(() => read(portal.url))]);
  }

  /** They are behind the record on purpose, by some milliseconds; what is asked below is that nothing is missing in the end. */
  async function readModelsCaughtUp(): Promise<void> {
    const events = new DatabaseSync(join(dataDir, 'events.sqlite'), { readOnly: true });
    const readModels = new DatabaseSync(join(dataDir, 'read-models.sqlite'), { readOnly: true });
    const newest = events.prepare('SELECT max(position) AS position FROM events');
    const places = readModels.prepare('SELECT min(CAST(position AS INTEGER)) AS position FROM projections');
    const deadline = Date.now() + 60_000;
    while (Number(places.get()?.['position']) < Number(newest.get()?.['position'])) {
      if (Date.now() > deadline) throw new Error('the read models do not catch up');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    events.close();
    readModels.close();
  }

  it(`loses nothing acknowledged and doubles nothing, over ${KILLS} kills`, async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const portal = await startProcess({ dataDir, environment });
      let isAlive = true;
      const working = work(portal, () => isAlive);
      await someAnswers(Math.floor(Math.random() * 80)); // a seal takes two, a sign-in with three views some twenty
      isAlive = false;
      await portal.kill();
      await working;
    }

    // Once more, to the end: what was begun and never answered is repeated, and every read model catches up.
    const last = await startProcess({ dataDir, environment });
    for (const key of acknowledged.begun) await seal(last.url, key);
    await readModelsCaughtUp();
    expect(await last.stop()).toBe(0);

    const path = join(dataDir, 'events.sqlite');
    const file = new DatabaseSync(path, { readOnly: true });
    expect(file.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    file.close();

    const store = await SqliteEventStore.open(path);
    const ids = new Set<string>();
    const revisions = new Map<string, number>();
    const viewsOf = new Map<string, number>();
    const sealings = new Map<string, number>();
    const submissions: string[][] = [];
    let otpAccepted = 0;
    let audited = 0;
    for await (const { id, stream, revision, type, data } of store.readAll()) {
      expect(ids.has(id)).toBe(false);
      ids.add(id);
      if (AUDITED_TYPES.includes(type)) audited++;
      expect(revision).toBe((revisions.get(stream) ?? -1) + 1);
      revisions.set(stream, revision);
      const messageId = stream.slice('message-'.length);
      if (type === 'MessageSealed') sealings.set(messageId, (sealings.get(messageId) ?? 0) + 1);
      if (type === 'MessageViewed') viewsOf.set(messageId, (viewsOf.get(messageId) ?? 0) + 1);
      if (type === 'OtpAccepted') otpAccepted++;
      if (type === 'SubmissionAccepted') {
        submissions.push((data as { messages: { messageId: string }[] }).messages.map((message) => message.messageId));
      }
    }
    await store.close();

    for (const [messageId, times] of sealings) expect([messageId, times]).toEqual([messageId, 1]);
    for (const messageIds of acknowledged.sealed.values()) {
      for (const messageId of messageIds) expect(sealings.get(messageId)).toBe(1);
      // Accepted once, however often it was asked for.
      expect(submissions.filter((accepted) => accepted.some((id) => messageIds.includes(id)))).toHaveLength(1);
    }
    for (const [messageId, times] of acknowledged.shown)
      expect(viewsOf.get(messageId) ?? 0).toBeGreaterThanOrEqual(times);
    expect(otpAccepted).toBeGreaterThanOrEqual(acknowledged.accepted);
    // The test means something only if a good part of the kills hit work that had got somewhere.
    expect(acknowledged.sealed.size).toBeGreaterThan(KILLS);
    expect(acknowledged.shown.size).toBeGreaterThan(KILLS / 20);

    const readModels = new DatabaseSync(join(dataDir, 'read-models.sqlite'), { readOnly: true });
    const { events, distinct } = readModels
      .prepare('SELECT count(*) AS events, count(DISTINCT event_id) AS "distinct" FROM audit_event')
      .get() as { events: number; distinct: number };
    readModels.close();
    expect(events).toBe(distinct);
    expect(events).toBe(audited);
  }, 1_800_000);
});
