import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { discardRest } from './discard-rest.ts';

const MEBIBYTE = 1024 * 1024;

describe('a body that is refused', () => {
  let server: Server;
  let socket: Socket;
  let answer: string;
  let ended: Promise<void>;
  let closed: Promise<void>;

  beforeEach(async () => {
    server = createServer((request, response) => {
      request.on('error', () => undefined); // a connection that is cut in the middle of a body is one
      discardRest(request, response);
      response.statusCode = 413;
      response.end('too large');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    answer = '';
    const { port } = server.address() as AddressInfo;
    socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }); // it goes on sending after our half has ended
    socket.on('data', (text: Buffer) => (answer += text.toString()));
    socket.on('error', () => undefined);
    ended = new Promise((resolve) => socket.once('end', () => resolve()));
    closed = new Promise((resolve) => socket.once('close', () => resolve()));
  });
  afterEach(async () => {
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Sends so much of a body that is announced as longer; @returns how much of it was taken. */
  async function send(bytes: number): Promise<number> {
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${1024 * MEBIBYTE}\r\n\r\n`);
    const piece = Buffer.alloc(MEBIBYTE, 0x41);
    let sent = 0;
    while (sent < bytes && !socket.destroyed) {
      const isTaken = await new Promise<boolean>((resolve) => socket.write(piece, (error) => resolve(error == null)));
      if (!isTaken) break;
      sent += piece.length;
    }
    return sent;
  }

  it('is answered, also to who reads only when everything is sent', async () => {
    socket.pause();
    expect(await send(48 * MEBIBYTE)).toBe(48 * MEBIBYTE);
    socket.resume();
    await ended;
    socket.end();
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*too large$/);
  });

  it('is answered at once', async () => {
    await send(MEBIBYTE);
    const deadline = Date.now() + 2000;
    while (!answer.endsWith('too large') && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(answer).toContain('too large');
  });

  it('is read for 64 MiB and not for ever', async () => {
    const sent = await send(256 * MEBIBYTE);
    await closed;
    expect(sent).toBeGreaterThanOrEqual(64 * MEBIBYTE);
    expect(sent).toBeLessThan(96 * MEBIBYTE); // what lay in buffers of both ends counts as sent
  });

  it('is waited for 5 seconds, however slowly it comes', async () => {
    const startedAt = Date.now();
    await send(MEBIBYTE);
    const trickle = setInterval(() => socket.write('A'), 100);
    await closed;
    clearInterval(trickle);
    expect(Date.now() - startedAt).toBeGreaterThan(4000);
    expect(Date.now() - startedAt).toBeLessThan(30_000);
  });
});
