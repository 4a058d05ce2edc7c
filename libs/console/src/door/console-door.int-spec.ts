import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decryptPersonalData } from '#libs/keyring';
import { parseMailAddress } from '#libs/vocabulary';
import type { EncryptedPersonalData } from '#libs/vocabulary';
import { ConsoleSignIns } from '../sign-in/console-sign-ins.ts';
import { openConsoleRoom } from '../testing/console-room.ts';
import type { ConsoleRoom } from '../testing/console-room.ts';

describe('the door of the console', () => {
  let room: ConsoleRoom;
  beforeAll(async () => {
    room = await openConsoleRoom();
  }, 60_000);
  afterAll(() => room.close());

  it('records who came in, their address under their own key', async () => {
    const browser = room.portal.browser();
    expect(await room.signIn(browser, ['officer'], 'berit@nordlys.example')).toBe(true);
    const event = (await room.auditing()).findLast(({ type }) => type === 'AuditorSignedIn');
    const person = await room.persons.find(parseMailAddress('berit@nordlys.example'));
    expect(event?.data).toMatchObject({ personId: person?.personId, roles: ['officer'], method: 'organisation' });
    expect(JSON.stringify(event)).not.toContain('berit');
    const { address } = event?.data as { address: EncryptedPersonalData };
    if (person === null || event === undefined) throw new Error('nobody came in');
    expect(decryptPersonalData(person, event.id, 'address', address)).toBe('berit@nordlys.example');
    expect((await browser.get('/console')).text).toContain('Signed in as berit@nordlys.example (officer)');
  });

  it('records who has no role, once a minute with the number of the others, and lets nobody in', async () => {
    const browser = room.portal.browser();
    for (let n = 0; n < 3; n++) expect(await room.signIn(browser, [], 'eve@nordlys.example')).toBe(false);
    const refusals = (await room.auditing()).filter(({ type }) => type === 'AuditAccessRefused');
    expect(refusals.at(-1)?.data).toMatchObject({ asked: 'sign-in', reason: 'insufficient-role', othersSince: 0 });
    expect(JSON.stringify(refusals)).not.toContain('eve@');
    expect((await browser.get('/console')).status).toBe(303);
  });

  it('records who asks for what is another role’s, by the pattern of the route', async () => {
    const browser = room.portal.browser();
    await room.signIn(browser, ['operator'], 'ove@nordlys.example');
    await browser.get('/console');
    expect((await browser.post('/console/case', { caseNumber: '2026-1' })).status).toBe(403);
    expect((await room.auditing()).at(-1)?.data).toMatchObject({ asked: 'POST /console/case', through: 'console' });
  });

  it('is closed again by signing out, and nobody goes on with the old cookie', async () => {
    const browser = room.portal.browser();
    await room.signIn(browser, ['auditor']);
    await browser.get('/console');
    const before = new Map(browser.cookies);
    expect((await browser.post('/console/sign-out')).headers.get('location')).toBe('/console/signed-out');
    for (const [name, value] of before) browser.cookies.set(name, value);
    expect((await browser.get('/console')).status).toBe(303);
  });

  it('takes the same answer once more when the bridge could not be asked', async () => {
    const browser = room.portal.browser();
    await browser.get('/console/sign-in/begin');
    const [browserId = ''] = browser.cookies.get('segl')?.split('.') ?? [];
    const { state } = await new ConsoleSignIns(room.ephemeral).begin(browserId, '192.0.2.0/24', '/console');
    const answer = `/console/signed-in?state=${state}&code=of-no-use`;
    expect((await browser.get(answer)).status).toBe(503);
    expect((await browser.get(answer)).status).toBe(503); // asked once more, instead of taken for spent
    expect((await room.portal.browser().get(answer)).status).toBe(400);
  });

  it('offers a sign-in only where an account can have a role', async () => {
    const there = await room.portal.browser().get('/console/sign-in');
    expect(there.html).toContain('/console/sign-in/begin');
    const nobodys = await openConsoleRoom({ hasAccounts: false });
    try {
      const { text, html } = await nobodys.portal.browser().get('/console/sign-in');
      expect(text).toContain('no sign-in provider of this installation gives roles');
      expect(html).not.toContain('/console/sign-in/begin');
    } finally {
      await nobodys.close();
    }
  });

  it('lets an operator see how the record stands, and nothing of what is in it', async () => {
    const browser = room.portal.browser();
    await room.signIn(browser, ['operator']);
    const before = (await room.auditing()).length;
    const { text } = await browser.get('/console');
    expect(text).toContain('Ledger');
    expect(text).not.toContain('What happened last');
    expect(await room.auditing()).toHaveLength(before);
  });

  it('keeps case number and reason for all that is asked, and takes none with a mail address', async () => {
    const browser = room.portal.browser();
    await room.signIn(browser, ['auditor']);
    await browser.get('/console');
    expect((await browser.post('/console/case', { caseNumber: 'anna@example.com' })).status).toBe(400);
    await browser.post('/console/case', { caseNumber: '2026-77', reason: 'Complaint', back: '/console' });
    expect((await browser.get('/console')).text).toContain('Case: 2026-77 Complaint');
    expect((await room.auditing()).at(-1)).toMatchObject({
      type: 'AuditTrailQueried',
      data: { caseNumber: '2026-77', reason: 'Complaint' },
    });
  });

  it.each(['//evil.example', 'https://evil.example/console', '/console/\\evil', '/consolex', '/console\n'])(
    'leads nobody elsewhere after signing in: %j',
    async (back) => {
      const page = await room.portal.browser().get(`/console/sign-in?${new URLSearchParams({ back }).toString()}`);
      expect(page.html).toMatch(/href="\/console\/sign-in\/begin\?back(=|&#x3D;)%2Fconsole"/);
    },
  );
});

describe('a session at the console', () => {
  it('ends when it is idle, and at its time in any case', async () => {
    for (const limits of [
      { sessionIdleSeconds: 1, sessionMaxSeconds: 100 },
      { sessionIdleSeconds: 100, sessionMaxSeconds: 1 },
    ]) {
      const room = await openConsoleRoom(limits);
      try {
        const browser = room.portal.browser();
        await room.signIn(browser, ['auditor']);
        expect((await browser.get('/console')).status).toBe(200);
        for (let look = 0; look < 60 && (await ended(browser)) === false; look++)
          await new Promise((resolve) => setTimeout(resolve, limits.sessionIdleSeconds === 1 ? 1500 : 200));
        expect(await ended(browser)).toBe(true);
      } finally {
        await room.close();
      }
    }
  }, 60_000);
});

async function ended(browser: { get(path: string): Promise<{ readonly status: number }> }): Promise<boolean> {
  return (await browser.get('/console')).status === 303;
}
