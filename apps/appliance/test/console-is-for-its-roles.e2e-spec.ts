import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { EVENT_STORES } from '#libs/event-store/testing';
import { chromiumPath } from '#libs/web-ui/testing';
import { ConsoleStory } from './console-story.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const AXE =
  "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))";
const PATIENCE_MS = 300_000;
const anna = 'anna.berg@example.com';
const WHY = { caseNumber: '2026-77', reason: 'Complaint of 30 November' };
const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser.each(EVENT_STORES)(
  'the console, in a real browser without script, on $store (skipped where there is none)',
  ({ serve, store }) => {
    let story: ConsoleStory;
    beforeAll(async () => {
      story = await ConsoleStory.start(anna, { serve });
    }, PATIENCE_MS);
    afterAll(() => story?.end(), PATIENCE_MS);

    async function forCase(page: Page): Promise<void> {
      await page.locator('#for-case').fill(WHY.caseNumber);
      await page.locator('#for-reason').fill(WHY.reason);
    }
    async function verifiedHere(page: Page, path: string): Promise<string> {
      await story.open(page, '/console/verify');
      await page.locator('#file').setInputFiles(path);
      await page.locator('form[action="/console/verify/file"] button').click();
      return story.textOf(page);
    }

    it(
      'an auditor finds who read what and how they proved it, takes it away, and proves it offline',
      async () => {
        const { here, open, textOf } = story;
        const page = await story.signedIn('rie@example.com', ['compliance']);
        expect(await textOf(page)).toContain('Signed in as rie@example.com (auditor)');
        await open(page, '/console/search');
        await page.locator('#recipient').fill(anna);
        await page.locator('#type summary').click();
        await page.locator('#type input[name=type-MessageSealed]').check();
        await page.locator('form[action="/console/search"] button').click();
        expect(page.url()).toMatch(/\/console\/search\?order=newest-first&recipient=[a-z2-7]{26}&type=MessageSealed$/);
        expect(await textOf(page)).toContain(anna);
        await page.locator('a[href^="/console/messages/"]').first().click();
        expect(await textOf(page)).toMatch(/Message sealed[\s\S]+Attachment uploaded[\s\S]+Message shown/);
        const view = page.locator('ol.timeline > li', { hasText: 'MessageViewed' });
        await view.locator('summary', { hasText: 'What this rests on' }).click();
        expect(await view.innerText()).toMatch(/Signed in[\s\S]+Code made[\s\S]+Code sent[\s\S]+Code accepted/);

        await page.locator('a[href^="/console/exposure/"]').click();
        await forCase(page);
        const report = await story.downloaded(page, '/console/exposure/', 'exposure.ndjson');
        await open(page, '/console/export');
        await forCase(page);
        const all = await story.downloaded(page, '/console/export', 'all.ndjson');
        const keys = await story.ledgerKey();
        expect(await here.segl('audit', 'verify', all, '--key', keys)).toMatch(/proven/i);
        expect(await here.segl('audit', 'verify', report, '--key', keys)).toMatch(/shown/i);
        expect(await verifiedHere(page, all)).toContain('This export is proven.');
        expect(await verifiedHere(page, report)).toContain('It was shown or downloaded in this portal.');
        await writeFile(all, (await readFile(all, 'utf8')).replaceAll('passcode', 'passport'));
        expect(await verifiedHere(page, all)).toContain('This export is NOT proven.');

        await open(page, '/console/search?order=newest-first&type=AuditTrailExported');
        expect(await textOf(page)).toContain(WHY.caseNumber);
        await page.locator('form[action="/console/sign-out"] button').click();
        await open(page, '/console/search');
        expect(new URL(page.url()).pathname).toBe('/console/sign-in');
        await page.context().close();
      },
      PATIENCE_MS,
    );

    it(
      'an account without a role gets 403, an operator nothing of the trail, and both stand in the record',
      async () => {
        const { open, textOf } = story;
        const stranger = await story.signedIn('eve@example.com', ['staff']);
        expect(await textOf(stranger)).toContain('Your account has no role at this console');
        const operator = await story.signedIn('ove@example.com', ['watch']);
        expect(await textOf(operator)).not.toContain('MessageViewed');
        expect((await open(operator, '/console/search'))?.status()).toBe(403);
        const officer = await story.signedIn('olga@example.com', ['officers']);
        await open(officer, '/console/search?order=oldest-first&type=AuditAccessRefused');
        const refused = await textOf(officer);
        expect(refused).toContain('eve@example.com');
        expect(refused).toContain('insufficient-role');
        for (const page of [stranger, operator, officer]) await page.context().close();
      },
      PATIENCE_MS,
    );

    // What a page looks like is the same on every store.
    if (store === 'SQLite')
      it.each(['en', 'da'])(
        'every page meets WCAG 2.2 AA, light and dark, wide and at 320 px: %s',
        async (locale) => {
          // Our own policy forbids scripts, so the checker gets in past it.
          const page = await story.signedIn('rie@example.com', ['compliance'], {
            javaScriptEnabled: true,
            bypassCSP: true,
            locale,
          });
          const { open } = story;
          const faults: string[] = [];
          const look = async (path: string) => {
            await open(page, path);
            if ((await page.locator('html').getAttribute('lang')) !== locale)
              faults.push(`${path}: is in another language`);
            await page.addScriptTag({ path: axePath });
            for (const width of [1024, 320]) {
              for (const colorScheme of ['light', 'dark'] as const) {
                await page.setViewportSize({ width, height: 800 });
                await page.emulateMedia({ colorScheme });
                for (const fault of (await page.evaluate(AXE)) as string[])
                  faults.push(`${path} ${width} ${colorScheme}: ${fault}`);
                if ((await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')) === true)
                  faults.push(`${path} ${width}: scrolls sideways`);
              }
            }
          };
          await open(page, '/console/search?order=newest-first&type=MessageViewed');
          const message = await page.locator('a[href^="/console/messages/"]').first().getAttribute('href');
          const person = await page.locator('a[href^="/console/persons/"]').first().getAttribute('href');
          for (const path of [
            '/console',
            '/console/search?order=newest-first',
            '/console/search?order=newest-first&from=x',
          ])
            await look(path);
          for (const path of [message ?? '', person ?? '', (message ?? '').replace('messages', 'exposure')])
            await look(path);
          for (const path of ['/console/persons', '/console/export', '/console/verify', '/console/signed-out'])
            await look(path);
          await page.locator('header a').first().focus();
          await look('/console/sign-in');
          expect(faults).toEqual([]);
          await page.context().close();
        },
        PATIENCE_MS,
      );
  },
);
