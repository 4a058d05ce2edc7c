import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { frameDocument, MailReader } from '#libs/mail';
import type { ReadableMail } from '#libs/mail';
import { messagePageHeaders } from '#libs/web-ui';
import { chromiumPath, launchChromium, openTestPortal } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { shownMail } from './shown-message.ts';

const DATA = join(import.meta.dirname, '../../../../../shared/data');
const corpus = ['newsletters', 'eml'].flatMap((folder) => {
  const directory = join(DATA, folder);
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((file) => file.endsWith('.eml'));
  // some of them in every run; all where figures are wanted (SEGL_FIGURES=1)
  const wanted = process.env['SEGL_FIGURES'] ? files : files.filter((_, at) => at % 9 === 0);
  return wanted.sort().map((file) => join(directory, file));
});

const mails: ReadableMail[] = [];

@Controller('mail')
class MailController {
  @Get(':number')
  async page(@Param('number') number: string, @Res() response: Response) {
    messagePageHeaders(response);
    response.render('recipient-access/decrypt-view/message', {
      messageId: '00000000-0000-7000-8000-000000000000',
      waitingMinutes: 30,
      sender: 'bo@example.org',
      recipient: 'anna@example.com',
      senderDiffers: true,
      mayDownload: true,
      mail: await shownMail(mails[Number(number)] as ReadableMail, { locale: 'en', timeZone: 'UTC', showsFiles: true }),
    });
  }
}

const VECTORS = join(DATA, 'html-vectors.jsonl');
/** Frame and policy do not look at the mail: a fifth of the shared vectors in every run, all of them with SEGL_FIGURES=1. */
const everyNth = process.env['SEGL_FIGURES'] ? 1 : 5;
const hostile = [
  "<script>alert('CANARY')</script>",
  "<img src=x onerror=alert('CANARY')>",
  "<svg onload=alert('CANARY')>",
  '<iframe srcdoc="<script>alert(\'CANARY\')</script>"></iframe>',
  '<meta http-equiv=refresh content="0;url=javascript:alert(\'CANARY\')">',
  ...(existsSync(VECTORS) ? readFileSync(VECTORS, 'utf8').trim().split('\n') : [])
    .filter((_, at) => at % everyNth === 0)
    .map((line) => (JSON.parse(line) as { html: string }).html),
];

interface Fit {
  readonly name: string;
  readonly missing: number;
  readonly sideways: number;
}

/** Of each frame in a page: how many pixels of its content do not fit (negative: are left blank), and how far it scrolls sideways. */
async function fits(page: Page, name: string): Promise<Fit[]> {
  const found: Fit[] = [];
  for (const frame of await page.locator('.message iframe:not(.copy)').elementHandles()) {
    const box = await frame.boundingBox();
    const inner = await frame.contentFrame();
    const { content, sideways } = await (inner as NonNullable<typeof inner>).evaluate<{
      content: number;
      sideways: number;
    }>(`(() => {
      const page = document.documentElement;
      const content = page.scrollHeight > page.clientHeight ? page.scrollHeight : page.getBoundingClientRect().height;
      return { content, sideways: page.scrollWidth - page.clientWidth };
    })()`);
    found.push({ name, missing: Math.round(content - (box?.height ?? 0)), sideways });
  }
  return found;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it never came to hold');
}

const share = (all: readonly Fit[], isSo: (fit: Fit) => boolean): number => all.filter(isSo).length / all.length;

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('the page of a message (skipped where there is no Chromium)', () => {
  let chromium: Browser;
  let portal: TestPortal;
  let reader: MailReader;
  beforeAll(async () => {
    portal = await openTestPortal({ controllers: [MailController] });
    chromium = await launchChromium();
    reader = new MailReader();
  });
  afterAll(async () => {
    await chromium.close();
    await portal.close();
    await reader.close();
  });

  async function read(source: string | Buffer): Promise<number> {
    return mails.push(await reader.read(Buffer.from(source))) - 1;
  }

  async function open(context: BrowserContext, number: number): Promise<Page> {
    const page = await context.newPage();
    await page.goto(`${portal.url}/mail/${number}`, { waitUntil: 'load' });
    return page;
  }

  async function settled(page: Page): Promise<void> {
    await until(() =>
      page.evaluate<boolean>(
        "[...document.querySelectorAll('.message iframe:not(.copy)')].every((frame) => frame.classList.contains('fitted'))",
      ),
    );
  }

  const mail = (html: string): string =>
    `From: Bo <bo@example.org>\r\nReply-To: Other <other@example.net>\r\nTo: anna@example.com\r\nCc: ${Array.from({ length: 20 }, (_, at) => `p${at}@example.com`).join(', ')}\r\nSubject: Plans\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}`;

  it('gives a frame the height of its content, whichever it is, and again when the page is narrower', async () => {
    const context = await chromium.newContext({ viewport: { width: 1100, height: 800 } });
    const complaints: string[] = [];
    for (const html of [
      '<p>One line.</p>',
      '<p>A line of words that goes on.</p>'.repeat(60),
      '<div style="height:2900px">x</div>',
    ]) {
      const page = await context.newPage();
      page.on('console', (message) => complaints.push(message.text()));
      await page.goto(`${portal.url}/mail/${await read(mail(html))}`, { waitUntil: 'load' });
      await settled(page);
      expect((await fits(page, html))[0]?.missing).toBe(0);
      await page.setViewportSize({ width: 320, height: 700 });
      await until(
        async () => (await fits(page, html))[0]?.missing === 0 && (await page.locator('iframe').count()) === 1,
      );
    }
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('shows the mail in a frame without an origin, and runs nothing in the copy that is measured, sanitised or not', async () => {
    const shown = await fetch(`${portal.url}/mail/${await read(mail('<p>x</p>'))}`);
    const policy = shown.headers.get('content-security-policy') ?? '';
    const [before = '', after = ''] = (await shown.text()).split(/<div class="message">[^]*?<\/iframe>\n<\/div>/);
    expect(after).toContain('<script type="module">');
    const quoted = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const context = await chromium.newContext();
    const ran: string[] = [];
    const pages = new Map<string, string>();
    await context.route('**/*', (route) => {
      const body = pages.get(route.request().url());
      if (body === undefined) return route.abort();
      return route.fulfill({ contentType: 'text/html', headers: { 'content-security-policy': policy }, body });
    });
    await context.addInitScript("window.alert = () => console.log('CANARY')");
    const page = await context.newPage();
    page.on('console', (message) => message.text() === 'CANARY' && ran.push(message.text()));
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => ran.push('dialog')));
    const show = async (documents: readonly string[]): Promise<void> => {
      const address = `http://portal.test/${pages.size}`;
      const frames = documents.map(
        (document) =>
          `<div class="message"><iframe sandbox="allow-popups" srcdoc="${quoted(document)}"></iframe></div>`,
      );
      pages.set(address, before + frames.join('') + after);
      await page.goto(address, { waitUntil: 'domcontentloaded' });
      await until(() =>
        page.evaluate<boolean>(
          "document.querySelectorAll('iframe.fitted').length > 0 && !document.querySelector('iframe.copy')",
        ),
      );
    };
    for (let at = 0; at < hostile.length; at += 100)
      await show(hostile.slice(at, at + 100).map((html) => frameDocument(html)));
    expect(ran).toEqual([]);
    expect(policy).toMatch(/script-src 'sha256-[^']+';/);
    await context.close();
  }, 300_000);

  it('shows the first words of a message on the first screen of a phone, and all header fields one step away', async () => {
    const context = await chromium.newContext({ viewport: { width: 320, height: 568 }, javaScriptEnabled: false });
    for (const source of [
      mail('<p>Hello Anna</p><img src="https://example.com/x.png">'),
      mail('').replace('html', 'plain') + 'Hello Anna',
    ]) {
      const page = await open(context, await read(source));
      const words = source.includes('<p>')
        ? page.frameLocator('iframe').getByText('Hello Anna')
        : page.getByText('Hello Anna');
      if (process.env['SEGL_PICTURES'])
        await page.screenshot({ path: `${process.env['SEGL_PICTURES']}/phone-${mails.length}.png` });
      const box = await words.boundingBox();
      expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThanOrEqual(568);
      expect(await page.locator('dl.facts').isVisible()).toBe(false);
      expect(await page.locator('summary', { hasText: 'bo@example.org' }).isVisible()).toBe(true);
      await page.locator('summary', { hasText: 'bo@example.org' }).click();
      expect(await page.locator('dl.facts').innerText()).toContain('p19@example.com');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    }
    await context.close();
  });

  it('shows all header fields at once where there is room', async () => {
    const context = await chromium.newContext({ viewport: { width: 1100, height: 800 }, javaScriptEnabled: false });
    const page = await open(context, await read(mail('x')));
    expect(await page.locator('dl.facts').isVisible()).toBe(true);
    expect(await page.locator('details.fields > summary').isVisible()).toBe(false);
    await context.close();
  });

  (corpus.length > 0 ? it.each : it.skip.each)([
    [320, true],
    [1100, true],
    [390, false],
    [1100, false],
  ])(
    `fits real mails at %d px, with script: %s${corpus.length > 0 ? '' : ' (skipped: ../shared/data is not on this machine)'}`,
    async (width, javaScriptEnabled) => {
      const context = await chromium.newContext({ viewport: { width, height: 800 }, javaScriptEnabled });
      const all: Fit[] = [];
      for (const file of corpus) {
        const number = await read(readFileSync(file));
        if (mails[number]?.html == null) continue;
        const page = await open(context, number);
        if (javaScriptEnabled) await settled(page);
        all.push(...(await fits(page, file.slice(DATA.length + 1))));
        await page.close();
      }
      await context.close();
      const figures = {
        frames: all.length,
        sideways: share(all, ({ sideways }) => sideways > 1),
        within200: share(all, ({ missing }) => Math.abs(missing) <= 200),
        short: share(all, ({ missing }) => missing > 200),
        blank: share(all, ({ missing }) => missing < -400),
      };
      if (process.env['SEGL_FIGURES']) {
        process.stdout.write(`${width} px, script ${javaScriptEnabled}: ${JSON.stringify(figures)}\n`);
        for (const fit of all)
          if (fit.sideways > 1 || Math.abs(fit.missing) > 200) process.stdout.write(`  ${JSON.stringify(fit)}\n`);
      }
      expect(figures.frames).toBeGreaterThan(15);
      expect(figures.sideways).toBeLessThanOrEqual(0.05);
      if (javaScriptEnabled) expect(figures.within200).toBeGreaterThanOrEqual(0.95);
    },
    600_000,
  );
});
