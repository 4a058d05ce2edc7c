import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import PostalMime from 'postal-mime';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { frameDocument } from './frame-document.ts';
import { sanitiseMailHtml } from './html-sanitiser.ts';

type Chromium = Awaited<ReturnType<typeof launchChromium>>;
type Page = Awaited<ReturnType<Chromium['newPage']>>;

const NEWSLETTERS = join(import.meta.dirname, '../../../../../shared/data/newsletters');
const files = existsSync(NEWSLETTERS) ? readdirSync(NEWSLETTERS).filter((name) => name.endsWith('.eml')) : [];
/** A directory for pictures of both, to be looked at. */
const PICTURES = process.env['SEGL_PICTURES'];

/** Within these a word stands where its sender put it. A mail keeps its layout when nine words of ten do. */
const LEFT_PIXELS = 12;
const STEP_PIXELS = 8;
const SIZE_PIXELS = 1;
const KEPT = 0.9;

interface Word {
  readonly word: string;
  readonly left: number;
  readonly top: number;
  readonly size: number;
  readonly weight: string;
}

/** The words that are painted, in their order. The notes of links, which are ours, are taken out before. */
const WORDS = `(() => {
  for (const note of document.querySelectorAll('.segl-to')) {
    if (note.parentElement.childNodes.length === 1) note.replaceWith(note.textContent);
    else note.remove();
  }
  const looks = new Map();
  const look = (element) => {
    if (!element) return { isHidden: false };
    const known = looks.get(element);
    if (known) return known;
    const style = getComputedStyle(element);
    const box = style.overflow === 'visible' ? null : element.getBoundingClientRect();
    const isHidden = style.opacity === '0' || (box !== null && (box.width < 3 || box.height < 3));
    const found = {
      isHidden: isHidden || look(element.parentElement).isHidden,
      isSeen: style.visibility !== 'hidden' && parseFloat(style.fontSize) >= 3,
      size: parseFloat(style.fontSize),
      weight: style.fontWeight,
    };
    looks.set(element, found);
    return found;
  };
  const words = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (/^(?:STYLE|SCRIPT|TITLE)$/.test(node.parentElement.tagName)) continue;
    const { isHidden, isSeen, size, weight } = look(node.parentElement);
    if (isHidden || !isSeen) continue;
    for (const { 0: word, index } of node.data.matchAll(/\\S+/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const { left, top, width, height } = range.getBoundingClientRect();
      if (width > 0 && height > 0) words.push({ word, left, top: top + scrollY, size, weight });
    }
  }
  return words;
})()`;

/** The share of the sender's words that are here, as far from the left, as large and bold, and as far from the word before. */
function shareKept(raw: readonly Word[], shown: readonly Word[]): number {
  const places = new Map<string, Word[]>();
  for (const each of shown) places.set(each.word, [...(places.get(each.word) ?? []), each]);
  let kept = 0;
  let before: { raw: Word; shown: Word } | null = null;
  for (const each of raw) {
    const found = places.get(each.word)?.shift();
    if (!found) continue;
    const step = before === null ? 0 : each.top - before.raw.top - (found.top - before.shown.top);
    const isKept =
      Math.abs(each.left - found.left) <= LEFT_PIXELS &&
      Math.abs(step) <= STEP_PIXELS &&
      Math.abs(each.size - found.size) <= SIZE_PIXELS &&
      each.weight === found.weight;
    if (isKept) kept++;
    before = { raw: each, shown: found };
  }
  return raw.length === 0 ? 1 : kept / raw.length;
}

const withBrowser = chromiumPath() === null || files.length === 0 ? describe.skip : describe;

withBrowser('newsletters (skipped where there is no Chromium, or no ../shared/data)', () => {
  let chromium: Chromium;
  let page: Page;
  beforeAll(async () => {
    chromium = await launchChromium();
    const context = await chromium.newContext({ javaScriptEnabled: false });
    await context.route('**/*', (route) => route.abort());
    page = await context.newPage();
  });
  afterAll(() => chromium.close());

  async function painted(html: string, name: string): Promise<Word[]> {
    await page.setContent(html, { waitUntil: 'domcontentloaded' });
    if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
    return page.evaluate<Word[]>(WORDS);
  }

  it.each([800, 375])(
    'keep their layout in nine of ten, as their senders wrote them, at %d px',
    async (width) => {
      await page.setViewportSize({ width, height: 900 });
      const shares = new Map<string, number>();
      for (const file of files) {
        const { html } = await PostalMime.parse(readFileSync(join(NEWSLETTERS, file)));
        if (!html) continue;
        const name = `${file.slice(0, 70)}-${width}`;
        const raw = await painted(html, `${name}-raw`);
        const shown = await painted(frameDocument(sanitiseMailHtml(html, () => null).html), `${name}-segl`);
        shares.set(file, shareKept(raw, shown));
      }
      const changed = [...shares].filter(([, share]) => share < KEPT);
      const figure = `${width} px: layout kept in ${shares.size - changed.length} of ${shares.size} newsletters`;
      if (process.env['SEGL_FIGURES'])
        process.stdout.write(
          `${figure}\n${changed.map(([file, share]) => `  ${share.toFixed(2)} ${file}\n`).join('')}`,
        );
      expect(shares.size).toBeGreaterThan(60);
      expect(1 - changed.length / shares.size).toBeGreaterThanOrEqual(0.9);
    },
    600_000,
  );

  it('would show a layout that is lost', async () => {
    const html =
      '<table width="600"><tr><td width="300">One two three</td><td align="right">four five</td></tr></table>';
    await page.setViewportSize({ width: 800, height: 900 });
    const raw = await painted(html, 'control');
    expect(shareKept(raw, raw)).toBe(1);
    expect(shareKept(raw, await painted('One two three four five', 'control'))).toBeLessThan(0.7);
  });
});
