import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HttpReader, mailIdsIn, newestCarrierField } from './http-reader.ts';
import { Program } from './program.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';
import { SmallDisk } from './small-disk.ts';

const PATIENCE_MS = 300_000;
/** Of what is in the file already some may be written over: the first that needs room is refused, and that comes soon. */
const MAX_TRIES = 50;
/** Of the sample. */
const PLAINTEXT = /412,500/;
const disk = await SmallDisk.mount();
const withDisk = disk === null ? describe.skip : describe;

withDisk('a disk that runs out while the portal runs (skipped where none may be mounted)', () => {
  let directory: string;
  let portal: RunningProcess;
  let program: Program;
  let field: string;
  let sealed = 0;
  let viewed = 0;

  const start = () =>
    startProcess({
      dataDir: join(disk?.path ?? '', 'data'),
      environment: { SEGL_CONFIG: join(directory, 'segl.yaml') },
    });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-disk-story-'));
    program = await Program.in(directory, ['@nordlys.example']);
    await writeFile(join(directory, 'segl.yaml'), program.yaml);
    portal = await start();
    field = await newestCarrierField(portal.url);
    sealed = (await mailIdsIn(portal.url)).length; // the sample of the demonstration
  }, PATIENCE_MS);
  afterAll(async () => {
    await portal.stop();
    await disk?.remove();
    await rm(directory, { recursive: true, force: true });
  });

  async function seal(): Promise<Response> {
    const answer = await fetch(
      new URL('/api/v1/messages?from=office@nordlys.example&to=anna@example.com', portal.url),
      {
        method: 'POST',
        headers: {
          'content-type': 'message/rfc822',
          connection: 'close',
          authorization: await program.authorization(portal.url),
        },
        body: 'From: office@nordlys.example\r\nTo: anna@example.com\r\nSubject: x\r\n\r\nHello.\r\n',
      },
    );
    if (answer.status === 201) sealed++;
    return answer;
  }

  /** A browser that has proven the address. @returns what it is answered each time that it asks to be shown the message */
  async function signedIn() {
    const reader = new HttpReader(portal.url);
    const { location: path } = await reader.handIn(field);
    const confirm = await reader.signInFor(path);
    return async () => {
      const answer = await reader.view(path, confirm);
      if (answer.status === 200) viewed++;
      return answer;
    };
  }

  async function readiness(): Promise<{ status: number; text: string }> {
    const answer = await fetch(new URL('/readyz', portal.managementUrl));
    return { status: answer.status, text: await answer.text() };
  }

  async function saysItIs(status: number): Promise<string> {
    for (;;) {
      const answer = await readiness();
      if (answer.status === status) return answer.text;
      await sleep(100);
    }
  }

  async function nothingIsShownNorSealed(view: Awaited<ReturnType<typeof signedIn>>, why: RegExp): Promise<void> {
    let shown = await view();
    for (let tries = 0; shown.status === 200 && tries < MAX_TRIES; tries++) shown = await view();
    expect(shown.status).toBe(503);
    expect(shown.body).not.toMatch(PLAINTEXT);
    let answer = await seal();
    for (let tries = 0; answer.status === 201 && tries < MAX_TRIES; tries++) answer = await seal();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.has('retry-after')).toBe(true);
    expect(await answer.text()).not.toMatch(/\/|ENOSPC|EROFS|sqlite/i);
    expect(await saysItIs(503)).toMatch(why);
    while (!why.test(portal.output())) await sleep(50); // the log says it too, a moment later
  }

  /** What readers were shown and programs were told is sealed is in the record, and nothing else. */
  async function nothingIsLost(): Promise<void> {
    const db = new DatabaseSync(join(portal.dataDir, 'events.sqlite'), { readOnly: true });
    const recorded = db.prepare('SELECT CAST(bytes AS TEXT) AS text FROM events').all();
    db.close();
    const types = recorded.map(({ text }) => /"type":"(\w+)"/.exec(String(text))?.[1]);
    expect(types.filter((type) => type === 'MessageViewed')).toHaveLength(viewed);
    expect(types.filter((type) => type === 'SubmissionAccepted')).toHaveLength(sealed);
  }

  it(
    'filled to the brim: nothing is sealed or shown, it says why, and goes on by itself once there is room',
    async () => {
      const view = await signedIn();
      expect((await view()).body).toMatch(PLAINTEXT);
      expect((await seal()).status).toBe(201);

      disk?.fill();
      await nothingIsShownNorSealed(view, /disk of the event store is full/);

      await disk?.makeRoom();
      expect(await saysItIs(200)).toContain('ready');
      expect((await view()).status).toBe(200);
      expect((await seal()).status).toBe(201);
      await nothingIsLost();
    },
    PATIENCE_MS,
  );

  it(
    'mounted read-only by the kernel: the same, until the disk was mended and the portal started again',
    async () => {
      const view = await signedIn();
      expect((await view()).status).toBe(200);
      disk?.fail();
      await nothingIsShownNorSealed(view, /mounted read-only/); // by SQLite's IOERR or READONLY, whichever comes first

      await portal.stop();
      await disk?.mend();
      portal = await start();
      sealed++; // the sample of this start
      await nothingIsLost();
      const later = await signedIn();
      expect((await later()).status).toBe(200);
      expect((await seal()).status).toBe(201);
      await nothingIsLost();
    },
    PATIENCE_MS,
  );
});
