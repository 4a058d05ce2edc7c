import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchChromium, pseudoLanguage } from '#libs/web-ui/testing';
import { visitEveryPage } from './every-page.ts';
import { dist, ensureBuilt, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const AXE = "axe.run({ iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })";
/** Arabic in a region that does not exist: written from right to left, six plural forms. */
const TAG = 'ar-XB';
/** Set to a directory to keep pictures of every page for a look. */
const PICTURES = process.env['SEGL_TEST_PICTURES'];

/** A copy of this build with one file more. */
function buildWithLanguage(directory: string): string {
  ensureBuilt();
  const build = join(directory, 'dist');
  cpSync(dist, build, { recursive: true });
  for (const beside of ['node_modules', 'package.json']) symlinkSync(join(dist, '..', beside), join(directory, beside));
  writeFileSync(join(build, 'libs', 'web-ui', 'src', 'locales', `${TAG}.json`), pseudoLanguage(TAG, '⟦عربي⟧'));
  return build;
}

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('a language that is one more file and nothing else (skipped where there is no browser)', () => {
  let directory: string;
  let portal: RunningProcess;
  let browser: Browser;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'segl-language-'));
    portal = await startProcess({
      build: buildWithLanguage(directory),
      dataDir: join(directory, 'data'),
      environment: { SEGL_ORGANISATION_LOCALES: `${TAG},en` },
    });
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await portal.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function faultsOf(page: Page, name: string): Promise<string[]> {
    const faults: string[] = [];
    const html = page.locator('html');
    if ((await html.getAttribute('lang')) !== TAG) faults.push(`${name}: is in ${await html.getAttribute('lang')}`);
    if ((await html.getAttribute('dir')) !== 'rtl') faults.push(`${name}: is not written from right to left`);
    if (name !== 'print') {
      const words = page.locator(':is(label, legend, h2, main button, .hint):not([lang=en] *)');
      for (const text of await words.allTextContents())
        if (!text.includes('⟦')) faults.push(`${name}: not from the file: ${text}`);
      await page.addScriptTag({ path: axePath });
      const { violations } = (await page.evaluate(AXE)) as { violations: { id: string; nodes: { html: string }[] }[] };
      faults.push(...violations.map(({ id, nodes }) => `${name}: ${id} ${nodes.map((node) => node.html).join(' ')}`));
    }
    for (const width of [320, 1024]) {
      await page.setViewportSize({ width, height: 800 });
      if ((await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')) === true)
        faults.push(`${name}: scrolls sideways at ${width} px`);
      if (PICTURES === undefined) continue;
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `${TAG} ${name} ${width}.png`), fullPage: true });
    }
    return faults;
  }

  it('is spoken on every page, in the carrier and in the mails, from right to left, at 320 px too', async () => {
    const context = await browser.newContext({ locale: TAG, bypassCSP: true });
    const faults: string[] = [];
    const titles: string[] = [];
    await visitEveryPage(await context.newPage(), portal, 'anna.berg@example.com', async (name, page) => {
      titles.push(await page.title());
      faults.push(...(await faultsOf(page, name)));
    });
    expect(faults).toEqual([]);
    expect(titles.filter((title) => !title.includes('⟦')).length).toBeLessThanOrEqual(3); // named by a mail's own subject
    await context.close();
  }, 300_000);

  it('is offered in its own words to those who read another', async () => {
    const context = await browser.newContext({ locale: 'en' });
    const page = await context.newPage();
    await page.goto(portal.url.href);
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    await page.getByRole('link', { name: '⟦عربي⟧' }).click();
    expect(await page.locator('html').getAttribute('dir')).toBe('rtl');
    await context.close();
  }, 60_000);
});
