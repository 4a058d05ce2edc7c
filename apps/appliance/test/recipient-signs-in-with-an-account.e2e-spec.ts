import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { SqliteEventStore } from '#libs/event-store';
import { PERSONAL_TENANT, WORK_TENANT } from '#libs/oidc-bridge/testing';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { startPortalWithAccounts } from './account-providers.ts';
import type { PortalWithAccounts } from './account-providers.ts';
import { HttpReader, newestCarrierField } from './http-reader.ts';
import { Reader } from './reader.ts';
import { runSegl } from './running-process.ts';

const withBrowser = chromiumPath() === null ? describe.skip : describe;
const anna = 'anna.berg@example.com';
const PATIENCE_MS = 120_000;

/** Events about sign-ins so far, oldest first. */
async function signInsIn({ portal }: PortalWithAccounts): Promise<{ type: string; data: Record<string, unknown> }[]> {
  const store = await SqliteEventStore.open(join(portal.dataDir, 'events.sqlite'));
  try {
    const events = await Array.fromAsync(store.readAll());
    return events
      .filter(({ type }) => ['RecipientAuthenticated', 'AuthenticationFailed'].includes(type))
      .map(({ type, data }) => ({ type, data: data as Record<string, unknown> }));
  } finally {
    await store.close();
  }
}

withBrowser('a recipient signs in with an account, in a real browser', () => {
  let here: PortalWithAccounts;
  let browser: Browser;

  beforeAll(async () => {
    here = await startPortalWithAccounts({ sharedMailboxes: [] });
    browser = await launchChromium();
  }, PATIENCE_MS);
  afterAll(async () => {
    await browser.close();
    await here.close();
  }, PATIENCE_MS);

  async function someone(): Promise<{ reader: Reader; context: BrowserContext }> {
    const context = await browser.newContext({ locale: 'en-GB', javaScriptEnabled: false });
    return { context, reader: new Reader(await context.newPage(), here.portal.url) };
  }

  async function atTheSignInPage(): Promise<{ reader: Reader; context: BrowserContext }> {
    const { reader, context } = await someone();
    await reader.opensNewestSealedMail();
    await reader.opensAttachment();
    await reader.pressesTheButtonInTheAttachment();
    await reader.goesToSignIn();
    return { reader, context };
  }

  it.each([
    ['a work or school account', 'Microsoft', 'microsoft', 'microsoft', { tid: WORK_TENANT, email: anna }],
    ['a personal Microsoft account', 'Microsoft', 'microsoft', 'microsoft', { tid: PERSONAL_TENANT, email: anna }],
    ['a Google account', 'Google', 'google', 'google', { email: anna, hd: 'example.com' }],
    ['the organisation’s own account', 'Example ID', 'organisation', 'organisation', { email: anna }],
  ] as const)(
    'with %s, script off, and reads the message',
    async (_, button, provider, method, claims) => {
      here[provider].signInAs(claims);
      const { reader, context } = await atTheSignInPage();
      const text = await reader.seesOnThePage();
      expect(text).not.toContain(anna);
      expect(text).toContain('Send me a code');
      await reader.page.getByRole('link', { name: `Sign in with ${button}` }).click();
      await reader.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
      expect(await reader.seesOnThePage()).toContain(`You have confirmed that ${anna} is your address`);
      await reader.confirms();
      expect((await signInsIn(here)).at(-1)).toMatchObject({ type: 'RecipientAuthenticated', data: { method } });
      const strangers = [here.microsoft.url, here.google.url, here.organisation.url];
      expect(reader.strangers.filter((url) => !strangers.some((known) => url.startsWith(known)))).toEqual([]);
      await context.close();
    },
    PATIENCE_MS,
  );

  it(
    'of another address is told whose account it is, alone, and takes a code instead',
    async () => {
      here.google.signInAs({ email: 'bo.lund@gmail.com' });
      const { reader, context } = await atTheSignInPage();
      await reader.page.getByRole('link', { name: 'Sign in with Google' }).click();
      await reader.page.getByText('bo.lund@gmail.com').waitFor();
      const text = await reader.seesOnThePage();
      expect(text).toContain('This account does not confirm your address');
      expect(text).not.toContain(anna);
      await reader.page.getByRole('button', { name: 'Send me a code' }).click();
      await reader.page.waitForURL(/\/prove\/code\//);
      await reader.enters(await reader.findsTheCode());
      await reader.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
      await reader.confirms();
      const [failed, authenticated] = (await signInsIn(here)).slice(-2);
      expect(failed).toMatchObject({
        type: 'AuthenticationFailed',
        data: { reason: 'other-address', method: 'google' },
      });
      expect(JSON.stringify(failed)).not.toContain('bo.lund');
      expect(authenticated).toMatchObject({ type: 'RecipientAuthenticated', data: { method: 'passcode' } });
      await context.close();
    },
    PATIENCE_MS,
  );

  it(
    'turns back at the provider, goes back in the browser, and still reads the message',
    async () => {
      here.microsoft.signInAs({ tid: WORK_TENANT, email: anna });
      here.microsoft.breakWith('cancelled');
      const { reader, context } = await atTheSignInPage();
      await reader.page.getByRole('link', { name: 'Sign in with Microsoft' }).click();
      await reader.page.getByText('You went back without signing in').waitFor();
      here.microsoft.breakWith(null);
      await reader.page.getByRole('link', { name: 'Sign in with Microsoft' }).click();
      await reader.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
      await reader.page.goBack();
      expect(await reader.seesOnThePage()).not.toBe('');
      await reader.page.goForward();
      await reader.confirms();
      await context.close();
    },
    PATIENCE_MS,
  );

  it(
    'in two tabs at once: both end well, the later one holds the session, and the other reads on with it',
    async () => {
      here.google.signInAs({ email: anna, hd: 'example.com' });
      const { reader, context } = await atTheSignInPage();
      const message = reader.page.url();
      const other = new Reader(await context.newPage(), here.portal.url);
      await other.opensNewestSealedMail();
      await other.opensAttachment();
      await other.pressesTheButtonInTheAttachment();
      await other.goesToSignIn();
      expect(other.page.url()).not.toBe(message);
      for (const tab of [reader, other]) {
        await tab.page.getByRole('link', { name: 'Sign in with Google' }).click();
        await tab.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
      }
      await reader.confirms();
      await other.confirms();
      await context.close();
    },
    PATIENCE_MS,
  );

  it(
    'and is signed out everywhere when they sign out: in every tab, and for the next sign-in',
    async () => {
      here.google.signInAs({ email: anna, hd: 'example.com' });
      const { reader, context } = await atTheSignInPage();
      await reader.page.getByRole('link', { name: 'Sign in with Google' }).click();
      await reader.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
      const message = reader.page.url();
      const tab = await context.newPage();
      await tab.goto(message);
      await tab.locator('form[action="/sign-out"] button').click();
      await tab.waitForURL(/\/signed-out$/);
      await reader.page.goto(message);
      expect(await reader.seesOnThePage()).toContain('Continue to sign in');
      await reader.goesToSignIn();
      expect(await reader.seesOnThePage()).toContain('Sign in with Google'); // asked anew: the bridge remembers nobody
      await context.close();
    },
    PATIENCE_MS,
  );

  it(
    'of a provider that is away: its button says so, and the other ways are as they were',
    async () => {
      const away = await startPortalWithAccounts();
      try {
        await away.organisation.close();
        const http = new HttpReader(away.portal.url);
        const { location } = await http.handIn(await newestCarrierField(away.portal.url));
        const page = await http.signInPage(location);
        const [path = ''] = /\/sign-in\/[^"/]+\/with\/organisation/.exec(page.body) ?? [];
        const told = await http.follow(await http.get(path));
        expect(told.body).toContain('We cannot reach');
        expect(told.body).toMatch(/\/with\/google/);
        expect(told.body).not.toMatch(/\/with\/organisation/);
        away.google.signInAs({ email: anna, hd: 'example.com' });
        const [other = ''] = /\/sign-in\/[^"/]+\/with\/google/.exec(told.body) ?? [];
        expect((await http.follow(await http.get(other))).body).toContain('You have confirmed that');
      } finally {
        await away.close();
      }
    },
    PATIENCE_MS,
  );
});

describe('what comes back from a provider', () => {
  let here: PortalWithAccounts;
  beforeAll(async () => {
    here = await startPortalWithAccounts({
      sharedMailboxes: [{ mailboxes: ['@example.com'], reader: 'state' }],
    });
  }, PATIENCE_MS);
  afterAll(() => here.close(), PATIENCE_MS);

  async function atTheSignInPage() {
    const reader = new HttpReader(here.portal.url);
    const { location } = await reader.handIn(await newestCarrierField(here.portal.url));
    const page = await reader.signInPage(location);
    return { reader, location, page };
  }

  /** What `segl audit query` shows of the recipient. */
  function audited(type: string, ...options: string[]): { data: Record<string, unknown> }[] {
    const { dataDir } = here.portal;
    const places = ['--data-dir', dataDir, '--keyring', join(dataDir, 'keyring')];
    const page = runSegl('audit', 'query', '--json', '--person', anna, '--type', type, ...places, ...options);
    return (JSON.parse(page) as { rows: { data: Record<string, unknown> }[] }).rows;
  }

  it(
    'stands in the record for who may ask it: the account that proved the address, and why one came to nothing',
    async () => {
      const byGoogle = async (claims: Record<string, unknown>) => {
        here.google.signInAs(claims);
        const { reader, page } = await atTheSignInPage();
        const [path = ''] = /\/sign-in\/[^"/]+\/with\/google/.exec(page.body) ?? [];
        return reader.follow(await reader.get(path));
      };
      expect((await byGoogle({ email: anna, hd: 'example.com', sub: '1234567890' })).body).toContain(
        'You have confirmed',
      );
      await byGoogle({ email: 'eve@gmail.com', sub: 'eve-there' });
      const { issuer } = here.google;
      expect(audited('RecipientAuthenticated').at(-1)?.data).toMatchObject({ issuer, subjectId: '1234567890' });
      const asStored = JSON.stringify(audited('RecipientAuthenticated', '--no-personal'));
      expect(asStored).not.toContain('1234567890');
      const failed = audited('AuthenticationFailed').at(-1)?.data;
      expect(failed).toMatchObject({ method: 'google', upstream: 'google', reason: 'other-address' });
      expect(JSON.stringify(failed)).not.toContain('eve'); // whose account it was is told to them alone
    },
    PATIENCE_MS,
  );

  it.each([
    ['google', 'wrong-nonce', 'wrong-nonce'],
    ['google', 'alg-none', 'token-signature'],
    ['microsoft', 'guest', 'guest-account'],
  ] as const)(
    'is refused from %s when it is bad (%s): one event with the reason, one page without it',
    async (provider, breakage, reason) => {
      const claims = { google: { email: anna, hd: 'example.com' }, microsoft: { tid: WORK_TENANT, email: anna } };
      here[provider].signInAs(claims[provider]);
      here[provider].breakWith(breakage);
      const { reader, location, page } = await atTheSignInPage();
      const before = (await signInsIn(here)).length;
      const [path = ''] = new RegExp(`/sign-in/[^"/]+/with/${provider}`).exec(page.body) ?? [];
      const told = await reader.follow(await reader.get(path));
      here[provider].breakWith(null);
      expect(told.body).not.toMatch(/nonce|signature|guest|token/i);
      expect(told.body).toContain('Send me a code');
      expect((await signInsIn(here)).slice(before)).toMatchObject([{ type: 'AuthenticationFailed', data: { reason } }]);
      expect((await reader.get(location)).body).toContain('/prove');
    },
    PATIENCE_MS,
  );

  it(
    'at a mailbox that several people read, a code is asked who they are, and both stand in the record',
    async () => {
      const { reader, location } = await atTheSignInPage();
      const asked = await reader.signInFor(location);
      expect(asked.body).toContain('Who is reading?');
      const [action = ''] = /\/sign-in\/[^"/]+\/reader/.exec(asked.body) ?? [];
      const confirm = await reader.follow(await reader.submit(asked, action, { name: 'Bente Krogh' }));
      expect(confirm.body).toContain('You have confirmed that');
      expect((await reader.view(location, confirm)).status).toBe(200);
      const last = (await signInsIn(here)).at(-1);
      expect(last).toMatchObject({ type: 'RecipientAuthenticated', data: { method: 'passcode' } });
      expect(last?.data['reader']).toEqual(expect.any(String));
      expect(JSON.stringify(last)).not.toContain('Bente');
      expect(audited('RecipientAuthenticated').at(-1)?.data).toMatchObject({
        method: 'passcode',
        reader: { kind: 'stated', name: 'Bente Krogh' },
      });
      expect(audited('MessageViewed').at(-1)?.data).toMatchObject({ reader: { name: 'Bente Krogh' } });
    },
    PATIENCE_MS,
  );
});
