import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Redirect, Req } from '@nestjs/common';
import type { Request } from 'express';
import type { Browser } from 'playwright-core';
import { MailReader } from '#libs/mail';
import { carrierOf } from '#libs/mail/testing';
import { FixedClock, instantOf, parseMailAddress } from '#libs/vocabulary';
import { chromiumPath, launchChromium, openTestPortal } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { DemoMailboxController } from './demo-mailbox.controller.ts';
import { DemoMailbox } from './demo-mailbox.ts';

const soren = parseMailAddress('soren@example.com');
const ciphertext = randomBytes(2000);
const original = Buffer.from(
  'From: Anna Berg <anna@nordlys.example>\r\nTo: =?utf-8?Q?S=C3=B8ren?= <soren@example.com>\r\nSubject: Contract\r\nDate: Wed, 25 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@nordlys.example>\r\n\r\nsecret\r\n',
);
const codeMail = Buffer.from(
  'From: Nordlys <codes@nordlys.example>\r\nTo: soren@example.com\r\nSubject: Your code\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nYour code is 1234 5678\r\n',
);

interface HandedIn {
  readonly body: string;
  readonly origin: string | undefined;
  readonly cookie: string | undefined;
}
const handedIn: HandedIn[] = [];

@Controller()
class PortalDouble {
  @Post('open') @Redirect('/m/somewhere', 303) async open(@Req() request: Request) {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    handedIn.push({
      body: Buffer.concat(pieces).toString('latin1'),
      origin: request.get('origin'),
      cookie: request.get('cookie'),
    });
  }
  @Get('m/somewhere') message(@Req() request: Request) {
    return `<p>A message waits. ${request.get('cookie') ?? 'no cookie'}</p>`;
  }
}

let portal: TestPortal;
let mailbox: DemoMailbox;
const reader = new MailReader();
const clock = new FixedClock(instantOf('2026-11-25T10:00:00.000Z'));

beforeAll(async () => {
  mailbox = new DemoMailbox({ clock });
  const providers = [
    { provide: DemoMailbox, useValue: mailbox },
    { provide: MailReader, useValue: reader },
  ];
  portal = await openTestPortal({ controllers: [DemoMailboxController, PortalDouble], providers });
  const publicUrl = new URL(portal.url);
  const carrier = carrierOf(original, ciphertext, { publicUrl });
  async function* streamed() {
    for (let start = 0; start < carrier.length; start += 1000) yield carrier.subarray(start, start + 1000);
  }
  await mailbox.send({
    mailFrom: parseMailAddress('anna@nordlys.example'),
    rcptTo: soren,
    content: streamed,
    kind: 'carrier',
  });
  clock.advance(60);
  await mailbox.send({ mailFrom: '', rcptTo: soren, content: codeMail, kind: 'passcode' });
});
afterAll(async () => {
  await portal.close();
  await reader.close();
});
beforeEach(() => {
  handedIn.length = 0;
});

describe('the mailbox', () => {
  it('lists what came, newest first', async () => {
    const page = await portal.browser().get('/demo/mailbox');
    expect(page.status).toBe(200);
    expect(page.text).toMatch(/Your code .*Anna Berg .*1 attachment/);
    expect((await portal.browser().get('/demo/mailbox?lang=da')).text).toContain('1 vedhæftet fil');
  });

  it('shows a mail with its code', async () => {
    expect((await portal.browser().get('/demo/mailbox/2')).text).toContain('Your code is 1234 5678');
    expect((await portal.browser().get('/demo/mailbox/3')).status).toBe(404);
    expect((await portal.browser().get('/demo/mailbox/2/message.html')).status).toBe(404);
  });

  it('gives a mail as it is', async () => {
    const answer = await fetch(`${portal.url}/demo/mailbox/2/mail.eml`);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename=mail-2.eml');
    expect(Buffer.from(await answer.arrayBuffer()).equals(codeMail)).toBe(true);
  });

  it('is bounded: the oldest make room', async () => {
    const small = new DemoMailbox({ clock, maxMails: 3, maxBytes: 25 });
    const send = (content: string) =>
      small.send({ mailFrom: '', rcptTo: soren, content: Buffer.from(content), kind: 'passcode' });
    for (const content of ['one', 'two', 'three', 'four']) await send(content);
    expect(small.list().map(({ content }) => content.toString())).toEqual(['four', 'three', 'two']);
    await send('x'.repeat(20));
    expect(small.list().map(({ content }) => content.length)).toEqual([20, 4]);
    await expect(send('x'.repeat(26))).rejects.toMatchObject({ code: 'relay-refused' });
    await small.close();
    await expect(send('late')).rejects.toMatchObject({ code: 'relay-unavailable' });
    expect(small.list()).toEqual([]);
  });
});

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('its attachment, in a real browser (skipped where there is no Chromium)', () => {
  let chromium: Browser;
  beforeAll(async () => {
    chromium = await launchChromium();
  });
  afterAll(() => chromium.close());

  it.each([true, false])(
    'hands the ciphertext in from nowhere, as a saved file does (script: %p)',
    async (javaScriptEnabled) => {
      const context = await chromium.newContext({ javaScriptEnabled });
      try {
        await context.addCookies([{ name: 'segl', value: 'x', url: portal.url, sameSite: 'Lax', httpOnly: true }]);
        const page = await context.newPage();
        await page.goto(`${portal.url}/demo/mailbox`);
        await page.getByText('Anna Berg').click();
        await page.getByRole('link', { name: 'message.html' }).click();
        await page.locator('button').first().click();
        await page.waitForURL('**/m/somewhere');
        expect(await page.textContent('p')).toBe('A message waits. segl=x');
        const [taken] = handedIn;
        expect(taken).toMatchObject({ origin: 'null', cookie: undefined });
        expect(taken?.body.replace(/%0D%0A|^m=/g, '')).toBe(ciphertext.toString('base64url'));
      } finally {
        await context.close();
      }
    },
  );

  it.each(['light', 'dark'] as const)('is in a mailbox that meets WCAG 2.2 AA at 320 px (%s)', async (colorScheme) => {
    const context = await chromium.newContext({ bypassCSP: true, colorScheme, viewport: { width: 320, height: 700 } });
    try {
      const page = await context.newPage();
      for (const path of ['/demo/mailbox', '/demo/mailbox/1']) {
        await page.goto(portal.url + path);
        const pictures = process.env['SEGL_TEST_PICTURES'];
        if (pictures !== undefined)
          await page.screenshot({
            path: `${pictures}/${path.replace(/\W+/g, '-')}-${colorScheme}.png`,
            fullPage: true,
          });
        await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
        const violations = await page.evaluate(
          "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.map(({ id }) => id))",
        );
        expect(violations).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      }
    } finally {
      await context.close();
    }
  });
});
