import { request as ask } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { requestFacts } from './request-facts.ts';
import { openTestPortal } from './testing/index.ts';
import type { TestPortal } from './testing/index.ts';

@Controller()
class EveryPath {
  @Get('{*path}') page(@Req() request: Request) {
    return `served, ${requestFacts(request).isAtFormerHost ? 'by an older name' : 'by its own'}`;
  }
  @Post('{*path}') form(@Req() request: Request) {
    return this.page(request);
  }
}

describe('a portal that had another name', () => {
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await openTestPortal(
      { controllers: [EveryPath] },
      { publicUrl: new URL('https://post.example'), formerHosts: ['old.example', '[::1]'] },
    );
  });
  afterAll(() => portal.close());

  function answerTo(method: string, path: string, host: string) {
    return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }>(
      (resolve, reject) => {
        const { port } = new URL(portal.url);
        const sent = ask({ host: '127.0.0.1', port, method, path, headers: { host } }, (response) => {
          let body = '';
          response.on('data', (text: Buffer) => (body += text.toString()));
          response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
        });
        sent.on('error', reject).end();
      },
    );
  }

  it.each(['old.example', 'OLD.example', 'old.example:443', '[::1]:8080'])('leads on from %s', async (host) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await answerTo(method, '/m/x?lang=da', host);
      expect([status, headers.location]).toEqual([307, 'https://post.example/m/x?lang=da']);
    }
  });

  it.each([
    ['two slashes', '//elsewhere.example/x', 'https://post.example//elsewhere.example/x'],
    ['a backslash', '/\\elsewhere.example', 'https://post.example/\\elsewhere.example'],
    ['an absolute target', 'http://old.example/privacy', 'https://post.example/privacy'],
    ['at the end of the host', '/@elsewhere.example', 'https://post.example/@elsewhere.example'],
  ])('leads nowhere but there, with %s', async (_, path, location) => {
    expect((await answerTo('GET', path, 'old.example')).headers.location).toBe(location);
  });

  it.each(['post.example', '10.0.0.7:8080', 'stranger.example', 'very-old.example', 'old.example.stranger.example'])(
    'serves what comes as %s as ever, and makes no address of it',
    async (host) => {
      const { status, headers, body } = await answerTo('GET', '/m/x', host);
      expect([status, headers.location, body]).toEqual([200, undefined, 'served, by its own']);
    },
  );

  it('takes carriers by an older name, and says that it is there', async () => {
    for (const [method, path] of [
      ['POST', '/open'],
      ['GET', '/healthz'],
    ] as const)
      // prettier-ignore
      expect((await answerTo(method, path, 'old.example')).body).toBe('served, by an older name');
    expect((await answerTo('GET', '/open', 'old.example')).status).toBe(307);
  });

  it('does not take a form of an old page, nor what a program asks: the answer says where to', async () => {
    const form = await answerTo('POST', '/m/x/view', 'old.example');
    expect([form.status, form.body]).toEqual([421, expect.stringContaining('This site has a new address')]);
    for (const [method, path] of [
      ['GET', '/api/v1/audit'],
      ['POST', '/api/v1/messages'],
    ] as const) {
      // prettier-ignore
      const asked = await answerTo(method, path, 'old.example');
      expect([asked.status, JSON.parse(asked.body)]).toMatchObject([421, { status: 421, title: expect.any(String) }]);
    }
  });
});
