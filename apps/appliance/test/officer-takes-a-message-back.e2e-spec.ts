import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { EVENT_STORES } from '#libs/event-store/testing';
import { chromiumPath } from '#libs/web-ui/testing';
import { ConsoleStory } from './console-story.ts';

const PATIENCE_MS = 300_000;
const anna = 'anna.berg@example.com';
const WHY = { caseNumber: '2026-78', reason: 'Sent to the wrong client' };
const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser.each(EVENT_STORES)(
  'an officer at the console, in a real browser without script, on $store (skipped where there is none)',
  ({ serve }) => {
    let story: ConsoleStory;
    beforeAll(async () => {
      story = await ConsoleStory.start(anna, { serve, console: { secondPerson: ['erase'] } });
    }, PATIENCE_MS);
    afterAll(() => story?.end(), PATIENCE_MS);

    const officer = (email: string) => story.signedIn(email, ['officers']);
    async function sayWhy(page: Page, number: string, reason: string): Promise<void> {
      await page.locator(number).fill(WHY.caseNumber);
      await page.locator(reason).fill(WHY.reason);
    }

    it(
      'ends the session of a reader, who must sign in again',
      async () => {
        const { open, textOf, reader, message } = story;
        const page = await officer('olga@example.com');
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
        const { here, open, textOf, press, reader, message } = story;
        const page = await officer('olga@example.com');
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
        // Pages are a moment behind the record, in which somebody was refused just now.
        for (const until = Date.now() + 30_000; Date.now() < until;) {
          await open(page, `/console/messages/${messageId}`);
          if ((await textOf(page)).includes('ViewDenied')) break;
        }
        expect(await textOf(page)).toMatch(/Message shown[\s\S]+MessageRevoked[\s\S]+ViewDenied/);
        await open(page, '/console/charts?days=7');
        expect(await page.locator('svg.chart').first().getAttribute('aria-label')).toMatch(/^Messages shown.*1 in all/);

        await open(page, `/console/exposure/${messageId}`);
        await sayWhy(page, '#for-case', '#for-reason');
        const report = await story.downloaded(page, '/console/exposure/', 'exposure.ndjson');
        await open(page, '/console/export');
        await sayWhy(page, '#for-case', '#for-reason');
        const all = await story.downloaded(page, '/console/export', 'all.ndjson');
        const keys = await story.ledgerKey();
        expect(await here.segl('audit', 'verify', all, '--key', keys)).toMatch(/proven/i);
        expect(await here.segl('audit', 'verify', report, '--key', keys)).toMatch(/shown/i);
        await page.context().close();
      },
      PATIENCE_MS,
    );

    it(
      'asks another officer before somebody is erased, who confirms it, and who is erased then',
      async () => {
        const { open, textOf, press } = story;
        const [olga, berit] = [await officer('olga@example.com'), await officer('berit@example.com')];
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
  },
);
