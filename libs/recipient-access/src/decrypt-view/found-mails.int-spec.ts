import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Browser, Page } from 'playwright-core';
import { MailReader } from '#libs/mail';
import { messagePageHeaders } from '#libs/web-ui';
import { chromiumPath, launchChromium, openTestPortal } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { shownMail } from './shown-message.ts';

/** Mails that were shown wrongly; what their bodies hold is looked at in `libs/mail`, here what the page makes of them. */
const FOUND = join(import.meta.dirname, '../../../../../shared/data/found');
const reader = new MailReader({ workers: 1 });

@Controller('found')
class FoundMailController {
  @Get(':file')
  async page(@Param('file') file: string, @Res() response: Response) {
    const mail = await reader.read(readFileSync(join(FOUND, `${file}.eml`)));
    messagePageHeaders(response);
    response.render('recipient-access/decrypt-view/message', {
      messageId: '00000000-0000-7000-8000-000000000000',
      waitingMinutes: 30,
      sender: 'bo@example.org',
      recipient: 'anna@example.com',
      mail: await shownMail(mail, { locale: 'en', timeZone: 'Europe/Copenhagen', showsFiles: true }),
    });
  }
}

const withBrowser = chromiumPath() === null || !existsSync(FOUND) ? describe.skip : describe;

withBrowser('the page of mails that were shown wrongly (skipped without Chromium or ../shared/data)', () => {
  let chromium: Browser;
  let portal: TestPortal;
  let page: Page;
  beforeAll(async () => {
    portal = await openTestPortal({ controllers: [FoundMailController] });
    chromium = await launchChromium();
    page = await chromium.newPage({ javaScriptEnabled: false, viewport: { width: 320, height: 700 } });
  });
  afterAll(async () => {
    await chromium.close();
    await portal.close();
    await reader.close();
  });

  const open = async (file: string): Promise<void> => {
    await page.goto(`${portal.url}/found/${file}`, { waitUntil: 'load' });
    if (process.env['SEGL_PICTURES'])
      await page.screenshot({ path: `${process.env['SEGL_PICTURES']}/found-${file}.png`, fullPage: true });
  };
  const directions = (selector: string): Promise<string[]> =>
    page.evaluate(
      `[...document.querySelectorAll('${selector}')].map((each) => each.dir + ' ' + getComputedStyle(each).direction)`,
    );

  it.each([
    ['h07-tel-link', 'tel:+4555512345'],
    ['h13-mailto-body', 'mailto:case@nordlys.example?subject=Re%20case&body=I%20accept'],
    ['h17-list-of-links-without-scheme', 'http://www.nordlys.example/sag'],
  ])('%s: a link leads to %s', async (file, href) => {
    await open(file);
    const frame = await (await page.locator('iframe').elementHandle())?.contentFrame();
    const found = await frame?.evaluate<string[]>(
      "[...document.querySelectorAll('a')].map((each) => each.getAttribute('href').replace(/\\/$/, ''))",
    );
    expect(found).toContain(href);
    expect(await page.locator('details.links').textContent()).toContain(href);
  });

  it.each([
    ['s22-calendar-only', ['Settlement meeting']],
    ['22-pgp-encrypted', ['encrypted with PGP', 'private key', 'Thunderbird']],
  ])('%s: the reader sees words of what it is', async (file, words) => {
    await open(file);
    for (const each of words)
      expect(await page.locator('[role=note]').allInnerTexts()).toEqual([expect.stringContaining(each)]);
  });

  it('h06b-plain-rtl and 25-hebrew-text: words run their own way', async () => {
    await open('h06b-plain-rtl');
    expect(await directions('pre.text')).toEqual(['auto rtl']);
    await open('25-hebrew-text');
    expect([await directions('pre.text'), await directions('h1')]).toEqual([['auto rtl'], ['auto rtl']]);
    expect((await directions('dl.facts dd[dir]')).every((each) => each.startsWith('auto '))).toBe(true);
  });

  it('26-fixed-width-html-on-a-phone: nothing scrolls sideways', async () => {
    await open('26-fixed-width-html-on-a-phone');
    const frame = await (await page.locator('iframe').elementHandle())?.contentFrame();
    expect(await frame?.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(
      0,
    );
  });

  it('27-short-html-with-much-markup: the frame is not many times taller than what is in it', async () => {
    await open('27-short-html-with-much-markup');
    const box = await page.locator('iframe').boundingBox();
    const frame = await (await page.locator('iframe').elementHandle())?.contentFrame();
    const content = await frame?.evaluate<number>('document.body.getBoundingClientRect().height');
    expect(box?.height).toBeLessThan(3 * (content ?? 0) + 80);
  });
});
