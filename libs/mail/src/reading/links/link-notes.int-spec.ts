import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { frameDocument } from '../frame-document.ts';
import { sanitiseMailHtml } from '../html-sanitiser.ts';
import { linkTricks } from './testing/link-tricks.ts';

const withBrowser = chromiumPath() === null ? describe.skip : describe;
const WIDTH = 600;

/** What an eye would find of the notes in a page: runs in the browser and knows nothing of how they are made but their class. */
const SEEN = `(scrollTo(0, 0), [...document.querySelectorAll('a[href]')].map((link) => {
  const note = link.querySelector(':scope > .segl-to');
  if (!note) return { href: link.href, note: null };
  const box = note.getBoundingClientRect();
  let seen = 0, points = 0;
  for (const y of [0.25, 0.5, 0.75]) for (let x = 0.02; x < 1; x += 0.08) {
    note.scrollIntoView({ block: 'center' });
    const now = note.getBoundingClientRect();
    points++;
    if (document.elementFromPoint(now.left + x * now.width, now.top + y * now.height) === note) seen++;
  }
  const range = document.createRange();
  const letters = [...note.firstChild.data].map((letter, at) => {
    range.setStart(note.firstChild, at);
    range.setEnd(note.firstChild, at + 1);
    const { left, top, width } = range.getBoundingClientRect();
    return { letter, left, line: Math.round(top), width };
  });
  const read = letters.sort((a, b) => a.line - b.line || a.left - b.left).map(({ letter }) => letter).join('');
  return {
    href: link.href, note: read, share: seen / points, thinnest: Math.min(...letters.map(({ width }) => width)),
    left: box.left, right: box.right, height: box.height,
  };
}))`;

interface SeenLink {
  readonly href: string;
  readonly note: string | null;
  readonly share: number;
  readonly thinnest: number;
  readonly left: number;
  readonly right: number;
  readonly height: number;
}

withBrowser('where links lead, as it is seen (skipped where there is no Chromium)', () => {
  let chromium: Browser;
  let page: Page;
  beforeAll(async () => {
    chromium = await launchChromium();
    page = await chromium.newPage({ viewport: { width: WIDTH, height: 800 } });
  });
  afterAll(() => chromium.close());

  /** The darkest and the lightest that is painted within a note, and how much of it is dark: letters on their own ground. */
  async function ink(): Promise<number[]> {
    const shares: number[] = [];
    for (const note of await page.locator('a[href] > .segl-to').all()) {
      const png = (await note.screenshot({ animations: 'disabled' })).toString('base64');
      shares.push(
        (await page.evaluate(`(async () => {
          const image = new Image(); image.src = 'data:image/png;base64,${png}'; await image.decode();
          const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
          const context = canvas.getContext('2d'); context.drawImage(image, 0, 0);
          const { data } = context.getImageData(8, 1, image.width - 12, image.height - 2);
          let dark = 0, light = 0;
          for (let at = 0; at < data.length; at += 4) {
            const brightness = data[at] + data[at + 1] + data[at + 2];
            if (brightness < 300) dark++;
            if (brightness > 740) light++;
          }
          return light > data.length / 8 ? dark / (data.length / 4) : -1;
        })()`)) as number,
      );
    }
    return shares;
  }

  async function expectTruth(document: string, targets: readonly string[]): Promise<void> {
    await page.setContent(document);
    const seen = await page.evaluate<SeenLink[]>(SEEN);
    expect(seen.map(({ note }) => note)).toEqual(targets);
    for (const { share, thinnest, left, right, height } of seen) {
      expect(share).toBe(1);
      expect(thinnest).toBeGreaterThan(1.5); // 12 px letters, the narrowest of which is "l" or "."
      expect(height).toBeGreaterThanOrEqual(16);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(WIDTH);
    }
    for (const share of await ink()) {
      expect(share).toBeGreaterThan(0.05);
      expect(share).toBeLessThan(0.4);
    }
  }

  it('has a judge that sees what is wrong', async () => {
    const note = (style: string) =>
      `<a href="https://evil.example">x<span class="segl-to" style="${style}">evil.example</span></a>`;
    for (const style of [
      'font-size:0',
      'color:#fff;display:inline-block',
      'unicode-bidi:bidi-override;direction:rtl',
      'position:absolute;left:-99px',
    ])
      await expect(expectTruth(note(style), ['evil.example']).then(() => style)).rejects.toThrow();
    await expect(expectTruth('<a href="https://evil.example">x</a>', ['evil.example'])).rejects.toThrow();
  }, 60_000);

  it.each(linkTricks().map((trick) => [trick.name, trick] as const))(
    'says it in spite of %s',
    async (_name, { html, targets }) => {
      await expectTruth(frameDocument(sanitiseMailHtml(html, () => null).html), targets);
    },
  );

  it.each([
    'font-size:0',
    'color:#fff;-webkit-text-fill-color:#fff;text-shadow:none',
    'display:none',
    'visibility:hidden',
    'position:absolute;left:-999px;z-index:-1',
    'transform:scaleX(-1)',
    'opacity:0;filter:opacity(0)',
    'clip-path:inset(50%)',
    'direction:rtl;unicode-bidi:bidi-override',
    'width:0;height:0;max-height:0;overflow:hidden;line-height:0',
    'letter-spacing:-9px;text-transform:uppercase;-webkit-text-security:disc',
    'margin:-99px;float:left;text-indent:-999px',
    'writing-mode:vertical-rl;zoom:0.1;content-visibility:hidden',
    'white-space:nowrap;text-overflow:ellipsis;font:0/0 a',
  ])(
    'says it in spite of a style sheet that has %s, were one to pass',
    async (style) => {
      const important = style.replaceAll(/;|$/g, '!important;');
      const { html } = sanitiseMailHtml('<p>Go to <a href="https://evil.example">the bank</a> now</p>', () => null);
      for (const selector of ['span', '.segl-to', 'p span.segl-to:not(#a#b#c)', '*::first-letter', '*::first-line'])
        await expectTruth(frameDocument(`<style>${selector}{${important}}</style>${html}`), ['evil.example']);
      await expectTruth(
        frameDocument(`<style>*::before,*::after{content:"bank.example";${important}}</style>${html}`),
        ['evil.example'],
      );
    },
    60_000,
  );
});
