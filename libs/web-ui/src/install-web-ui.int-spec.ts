import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Post, Redirect, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { DomainError } from '#libs/vocabulary';
import type { Browser } from './browser-session.ts';
import type { ClientNetwork } from './client-network.ts';
import { BrowserSession, KnownBrowser, RequestLocale, RequestNetwork } from './decorators.ts';
import type { UnexpectedError } from './error-filter.ts';
import type { UnavailableReport } from './unavailable-causes.ts';
import { PageError } from './error-pages.ts';
import type { Locale } from './locales/translate.ts';
import { forgetBrowser, rotateBrowserSession } from './request-facts.ts';
import { messagePageHeaders } from './security-headers.ts';
import { openTestPortal } from './testing/index.ts';
import type { TestPortal } from './testing/index.ts';

@Controller('try')
class TryController {
  @Get('form') form(@BrowserSession() { id, csrfToken }: Browser) {
    return `<p>${id}</p><input type="hidden" name="csrf" value="${csrfToken}">`;
  }
  @Post('form') @Redirect() submit() {
    return { url: '/try/done', statusCode: 303 };
  }
  @Get('known') known(@KnownBrowser() browser: Browser | null, @RequestLocale() locale: Locale) {
    return `${browser?.id ?? 'nobody'} ${locale}`;
  }
  @Get('network') network(@RequestNetwork() network: ClientNetwork) {
    return network;
  }
  @Get('rotate') rotate(@Req() request: Request) {
    return rotateBrowserSession(request);
  }
  @Get('session') session(@BrowserSession() { sessionId }: Browser) {
    return sessionId;
  }
  @Get('forget') forget(@Req() request: Request) {
    forgetBrowser(request);
    return 'forgotten';
  }
  @Get('message') message(@Res({ passthrough: true }) response: Response) {
    messagePageHeaders(response);
    return 'message';
  }
  @Get('fail/:how') fail(@Param('how') how: string) {
    if (how === 'domain') throw new DomainError('event-store-unavailable', 'disk /var/lib/segl full');
    if (how === 'page') throw new PageError(429);
    if (how === 'unlisted') throw new DomainError('no-such-rule', 'SELECT secret');
    throw new Error('SELECT * FROM persons WHERE address = anna@example.com at /srv/segl/main.js');
  }
}

@Controller('open')
class OpenController {
  @Post() async open(@Req() request: Request) {
    let bytes = 0;
    for await (const chunk of request) bytes += (chunk as Buffer).length;
    return { bytes, body: request.body as unknown };
  }
}

@Controller('api/v1/try')
class TryApiController {
  @Get() fail() {
    throw new Error('SELECT secret');
  }
  @Post('take') take() {
    return 'taken';
  }
}

let portal: TestPortal;
const unexpected: UnexpectedError[] = [];
const counted: string[] = [];
const unavailable: UnavailableReport[] = [];

beforeAll(async () => {
  portal = await openTestPortal(
    { controllers: [TryController, OpenController, TryApiController] },
    {
      onUnexpected: (report) => unexpected.push(report),
      onUnavailable: (report) => unavailable.push(report),
      onError: (kind, status) => counted.push(`${kind} ${status}`),
    },
  );
});
afterAll(() => portal.close());

describe('headers', () => {
  it('allow nothing but what the pages have, and no caching', async () => {
    const { headers } = await portal.browser().get('/try/known');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-dns-prefetch-control': 'off',
      'x-frame-options': 'DENY',
    });
    expect(headers.get('permissions-policy')).toContain('camera=()');
    expect(headers.has('strict-transport-security')).toBe(false);
    expect(headers.has('x-powered-by')).toBe(false);
  });

  it('let a mail bring its inline styles on the message page alone', async () => {
    const { headers } = await portal.browser().get('/try/message');
    expect(headers.get('content-security-policy')).toContain("style-src 'self' 'unsafe-inline'; img-src 'self' data:");
    expect(headers.get('content-security-policy')).toContain("frame-src 'none'");
  });

  it('serve the stylesheet for ever under an address made from its content', async () => {
    const browser = portal.browser();
    const address = /href="(\/assets\/[0-9a-f]{16}\/segl\.css)"/.exec((await browser.get('/nowhere')).html)?.[1] ?? '';
    const { status, headers } = await browser.get(address);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect((await browser.get('/assets/0000000000000000/segl.css')).status).toBe(404);
  });
});

describe('https', () => {
  it('makes cookies Secure under the __Host- prefix and asks for https from then on', async () => {
    const secure = await openTestPortal(
      { controllers: [TryController] },
      { publicUrl: new URL('https://post.example.com') },
    );
    try {
      const { headers } = await secure.browser().get('/try/form?lang=da');
      expect(headers.getSetCookie()).toEqual([
        expect.stringMatching(/^__Host-segl-language=da; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=31536000$/),
        expect.stringMatching(/^__Host-segl=[\w-]{22}\.[\w-]{22}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/),
      ]);
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
      expect(headers.get('content-security-policy')).toContain('upgrade-insecure-requests');
      const refused = await spoken('GET / HTTP/1.1\r\nHost : portal\r\n\r\n', 5000, secure.url);
      expect(refused).toMatch(/^HTTP\/1\.1 400 [^]*\r\nStrict-Transport-Security: max-age=31536000\r\n/);
    } finally {
      await secure.close();
    }
  });
});

describe('what never becomes a request', () => {
  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['a header that is too large', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a space before a colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n', 400],
    ['an expectation that nothing meets', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: cake\r\n\r\n', 417],
  ])('is refused with the headers that every answer has: %s', async (_, request, status) => {
    const answer = await spoken(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} \\w`));
    expect(answer).toContain("\r\nContent-Security-Policy: default-src 'none'");
    expect(answer).toContain('\r\nX-Content-Type-Options: nosniff\r\n');
    expect(answer).toMatch(/\r\nConnection: close\r\n(Date: [^\r]+\r\n)?\r\n$/);
    expect(answer).not.toContain('Strict-Transport-Security');
  });
});

describe('TRACE', () => {
  it('is no method here, and nothing of the request comes back', async () => {
    const answer = await spoken('TRACE / HTTP/1.1\r\nHost: x\r\nX-Mine: mirrored\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).not.toContain('mirrored');
  });
});

describe('https, below the portal’s host too where the organisation says so', () => {
  it('is asked for', async () => {
    const options = { publicUrl: new URL('https://post.example.com'), hstsIncludesSubDomains: true };
    const secure = await openTestPortal({ controllers: [TryController] }, options);
    try {
      const { headers } = await secure.browser().get('/try/form');
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
    } finally {
      await secure.close();
    }
  });
});

describe('a browser session', () => {
  it('begins only when something needs it, and then stays', async () => {
    const browser = portal.browser();
    expect((await browser.get('/try/known')).text).toBe('nobody en');
    expect(browser.cookies.size).toBe(0);
    const { text: id } = await browser.get('/try/form');
    expect((await browser.get('/try/known')).text).toBe(`${id} en`);
    expect((await portal.browser().get('/try/form')).text).not.toBe(id);
  });

  it('that was altered is nobody', async () => {
    const browser = portal.browser();
    await browser.get('/try/form');
    const value = browser.cookies.get('segl') ?? '';
    for (const forged of [`A${value.slice(1)}`, value.slice(0, -1), `${value}.x`, '', '.', value.replace('.', '')]) {
      if (forged === value) continue;
      browser.cookies.set('segl', forged);
      expect((await browser.get('/try/known')).text).toBe('nobody en');
    }
  });

  it('gets another session at rotation, and stays the browser whose forms are open in other tabs', async () => {
    const browser = portal.browser();
    const { text: id, html } = await browser.get('/try/form');
    const csrf = /value="([^"]*)"/.exec(html)?.[1] ?? '';
    const { text: before } = await browser.get('/try/session');
    const { text: after } = await browser.get('/try/rotate');
    expect(after).not.toBe(before);
    expect((await browser.get('/try/session')).text).toBe(after);
    expect((await browser.get('/try/known')).text).toBe(`${id} en`);
    expect((await browser.post('/try/form', { csrf })).status).toBe(303);
  });

  it('is another browser once it was forgotten, and its open forms are refused', async () => {
    const browser = portal.browser();
    const { text: id, html } = await browser.get('/try/form');
    const csrf = /value="([^"]*)"/.exec(html)?.[1] ?? '';
    const { text: before } = await browser.get('/try/session');
    expect((await browser.get('/try/forget')).headers.get('clear-site-data')).toBe('"cache", "storage"');
    expect((await browser.get('/try/session')).text).not.toBe(before);
    expect((await browser.get('/try/known')).text).not.toBe(`${id} en`);
    expect((await browser.post('/try/form', { csrf })).status).toBe(403);
  });
});

describe('a form', () => {
  it('is taken with the token of its own browser alone', async () => {
    const browser = portal.browser();
    const stranger = portal.browser();
    const csrf = /value="([^"]*)"/.exec((await stranger.get('/try/form')).html)?.[1] ?? '';
    await browser.get('/try/form');
    expect((await browser.post('/try/form')).status).toBe(303);
    const refused = await browser.post('/try/form', { csrf });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('This page was out of date');
    expect(refused.html).toContain('<a class="button" href="/try/form">Continue</a>');
    expect((await browser.post('/try/form', { csrf: '' })).status).toBe(403);
    expect((await portal.browser().post('/try/form')).status).toBe(403);
  });

  it('with an encoding, of another type, too large, or with a field twice is refused', async () => {
    const browser = portal.browser();
    await browser.get('/try/form');
    expect((await browser.post('/try/form', {}, { 'content-encoding': 'gzip' })).status).toBe(415);
    expect((await browser.post('/try/form', {}, { 'content-type': 'application/json' })).status).toBe(415);
    expect((await browser.post('/try/form', { a: 'x'.repeat(17_000) })).status).toBe(413);
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ');
    const body = 'csrf=x&csrf=y&__proto__=z';
    const type = 'application/x-www-form-urlencoded';
    const twice = await fetch(`${portal.url}/try/form`, {
      method: 'POST',
      body,
      headers: { cookie, 'content-type': type },
    });
    expect(twice.status).toBe(400);
  });

  it('that hands a carrier in streams, without cookie or token', async () => {
    const answer = await fetch(`${portal.url}/open`, {
      method: 'POST',
      body: `m=${'A'.repeat(100_000)}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(await answer.json()).toEqual({ bytes: 100_002 });
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('the language', () => {
  it('is what the reader asks for, here or in general, and English otherwise', async () => {
    const browser = portal.browser();
    expect((await browser.get('/try/known', { 'accept-language': 'da-DK,da;q=0.9,en;q=0.5' })).text).toBe('nobody da');
    expect((await browser.get('/try/known', { 'accept-language': '*, de-CH-1996, x;;;q=q, ,' })).text).toBe(
      'nobody en',
    );
    expect((await browser.get('/try/known?lang=da')).text).toBe('nobody da');
    expect((await browser.get('/try/known')).text).toBe('nobody da');
    expect((await browser.get('/try/known?lang=xx')).text).toBe('nobody da');
  });

  it('is offered on every page that can be asked for again', async () => {
    const page = await portal.browser().get('/no//where');
    expect(page.html).toContain('<html lang="en">');
    expect(page.html).toContain('href="/no//where?lang&#x3D;da"');
    expect((await portal.browser().get('//evil.example/x')).html).toContain('href="/evil.example/x?lang&#x3D;da"');
    expect((await portal.browser().post('/try/form')).html).not.toContain('?lang');
  });
});

describe('an error', () => {
  const SECRETS = /SELECT|persons|\/srv|\/var|anna|\bat \w+ \(|node_modules|\.ts|\.js/;

  it('that nobody foresaw is one generic page with a reference that the log has too', async () => {
    const page = await portal.browser().get('/try/fail/unforeseen');
    expect(page.status).toBe(500);
    expect(page.text).toContain('Sorry, something went wrong');
    expect(page.html).not.toMatch(SECRETS);
    const reported = unexpected.at(-1);
    expect(page.text).toContain(reported?.reference ?? '?');
    expect(reported).toMatchObject({ method: 'GET', route: '/try/fail/:how' });
  });

  it('of a rule without words of its own is the same page', async () => {
    const page = await portal.browser().get('/try/fail/unlisted');
    expect(page.status).toBe(500);
    expect(page.html).not.toMatch(SECRETS);
  });

  it('of a rule says what the person can do', async () => {
    const page = await portal.browser().get('/try/fail/domain', { 'accept-language': 'da' });
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBe('60');
    expect(page.text).toContain('Det er ikke muligt lige nu');
    expect(page.html).not.toMatch(SECRETS);
    expect((await portal.browser().get('/try/fail/page')).status).toBe(429);
    expect(counted.slice(-2)).toEqual(['event-store-unavailable 503', 'http-429 429']);
    // The cause is not lost with the kind page.
    const [route, causes] = ['GET /try/fail/:how', ['DomainError: disk /var/lib/segl full']];
    expect(unavailable).toMatchObject([{ code: 'event-store-unavailable', route, causes, others: 0 }]);
  });

  it('about a path or a method says so', async () => {
    expect((await portal.browser().get('/nowhere/at/all?secret=1')).status).toBe(404);
    const wrong = await fetch(`${portal.url}/open`);
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST');
    expect((await portal.browser().get('/%c0%80')).status).toBe(404);
    expect((await portal.browser().get('/try/fail/%c0%80')).status).toBe(400);
  });

  it('is the same page at an address that only looks like one of another host', async () => {
    const before = unexpected.length;
    for (const path of ['/\\elsewhere.example', '//elsewhere.example/', '/\\/elsewhere.example']) {
      const answer = await spoken(`GET ${path} HTTP/1.1\r\nHost: portal\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).toMatch(/href="\/[^/\\"][^"]*lang&#x3D;da"/);
    }
    expect(unexpected).toHaveLength(before);
  });

  it('is none of ours when the line breaks within an upload', async () => {
    const before = unexpected.length;
    await spoken('POST /open HTTP/1.1\r\nHost: portal\r\nContent-Length: 1000\r\n\r\nm=', 100);
    expect((await portal.browser().get('/nowhere')).status).toBe(404);
    expect(unexpected).toHaveLength(before);
  });

  it('is answered to programs as problem details', async () => {
    const answer = await fetch(`${portal.url}/api/v1/try`);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await answer.json()) as object;
    expect(problem).toEqual({
      type: 'urn:segl:problem:unexpected',
      title: 'Sorry, something went wrong',
      status: 500,
      detail: expect.any(String),
      reference: unexpected.at(-1)?.reference,
    });
    expect(JSON.stringify(problem)).not.toMatch(SECRETS);
    const nowhere = await fetch(`${portal.url}/api/nowhere`, { headers: { 'accept-language': 'da' } });
    expect(nowhere.headers.get('content-type')).toContain('application/problem+json');
    expect(await nowhere.json()).toMatchObject({
      type: 'urn:segl:problem:not-found',
      status: 404,
      title: 'Not found',
    });
    const other = await fetch(`${portal.url}/api/v1/try`, { method: 'DELETE', headers: { 'accept-language': 'da' } });
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await other.json()).toMatchObject({ type: 'urn:segl:problem:method-not-allowed', status: 405 });
    const written = await fetch(`${portal.url}/API/V1/try/`, { method: 'DELETE' }); // the router takes it for the same
    expect(written.headers.get('content-type')).toContain('application/problem+json');
  });

  it('says of a HEAD where nothing is to be read what it says of a GET', async () => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(`${portal.url}/api/v1/try/take`, { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });
});

/** What the portal says to these very bytes, which no HTTP client would send; or within so many milliseconds, after which we hang up. */
async function spoken(request: string, hangUpMs = 5000, url = portal.url): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (piece) => (answer += piece.toString('latin1'))).on('error', () => undefined);
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const timer = setTimeout(() => socket.destroy(), hangUpMs);
  socket.write(request, 'latin1');
  await over;
  clearTimeout(timer);
  return answer;
}
