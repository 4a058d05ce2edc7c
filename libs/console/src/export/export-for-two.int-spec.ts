import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { frozenEvents, frozenPersons } from '#libs/audit/testing';
import { ProposeAct, ProposeActHandler } from '#libs/compliance';
import { parseMailAddress, SystemClock } from '#libs/vocabulary';
import type { TestBrowser } from '#libs/web-ui/testing';
import type { ConsoleRole } from '../roles.ts';
import { openConsoleRoom } from '../testing/console-room.ts';
import type { ConsoleRoom } from '../testing/console-room.ts';

const clock = new SystemClock();
const frozen = frozenEvents().filter(({ type }) => type !== 'CheckpointSigned');
const messageId = frozen.find(({ type }) => type === 'MessageViewed')?.stream.slice('message-'.length) ?? '';
const [, readerId = ''] = [...frozenPersons().keys()];
const why = { caseNumber: '2026-4711', reason: 'a court asked for it' };
const asked = { reader: readerId, form: 'csv', 'type-MessageViewed': 'yes', from: '2026-01-01T00:00' };

describe('an export that takes two persons', () => {
  let room: ConsoleRoom;
  let [anton, olga]: TestBrowser[] = [];
  beforeAll(async () => {
    room = await openConsoleRoom({ secondPerson: ['export'] });
    await room.holds(frozen);
    anton = await signedIn('anton@nordlys.example', ['auditor']);
    olga = await signedIn('olga@nordlys.example', ['officer']);
  }, 60_000);
  afterAll(() => room.close());

  async function signedIn(address: string, roles: readonly ConsoleRole[]): Promise<TestBrowser> {
    const browser = room.portal.browser();
    await room.signIn(browser, roles, address);
    await browser.get('/console/export');
    return browser;
  }
  const idOf = async (address: string) => (await room.persons.find(parseMailAddress(address)))?.personId;
  const exported = async () => (await room.auditing()).filter(({ type }) => type === 'AuditTrailExported');
  const proposed = async () =>
    (await Array.fromAsync(room.store.readAll())).filter(({ type }) => type === 'ActProposed');
  /** Asks for it, and gives the addresses of the forms by which it is confirmed and taken. */
  async function request(browser: TestBrowser | undefined, question: Record<string, string>) {
    const answer = await browser?.post('/console/export', { ...question, ...why });
    expect(answer?.text).toContain('An officer must confirm this export');
    await room.runner.caughtUp();
    const id = ((await proposed()).at(-1)?.stream ?? '').slice('proposals-'.length);
    return { confirm: `/console/proposals/${id}/confirm`, take: `/console/export/${id}/take` };
  }

  it('is asked for by an auditor, confirmed by an officer who sees what will leave, and downloaded once', async () => {
    const { confirm, take } = await request(anton, asked);
    expect(await exported()).toEqual([]);
    const waiting = await anton?.get('/console/export');
    expect(waiting?.text).toContain('waits for another officer');
    expect(waiting?.html).not.toContain(take);
    expect((await anton?.post(take))?.status).toBe(409);
    expect((await anton?.post(confirm))?.status).toBe(403); // an auditor confirms nothing
    const { text } = (await olga?.get('/console/proposals')) ?? {};
    for (const said of ['Export from the record', 'CSV', readerId, why.reason, 'anton@nordlys.example', '2026'])
      expect(text).toContain(said);
    expect((await olga?.post(confirm, { form: 'ndjson', reader: '' }))?.status).toBe(303);
    expect((await olga?.post(take))?.status).toBe(409); // it is not who confirmed it that takes it
    expect((await anton?.get('/console/export'))?.html).toContain(take);
    // Whatever the form brings along.
    const [one, other] = await Promise.all([
      anton?.post(take, { form: 'ndjson', reader: '', person: readerId }),
      anton?.post(take),
    ]);
    expect([one?.status, other?.status].sort()).toEqual([200, 409]);
    const file = one?.status === 200 ? one : other;
    expect(file?.headers.get('content-type')).toContain('text/csv');
    expect(file?.html).toContain('MessageViewed');
    expect(file?.html).not.toContain('MessageSealed');
    const [by, approvedBy] = [await idOf('anton@nordlys.example'), await idOf('olga@nordlys.example')];
    expect((await exported()).map(({ data }) => data)).toEqual([
      expect.objectContaining({ askedBy: by, through: 'console', approvedBy, form: 'csv', ...why }),
    ]);
    expect((await exported())[0]?.data).toMatchObject({
      persons: [{ personId: readerId }],
      from: '2025-12-31T23:00:00.000Z',
    });
    expect((await anton?.get('/console/export'))?.text).toContain('downloaded');
    expect((await olga?.get('/console/proposals'))?.text).toContain('downloaded');
    expect((await olga?.post(confirm))?.status).toBe(409);
  });

  it('is all of the record where that is what was asked for', async () => {
    const { confirm, take } = await request(anton, {});
    expect((await olga?.get('/console/proposals'))?.text).toContain('All of the record');
    await olga?.post(confirm);
    const file = await anton?.post(take);
    for (const { id } of frozen.slice(0, 20)) expect(file?.html).toContain(id);
  });

  it('is not confirmed by an officer who asked for it, by whichever account, nor by who has asked twice', async () => {
    const { confirm, take } = await request(olga, { outcome: 'refused' });
    expect((await olga?.post(confirm))?.status).toBe(403);
    const elsewhere = await signedIn('Olga@Nordlys.Example', ['officer']);
    expect((await elsewhere.post(confirm))?.status).toBe(403);
    expect((await olga?.post(take))?.status).toBe(409);
    expect((await anton?.post(take))?.status).toBe(409);
  });

  it('is not what a program asked for under the id of a person', async () => {
    const by = (await idOf('anton@nordlys.example')) ?? '';
    const act = { act: 'export', export: { through: 'api', form: 'csv', question: {} } } as const;
    const id = await new ProposeActHandler(room.store, clock).execute(new ProposeAct(act, { by, ...why }));
    await room.runner.caughtUp();
    expect((await olga?.get('/console/proposals'))?.text).toContain('the program anton@nordlys.example');
    await olga?.post(`/console/proposals/${id}/confirm`);
    expect((await anton?.get('/console/export'))?.html).not.toContain(id);
    expect((await anton?.post(`/console/export/${id}/take`))?.status).toBe(409);
  });

  it('cannot be asked for by words, which the record could not forget', async () => {
    const before = (await proposed()).length;
    const answer = await anton?.post('/console/export', { words: 'Olsen', ...why });
    expect([answer?.status, answer?.text]).toEqual([400, expect.stringContaining('Words: An export that needs')]);
    expect((await anton?.post('/console/export', { case: 'anna@example.com', ...why }))?.status).toBe(400);
    expect((await anton?.post('/console/export', { outcome: 'refused', reason: 'x', caseNumber: '' }))?.status).toBe(
      400,
    );
    expect((await proposed()).length).toBe(before);
    expect(JSON.stringify(await proposed())).not.toContain('@');
  });

  it('takes one for one message, and for nobody, of whom there is nothing', async () => {
    const ofMessage = await anton?.post('/console/export', { message: messageId, ...why });
    expect([ofMessage?.status, ofMessage?.html]).toEqual([200, expect.stringContaining('MessageViewed')]);
    const nobody = await anton?.post('/console/export', { reader: 'nobody@example.com', ...why });
    expect([nobody?.status, nobody?.html.includes('"record"')]).toEqual([200, false]);
  });
});
