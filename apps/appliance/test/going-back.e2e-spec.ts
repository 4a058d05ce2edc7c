import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { Reader } from './reader.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const withBrowser = chromiumPath() === null ? describe.skip : describe;

/** With the pages that Chromium keeps whole behind Back, as people have them: Playwright turns them off by default. */
withBrowser('a reader who goes back, in a real browser (skipped where there is none)', () => {
  let portal: RunningProcess;
  let chromium: Browser;

  beforeAll(async () => {
    portal = await startProcess();
    chromium = await launchChromium({ ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  }, 60_000);
  afterAll(async () => {
    await chromium.close();
    await portal.stop();
  });

  async function reading(options: BrowserContextOptions = {}) {
    const context = await chromium.newContext({ locale: 'en-GB', ...options });
    const reader = new Reader(await context.newPage(), portal.url);
    await reader.opensNewestSealedMail();
    await reader.opensAttachment();
    await reader.pressesTheButtonInTheAttachment();
    await reader.signsInWithACode();
    return { context, reader, page: reader.page };
  }

  const heading = (page: Page) => page.locator('main h1').first().innerText();
  const press = (page: Page, name: string) => page.getByRole('button', { name }).click();

  it('comes from every step to a page that goes on, and never back to the message', async () => {
    const { context, reader, page } = await reading();
    const confirming = page.url();
    await page.goBack(); // past the code that was entered
    await page.getByRole('button', { name: 'Show the message' }).waitFor();
    expect(page.url()).toBe(confirming);
    await reader.confirms();
    await page.reload(); // no question whether to send a form again
    await press(page, 'Show the message');
    await page.waitForURL(/\/view$/);
    await press(page, 'Finish and remove it from here');
    await page.waitForURL(/\/finished$/);
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForURL(confirming);
    expect(await heading(page)).toBe('We cannot show this message right now');
    expect(await page.getByRole('link', { name: 'Upload an attachment' }).count()).toBe(1);
    await context.close();
  }, 60_000);

  it('sees nothing of the message after signing out, and is led to sign in again', async () => {
    const { context, reader, page } = await reading();
    const confirming = page.url();
    await reader.confirms();
    const subject = await page.locator('article h1').innerText();
    await page.goto(confirming);
    await press(page, 'Sign out');
    await page.waitForURL(/\/signed-out$/);
    for (let step = 0; step < 2; step++) {
      await page.goBack({ waitUntil: 'commit' }); // to the page that signed out, then to the message
      await page.waitForURL(confirming);
      expect(await page.locator('body').innerText()).not.toContain(subject);
      expect(await page.getByRole('button', { name: 'Send me a code' }).count()).toBe(1);
    }
    await context.close();
  }, 60_000);

  it('goes on from a form that was open when they signed out in another tab, without script too', async () => {
    const { context, page } = await reading({ javaScriptEnabled: false });
    const confirming = page.url();
    const other = await context.newPage();
    await other.goto(confirming);
    await press(other, 'Sign out');
    await other.waitForURL(/\/signed-out$/);
    await press(page, 'Show the message');
    expect(await heading(page)).toBe('This page was out of date');
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.waitForURL(confirming);
    await press(page, 'Send me a code');
    await page.waitForURL(/\/prove\/code\//);
    await context.close();
  }, 60_000);
});
