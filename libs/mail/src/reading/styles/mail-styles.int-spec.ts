import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { frameDocument } from '../frame-document.ts';
import { sanitiseMailHtml } from '../html-sanitiser.ts';
import { readMail } from '../read-mail.ts';
import { READING_LIMITS } from '../reading-limits.ts';
import { hostileStyles } from '../../testing/hostile-styles.ts';

type Chromium = Awaited<ReturnType<typeof launchChromium>>;
type Page = Awaited<ReturnType<Chromium['newPage']>>;
const SHARED = join(import.meta.dirname, '../../../../../../shared/data');
const ORIGIN = 'http://portal.test';
const framed = (html: string): string => frameDocument(sanitiseMailHtml(html, () => null).html);
const srcdoc = (document: string, attributes = 'sandbox="allow-popups"'): string =>
  `<!doctype html><link rel="icon" href="data:,"><iframe ${attributes} width="700" height="500" srcdoc="${document.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"></iframe>`;

/** What is painted: whether a word has ink of its own, its place and size, and how far it stands out from what is behind it. */
const PAINTED = `(words => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const at = node.data.indexOf(words);
    if (at < 0 || node.parentElement.tagName === 'STYLE') continue;
    const range = document.createRange();
    range.setStart(node, at); range.setEnd(node, at + words.length);
    const { left, top, width, height } = range.getBoundingClientRect();
    const style = getComputedStyle(node.parentElement);
    let isShown = width > 0 && height > 0 && style.visibility === 'visible' && parseFloat(style.fontSize) > 2;
    for (let box = node.parentElement; box; box = box.parentElement) if (getComputedStyle(box).opacity === '0') isShown = false;
    if (isShown) found.push({ left, top, bottom: top + height, size: parseFloat(style.fontSize), colour: style.color });
  }
  return found;
})`;
interface Painted {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly size: number;
  readonly colour: string;
}

/** Of a browser on a machine that has other things to do. */
jest.setTimeout(60_000);
const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('the styles of mails in a real browser (skipped where there is no Chromium)', () => {
  let chromium: Chromium;
  let page: Page;
  beforeAll(async () => {
    chromium = await launchChromium();
    page = await chromium.newPage({ viewport: { width: 800, height: 600 } });
  });
  afterAll(() => chromium.close());

  const painted = (words: string): Promise<Painted[]> => page.evaluate(`${PAINTED}(${JSON.stringify(words)})`);
  const contrastOf = async (words: string): Promise<number> => {
    const [place] = await painted(words);
    if (!place) return 0;
    const shot = (await page.screenshot()).toString('base64');
    return await page.evaluate(`(async () => {
      const image = new Image(); image.src = 'data:image/png;base64,${shot}'; await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
      const context = canvas.getContext('2d'); context.drawImage(image, 0, 0);
      const { data } = context.getImageData(${Math.floor(place.left)}, ${Math.floor(place.top)}, 150, ${Math.ceil(place.bottom - place.top)});
      const luminances = [];
      for (let at = 0; at < data.length; at += 4) {
        const [red, green, blue] = [0, 1, 2].map((channel) => { const part = data[at + channel] / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
        luminances.push(0.2126 * red + 0.7152 * green + 0.0722 * blue);
      }
      return (Math.max(...luminances) + 0.05) / (Math.min(...luminances) + 0.05);
    })()`);
  };

  it('shows one variant for each kind of screen', async () => {
    const html =
      '<style>.m{display:none}@media (max-width:480px){.m{display:block}.d{display:none}}</style><p class=d>on a desk</p><p class=m>on a phone</p>';
    await page.setContent(framed(html));
    expect([await painted('on a desk'), await painted('on a phone')].map(({ length }) => length)).toEqual([1, 0]);
    await page.setViewportSize({ width: 375, height: 600 });
    expect([await painted('on a desk'), await painted('on a phone')].map(({ length }) => length)).toEqual([0, 1]);
    await page.setViewportSize({ width: 800, height: 600 });
  });

  it.each([
    '<body style="background:#036"><p style="color:#036">words here',
    '<style>.a{color:#fefefe}</style><p class=a>words here',
    '<style>body{background:black}</style><p>words here',
    '<table background="http://x.example/a"><td style="color:white">words here</table>',
    '<style>@media (prefers-color-scheme:dark){p{color:white}}</style><p>words here',
    '<style>div{background:#111}p{background:#fff}</style><div style="color:#fff"><p>words here',
  ])('keeps words readable: %s', async (html) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setContent(framed(html));
      expect(await contrastOf('words here')).toBeGreaterThanOrEqual(3);
    }
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('agrees with the browser about every colour that it computes', async () => {
    const sheet =
      'td{color:#111}.a td{color:#222}table.a>tbody>tr:first-child>td{color:#333}#x{color:#444}.b.a td.c{color:#555!important}.b+p,h2~p{color:#666}a:link{color:#777!important}*{color:#121212}div p:last-child{color:#131313}';
    const html = `<style>${sheet}</style><table class="a b"><tr><td>1<td class=c style="color:#000">2<tr><td>3<td id=x>4</table><p>5</p><h2>6</h2><p>7<a href="https://x.example">8</a></p><div><p>9<p>10</div>`;
    const raw = 'return [...document.querySelectorAll("td,p,a,h2")].map((each) => getComputedStyle(each).color)';
    await page.setContent(`<!doctype html><body>${html}`);
    const theirs = await page.evaluate(`(() => { ${raw} })()`);
    await page.setContent(framed(html));
    expect(await page.evaluate(`(() => { ${raw} })()`)).toEqual(theirs);
  });

  it('fills the frame with the ground of the body, in a frame alone', async () => {
    await page.setContent(framed('<body bgcolor=#003366 text=white><p>short'));
    const ground = 'getComputedStyle(document.documentElement).backgroundColor';
    expect(await page.evaluate(ground)).toBe('rgb(0, 51, 102)');
    const { html } = sanitiseMailHtml('<body bgcolor=#003366 text=white><p>short', () => null);
    await page.setContent(`<!doctype html><body><h1>Ours</h1><section>${html}</section>`);
    expect(await page.evaluate(ground)).toBe('rgba(0, 0, 0, 0)');
  });

  it('reaches nothing beside the mail', async () => {
    const { html } = sanitiseMailHtml(
      '<style>*,h1,body,html,:root,body *,h1~*,html>body h1{display:none;color:red}</style><body id=x class=y><p>x',
      () => null,
    );
    await page.setContent(`<!doctype html><body><h1>Ours</h1><section>${html}</section>`);
    expect(
      await page.evaluate(
        '[getComputedStyle(document.body).display, getComputedStyle(document.querySelector("h1")).display].join()',
      ),
    ).toBe('block,block');
  });

  it('leads to a place in the mail without leaving it', async () => {
    const mail = `<a href="#there">go</a>${'<br>'.repeat(200)}<a name=there>there</a>`;
    await page.route(`${ORIGIN}/**`, (route) =>
      route.fulfill({ contentType: 'text/html', body: srcdoc(framed(mail)) }),
    );
    await page.goto(`${ORIGIN}/m`);
    const frame = page.frameLocator('iframe');
    await frame.getByText('go', { exact: true }).click({ noWaitAfter: true });
    const scrolled = async (): Promise<boolean> => Number(await page.frames()[1]?.evaluate('scrollY')) > 1000;
    while (!(await scrolled())) await page.waitForTimeout(50); // no script of the frame's own runs, so it is asked from outside
    expect(page.frames()[1]?.url()).toBe('about:srcdoc#m_there');
    await page.unroute(`${ORIGIN}/**`);
  });

  async function requestsOf(documents: readonly string[], attributes: string): Promise<string[]> {
    const context = await chromium.newContext();
    const requests: string[] = [];
    await context.route('**/*', (route) => {
      if (route.request().url() === `${ORIGIN}/m`)
        return route.fulfill({
          contentType: 'text/html',
          body: documents.map((each) => srcdoc(each, attributes)).join(''),
        });
      requests.push(route.request().url());
      return route.abort();
    });
    const tab = await context.newPage();
    tab.on('console', (message) => message.text() === 'CANARY' && requests.push('CANARY'));
    await tab.goto(`${ORIGIN}/m`, { waitUntil: 'load' });
    for (const frame of tab.frames()) await frame.hover('body', { timeout: 500 }).catch(() => {});
    await tab.waitForTimeout(500);
    await context.close();
    return requests;
  }

  it('asks nobody for anything, though the same sheets would', async () => {
    const sheets = hostileStyles('http://leak.example', "console.log('CANARY')");
    const control = await requestsOf(
      sheets.map((html) => `<!doctype html><body>${html}`),
      '',
    );
    expect(new Set(control).size).toBeGreaterThanOrEqual(20);
    expect(
      await requestsOf(
        sheets.map((html) => sanitiseMailHtml(html, () => null).html),
        '',
      ),
    ).toEqual([]);
    expect(await requestsOf(sheets.map(framed), 'sandbox="allow-popups"')).toEqual([]);
  }, 120_000);

  const found = join(SHARED, 'found');
  const read = async (file: string): Promise<string> => {
    const mail = readMail(readFileSync(join(found, file)), READING_LIMITS, {
      parsed: () => {},
      sanitising: () => {},
    });
    return frameDocument(mail.html ?? '');
  };
  (existsSync(found) ? it : it.skip)(
    'shows what was found to be shown wrongly as it should be (skipped without ../shared/data)',
    async () => {
      await page.setContent(await read('h02-preheader-overflow.eml'));
      expect(await painted('HIDDEN')).toEqual([]);
      await page.setContent(await read('h03-desktop-mobile-classes.eml'));
      expect(await painted('Amount due: DKK 100')).toHaveLength(1);
      await page.setContent(await read('h04-msonormal.eml'));
      const [[one], [two]] = [await painted('Linje et'), await painted('Linje to')];
      expect((two?.top ?? 0) - (one?.top ?? 0)).toBeLessThan(30);
      for (const file of ['h05-body-bgcolor.eml', 'h05c-td-background-image.eml']) {
        await page.setContent(await read(file));
        expect(await contrastOf('Important: your case was decided.')).toBeGreaterThanOrEqual(3);
      }
      await page.setContent(await read('h14-font-shorthand.eml'));
      expect((await painted('BIG HEADING'))[0]?.size).toBe(24);
      await page.setContent(await read('h16-hidden-by-visibility.eml'));
      expect(await painted('HIDDEN')).toEqual([]);
      expect(readdirSync(found).length).toBeGreaterThan(20);
    },
  );
});
