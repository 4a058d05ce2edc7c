import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUSES } from './houses.ts';
import type { House } from './houses.ts';
import { HttpReader } from './http-reader.ts';

const PATIENCE_MS = 300_000;
const STRANGERS = 24;
const MESSAGE_BYTES = 600_000;
const SETTINGS = {
  sealing: { maxMailBytes: 1_000_000 },
  portal: { ephemeralMaxBytes: 3_000_000 },
  uploads: { maxBytes: 3_000_000, silenceSeconds: 15 },
};

/** A connection that stops before the last bytes of its upload, and waits. */
class Unfinished {
  answer = '';
  private readonly socket: Socket;

  constructor(url: URL, address: string, field: string) {
    this.socket = connect(Number(url.port), '127.0.0.1');
    this.socket.on('data', (piece) => (this.answer += piece.toString())).on('error', () => undefined);
    const body = `m=${field}`;
    this.socket.write(
      `POST /open HTTP/1.1\r\nHost: ${url.host}\r\nX-Forwarded-For: ${address}\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    this.socket.write(body.slice(0, -200));
  }

  /** Everything has left here, or was refused. */
  get isSent(): boolean {
    return this.answer !== '' || this.socket.destroyed || this.socket.writableLength === 0;
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  end(): void {
    this.socket.destroy();
  }
}

/** The same message, with something of it changed in each 32 KiB: no part of it is as anybody else's. */
function changed(field: string, number: number): string {
  const letter = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.charAt(number);
  const parts: string[] = [];
  for (let at = 0; at < field.length; at += 32_768) parts.push(field.slice(at, at + 32_768));
  return parts.map((part, index) => (index === 0 ? part : `${letter.repeat(8)}${part.slice(8)}`)).join('');
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline;) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within two minutes: ${what}`);
}

type Variant = (field: string, number: number) => string;
const VARIANTS: readonly (readonly [string, number, Variant])[] = [
  ['all of one message', 1, (field) => field],
  ['each changed in every part', 2, changed],
];

describe('strangers who leave uploads unfinished', () => {
  // At all houses at once: at each the story waits until the strangers were silent for too long.
  const stories = new Map<string, Promise<void>>();
  beforeAll(() => {
    for (const { name, open, isThere } of HOUSES) {
      if (!isThere) continue;
      const story = tellAt(open);
      story.catch(() => undefined); // its test says so
      stories.set(name, story);
    }
  });
  afterAll(() => Promise.allSettled(stories.values()), PATIENCE_MS);

  for (const { name, isThere } of HOUSES)
    (isThere ? it : it.skip)(`keep no reader out, at ${name}`, () => stories.get(name), PATIENCE_MS);
});

async function tellAt(open: (typeof HOUSES)[number]['open']): Promise<void> {
  const house = await open(SETTINGS);
  try {
    for (const [what, turn, variant] of VARIANTS) {
      await strangersComeTo(house, turn, variant).catch((cause: unknown) => {
        throw new Error(what, { cause });
      });
    }
  } finally {
    await house.close();
  }
}

/** At each portal in turn, each from another address of one network. */
async function unfinished(house: House, fieldOf: (turn: number) => string): Promise<Unfinished[]> {
  const strangers = Array.from({ length: STRANGERS }, (_, turn) => {
    const { url } = house.portals[turn % house.portals.length] as House['portals'][number];
    return new Unfinished(url, `203.0.113.${turn}`, fieldOf(turn));
  });
  await until('all is sent', () => strangers.every(({ isSent }) => isSent));
  return strangers;
}

/** In use of the ephemeral store, which both portals share where there are two. */
async function waitingBytes({ portals: [portal] }: House): Promise<number> {
  const text = await (await fetch(new URL('/metrics', portal?.managementUrl))).text();
  return Number(/^segl_waiting_bytes (\S+)/m.exec(text)?.[1]);
}

async function readerGetsIn({ url }: House, field: string, address: string): Promise<void> {
  const reader = new HttpReader(url, address);
  const { status, location } = await reader.handIn(field);
  expect([status, location]).toEqual([303, expect.stringMatching(/^\/m\//)]);
  const confirm = await reader.signInFor(location);
  expect((await reader.view(location, confirm)).body).toContain('The offer');
}

async function strangersComeTo(house: House, turn: number, variant: Variant): Promise<void> {
  const linesOf = (letter: string) => `${letter.repeat(76)}\r\n`.repeat(MESSAGE_BYTES / 78);
  const field = await house.ciphertext(linesOf('x'));
  const before = await waitingBytes(house);
  const strangers = await unfinished(house, (number) => variant(field, number));
  try {
    expect((await waitingBytes(house)) - before).toBeLessThan(100_000); // nothing of it takes room that others need
    await readerGetsIn(house, field, `198.51.10${turn}.7`); // the very message, by its reader
    const another = await house.ciphertext(linesOf('y'));
    await readerGetsIn(house, another, `198.51.11${turn}.8`);
    await readerGetsIn(house, another, '203.0.113.99'); // from the strangers’ own network
    for (const { answer } of strangers) expect(answer).toMatch(/^$|^HTTP\/1\.1 (503|408) /);
  } finally {
    // who gives nothing for so long is ended, and is answered why
    await until('all are closed', () => strangers.every(({ isClosed }) => isClosed)).catch(() => undefined);
    for (const stranger of strangers) stranger.end();
  }
  for (const { answer } of strangers) expect(answer).toMatch(/^HTTP\/1\.1 (503|408) /);
}
