import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { translate } from '../locales/translate.ts';
import { openTestPortal, testOrganisation } from '../testing/index.ts';
import type { TestPage, TestPortal } from '../testing/index.ts';
import { PRIVACY_CHANGES, PrivacyController } from './privacy-controller.ts';

let portal: TestPortal;
let page: TestPage;

beforeAll(async () => {
  portal = await openTestPortal({ controllers: [PrivacyController] });
  page = await portal.browser().get('/privacy');
});
afterAll(() => portal.close());

describe('the privacy page', () => {
  it('answers in the order that the product promises', () => {
    const headings = [...page.html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, heading]) =>
      heading?.replaceAll('&#x27;', "'"),
    );
    const order = [
      'privacy.covers.title',
      'privacy.reading.title',
      'privacy.signIn.title',
      'privacy.credentials.title',
      'privacy.mail.title',
      'privacy.counting.title',
      'privacy.record.title',
      'privacy.responsible.title',
      'privacy.sender.title',
      'privacy.changes.title',
    ] as const;
    expect(headings).toEqual(order.map((key) => translate('en', key)));
  });

  it('says who is responsible and how to reach them, by mail and by post', () => {
    expect(page.html).toContain(`href="mailto:${testOrganisation.contactMail}"`);
    expect(page.html).toContain(`href="mailto:${testOrganisation.privacyContact}"`);
    for (const line of testOrganisation.postalAddress.split('\n')) expect(page.text).toContain(line);
  });

  it('has its date on top, and its changes, newest first', () => {
    const [latest] = PRIVACY_CHANGES;
    expect(page.html.indexOf(`datetime="${latest?.changedOn}"`)).toBeLessThan(page.html.indexOf('<h2>'));
    const dates = PRIVACY_CHANGES.map(({ changedOn }) => changedOn);
    expect(dates).toEqual(dates.toSorted().reverse());
    for (const date of dates) expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it('promises the sign-ins that there are, and no other', async () => {
    expect(page.text).not.toMatch(/Microsoft|Google|passkey/i);
    expect(page.text).toContain('You do not need an account here.');
    const withAccounts = await openTestPortal(
      { controllers: [PrivacyController] },
      { accountProviders: ['Microsoft', 'Nordlys'], counting: { epsilon: 1.5, periodDays: 14 } },
    );
    try {
      const { text } = await withAccounts.browser().get('/privacy');
      expect(text).toMatch(/an account you already have:\s+Microsoft\s+Nordlys/);
      expect(text).toContain('you enter its password with its provider and never here');
      // And how strong the noise of its counts is, in which time.
      expect(text).toMatch(/A period is 14 days\..*ε = 1\.5/);
      expect(page.text).not.toContain('ε');
      expect(text).not.toMatch(/Google|You do not need an account here/);
    } finally {
      await withAccounts.close();
    }
  });

  it('is there in Danish, and linked from every page', async () => {
    expect((await portal.browser().get('/privacy?lang=da')).text).toContain('Hvad vi registrerer');
    for (const path of ['/privacy', '/nowhere'])
      expect((await portal.browser().get(path)).html).toContain('href="/privacy"');
  });
});
