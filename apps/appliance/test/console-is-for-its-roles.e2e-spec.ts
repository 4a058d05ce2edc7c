import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Download, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { startPortalWithAccounts } from './account-providers.ts';
import type { PortalWithAccounts } from './account-providers.ts';
import { HttpReader, newestCarrierField } from './http-reader.ts';
import { runSegl } from './running-process.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const AXE =
  "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))";
const PATIENCE_MS = 300_000;
const anna = 'anna.berg@example.com';
const WHY = { caseNumber: '2026-77', reason: 'Complaint of 30 November' };
const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('the console, in a real browser without script (skipped where there is none)', () => {
  let here: PortalWithAccounts;
  let browser: Browser;

  beforeAll(async () => {
    const roles = { compliance: ['auditor'], officers: ['officer'], watch: ['operator'] };
    here = await startPortalWithAccounts({}, {}, { rolesClaim: 'groups', roles });
    browser = await launchChromium();
    const reader = new HttpReader(here.portal.url);
    const { location } = await reader.handIn(await newestCarrierField(here.portal.url));
    await reader.submit(await reader.signInFor(location), `${location}/view`);
  }, PATIENCE_MS);
  afterAll(async () => {
    await browser.close();
    await here.close();
  });

  const open = async (page: Page, path: string) => page.goto(new URL(path, here.portal.url).href);
  /** Somebody of the organisation at the console, by their account there. */
  async function signedIn(email: string, groups: readonly string[], options: object = {}): Promise<Page> {
    here.organisation.signInAs({ email, groups: [...groups] });
    const page = await (await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB', ...options })).newPage();
    await open(page, '/console');
    await page.locator('a[href^="/console/sign-in/begin"]').click();
    await page.locator('a[href*="/with/organisation"]').click();
    await page.waitForLoadState();
    return page;
  }
  const textOf = (page: Page) => page.locator('main').innerText();
  async function downloaded(page: Page, form: string): Promise<string> {
    const [file] = (await Promise.all([
      page.waitForEvent('download'),
      page.locator(`form[action^="${form}"] button`).click(),
    ])) as [Download, void];
    return readFile(await file.path(), 'utf8');
  }
  async function forCase(page: Page): Promise<void> {
    await page.locator('#for-case').fill(WHY.caseNumber);
    await page.locator('#for-reason').fill(WHY.reason);
  }
  async function verifiedHere(page: Page, path: string): Promise<string> {
    await open(page, '/console/verify');
    await page.locator('#file').setInputFiles(path);
    await page.locator('form[action="/console/verify/file"] button').click();
    return textOf(page);
  }

  it(
    'an auditor finds who read what and how they proved it, takes it away, and proves it offline',
    async () => {
      const page = await signedIn('rie@example.com', ['compliance']);
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
      const report = join(here.portal.dataDir, '..', 'exposure.ndjson');
      await writeFile(report, await downloaded(page, '/console/exposure/'));
      await open(page, '/console/export');
      await forCase(page);
      const all = join(here.portal.dataDir, '..', 'all.ndjson');
      await writeFile(all, await downloaded(page, '/console/export'));

      const keys = join(here.portal.dataDir, '..', 'ledger.keys');
      const keyring = join(here.portal.dataDir, 'keyring');
      await writeFile(
        keys,
        runSegl('--demonstration', 'audit', 'key', '--keyring', keyring, '--data-dir', here.portal.dataDir),
      );
      expect(runSegl('audit', 'verify', all, '--key', keys)).toMatch(/proven/i);
      expect(runSegl('audit', 'verify', report, '--key', keys)).toMatch(/shown/i);
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
      const stranger = await signedIn('eve@example.com', ['staff']);
      expect(await textOf(stranger)).toContain('Your account has no role at this console');
      const operator = await signedIn('ove@example.com', ['watch']);
      expect(await textOf(operator)).not.toContain('MessageViewed');
      expect((await open(operator, '/console/search'))?.status()).toBe(403);
      const officer = await signedIn('olga@example.com', ['officers']);
      await open(officer, '/console/search?order=oldest-first&type=AuditAccessRefused');
      const refused = await textOf(officer);
      expect(refused).toContain('eve@example.com');
      expect(refused).toContain('insufficient-role');
      for (const page of [stranger, operator, officer]) await page.context().close();
    },
    PATIENCE_MS,
  );

  it.each(['en', 'da'])(
    'every page meets WCAG 2.2 AA, light and dark, wide and at 320 px: %s',
    async (locale) => {
      // Our own policy forbids scripts, so the checker gets in past it.
      const page = await signedIn('rie@example.com', ['compliance'], {
        javaScriptEnabled: true,
        bypassCSP: true,
        locale,
      });
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
});
