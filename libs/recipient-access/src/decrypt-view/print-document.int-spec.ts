import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { MailReader } from '#libs/mail';
import { hostileHtml, hostileStyles } from '#libs/mail/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { PRINT_POLICY, printDocument } from './print-document.ts';

const VECTORS = join(import.meta.dirname, '../../../../../shared/data/html-vectors.jsonl');
const SCRIPT = "alert('CANARY')";
const shared = existsSync(VECTORS) ? readFileSync(VECTORS, 'utf8').trim().split('\n') : [];
const hostile = [
  ...hostileHtml(SCRIPT).map(({ html }) => html),
  ...hostileStyles('http://leak.example', SCRIPT),
  ...shared.map((line) => (JSON.parse(line) as { html: string }).html),
];
const ADDRESS = 'http://portal.test/print';
const sender = parseMailAddress('bo@example.org');

/** Each HTML in a part of its own, as mails have it. */
function mailOf(bodies: readonly string[]): Buffer {
  const parts = bodies.map(
    (html) =>
      `--=b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(html).toString('base64')}\r\n`,
  );
  const fields = `From: Bo <eve@example.net>\r\nReply-To: Other <other@example.net>\r\nSubject: Plans\r\nContent-Type: multipart/mixed; boundary="=b"`;
  return Buffer.from(`${fields}\r\n\r\n${parts.join('')}--=b--\r\n`);
}

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser(
  `the print page in a real browser (skipped where there is no Chromium)${shared.length > 0 ? '' : ', without ../shared/data'}`,
  () => {
    let chromium: Browser;
    let reader: MailReader;
    beforeAll(async () => {
      chromium = await launchChromium();
      reader = new MailReader({ workers: 1 });
    });
    afterAll(async () => {
      await chromium.close();
      await reader.close();
    });

    async function printed(bodies: readonly string[]): Promise<string> {
      const mail = await reader.read(mailOf(bodies));
      const recipient = parseMailAddress('anna@example.com');
      const pieces = await printDocument(mail, { locale: 'en', timeZone: 'UTC', sender, recipient });
      return Buffer.concat(pieces).toString();
    }

    /** Requests besides its own, scripts that ran, and what the mail put above or beside the boxes for its content. */
    async function watch(document: string, policy: string | null) {
      const context = await chromium.newContext();
      const seen = { requests: [] as string[], scripts: 0 };
      await context.route('**/*', (route) => {
        const url = route.request().url();
        if (url !== ADDRESS) {
          seen.requests.push(url);
          return route.abort();
        }
        const headers: Record<string, string> = policy === null ? {} : { 'content-security-policy': policy };
        return route.fulfill({ contentType: 'text/html; charset=utf-8', headers, body: document });
      });
      await context.addInitScript("window.alert = () => console.log('CANARY')");
      const tab = await context.newPage();
      tab.on('console', (message) => message.text() === 'CANARY' && seen.scripts++);
      tab.on('dialog', (dialog) => void dialog.dismiss());
      await tab.goto(ADDRESS, { waitUntil: 'load' });
      await tab.emulateMedia({ media: 'print' });
      await tab.pdf({}).catch(() => {}); // lays it out for paper
      await tab.waitForTimeout(300);
      const strays =
        await tab.evaluate<number>(`[...document.querySelectorAll('.segl-content > div *')].filter((each) => {
        const own = each.getBoundingClientRect(), box = each.closest('.segl-content').getBoundingClientRect();
        return own.width > 0 && own.height > 0 && (own.top < box.top - 1 || own.left < box.left - 1);
      }).length`);
      await context.close();
      return { ...seen, strays };
    }

    it('runs nothing, loads nothing and keeps each body in its box, whatever is in them', async () => {
      for (let at = 0; at < hostile.length; at += 150) {
        const document = await printed(hostile.slice(at, at + 150));
        expect(await watch(document, PRINT_POLICY)).toEqual({ requests: [], scripts: 0, strays: 0 });
        expect(await watch(document, null)).toEqual({ requests: [], scripts: 0, strays: 0 }); // the sanitiser alone
      }
    }, 300_000);

    it('would show it: the same without sanitiser and policy', async () => {
      const bare = hostile
        .slice(0, 120)
        .map((html) => `<iframe srcdoc="${html.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"></iframe>`);
      const seen = await watch(`<!doctype html><body>${bare.join('')}`, null);
      expect(seen.scripts).toBeGreaterThan(0);
      expect(seen.requests.length).toBeGreaterThan(10);
      const moved = '<section class="segl-content"><div><p style="position:relative;top:-500px">x</p></div></section>';
      expect((await watch(`<!doctype html><body>${moved}`, null)).strays).toBe(1);
    }, 60_000);

    it('names who sealed it, warns, and says the fields and notes as the page does', async () => {
      const page = await chromium.newPage({ javaScriptEnabled: false });
      await page.setContent(
        await printed(['<img src="https://example.net/x.png"><dl class="segl-fields"><dt>From</dt><dd>Bo</dd></dl>']),
      );
      const outside = await page.evaluate<string>(`(() => {
        for (const content of document.querySelectorAll('.segl-content')) content.remove();
        return document.body.innerText;
      })()`);
      for (const words of ['bo@example.org', 'eve@example.net', 'Other <other@example.net>', 'example.com'])
        expect(outside).toContain(words);
      expect(await page.locator('.segl-warning').count()).toBe(1);
      expect(await page.locator('dl.segl-fields').count()).toBe(1); // that of the mail has lost its class, and is gone with its box
      await page.close();
    });
  },
);
