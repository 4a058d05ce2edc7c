import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Render } from '@nestjs/common';
import type { Browser, Page } from 'playwright-core';
import { HelpController } from './help/help-controller.ts';
import { logoOf } from './organisation/logo.ts';
import { PrivacyController } from './privacy/privacy-controller.ts';
import { chromiumPath, launchChromium, openTestPortal, testOrganisation } from './testing/index.ts';
import type { TestPortal } from './testing/index.ts';

@Controller('specimen')
class SpecimenController {
  @Get() @Render('web-ui/testing/specimen') page() {
    return { sealedAt: '2026-11-25T10:03:07.000Z' };
  }
}

const PAGES = ['/specimen', '/privacy', '/privacy?lang=da', '/help', '/help?lang=da', '/nowhere'];
const SETTINGS = [
  { name: 'light', colorScheme: 'light', width: 1024 },
  { name: 'dark', colorScheme: 'dark', width: 1024 },
  { name: 'narrow', colorScheme: 'light', width: 320 },
  { name: 'narrow-dark', colorScheme: 'dark', width: 320 },
] as const;
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Set to a directory to keep pictures of every page for a look. */
const PICTURES = process.env['SEGL_TEST_PICTURES'];

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('every page, in a real browser (skipped where there is no Chromium)', () => {
  let portal: TestPortal;
  let chromium: Browser;

  beforeAll(async () => {
    portal = await openTestPortal(
      { controllers: [SpecimenController, HelpController, PrivacyController] },
      { isDemonstration: true },
    );
    chromium = await launchChromium();
  });
  afterAll(async () => {
    await chromium.close();
    await portal.close();
  });

  async function open(path: string, settings: (typeof SETTINGS)[number], run: (page: Page) => Promise<void>) {
    // The page's own policy forbids scripts, so the checker gets in past it; a story elsewhere proves that the policy holds.
    const context = await chromium.newContext({
      bypassCSP: true,
      colorScheme: settings.colorScheme,
      viewport: { width: settings.width, height: 800 },
    });
    try {
      const page = await context.newPage();
      await page.goto(portal.url + path);
      await run(page);
    } finally {
      await context.close();
    }
  }

  for (const settings of SETTINGS) {
    it.each(PAGES)(`%s meets WCAG 2.2 AA, ${settings.name}`, (path) =>
      open(path, settings, async (page) => {
        if (PICTURES !== undefined) {
          mkdirSync(PICTURES, { recursive: true });
          await page.screenshot({
            path: `${PICTURES}/${path.replace(/\W+/g, '-')}-${settings.name}.png`,
            fullPage: true,
          });
        }
        await page.addScriptTag({ path: axePath });
        const result = (await page.evaluate(
          "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
        )) as AxeResult;
        const violations = result.violations.map(
          ({ id, nodes }) =>
            `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`,
        );
        expect(violations).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      }),
    );
  }

  it.each(SETTINGS)('meets it with the logo and the colours of an organisation too, $name', async (settings) => {
    const picture = await chromium.newPage({ viewport: { width: 300, height: 90 } });
    await picture.setContent('<body style="background:#7a1f3d">');
    const logo = logoOf(await picture.screenshot());
    await picture.close();
    const theirs = await openTestPortal(
      { controllers: [SpecimenController, HelpController] },
      {
        organisation: {
          ...testOrganisation,
          logo,
          colours: { light: '#7a1f3d', dark: '#f0a8c0' },
          telephone: '+45 33 12 34 56',
          howToCheck: { en: 'Ring us on the number that you know.', da: 'Ring til os på det nummer, du kender.' },
        },
      },
    );
    const context = await chromium.newContext({
      bypassCSP: true,
      colorScheme: settings.colorScheme,
      viewport: { width: settings.width, height: 800 },
    });
    try {
      const page = await context.newPage();
      for (const path of ['/specimen', '/help', '/nowhere', '/help?lang=da']) {
        await page.goto(theirs.url + path);
        expect(await page.evaluate("document.querySelector('img.logo').naturalWidth")).toBe(300);
        expect(await page.locator('footer').textContent()).toMatch(
          /Ring us on the number that|Ring til os på det nummer/,
        );
        await page.addScriptTag({ path: axePath });
        const { violations } = (await page.evaluate(
          "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa'] })",
        )) as AxeResult;
        expect(violations.map(({ id, nodes }) => `${path} ${id} ${nodes.map(({ html }) => html).join()}`)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      }
    } finally {
      await context.close();
      await theirs.close();
    }
  });

  it('asks nothing of anywhere else, and runs no script', async () => {
    const context = await chromium.newContext();
    const page = await context.newPage();
    const asked: string[] = [];
    const messages: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => messages.push(message.text()));
    await page.goto(`${portal.url}/specimen`);
    expect(asked.filter((address) => !address.startsWith(portal.url))).toEqual([]);
    expect(messages).toEqual([]);
    await expect(page.addScriptTag({ content: 'document.title = "ran"' })).rejects.toThrow();
    expect(await page.title()).toBe('Specimen – Nordlys Advokater');
    await context.close();
  });

  it('shows where the keyboard is, and skips to the content', async () => {
    const context = await chromium.newContext();
    const page = await context.newPage();
    await page.goto(`${portal.url}/specimen`);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to main content');
    await page.keyboard.press('Enter');
    expect(page.url()).toMatch(/#content$/);
    await page.keyboard.press('Tab');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineWidth');
    expect(outline).toBe('3px');
    await context.close();
  });
});
