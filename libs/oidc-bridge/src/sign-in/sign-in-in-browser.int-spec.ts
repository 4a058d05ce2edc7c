import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { ScriptedUpstream } from './testing/scripted-upstream.ts';
import { anna, bo, openSignInRoom } from './testing/sign-in-room.ts';
import type { SignInRoom } from './testing/sign-in-room.ts';

type Chromium = Awaited<ReturnType<typeof launchChromium>>;
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Deadlines are for a machine that does much else at the same time. */
const PATIENCE_MS = 240_000;
const AXE = "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })";
const withBrowser = chromiumPath() === null ? describe.skip : describe;
const shared = parseMailAddress('info@shared.example');
/** Where pictures of the pages go, for whoever wants to look at them. */
const pictures = process.env['SEGL_TEST_PICTURES'];

withBrowser('signing in, in a real browser (skipped where there is no Chromium)', () => {
  const google = new ScriptedUpstream('google', { method: 'google', name: 'Google', suits: () => 'fits' });
  const microsoft = new ScriptedUpstream('microsoft', { method: 'microsoft', name: 'Microsoft' });
  const staff = new ScriptedUpstream('staff', { name: 'Nordlys', suits: () => 'does-not-fit', givesRoles: true });
  let room: SignInRoom;
  let chromium: Chromium;
  let elsewhere: Server;
  let elsewhereUrl = '';
  beforeAll(async () => {
    // The other sites: a provider that knows who one is, and a client at which arriving is seen.
    elsewhere = createServer((request, response) => {
      const { pathname, search } = new URL(request.url ?? '/', elsewhereUrl);
      const back = pathname === '/authorize' ? `${room.url}/sign-in/callback/google${search}&code=x` : null;
      response
        .writeHead(back === null ? 200 : 303, back === null ? {} : { location: back })
        .end('<title>there</title>');
    });
    await new Promise<void>((resume) => elsewhere.listen(0, '127.0.0.1', resume));
    elsewhereUrl = `http://localhost:${(elsewhere.address() as AddressInfo).port}/callback`;
    google.signInPage = new URL('/authorize', elsewhereUrl).href;
    room = await openSignInRoom([google, microsoft, staff], {
      sharedMailboxes: [
        { mailboxes: ['@shared.example'], reader: 'state' },
        { mailboxes: ['@board.example'], reader: 'account', namedBy: ['account-with-address'] },
      ],
      redirectUri: elsewhereUrl,
    });
    await room.persons.findOrCreate(shared);
    chromium = await launchChromium();
  }, PATIENCE_MS);
  afterAll(async () => {
    await chromium.close();
    await room.close();
    await new Promise((resume) => elsewhere.close(resume));
  });

  const open = async (options: Parameters<Chromium['newContext']>[0] = {}) => {
    const context = await chromium.newContext({ viewport: { width: 320, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS / 4);
    return context;
  };

  it(
    'every page works with the keyboard and without script, and meets WCAG 2.2 AA, light and dark, at 320 px too',
    async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        room.elapse(3601);
        // The pages' own policy forbids scripts, so the checker gets in past it.
        const context = await open({ bypassCSP: true, colorScheme });
        const page = await context.newPage();
        const look = async (name: string) => {
          await page.addScriptTag({ path: axePath });
          const result = (await page.evaluate(AXE)) as { violations: { id: string; nodes: { html: string }[] }[] };
          const faults = result.violations.map(
            ({ id, nodes }) => `${name} ${id}: ${nodes.map(({ html }) => html).join()}`,
          );
          expect(faults).toEqual([]);
          expect([name, await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')]).toEqual([
            name,
            true,
          ]);
          if (pictures !== undefined)
            await page.screenshot({ path: `${pictures}/${name}-${colorScheme}.png`, fullPage: true });
        };
        const at = (path: string) => page.goto(`${room.url}${path}`);
        const start = async (wish: Parameters<SignInRoom['authorize']>[0] = {}) => {
          await page.goto((await room.authorize(wish)).url);
          return new URL(page.url()).pathname;
        };
        const callback = async (path: string, below = 'with') => {
          const request = await context.request.get(`${room.url}${path}/${below}/google`, { maxRedirects: 0 });
          const state = URL.parse(request.headers()['location'] ?? '')?.searchParams.get('state') ?? '';
          return `/sign-in/callback/google?code=x&state=${state}`;
        };

        microsoft.isUp = false;
        const path = await start();
        await look('choose-way');
        await at(`${path}?told=cancelled`);
        await look('told');
        microsoft.isUp = true;
        google.answer = () => google.account(bo);
        await at(await callback(path));
        expect(await page.textContent('h1')).toContain('does not confirm');
        await look('not-proven');
        await at('/sign-in/made-up');
        await look('not-here');
        await start({ client: 'console' });
        await look('console');

        await start({ client: 'intranet' });
        await look('any-address');
        await page.focus('#address');
        await page.keyboard.type('anna at example');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#address-error');
        await look('address-error');
        await page.fill('#address', 'info@shared.example');
        const mails = room.mailCount();
        await page.keyboard.press('Enter');
        await page.waitForSelector('#code');
        await page.fill('#code', await room.codeInMail(mails + 1));
        await page.keyboard.press('Enter');
        await page.waitForSelector('#name');
        await look('reader');
        await page.fill('#name', ' ');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#name-error');
        await look('reader-error');
        await page.fill('#name', 'Bo Ærø');
        await page.keyboard.press('Enter');
        await page.waitForURL(`${elsewhereUrl}?*`); // form-action 'self' did not stop it

        const board = await start({ client: 'intranet' });
        google.answer = () => google.account(parseMailAddress('all@board.example'));
        await at(await callback(board));
        expect(await page.textContent('main')).toContain('Sign in with your own account');
        await look('reader-by-account');
        google.answer = () => google.account(null);
        await at(await callback(board, 'reader/with'));
        expect(await page.textContent('[role=alert]')).toContain('does not say who you are');
        await look('reader-unnamed');
        await page.fill('#name', 'Bo Ærø');
        await page.keyboard.press('Enter');
        await page.waitForURL(`${elsewhereUrl}?*`);
        await context.close();
      }
    },
    PATIENCE_MS,
  );

  it(
    'two tabs end well in either order, with the cookies that a browser really sends',
    async () => {
      room.elapse(3601);
      const context = await open({ javaScriptEnabled: false });
      const [one, other] = [await context.newPage(), await context.newPage()];
      google.answer = () => google.account(anna);
      const [first, second] = [await room.authorize(), await room.authorize()];
      await one.goto(first.url);
      await other.goto(second.url);
      await other.click('text=Sign in with Google');
      await other.waitForURL(/\/authenticate\?code=/);
      await one.click('text=Sign in with Google');
      await one.waitForURL(/\/authenticate\?code=/);
      expect(await second.redeem(other.url())).toMatchObject({ email: anna });
      expect(await first.redeem(one.url())).toMatchObject({ email: anna });
      // the back button leads to words, not to a dead end
      await one.goBack();
      expect(await one.textContent('main')).toContain('This sign-in cannot continue here');
      await context.close();
    },
    PATIENCE_MS,
  );

  it(
    'goes from the page through the code to the client without script',
    async () => {
      room.elapse(3601);
      const context = await open({ javaScriptEnabled: false });
      const page = await context.newPage();
      const begun = await room.authorize({ client: 'intranet', hint: anna });
      await page.goto(begun.url);
      const mails = room.mailCount();
      await page.click('text=Send me a code');
      await page.waitForSelector('#code');
      await page.fill('#code', await room.codeInMail(mails + 1));
      await page.keyboard.press('Enter');
      await page.waitForURL(`${elsewhereUrl}?*`);
      expect(await begun.redeem(page.url())).toMatchObject({ email: anna, amr: ['otp'] });
      await context.close();
    },
    PATIENCE_MS,
  );
});
