import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { openTestPortal } from './testing/test-portal.ts';
import type { TestPortal } from './testing/test-portal.ts';

@Controller()
class Readers {
  @Post(['open', 'oidc/token'])
  async read(@Req() request: Request): Promise<{ bytes: number }> {
    return { bytes: (await text(request)).length };
  }
}

@Module({ controllers: [Readers] })
class ReadersModule {}

/** What comes back on a connection, up to its end. */
async function answerTo(url: string, head: string, rest?: () => Promise<string>) {
  const { port } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  let received = '';
  socket.on('data', (piece) => (received += piece.toString()));
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write(head);
  if (rest !== undefined) socket.write(await rest());
  await closed;
  return received;
}

const post = (path: string, ...headers: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...headers, '', 'a=1'].join('\r\n');

describe('a body that never comes to its end', () => {
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await openTestPortal({ imports: [ReadersModule] }, { bodySeconds: 0.3 });
  });
  afterAll(() => portal.close());

  const form = 'Content-Type: application/x-www-form-urlencoded';
  it.each([
    ['of a form', post('/sign-out', form, 'Content-Length: 100')],
    [
      'of a form without a length',
      post('/sign-out', form, 'Transfer-Encoding: chunked').replace('a=1', '3\r\na=1\r\n'),
    ],
    ['for the bridge', post('/oidc/token', form, 'Content-Length: 100')],
  ])('ends with its connection: %s', async (_, request) => {
    expect(await answerTo(portal.url, request)).toBe('');
  });

  it('ends with its connection also when it was refused before it was read', async () => {
    const refused = post('/sign-out', 'Content-Type: text/plain', 'Content-Length: 1000000000');
    expect(await answerTo(portal.url, refused.replace('Connection: close\r\n', ''))).toContain(' 415 ');
  });

  it.each(['/open/x', '/api/v1/x'])('ends with its connection where nobody reads it: %s', async (path) => {
    const unread = post(path, form, 'Content-Length: 100').replace('Connection: close\r\n', '');
    expect(await answerTo(portal.url, unread)).toContain(' 404 ');
  });

  it('is left to the room that takes uploads, which has a pace of its own', async () => {
    const slow = post('/open', form, 'Content-Length: 6');
    const late = async () => new Promise<string>((resume) => setTimeout(() => resume('&b='), 900));
    expect(await answerTo(portal.url, slow, late)).toContain('{"bytes":6}');
  });

  it('is not one that came whole, however long the connection lives', async () => {
    for (let turn = 0; turn < 3; turn++) {
      const answer = await fetch(`${portal.url}/oidc/token`, { method: 'POST', body: 'a=1' });
      expect(await answer.json()).toEqual({ bytes: 3 });
      await new Promise((resume) => setTimeout(resume, 200));
    }
  });
});
