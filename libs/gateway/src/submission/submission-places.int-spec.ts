import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startSmtpSink } from '#libs/mail/testing';
import { askToSeal, nothingLeft } from '../testing/sealing-api-client.ts';
import { OFFICE_TOKEN, openSubmissionRoom, OTHER_TOKEN } from '../testing/submission-room.ts';
import type { SubmissionRoom, SubmissionRoomOptions } from '../testing/submission-room.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(settings: NonNullable<SubmissionRoomOptions['settings']>): Promise<SubmissionRoom> {
  const sink = await startSmtpSink();
  cleanups.push(() => sink.close());
  const room = await openSubmissionRoom({ relayPort: sink.port, settings });
  cleanups.push(() => room.close());
  return room;
}

describe('the sealing API, under programs that send drop by drop', () => {
  /** Begins to submit and gives a byte every 20 ms. @returns what it is answered, once it is */
  function drip(room: SubmissionRoom): { readonly answered: Promise<string>; stop(): void } {
    const { port } = new URL(room.url);
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.on('error', () => undefined).on('data', (piece) => (answer += piece.toString()));
    socket.write(
      'POST /api/v1/messages?from=office@example.org&to=anna@example.com HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n' +
        `Content-Type: message/rfc822\r\nAuthorization: Bearer ${OFFICE_TOKEN}\r\n\r\nFrom: office@example.org\r\n`,
    );
    const drops = setInterval(() => socket.write('x'), 20);
    const stop = () => {
      clearInterval(drops);
      socket.destroy();
    };
    const answered = new Promise<string>((resolve) => {
      socket.on('data', () => answer.endsWith('}') && resolve(answer));
      socket.on('close', () => resolve(answer));
    });
    return { answered, stop };
  }

  it('lets one program keep half of the places, and none of another’s', async () => {
    const room = await open({ silenceSeconds: 60 });
    const dripping = Array.from({ length: 24 }, () => drip(room));
    try {
      const refused: string[] = [];
      for (const { answered } of dripping) void answered.then((answer) => refused.push(answer));
      const deadline = Date.now() + 30_000;
      while (refused.length < 16 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(refused).toHaveLength(16);
      for (const answer of refused) {
        expect(answer).toMatch(/^HTTP\/1\.1 429 [^]*\r\nRetry-After: 5\r\n/);
        expect(answer).toContain('"type":"urn:segl:problem:too-many-submissions"');
      }
      expect((await askToSeal(room)).status).toBe(429); // its own next one
      for (let mail = 0; mail < 3; mail++) {
        const others = await askToSeal(room, {
          token: OTHER_TOKEN,
          from: 'one@example.net',
          body: 'From: one@example.net\r\n\r\nx',
        });
        expect(others.status).toBe(201);
      }
    } finally {
      for (const { stop } of dripping) stop();
    }
  }, 60_000);

  it('ends what comes too slowly, says so, and leaves nothing', async () => {
    const room = await open({ silenceSeconds: 0.5 });
    const dripping = Array.from({ length: 8 }, () => drip(room));
    const answers = await Promise.all(dripping.map(({ answered }) => answered));
    for (const { stop } of dripping) stop();
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"type":"urn:segl:problem:body-too-slow"/);
    }
    expect((await askToSeal(room)).status).toBe(201);
    await nothingLeft(room);
  }, 60_000);
});
