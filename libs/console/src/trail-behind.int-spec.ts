import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditTrail } from '#libs/audit';
import { appendFacts, streamName } from '#libs/event-store';
import { SystemClock } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import type { TestBrowser } from '#libs/web-ui/testing';
import { openConsoleRoom } from './testing/console-room.ts';
import type { ConsoleRoom } from './testing/console-room.ts';
import { sealedFor } from './testing/sealed-for.ts';

const why = { caseNumber: '2026-9', reason: 'Complaint' };

describe('a trail that stands still in front of an event', () => {
  let room: ConsoleRoom;
  let browser: TestBrowser;
  let messageId: MessageId;
  beforeAll(async () => {
    room = await openConsoleRoom();
    messageId = await sealedFor(room, new SystemClock(), 'office@nordlys.example', 'anna@example.com');
    browser = room.portal.browser();
    await room.signIn(browser, ['officer']);
    expect((await browser.get('/console/search')).text).not.toContain('stands still');
    await appendFacts(room.store, streamName('message', messageId), [{ type: 'MessageHologrammed', data: {} }]);
    const stop = () => room.runner.status().find(({ name }) => name === auditTrail.name)?.stop ?? null;
    for (const giveUpAt = Date.now() + 20_000; stop() === null && Date.now() < giveUpAt;) await sleep(5);
  }, 60_000);
  afterAll(() => room.close());

  it.each(['/console/search', '/console/persons', '/console/revoke', '/console/holds', '/console/charts'])(
    'is named on every page that shows something of the record: %s',
    async (place) => {
      expect((await browser.get(place)).text).toContain('What was recorded since is not on these pages.');
    },
  );

  it('is named on the page of a message, which may have been read since', async () => {
    expect((await browser.get(`/console/messages/${messageId}`)).text).toContain('stands still');
  });

  it('gives no selection and no report that would leave something out, and records no export; all of the record leaves', async () => {
    await browser.get('/console/export');
    const exported = async () => (await room.auditing()).filter(({ type }) => type === 'AuditTrailExported').length;
    const selection = await browser.post('/console/export', { ...why, form: 'ndjson', evidence: 'content-shown' });
    expect([selection.status, selection.text]).toEqual([503, expect.stringContaining('not complete here yet')]);
    await browser.get(`/console/exposure/${messageId}`);
    expect((await browser.post(`/console/exposure/${messageId}`, why)).status).toBe(503);
    expect(await exported()).toBe(0);
    await browser.get('/console/export');
    const all = await browser.post('/console/export', { ...why, form: 'ndjson' });
    expect([all.status, all.html]).toEqual([200, expect.stringContaining('MessageHologrammed')]);
    expect(await exported()).toBe(1);
  });

  it('finds no messages to revoke by a search, of which some would stay open; one that is named is revoked', async () => {
    await browser.get('/console/revoke');
    expect((await browser.post('/console/revoke/find', { sender: 'office@nordlys.example' })).status).toBe(503);
    expect((await browser.get(`/console/revoke?message=${messageId}`)).text).toContain('1 message found');
  });
});
