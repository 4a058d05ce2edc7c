import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { openPasscodeRoom } from '../testing/index.ts';
import type { PasscodeRoom } from '../testing/index.ts';

type Chromium = Awaited<ReturnType<typeof launchChromium>>;
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const AXE = "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })";
const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('the page of a code, in a real browser (skipped where there is no Chromium)', () => {
  let room: PasscodeRoom;
  let chromium: Chromium;
  beforeAll(async () => {
    room = await openPasscodeRoom();
    chromium = await launchChromium();
  });
  afterAll(async () => {
    await chromium.close();
    await room.close();
  });

  it('works with the keyboard and without script, and meets WCAG 2.2 AA in every state, at 320 px too', async () => {
    // The page's own policy forbids scripts, so the checker gets in past it.
    const context = await chromium.newContext({ bypassCSP: true, viewport: { width: 320, height: 800 } });
    const page = await context.newPage();
    const violations = async () => {
      await page.addScriptTag({ path: axePath });
      const result = (await page.evaluate(AXE)) as { violations: { id: string; nodes: { html: string }[] }[] };
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    };

    await page.goto(`${room.portal.url}/wish`);
    await page.evaluate(
      `document.body.innerHTML = '<form method="post" action="/wish">' + document.body.innerHTML + '<button></button></form>'`,
    );
    await page.click('button');
    expect(await violations()).toEqual([]);

    await page.fill('#code', '0000 0000');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#code-error');
    expect(await violations()).toEqual([]);
    await page.click('[role=alert] a');
    expect(await page.evaluate('document.activeElement.id')).toBe('code');

    await page.keyboard.type((await room.codeInMail(1)).replace(' ', ''));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/m\/abc\/authenticate\?proof=/);

    await page.goto(`${room.portal.url}/wish`);
    await page.evaluate(
      `document.body.innerHTML = '<form method="post" action="/wish">' + document.body.innerHTML + '<button></button></form>'`,
    );
    await page.click('button');
    await page.waitForSelector('#code');
    room.elapse(601);
    await page.reload();
    expect(await violations()).toEqual([]);
    await context.close();
  });
});
