import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqliteEventStore } from '#libs/event-store';
import { startPortalWithAccounts } from './account-providers.ts';
import type { PortalWithAccounts } from './account-providers.ts';
import { HttpReader, mailIdsIn, newCode, newestCarrierField } from './http-reader.ts';
import type { Answer } from './http-reader.ts';

const anna = 'anna.berg@example.com';
const PATIENCE_MS = 180_000;

describe('sign-ins at once', () => {
  let here: PortalWithAccounts;
  beforeAll(async () => {
    here = await startPortalWithAccounts({}, { passcode: { codesPerHour: 50, codesPerHourAndNetwork: 50 } });
    here.google.signInAs({ email: anna, hd: 'example.com' });
  }, PATIENCE_MS);
  afterAll(() => here.close(), PATIENCE_MS);

  async function recorded(...types: string[]) {
    const store = await SqliteEventStore.open(join(here.portal.dataDir, 'events.sqlite'));
    try {
      const events = await Array.fromAsync(store.readAll());
      return events.filter(({ type }) => types.includes(type)).map(({ type, data }) => ({ type, ...(data as object) }));
    } finally {
      await store.close();
    }
  }

  async function withTheMessage() {
    const reader = new HttpReader(here.portal.url);
    const { location } = await reader.handIn(await newestCarrierField(here.portal.url));
    await reader.get(location); // the browser is known from here on: every tab of it is
    return { reader, location };
  }

  const codes = new Map<string, string>();

  /** A tab at the page that asks for its code, with the code in hand. */
  async function tabWithACode(reader: HttpReader, location: string) {
    const before = await mailIdsIn(here.portal.url);
    const { location: challenge } = await reader.asksForACode(location);
    const page = await reader.get(challenge);
    // The second tab of a browser takes up the challenge that waits: no other code is sent.
    const code = codes.get(challenge) ?? (await newCode(here.portal.url, before));
    codes.set(challenge, code);
    return async () => reader.follow(await reader.submit(page, challenge, { code }));
  }

  /** A tab at the sign-in page, about to press Google's button. */
  async function tabWithAnAccount(reader: HttpReader, location: string) {
    const page = await reader.signInPage(location);
    const [path = ''] = /\/sign-in\/[^"/]+\/with\/google/.exec(page.body) ?? [];
    return async () => reader.follow(await reader.get(path));
  }

  it(
    'a hundred correct codes make one session, and the browser that brought them reads on',
    async () => {
      const { reader, location } = await withTheMessage();
      const ends = await tabWithACode(reader, location);
      const before = await recorded('OtpAccepted', 'RecipientAuthenticated', 'AuthenticationFailed');
      const answers: Answer[] = await Promise.all(Array.from({ length: 100 }, ends));
      const after = await recorded('OtpAccepted', 'RecipientAuthenticated', 'AuthenticationFailed');
      expect(after.slice(before.length).map(({ type }) => type)).toEqual(['OtpAccepted', 'RecipientAuthenticated']);
      expect(answers.filter(({ body }) => body.includes('You have confirmed that')).length).toBeGreaterThan(0);
      expect(answers.filter(({ status }) => status >= 500 && status !== 503)).toEqual([]);
      const confirm = await reader.get(location);
      expect(confirm.body).toContain('You have confirmed that');
      expect((await reader.view(location, confirm)).status).toBe(200);
    },
    PATIENCE_MS,
  );

  it.each([
    ['a code in both', [tabWithACode, tabWithACode]],
    ['a code, then an account', [tabWithACode, tabWithAnAccount]],
    ['an account, then a code', [tabWithAnAccount, tabWithACode]],
  ] as const)(
    'in two tabs, %s, both begun before either ends: the last one holds the session, the other reads on with it',
    async (_, [first, second]) => {
      for (const order of ['as begun', 'the other way round']) {
        const { reader, location } = await withTheMessage();
        const ends = [await first(reader, location), await second(reader, location)];
        if (order !== 'as begun') ends.reverse();
        const before = await recorded('RecipientAuthenticated', 'AuthenticationFailed');
        for (const end of ends) expect((await end()).body).toContain('You have confirmed that');
        const signIns = (await recorded('RecipientAuthenticated', 'AuthenticationFailed')).slice(before.length);
        const isOneCode = first === second; // accepted once, for whichever tab comes first; the other goes on to the message
        expect(signIns.map(({ type }) => type)).toEqual(Array(isOneCode ? 1 : 2).fill('RecipientAuthenticated'));
        const page = await reader.get(location);
        expect((await reader.view(location, page)).status).toBe(200);
        const viewed = (await recorded('MessageViewed')).at(-1);
        expect(viewed).toMatchObject({ method: (signIns.at(-1) as unknown as { method: string }).method });
      }
    },
    PATIENCE_MS,
  );

  it(
    'a sign-out ends the session for everyone who holds its cookies, and every sign-in that was under way in the browser',
    async () => {
      const { reader, location } = await withTheMessage();
      const underWay = await tabWithAnAccount(reader, location);
      await (
        await tabWithAnAccount(reader, location)
      )();
      const confirm = await reader.get(location);
      const thief = reader.thief();
      expect((await thief.get(location)).body).toContain('You have confirmed that');
      expect((await reader.submit(confirm, '/sign-out')).location).toContain('/signed-out');
      const viewsBefore = (await recorded('MessageViewed')).length;
      expect((await thief.get(location)).body).toContain('Continue to sign in');
      expect((await thief.view(location, confirm)).body).not.toContain('<iframe');
      expect(await recorded('MessageViewed')).toHaveLength(viewsBefore);
      const late = await underWay();
      expect(late.body).not.toContain('You have confirmed that');
      expect((await reader.get(location)).body).toContain('Continue to sign in');
    },
    PATIENCE_MS,
  );
});
