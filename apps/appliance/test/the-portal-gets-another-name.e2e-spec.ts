import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { freePort } from '#libs/vocabulary/testing';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { Reader } from './reader.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const AXE = "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })";

const withBrowser = chromiumPath() === null ? describe.skip : describe;

/** Both are this machine, and hosts of their own to a browser: neither gets the other's cookies. The portal asks itself at 127.0.0.1. */
const OLD = 'localhost';
const NEW = '127.0.0.1';

withBrowser('the portal gets another name, and attachments from before still open', () => {
  let browser: Browser;
  let directory: string;
  let attachment: string;
  let portal: RunningProcess;
  let url: URL;
  let old: (path: string) => string;

  beforeAll(async () => {
    [browser, directory] = await Promise.all([launchChromium(), mkdtemp(join(tmpdir(), 'segl-renamed-'))]);
    const port = await freePort();
    old = (path) => `http://${OLD}:${port}${path}`;
    const before = await startProcess({ dataDir: directory, port, environment: { SEGL_PUBLIC_URL: old('') } });
    const mailbox = await browser.newPage();
    await mailbox.goto(old('/demo/mailbox'));
    await mailbox.locator('ul.mails a', { hasText: '1 attachment' }).first().click();
    const file = (await mailbox.locator('a.attachment').getAttribute('href')) ?? '';
    attachment = join(directory, 'message.html');
    await writeFile(attachment, await (await fetch(old(file))).text());
    await mailbox.close();
    expect(await before.stop()).toBe(0);
    url = new URL(`http://${NEW}:${port}`);
    const environment = { SEGL_PUBLIC_URL: url.origin, SEGL_FORMER_HOSTS: OLD };
    portal = await startProcess({ dataDir: directory, port, environment });
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    expect(await portal.stop()).toBe(0);
    await rm(directory, { recursive: true, force: true });
  });

  it('a reader opens one that names the old host, goes on at the new one, and reads', async () => {
    const context = await browser.newContext({ locale: 'en-GB', javaScriptEnabled: false });
    const reader = new Reader(await context.newPage(), url);
    await reader.page.goto(pathToFileURL(attachment).href);
    await reader.page.getByRole('button', { name: 'Read the message' }).click();
    await reader.page.waitForURL(old('/open'));
    expect(await reader.seesOnThePage()).toContain('This site has a new address');
    await reader.page.getByRole('button', { name: `Continue at ${url.host}` }).click();
    await reader.page.waitForURL(new RegExp(`^${url.origin}/m/[a-z2-7]{32}$`));
    expect(await reader.seesOnThePage()).toContain('mette.holm@nordlys.example');
    await reader.signsInWithACode();
    await reader.confirms();
    const frame = reader.page.frameLocator('iframe').first();
    expect(await frame.locator('body').innerText()).toContain('DKK 412,500');
    await context.close();
  }, 120_000);

  it.each([
    { locale: 'en', width: 1024, colorScheme: 'light' },
    { locale: 'da', width: 320, colorScheme: 'dark' },
  ] as const)('the page in between is for everyone: $locale, $width px, $colorScheme', async (look) => {
    const { locale, width, colorScheme } = look;
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ locale, colorScheme, viewport, bypassCSP: true }); // which would refuse axe
    const page = await context.newPage();
    await page.goto(pathToFileURL(attachment).href);
    await page.locator('form button').first().click();
    await page.waitForURL(old('/open'));
    expect(await page.evaluate('document.documentElement.lang')).toBe(locale);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
    const { violations } = (await page.evaluate(AXE)) as { violations: { id: string }[] };
    expect(violations.map(({ id }) => id)).toEqual([]);
    await context.close();
  });

  it('a link to the old host leads to the same page of the new one; a program that asks there is told', async () => {
    const page = await browser.newPage();
    await page.goto(old('/help?lang=da'));
    expect(page.url()).toBe(new URL('/help?lang=da', url).href);
    await page.close();
    const asked = await fetch(old('/api/v1/messages'), { method: 'POST', body: 'From: x@example.com\r\n\r\nx' });
    expect([asked.status, asked.headers.get('content-type')]).toEqual([421, 'application/problem+json; charset=utf-8']);
  });

  it('what an old page still holds is not taken, and nobody can make a mark up', async () => {
    const form = { method: 'POST', redirect: 'manual', body: new URLSearchParams({ csrf: 'x' }) } as const;
    expect((await fetch(old('/m/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/view'), form)).status).toBe(421);
    const made = new URLSearchParams({ message: 'a'.repeat(32), opened: `9999999999.${'a'.repeat(43)}` });
    const arrived = await fetch(new URL('/open/moved', url), { method: 'POST', redirect: 'manual', body: made });
    expect([arrived.status, arrived.headers.get('location'), arrived.headers.getSetCookie()]).toEqual([303, '/', []]);
  });
});
