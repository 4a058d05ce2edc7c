import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordKeyAct } from '#libs/compliance';
import { putJson } from '#libs/ephemeral-store';
import { appendFacts, streamName } from '#libs/event-store';
import type { OutgoingMail } from '#libs/mail';
import { instantOf, parseMailAddress, SystemClock } from '#libs/vocabulary';
import type { MessageId, PersonId } from '#libs/vocabulary';
import type { TestBrowser } from '#libs/web-ui/testing';
import type { ConsoleRole } from './roles.ts';
import type { CanaryShown } from './settings.ts';
import { openConsoleRoom } from './testing/console-room.ts';
import type { ConsoleRoom } from './testing/console-room.ts';
import { sealedFor } from './testing/sealed-for.ts';

const clock = new SystemClock();
const why = { caseNumber: '2026-4711', reason: 'sent to the wrong company' };
const [office, anna, bo] = ['office@nordlys.example', 'anna@example.com', 'bo@example.org'];
/** Where it is another day than in UTC at this hour. */
const FAR_AWAY = new Date().getUTCHours() >= 12 ? 'Pacific/Kiritimati' : 'Etc/GMT+12';
let room: ConsoleRoom;
let canary: CanaryShown | null = null;
afterAll(() => room.close());

const eventsOf = async (type: string) =>
  (await Array.fromAsync(room.store.readAll())).filter((event) => event.type === type);
const idOf = async (address: string) => (await room.persons.find(parseMailAddress(address)))?.personId as PersonId;

async function officer(address = 'olga@nordlys.example', roles: readonly ConsoleRole[] = ['officer']) {
  const browser = room.portal.browser();
  await room.signIn(browser, roles, address);
  return browser;
}

/** What the hidden field of the list says. */
const digestOn = (html: string) => /name="found" value="([^"]+)"/.exec(html)?.[1] ?? '';

describe('an officer alone', () => {
  let browser: TestBrowser;
  let messageId: MessageId;
  beforeAll(async () => {
    room = await openConsoleRoom({ canary: () => Promise.resolve(canary), timeZone: FAR_AWAY });
    messageId = await sealedFor(room, clock, office, anna);
    await sealedFor(room, clock, office, anna);
    await sealedFor(room, clock, office, bo);
    browser = await officer();
  }, 60_000);

  const find = (fields: Record<string, string>) => browser.post('/console/revoke/find', fields);

  it('finds messages by id, sender, recipient and day, and is told which field cannot be found by', async () => {
    expect((await browser.get(`/console/revoke?message=${messageId}`)).text).toContain('1 message found');
    const bySender = await find({ sender: office });
    expect(bySender.text).toContain('3 messages found');
    expect(bySender.text).toContain(bo);
    expect((await find({ sender: office, recipient: bo })).text).toContain('1 message found');
    expect((await find({ sender: office, to: '2026-01-01' })).text).toContain('No message matches');
    expect((await find({ recipient: 'nobody@example.com' })).text).toContain('“Sealed for”');
    expect((await find({ from: 'yesterday' })).text).toContain('“Sealed from”');
  });

  it('finds by the days of the organisation’s zone, where it is another day than in UTC', async () => {
    const day = (ms: number) => new Intl.DateTimeFormat('en-CA', { timeZone: FAR_AWAY }).format(ms);
    const [today, tomorrow] = [day(Date.now()), day(Date.now() + 86_400_000)];
    expect(today).not.toBe(new Date().toISOString().slice(0, 10));
    expect((await find({ sender: office, from: today, to: tomorrow })).text).toContain('3 messages found');
  });

  it('revokes what was on the list and nothing else, with case number and reason', async () => {
    const { html } = await find({ recipient: anna });
    const form = { recipient: anna, found: digestOn(html) };
    expect((await browser.post('/console/revoke', { ...form, ...why, caseNumber: '' })).status).toBe(400);
    await sealedFor(room, clock, office, anna); // after the list was made
    expect((await browser.post('/console/revoke', { ...form, ...why })).text).toContain('Nothing was revoked');
    expect(await eventsOf('MessageRevoked')).toEqual([]);
    const again = await find({ recipient: anna });
    const done = await browser.post('/console/revoke', { recipient: anna, found: digestOn(again.html), ...why });
    expect(done.text).toContain('3 messages are revoked. 0 had been revoked before.');
    const revoked = await eventsOf('MessageRevoked');
    expect(revoked.map(({ data }) => data)).toEqual(
      Array(3).fill({ ...why, revokedBy: await idOf('olga@nordlys.example'), revokedAt: expect.any(String) }),
    );
    expect(JSON.stringify(revoked)).not.toContain('olga');
  });

  it('holds somebody, who cannot be erased until the hold is lifted, and who is erased then', async () => {
    await browser.get('/console/holds');
    await browser.post('/console/holds', { person: bo, ...why });
    await room.runner.caughtUp();
    const holds = await browser.get('/console/holds');
    expect(holds.text).toContain(`${bo} ${await idOf(bo)}`);
    expect(holds.text).toContain('olga@nordlys.example');
    expect((await browser.post('/console/erase/find', { person: bo })).text).toContain(
      'A legal hold stands in the way',
    );
    const personId = await idOf(bo);
    expect((await browser.post('/console/erase', { personId, ...why })).status).toBe(409);
    await browser.post('/console/holds/lift', { personId, ...why });
    await room.runner.caughtUp();
    expect((await browser.post('/console/erase/find', { person: bo })).text).toContain('1 message will be revoked');
    expect((await browser.post('/console/erase', { personId, ...why })).text).toContain(
      `${personId} is erased: 1 message revoked`,
    );
    expect(await room.persons.findById(personId)).toBeNull();
    expect((await browser.post('/console/erase/find', { person: bo })).text).toContain('Nobody is known by that');
    expect((await browser.post('/console/holds', { person: bo, ...why })).status).toBe(400);
    await room.runner.caughtUp();
    expect((await browser.get(`/console/revoke?message=${messageId}`)).text).toContain(anna);
  });

  it('ends the sessions of somebody, and says so in the record', async () => {
    const personId = await idOf(anna);
    const session = { address: anna, personId, method: 'passcode', issuer: 'x', subject: 'y', provenAt: clock.now() };
    await putJson(room.ephemeral, 'session:one', { startedAt: clock.now(), proofs: [session] }, 60);
    await putJson(room.ephemeral, `sessions:${personId}`, ['session:one'], 60);
    await room.signedIn(personId);
    expect((await browser.get('/console/sessions')).text).toContain(`${anna} Since`);
    await browser.post('/console/sessions', { personId, ...why });
    expect((await browser.get('/console/sessions')).text).toContain('No recipient is signed in');
    expect((await eventsOf('SessionsEnded')).map(({ stream }) => stream)).toEqual([`subject-${personId}`]);
  });

  it('sees what came back, for whom and why', async () => {
    const [recipientId, senderId] = [await idOf(anna), await idOf(office)];
    const data = { messageId, recipientId, senderId, reason: 'no-such-mailbox', status: '5.1.1', bounceSha256: '' };
    const event = { type: 'CarrierBounced', data: { ...data, bouncedAt: clock.now() } };
    await appendFacts(room.store, streamName('bounce', messageId), [event]);
    await room.runner.caughtUp();
    expect((await browser.get('/console/deliveries')).text).toContain(
      `Sealed mail came back ${anna} No such mailbox no-such-mailbox 5.1.1`,
    );
  });

  it('looks at charts, and takes their numbers away', async () => {
    const { html, text } = await browser.get('/console/charts?days=7');
    expect(text).toContain('Out of 4 in all');
    expect(html).not.toMatch(/ style=/);
    expect((await browser.get('/console/charts?days=8')).status).toBe(400);
    expect((await browser.get('/console/charts/nothing/csv')).status).toBe(404);
    const file = await browser.get('/console/charts/first-views/csv?days=7');
    expect(file.headers.get('content-type')).toContain('text/csv');
    expect(file.html).toContain('not-shown,4\r\n');
  });
});

describe('an operator', () => {
  it('sees keys and health, and no act of an officer', async () => {
    const browser = await officer('ove@nordlys.example', ['operator']);
    await recordKeyAct(room.store, { type: 'KeyMade', data: { keyId: 'sealing-1', by: 'root', madeAt: clock.now() } });
    expect((await browser.get('/console/keys')).text).toContain('sealing-1 in use made');
    expect((await browser.get('/console/health')).text).toContain('Everything this process needs works.');
    expect((await browser.get('/console/revoke')).status).toBe(403);
  });

  it('sees how far the last canary mail came, and why no further', async () => {
    const browser = await officer('ove@nordlys.example', ['operator']);
    expect((await browser.get('/console/health')).text).toContain('No canary mail is known here yet.');
    const steps = [
      { step: 'seal', seconds: 0.031 },
      { step: 'carrier', seconds: 1.2 },
    ] as const;
    const endedAt = instantOf('2026-11-30T11:00:00Z');
    canary = { last: { endedAt, outcome: 'passed', steps, reason: null }, passedAt: endedAt };
    expect((await browser.get('/console/health')).text).toMatch(/was read in 1.2 s: .*sealed and recorded: 0.031 s/);
    canary = { last: { endedAt, outcome: 'failed', steps, reason: 'it never came' }, passedAt: null };
    const { text } = await browser.get('/console/health');
    expect(text).toMatch(/It stopped at: carrier delivered , .*it never came None is known to have been read/);
  });
});

describe('where it takes two', () => {
  let second: ConsoleRoom;
  const written: OutgoingMail[] = [];
  beforeAll(async () => {
    await room.close();
    second = room = await openConsoleRoom({
      secondPerson: ['revoke', 'erase', 'lift-hold'],
      notices: {
        to: ['olga@nordlys.example', 'berit@nordlys.example'].map((address) => parseMailAddress(address)),
        from: parseMailAddress('no-reply@nordlys.example'),
        ...{ organisation: 'Nordlys', locale: 'en', publicUrl: new URL('https://post.nordlys.example') },
        relay: {
          send: async (mail) => {
            written.push(mail);
            throw new Error('the relay is away');
          },
        },
        onFault: () => undefined,
      },
    });
  }, 60_000);

  it('one officer asks, cannot confirm, and another does, after which both stand in the record', async () => {
    const messageId = await sealedFor(second, clock, office, anna);
    const [olga, berit] = [await officer(), await officer('berit@nordlys.example')];
    const { html } = await olga.get(`/console/revoke?message=${messageId}`);
    const asked = await olga.post('/console/revoke', { message: messageId, found: digestOn(html), ...why });
    expect(asked.text).toContain('Another officer must confirm it');
    expect(await eventsOf('MessageRevoked')).toEqual([]);
    await second.runner.caughtUp();
    while (written.length === 0) await nextTurn(); // jest's time limit ends it
    expect(written.map(({ rcptTo }) => rcptTo)).toEqual(['berit@nordlys.example']); // not who asked
    const mail = String(written[0]?.content).replaceAll('=\r\n', ''); // quoted-printable
    expect(mail).toContain('Revoke messages');
    expect(mail).toContain('https://post.nordlys.example/console/proposals');
    for (const secret of [anna, messageId, why.caseNumber, why.reason, 'olga']) expect(mail).not.toContain(secret);
    expect((await olga.get('/console/proposals')).text).toContain('You asked for this');
    const list = await berit.get('/console/proposals');
    const action = /action="([^"]+\/confirm)"/.exec(list.html)?.[1] ?? '';
    expect((await olga.post(action)).status).toBe(403);
    const olgaElsewhere = second.portal.browser(); // another session, by an account that writes the address otherwise
    await second.signIn(olgaElsewhere, ['officer'], 'Olga@Nordlys.Example');
    await olgaElsewhere.get('/console/proposals');
    expect((await olgaElsewhere.post(action)).status).toBe(403);
    // What is confirmed is what was asked for, whatever the form brings along.
    const other = { act: 'erase', personId: await idOf(anna), 'messages[0][messageId]': 'a'.repeat(32) };
    expect((await berit.post(action, other)).status).toBe(303);
    expect(await eventsOf('SubjectErased')).toEqual([]);
    expect((await berit.get('/console/proposals')).text).toContain('carried out');
    const [revoked] = await eventsOf('MessageRevoked');
    const [by, approvedBy] = [await idOf('olga@nordlys.example'), await idOf('berit@nordlys.example')];
    expect(revoked?.data).toMatchObject({ revokedBy: by, approvedBy, ...why });
    expect((await berit.post(action)).status).toBe(409);
  });

  it('an erasure is asked for and declined, and nobody is erased', async () => {
    const [olga, berit] = [await officer(), await officer('berit@nordlys.example')];
    const personId = await idOf(anna);
    await olga.get(`/console/erase?person=${personId}`);
    expect((await olga.post('/console/erase', { personId, ...why })).text).toContain('Another officer must confirm');
    await second.runner.caughtUp();
    const [action = ''] = /[^"]+\/decline(?=")/.exec((await berit.get('/console/proposals')).html) ?? [];
    await berit.post(action);
    expect((await berit.get('/console/proposals')).text).toContain('declined');
    expect(await second.persons.findById(personId)).not.toBeNull();
  });
});
