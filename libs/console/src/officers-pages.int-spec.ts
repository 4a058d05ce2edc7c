import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import {
  ConfirmAct,
  ConfirmActHandler,
  HoldSubject,
  HoldSubjectHandler,
  ProposeAct,
  ProposeActHandler,
  recordKeyAct,
} from '#libs/compliance';
import { putJson } from '#libs/ephemeral-store';
import { appendFacts, streamName } from '#libs/event-store';
import type { TelemetryEvent } from '#libs/telemetry';
import { parseMailAddress, SystemClock } from '#libs/vocabulary';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { ReachOfConsole } from './erase/reach-of-console.ts';
import { openConsoleRoom } from './testing/console-room.ts';
import type { ConsoleRoom } from './testing/console-room.ts';
import { sealedFor } from './testing/sealed-for.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const AXE = "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })";
const PATHS = [
  '/console',
  '/console/messages/MESSAGE',
  '/console/search?order=newest-first&type=CarrierBounced,ViewDenied',
  '/console/charts?days=7',
  '/console/deliveries',
  '/console/revoke?message=MESSAGE',
  '/console/revoke?message=never',
  '/console/erase?person=ANNA',
  '/console/erase?person=BO',
  '/console/holds',
  '/console/sessions',
  '/console/proposals',
  '/console/export',
  '/console/verify',
  '/console/counts',
  '/console/keys',
  '/console/health',
];
const SETTINGS = [
  { width: 1024, colorScheme: 'light' },
  { width: 320, colorScheme: 'dark' },
] as const;

const PERIOD = { from: '2026-08-05', until: '2026-09-04', epsilon: 2 } as const;
const COUNTED: readonly TelemetryEvent[] = [
  ...([
    ['browser', 'Chrome 142', 1412, 131],
    ['browser', 'Samsung Internet 28', 206, 118],
    ['app', 'tablet-browser', 96, 114],
    ['system', 'other', 230, 117],
  ] as const),
].map(([dimension, value, persons, margin]) => ({
  type: 'NoisyCountsWritten',
  data: { dimension, ...PERIOD, cells: [{ value, persons, margin }] },
}));

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('pages of officers and operators, in a real browser (skipped where there is none)', () => {
  let room: ConsoleRoom;
  let browser: Browser;
  /** What stands in the paths. */
  const ids = new Map<string, string>();

  beforeAll(async () => {
    room = await openConsoleRoom({
      secondPerson: ['erase', 'export'],
      health: () => Promise.resolve({ isReady: true, text: 'warning: relay: answers slowly\n', ageSeconds: 2 }),
    });
    const clock = new SystemClock();
    const messages = [];
    for (const to of ['anna@example.com', 'bo@example.org']) {
      messages.push({ messageId: await sealedFor(room, clock, 'office@nordlys.example', to) });
    }
    const idOf = async (address: string) => (await room.persons.findOrCreate(parseMailAddress(address))).personId;
    const [anna, bo] = [await idOf('anna@example.com'), await idOf('bo@example.org')];
    for (const [name, id] of [
      ['MESSAGE', messages[0]?.messageId ?? ''],
      ['ANNA', anna],
      ['BO', bo],
    ] as const)
      ids.set(name, id);
    const mandate = { by: 'operator root', caseNumber: '2026-4711', reason: 'sent to the wrong company' };
    await new HoldSubjectHandler(room.store, room.portal.app.get(ReachOfConsole), clock).execute(
      new HoldSubject(bo, mandate),
    );
    const propose = new ProposeActHandler(room.store, clock);
    await propose.execute(new ProposeAct({ act: 'revoke', messages }, mandate));
    await propose.execute(new ProposeAct({ act: 'erase', personId: anna }, mandate));
    const question = { readerId: anna, types: ['MessageViewed', 'ViewDenied'], from: clock.now(), outcome: 'refused' };
    const olga = { ...mandate, by: await idOf('olga@nordlys.example') };
    for (const form of ['csv', 'ndjson'] as const) {
      const act = { act: 'export', export: { through: 'console', form, question } } as const;
      const proposalId = await propose.execute(new ProposeAct(act, olga));
      const confirm = new ConfirmActHandler(room.store, room.portal.app.get(ReachOfConsole), clock);
      if (form === 'csv') await confirm.execute(new ConfirmAct(proposalId, bo));
    }
    await recordKeyAct(room.store, { type: 'KeyMade', data: { keyId: 'sealing-1', by: 'root', madeAt: clock.now() } });
    const session = { address: 'anna@example.com', personId: anna, method: 'passcode', issuer: 'x', subject: 'y' };
    const proofs = [{ ...session, provenAt: clock.now() }];
    await putJson(room.ephemeral, 'session:one', { startedAt: clock.now(), proofs }, 600);
    await putJson(room.ephemeral, `sessions:${anna}`, ['session:one'], 600);
    for (const method of ['passcode', 'passcode', 'microsoft', 'google', 'organisation']) {
      const view = { recipientId: anna, viewedAt: clock.now(), method, form: 'page', signInId: null };
      const event = { type: 'MessageViewed', version: 2, data: view } as const;
      await appendFacts(room.store, streamName('message', messages[0]?.messageId ?? ''), [event]);
    }
    for (const reason of ['expired', 'revoked', 'expired']) {
      const data = { messageId: messages[0]?.messageId, reason, deniedAt: clock.now() };
      await appendFacts(room.store, streamName('openings', messages[0]?.messageId ?? ''), [
        { type: 'ViewDenied', data },
      ]);
    }
    const bounced = { ...{ messageId: messages[0]?.messageId, senderId: bo, recipientId: anna, bounceSha256: '' } };
    const bounce = { ...bounced, reason: 'no-such-mailbox', status: '5.1.1', bouncedAt: clock.now() };
    await appendFacts(room.store, streamName('bounce', messages[0]?.messageId ?? ''), [
      { type: 'CarrierBounced', data: bounce },
    ]);
    await appendFacts(room.store, streamName('telemetry', '30-days-688'), COUNTED);
    await room.signedIn(anna);
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await room.close();
  });

  /** Somebody with every role, so that every page and the longest navigation is seen. */
  async function signedIn(locale: string): Promise<BrowserContext> {
    const visitor = room.portal.browser();
    await room.signIn(visitor, ['officer', 'operator'], 'olga@nordlys.example');
    // Our own policy forbids scripts, so the checker gets in past it.
    const context = await browser.newContext({ locale, bypassCSP: true });
    const cookies = [...visitor.cookies].map(([name, value]) => ({ name, value, url: room.portal.url }));
    await context.addCookies(cookies);
    return context;
  }

  /** The lines of an exposure report, as an officer downloads them. */
  async function exposureOf(messageId: string): Promise<string> {
    const visitor = room.portal.browser();
    await room.signIn(visitor, ['officer'], 'olga@nordlys.example');
    await visitor.get(`/console/exposure/${messageId}`);
    return (await visitor.post(`/console/exposure/${messageId}`, { caseNumber: '2026-9', reason: 'Complaint' })).html;
  }

  it('lead from the overview to what was not delivered', async () => {
    const visitor = room.portal.browser();
    await room.signIn(visitor, ['auditor'], 'rie@nordlys.example');
    const { text, html } = await visitor.get('/console');
    expect(text).toMatch(/Not delivered .* Sealed mail came back/);
    expect(html).toContain('<a href="/console/deliveries">');
  });

  it.each(['en', 'da'])(
    'meet WCAG 2.2 AA, light and dark, wide and at 320 px: %s',
    async (locale) => {
      const context = await signedIn(locale);
      const page = await context.newPage();
      const faults: string[] = [];
      for (const pattern of PATHS) {
        const path = pattern.replace(/[A-Z]{2,}/, (name) => ids.get(name) ?? name);
        await page.goto(room.portal.url + path);
        if (path === '/console/verify') {
          const name = 'segl-exposure.ndjson';
          const lines = Buffer.from(await exposureOf(ids.get('MESSAGE') ?? ''));
          await page.setInputFiles('#file', { name, mimeType: 'application/x-ndjson', buffer: lines });
          await Promise.all([
            page.waitForURL('**/verify/file'),
            page.locator('main form button[type=submit]').last().click(),
          ]);
          if ((await page.locator('#exposure').count()) === 0) faults.push(`${path}: shows no exposure`);
        } else if (new URL(page.url()).pathname !== path.split('?')[0]) faults.push(`${path}: led to ${page.url()}`);
        if ((await page.locator('html').getAttribute('lang')) !== locale) faults.push(`${path}: another language`);
        await page.addScriptTag({ path: axePath });
        for (const { width, colorScheme } of SETTINGS) {
          await page.setViewportSize({ width, height: 800 });
          await page.emulateMedia({ colorScheme });
          const { violations } = (await page.evaluate(AXE)) as {
            violations: { id: string; nodes: { failureSummary: string }[] }[];
          };
          const where = `${path}, ${width} px, ${colorScheme}`;
          for (const { id, nodes } of violations) faults.push(`${where}: ${id}: ${nodes[0]?.failureSummary}`);
          if ((await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')) === true)
            faults.push(`${where}: scrolls sideways`);
          const pictures = process.env['SEGL_TEST_PICTURES'];
          if (pictures !== undefined) {
            const name = `${pattern.replace(/\W+/g, '-')}-${width}-${colorScheme}-${locale}.png`;
            await page.screenshot({ path: join(pictures, name), fullPage: true });
          }
        }
      }
      expect(faults).toEqual([]);
      await context.close();
    },
    300_000,
  );
});
