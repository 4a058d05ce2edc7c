import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { mailOfManyParts, visitEveryPage } from './every-page.ts';
import { mailIdsIn, newCode } from './http-reader.ts';
import { Reader } from './reader.ts';
import { Program } from './program.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Frames hold the mail's own markup, which we do not write; that they have a title is checked. */
const AXE =
  "axe.run({ iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })";

const SETTINGS = [
  { width: 1024, colorScheme: 'light' },
  { width: 1024, colorScheme: 'dark' },
  { width: 320, colorScheme: 'light' },
  { width: 320, colorScheme: 'dark' },
] as const;

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly failureSummary: string }[];
  }[];
}

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('every page of the journey, in a real browser (skipped where there is none)', () => {
  let directory: string;
  let portal: RunningProcess;
  let program: Program;
  let browser: Browser;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-pages-'));
    program = await Program.in(directory, ['@nordlys.example']);
    await writeFile(join(directory, 'segl.yaml'), program.yaml);
    portal = await startProcess({
      dataDir: join(directory, 'data'),
      environment: { SEGL_CONFIG: join(directory, 'segl.yaml') },
    });
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await portal.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function sealTo(recipient: string): Promise<void> {
    const from = 'mette.holm@nordlys.example';
    const { status } = await fetch(new URL(`/api/v1/messages?from=${from}&to=${recipient}`, portal.url), {
      method: 'POST',
      headers: { authorization: await program.authorization(portal.url), 'content-type': 'message/rfc822' },
      body: mailOfManyParts(recipient),
    });
    expect(status).toBe(201);
  }

  /** Both are faults of the page itself, whatever the setting. */
  async function faultsOf(page: Page, name: string): Promise<string[]> {
    await page.addScriptTag({ path: axePath });
    const faults: string[] = [];
    for (const { width, colorScheme } of SETTINGS) {
      const where = `${name}, ${width} px, ${colorScheme}`;
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      const { violations } = (await page.evaluate(AXE)) as AxeResult;
      for (const { id, nodes } of violations)
        faults.push(`${where}: ${id}: ${nodes.map(({ failureSummary }) => failureSummary).join('\n')}`);
      if ((await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')) === true)
        faults.push(`${where}: scrolls sideways`);
    }
    return faults;
  }

  it.each(['en', 'da'])(
    'meets WCAG 2.2 AA, light and dark, wide and at 320 px, and speaks one language: %s',
    async (locale) => {
      const recipient = `reader-${locale}@example.com`;
      await sealTo(recipient);
      // Our own policy forbids scripts, so the checker gets in past it; the next story is told with the policy in force.
      const context = await browser.newContext({ locale, bypassCSP: true });
      const page = await context.newPage();
      const faults: string[] = [];
      const titles = new Map<string, string>();
      await visitEveryPage(page, portal, recipient, async (name, shown) => {
        titles.set(name, await shown.title());
        if (name === 'print') return; // the mail's own markup, and nothing else
        faults.push(...(await faultsOf(shown, name)));
        const lang = await shown.locator('html').getAttribute('lang');
        if (name !== 'attachment' && lang !== locale) faults.push(`${name}: is in ${lang}`);
      });
      expect(faults).toEqual([]);
      expect([...titles].filter(([, title]) => title.trim() === '')).toEqual([]);
      expect(titles.get('a wrong code')).not.toBe(titles.get('enter the code')); // an error is heard before anything else
      await context.close();
    },
    300_000,
  );

  it('asks nothing of anyone else and has nothing to complain about in the console', async () => {
    await sealTo('reader@example.com');
    const context = await browser.newContext({ locale: 'en-GB' });
    const complaints: string[] = [];
    const strangers: string[] = [];
    context.on('console', (message) => complaints.push(`${message.page()?.url()}: ${message.text()}`));
    context.on('weberror', (error) => complaints.push(error.error().message));
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['data:', 'file:', 'about:'].includes(protocol) && origin !== portal.url.origin)
        strangers.push(request.url());
    });
    const visited: string[] = [];
    await visitEveryPage(await context.newPage(), portal, 'reader@example.com', (name) => {
      visited.push(name);
      return Promise.resolve();
    });
    expect(visited).toContain('print');
    expect(strangers).toEqual([]);
    // A browser says this of every page that is not found, of a file that is no sealed message, and of what it cleared at sign-out.
    const usual =
      /responded with a status of (404|422)|: Clear-Site-Data header on '[^']*\/sign-out': Cleared data types/;
    expect(complaints.filter((text) => !usual.test(text))).toEqual([]);
    await context.close();
  }, 120_000);

  it('shows an open message in the other language at one press', async () => {
    await sealTo('bilingual@example.com');
    const context = await browser.newContext({ locale: 'en-GB', javaScriptEnabled: false });
    const reader = await context.newPage();
    await visitEveryPage(reader, portal, 'bilingual@example.com', async (name, page) => {
      if (name !== 'message') return;
      const subject = await page.locator('article h1').textContent();
      await page.getByRole('button', { name: 'Dansk' }).click();
      await page.waitForSelector('html[lang=da]');
      expect(await page.locator('article h1').textContent()).toBe(subject);
      expect(await page.getByRole('button', { name: 'Hent inside.txt' }).count()).toBe(1);
    });
    expect(await reader.locator('html').getAttribute('lang')).toBe('da'); // and the pages after it stay so
    await context.close();
  }, 120_000);

  it('hands out the files of a mail within the mail, and leaves what to press off the paper', async () => {
    await sealTo('within@example.com');
    const context = await browser.newContext({ locale: 'en-GB', acceptDownloads: true });
    let saved = '';
    await visitEveryPage(await context.newPage(), portal, 'within@example.com', async (name, page) => {
      if (name !== 'message') return;
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download inside.txt' }).click(),
      ]);
      saved = await readFile(await file.path(), 'utf8');
      await page.emulateMedia({ media: 'print' });
      expect(await page.locator('button:visible').count()).toBe(0);
      expect(await page.locator('article h1').isVisible()).toBe(true);
      await page.emulateMedia({ media: null });
    });
    expect(saved.trim()).toBe('from within');
    await context.close();
  }, 120_000);

  it('is walked through with the keyboard alone, and shows where the keyboard is', async () => {
    await sealTo('keyboard@example.com');
    const context = await browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    const tabTo = async (selector: string) => {
      for (let key = 0; key < 40; key++) {
        await page.keyboard.press('Tab');
        if ((await page.locator(`${selector}:focus`).count()) > 0) break;
      }
      expect(await page.locator(`${selector}:focus`).count()).toBe(1);
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    };
    await new Reader(page, portal.url).opensNewestSealedMail();
    await tabTo('a.attachment');
    await page.keyboard.press('Enter');
    await page.waitForURL(/message\.html$/);
    await tabTo('button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/m\/[a-z2-7]{32}$/);
    const before = await mailIdsIn(portal.url);
    await tabTo('form[action$="/prove"] button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/prove\/code\//);
    await tabTo('#code');
    await page.keyboard.type(await newCode(portal.url, before));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/m\/[a-z2-7]{32}$/);
    await tabTo('form[action$="/view"] button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/view$/);
    await tabTo('form[action*="/attachments/"] button');
    await tabTo('form[action$="/finish"] button');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/finished$/);
    await context.close();
  }, 60_000);
});
