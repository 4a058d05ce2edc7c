import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pacedBody } from './paced-body.ts';

const SILENCE_SECONDS = 0.4;
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Takes a body in, and rests after each piece as long as it is told to. */
const server = createServer((request, response) => {
  const restMs = Number(request.headers['x-rest'] ?? 0);
  const since = performance.now();
  void (async () => {
    let bytes = 0;
    try {
      for await (const piece of pacedBody(request, SILENCE_SECONDS)) {
        bytes += piece.length;
        await sleep(restMs);
      }
      response.end(`all ${bytes}`);
    } catch (error) {
      response.end(`${(error as { code?: string }).code} after ${Math.round(performance.now() - since)}`);
    }
  })();
});

/** @param send what is sent after the head, as it goes. @returns the body of the answer */
async function answerTo(length: number, send: (socket: Socket) => Promise<void>, restMs = 0): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let answer = '';
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (piece) => (answer += piece.toString())).on('error', () => undefined);
    socket.on('data', () => /\r\n\r\n.+$/s.test(answer) && resolve()).on('close', () => resolve());
  });
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\nX-Rest: ${restMs}\r\nContent-Length: ${length}\r\n\r\n`);
  let isOver = false;
  void answered.then(() => (isOver = true));
  await send(new Proxy(socket, { get: (target, name) => (name === 'destroyed' ? isOver : Reflect.get(target, name)) }));
  await answered;
  socket.destroy();
  return answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n/, '');
}

describe('a body held to a pace', () => {
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

  it('is ended after the silence, also when megabytes came before at once', async () => {
    const answer = await answerTo(8_000_001, async (socket) => void socket.write(Buffer.alloc(8_000_000)));
    expect(answer).toMatch(/^body-too-slow after \d+/);
    expect(Number(/\d+/.exec(answer)?.[0])).toBeLessThan(30_000); // 64 KB/s over all of it would be two minutes
  }, 60_000);

  it('is ended when it comes drop by drop, though never silent for long', async () => {
    const answer = await answerTo(100_000, async (socket) => {
      while (!socket.destroyed) {
        socket.write('x');
        await sleep(50);
      }
    });
    expect(answer).toMatch(/^body-too-slow/);
  }, 60_000);

  it('goes on for as long as it likes at a pace that is kept', async () => {
    const answer = await answerTo(320_000, async (socket) => {
      for (let piece = 0; piece < 10; piece++) {
        socket.write(Buffer.alloc(32_000));
        await sleep(100); // 320 KB/s, over twice the silence
      }
    });
    expect(answer).toMatch(/^all 320000/);
  }, 60_000);

  it('is not blamed for the time that is taken over its pieces', async () => {
    const answer = await answerTo(1000, async (socket) => void socket.write(Buffer.alloc(1000)), 1200);
    expect(answer).toMatch(/^all 1000/);
  }, 60_000);
});
