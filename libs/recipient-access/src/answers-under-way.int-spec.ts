import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, HttpCode, Post, Res, UseInterceptors } from '@nestjs/common';
import type { Response } from 'express';
import { BrowserSession } from '#libs/web-ui';
import type { Browser } from '#libs/web-ui';
import { openTestPortal } from '#libs/web-ui/testing';
import type { TestBrowser, TestPortal } from '#libs/web-ui/testing';
import { AnswersUnderWay } from './answers-under-way.ts';
import { RECIPIENT_ACCESS_ERRORS } from './error-pages.ts';

const file = Buffer.alloc(16 * 1024 * 1024, 'x');
const given: Response[] = [];

@Controller('m')
class FilesController {
  @Get() form(@BrowserSession() { csrfToken }: Browser) {
    return `<input name="csrf" value="${csrfToken}">`;
  }
  @Post('file') @HttpCode(200) @UseInterceptors(AnswersUnderWay) file(@Res() response: Response) {
    given.push(response);
    response.setHeader('Content-Length', file.length);
    response.end(file);
  }
}

/** Asks for the file, reads the head of the answer and no more of it. */
async function askAndWait(
  browser: TestBrowser,
  csrf: string,
): Promise<{ asked: ClientRequest; answer: IncomingMessage }> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const asked = request(`${portal.url}/m/file`, {
    method: 'POST',
    agent: false,
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
  });
  asked.on('error', () => undefined);
  asked.end(new URLSearchParams({ csrf }).toString());
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  return { asked, answer };
}

let portal: TestPortal;
beforeAll(async () => {
  portal = await openTestPortal(
    { controllers: [FilesController], providers: [AnswersUnderWay] },
    { errorPages: [RECIPIENT_ACCESS_ERRORS] },
  );
});
afterAll(() => portal.close());

async function visitor() {
  const browser = portal.browser();
  const { html } = await browser.get('/m');
  return { browser, csrf: /value="([^"]*)"/.exec(html)?.[1] ?? '' };
}

describe('answers that their reader does not take', () => {
  it('are so many for each session; a place is free again when one has left or was given up', async () => {
    const { browser, csrf } = await visitor();
    const waiting = await Promise.all(Array.from({ length: 6 }, () => askAndWait(browser, csrf)));
    expect(waiting.map(({ answer }) => answer.statusCode)).toEqual([200, 200, 200, 200, 200, 200]);
    const refused = await askAndWait(browser, csrf);
    expect(refused.answer.statusCode).toBe(503);
    expect(refused.answer.headers['retry-after']).toBe('60');

    const other = await visitor();
    const ofAnother = await askAndWait(other.browser, other.csrf);
    expect(ofAnother.answer.statusCode).toBe(200);

    const [first, second, ...rest] = waiting;
    first?.asked.destroy();
    second?.answer.resume();
    if (second !== undefined) await once(second.answer, 'end');
    await sleep(50); // until the portal has heard of both
    const again = await Promise.all([askAndWait(browser, csrf), askAndWait(browser, csrf)]);
    expect(again.map(({ answer }) => answer.statusCode)).toEqual([200, 200]);
    for (const { asked } of [...rest, ...again, ofAnother, refused]) asked.destroy();
  });

  it('are cut off in the end', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      const { browser, csrf } = await visitor();
      const { answer } = await askAndWait(browser, csrf);
      const response = given.at(-1);
      jest.advanceTimersByTime((60 + 262) * 1000);
      expect(response?.destroyed).toBe(false);
      jest.advanceTimersByTime(2000);
      expect(response?.destroyed).toBe(true);
      answer.destroy();
    } finally {
      jest.useRealTimers();
    }
  });
});
