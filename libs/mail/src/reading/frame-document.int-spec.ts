import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Handlebars from 'handlebars';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { hostileHtml } from '../testing/hostile-html.ts';
import { PNG } from '../testing/shapes/mail-making.ts';
import { frameDocument } from './frame-document.ts';
import { sanitiseMailHtml } from './html-sanitiser.ts';

type Chromium = Awaited<ReturnType<typeof launchChromium>>;
const VECTORS = join(import.meta.dirname, '../../../../../shared/data/html-vectors.jsonl');
const ORIGIN = 'http://portal.test';
const POLICY =
  "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const shared = existsSync(VECTORS) ? readFileSync(VECTORS, 'utf8').trim().split('\n') : [];
const own = hostileHtml("alert('CANARY')");
const vectors = [
  ...own,
  ...shared.map((line) => JSON.parse(line) as { id: string; html: string }).map(({ id, html }) => ({ name: id, html })),
];
/** Frame and policy do not look at the mail: a fifth of the shared vectors in every run, all of them with SEGL_FIGURES=1. */
const everyNth = process.env['SEGL_FIGURES'] ? 1 : 5;
const sanitised = (html: string): string => sanitiseMailHtml(html, () => null).html;

/** As the portal shows a mail. */
const portalPage = Handlebars.compile(
  '<!doctype html><link rel="icon" href="data:,"><h1>Message content</h1>{{#each documents}}<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" width="600" height="80" srcdoc="{{this}}"></iframe>{{/each}}',
);
/** The same without any of the layers around the sanitiser. */
const barePage = Handlebars.compile(
  '<!doctype html><link rel="icon" href="data:,">{{#each documents}}<iframe srcdoc="{{this}}"></iframe>{{/each}}',
);

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser(
  `mails in a real browser (skipped where there is no Chromium)${shared.length ? '' : ', without ../shared/data'}`,
  () => {
    let chromium: Chromium;
    beforeAll(async () => {
      chromium = await launchChromium();
    });
    afterAll(() => chromium.close());

    /** Every request but the page's own, and every call that a script made, while the documents stood there. */
    async function watch(
      documents: readonly string[],
      page: (context: { documents: readonly string[] }) => string,
      policy?: string,
      isEnough: (seen: { requests: string[]; calls: string[] }) => boolean = () => true,
    ) {
      const context = await chromium.newContext();
      const seen = { requests: [] as string[], calls: [] as string[], popups: 0 };
      await context.route('**/*', (route) => {
        const url = route.request().url();
        if (url === `${ORIGIN}/m`) {
          const headers: Record<string, string> = policy ? { 'content-security-policy': policy } : {};
          return route.fulfill({ contentType: 'text/html; charset=utf-8', headers, body: page({ documents }) });
        }
        seen.requests.push(url);
        return route.abort();
      });
      await context.addInitScript(
        "for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => console.log('CANARY')",
      );
      const tab = await context.newPage();
      context.on('page', () => seen.popups++);
      tab.on('console', (message) => {
        if (message.type() === 'log' && message.text() === 'CANARY') seen.calls.push(message.text());
      });
      tab.on('dialog', (dialog) => {
        seen.calls.push(dialog.message());
        void dialog.dismiss();
      });
      await tab.goto(`${ORIGIN}/m`, { waitUntil: 'domcontentloaded' });
      await tab.waitForLoadState('load', { timeout: 10_000 }).catch(() => {}); // a hostile one may keep it from coming
      await tab.waitForTimeout(500);
      for (let tries = 0; tries < 40 && !isEnough(seen); tries++) await tab.waitForTimeout(250);
      await context.close();
      return seen;
    }

    async function watchAll(documents: readonly string[], page: typeof barePage, policy?: string) {
      const all = { requests: [] as string[], calls: [] as string[], popups: 0 };
      const different = [...new Set(documents)];
      for (let at = 0; at < different.length; at += 100) {
        const { requests, calls, popups } = await watch(different.slice(at, at + 100), page, policy);
        all.requests.push(...requests);
        all.calls.push(...calls);
        all.popups += popups;
      }
      return all;
    }

    it('would show it if something ran or loaded: the control, with nothing in the way', async () => {
      const control = await watch(
        hostileHtml("alert('CANARY')").map(({ html }) => html),
        barePage,
        undefined,
        ({ requests, calls }) => requests.length >= 25 && calls.length >= 10,
      );
      expect(control.calls.length).toBeGreaterThanOrEqual(10);
      expect(control.requests.length).toBeGreaterThanOrEqual(25);
    }, 120_000);

    it('runs nothing and loads nothing with the sanitiser alone', async () => {
      const seen = await watchAll(
        vectors.map(({ html }) => sanitised(html)),
        barePage,
      );
      expect(seen).toEqual({ requests: [], calls: [], popups: 0 });
    }, 120_000);

    it('runs nothing and loads nothing as the portal shows it', async () => {
      const seen = await watchAll(
        vectors.map(({ html }) => frameDocument(sanitised(html))),
        portalPage,
        POLICY,
      );
      expect(seen).toEqual({ requests: [], calls: [], popups: 0 });
    }, 120_000);

    it('runs nothing even where the sanitiser did nothing: frame and policy hold alone', async () => {
      const seen = await watchAll(
        vectors.filter((_, at) => at < own.length || at % everyNth === 0).map(({ html }) => frameDocument(html)),
        portalPage,
        POLICY,
      );
      expect(seen.calls).toEqual([]);
    }, 120_000);

    it('shows pictures of the mail and opens its links in a tab that knows nothing of the portal', async () => {
      const context = await chromium.newContext();
      const opened: { url: string; referrer: string | undefined }[] = [];
      await context.route('**/*', (route) => {
        const { url, headers } = { url: route.request().url(), headers: route.request().headers() };
        if (url !== `${ORIGIN}/m`) opened.push({ url, referrer: headers['referer'] });
        const { html } = sanitiseMailHtml(
          '<img src="cid:a"><a href="https://example.com/x?y=1&amp;z">go</a>',
          () => `data:image/png;base64,${PNG.toString('base64')}`,
        );
        const body =
          url === `${ORIGIN}/m` ? portalPage({ documents: [frameDocument(html, 'da')] }) : '<p id="there">there</p>';
        return route.fulfill({
          contentType: 'text/html; charset=utf-8',
          headers: url === `${ORIGIN}/m` ? { 'content-security-policy': POLICY } : {},
          body,
        });
      });
      const page = await context.newPage();
      await page.goto(`${ORIGIN}/m`);
      const frame = page.frameLocator('iframe');
      expect(
        await frame.locator('img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
      ).toBe(1);
      expect(await frame.locator('body').innerText()).toMatch(/go\s*example.com/);
      const [popup] = await Promise.all([context.waitForEvent('page'), frame.locator('a').click()]);
      await popup.waitForSelector('#there');
      expect(await popup.evaluate('window.opener')).toBeNull();
      expect(opened).toEqual([{ url: 'https://example.com/x?y=1&z', referrer: undefined }]);
      await context.close();
    });

    it('keeps what is shown within its frame', async () => {
      const context = await chromium.newContext();
      const outside = async (html: string): Promise<string> => {
        const page = await context.newPage();
        await page.setContent(portalPage({ documents: [frameDocument(html)] }));
        const shot = await page.screenshot({ clip: { x: 0, y: 0, width: 700, height: 60 } });
        await page.close();
        return shot.toString('base64');
      };
      const hostile =
        '<div style="position:fixed;top:-500px;left:-500px;width:9999px;height:9999px;background:red;margin:-500px;z-index:99">x</div>';
      expect(await outside(sanitised(hostile))).toBe(await outside('x'));
      await context.close();
    });
  },
);
