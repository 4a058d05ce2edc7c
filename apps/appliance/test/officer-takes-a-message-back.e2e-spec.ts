import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Download, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { startPortalWithAccounts } from './account-providers.ts';
import type { PortalWithAccounts } from './account-providers.ts';
import { HttpReader, newestCarrierField } from './http-reader.ts';
import { runSegl } from './running-process.ts';

const PATIENCE_MS = 300_000;
const anna = 'anna.berg@example.com';
const WHY = { caseNumber: '2026-78', reason: 'Sent to the wrong client' };
const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('an officer at the console, in a real browser without script (skipped where there is none)', () => {
  let here: PortalWithAccounts;
  let browser: Browser;
  let reader: HttpReader;
  /** Where the message waits for its reader. */
  let message: string;

  beforeAll(async () => {
    const roles = { officers: ['officer'] };
    const console = { secondPerson: ['erase'] };
    here = await startPortalWithAccounts({}, { console }, { rolesClaim: 'groups', roles });
    browser = await launchChromium();
    reader = new HttpReader(here.portal.url);
    message = (await reader.handIn(await newestCarrierField(here.portal.url))).location;
    const page = await reader.signInFor(message);
    expect((await reader.submit(page, `${message}/view`)).status).toBe(200);
  }, PATIENCE_MS);
  afterAll(async () => {
    await browser.close();
    await here.close();
  });

  const open = async (page: Page, path: string) => page.goto(new URL(path, here.portal.url).href);
  const textOf = (page: Page) => page.locator('main').innerText();
  const press = (page: Page, form: string) => page.locator(`form[action="${form}"] button`).first().click();
  async function signedIn(email: string): Promise<Page> {
    here.organisation.signInAs({ email, groups: ['officers'] });
    const page = await (await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB' })).newPage();
    await open(page, '/console');
    await page.locator('a[href^="/console/sign-in/begin"]').click();
    await page.locator('a[href*="/with/organisation"]').click();
    await page.waitForLoadState();
    return page;
  }
  async function sayWhy(page: Page, number: string, reason: string): Promise<void> {
    await page.locator(number).fill(WHY.caseNumber);
    await page.locator(reason).fill(WHY.reason);
  }
  async function downloaded(page: Page, form: string): Promise<string> {
    const [file] = (await Promise.all([
      page.waitForEvent('download'),
      page.locator(`form[action^="${form}"] button`).click(),
    ])) as [Download, void];
    return readFile(await file.path(), 'utf8');
  }

  it(
    'ends the session of a reader, who must sign in again',
    async () => {
      const page = await signedIn('olga@example.com');
      await open(page, '/console/sessions');
      const session = page.locator('li.sheet', { hasText: anna });
      await session.locator('summary').click();
      await session.locator('input[name="caseNumber"]').fill(WHY.caseNumber);
      await session.locator('input[name="reason"]').fill(WHY.reason);
      await session.locator('button').click();
      expect(await textOf(page)).toContain('No recipient is signed in.');
      expect((await reader.get(`${message}/view`)).status).not.toBe(200);
      await page.context().close();
    },
    PATIENCE_MS,
  );

  it(
    'finds a message, revokes it, and its reader gets nothing more; the record proves it offline',
    async () => {
      const page = await signedIn('olga@example.com');
      const signedInAgain = await reader.signInFor(message); // until the very moment, everything is as it should be
      await open(page, '/console/revoke');
      await page.locator('#recipient').fill(anna);
      await press(page, '/console/revoke/find');
      expect(await textOf(page)).toContain('1 message found');
      expect(page.url()).not.toContain('anna');
      await sayWhy(page, '#act-case', '#act-reason');
      await press(page, '/console/revoke');
      expect(await textOf(page)).toContain('1 message is revoked. 0 had been revoked before.');

      const refused = await reader.submit(signedInAgain, `${message}/view`);
      expect(refused.status).not.toBe(200);

      const [, messageId = ''] = /\/m\/([a-z2-7]{32})/.exec(message) ?? [];
      await open(page, `/console/messages/${messageId}`);
      expect(await textOf(page)).toMatch(/Message shown[\s\S]+MessageRevoked[\s\S]+ViewDenied/);
      await open(page, '/console/charts?days=7');
      expect(await page.locator('svg.chart').first().getAttribute('aria-label')).toMatch(/^Messages shown.*1 in all/);

      await open(page, `/console/exposure/${messageId}`);
      await sayWhy(page, '#for-case', '#for-reason');
      const report = join(here.portal.dataDir, '..', 'exposure.ndjson');
      await writeFile(report, await downloaded(page, '/console/exposure/'));
      await open(page, '/console/export');
      await sayWhy(page, '#for-case', '#for-reason');
      const all = join(here.portal.dataDir, '..', 'all.ndjson');
      await writeFile(all, await downloaded(page, '/console/export'));
      const keys = join(here.portal.dataDir, '..', 'ledger.keys');
      const keyring = join(here.portal.dataDir, 'keyring');
      const ofLedger = ['audit', 'key', '--keyring', keyring, '--data-dir', here.portal.dataDir];
      await writeFile(keys, runSegl('--demonstration', ...ofLedger));
      expect(runSegl('audit', 'verify', all, '--key', keys)).toMatch(/proven/i);
      expect(runSegl('audit', 'verify', report, '--key', keys)).toMatch(/shown/i);
      await page.context().close();
    },
    PATIENCE_MS,
  );

  it(
    'asks another officer before somebody is erased, who confirms it, and who is erased then',
    async () => {
      const [olga, berit] = [await signedIn('olga@example.com'), await signedIn('berit@example.com')];
      await open(olga, '/console/erase');
      await olga.locator('#person').fill(anna);
      await press(olga, '/console/erase/find');
      await sayWhy(olga, '#act-case', '#act-reason');
      await press(olga, '/console/erase');
      expect(await textOf(olga)).toContain('Another officer must confirm it');
      await open(olga, '/console/proposals');
      expect(await textOf(olga)).toContain('You asked for this');
      expect(await olga.locator('form[action$="/confirm"]').count()).toBe(0);
      await open(berit, '/console/proposals');
      await berit.locator('form[action$="/confirm"] button').click();
      expect(await textOf(berit)).toContain('carried out');
      await open(berit, '/console/erase');
      await berit.locator('#person').fill(anna);
      await press(berit, '/console/erase/find');
      expect(await textOf(berit)).toContain('Nobody is known by that');
      for (const page of [olga, berit]) await page.context().close();
    },
    PATIENCE_MS,
  );
});
