import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDITED_TYPES, exportLines, readTrustedKey, verifierKey, verifyExport } from '#libs/audit';
import { frozenEvents } from '#libs/audit/testing';
import { parseRecordedEvent, recordEvents, streamName } from '#libs/event-store';
import { newPersonId, plusSeconds } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { translate } from '#libs/web-ui';
import type { TextKey } from '#libs/web-ui';
import type { TestBrowser } from '#libs/web-ui/testing';
import { openConsoleRoom } from './testing/console-room.ts';
import type { ConsoleRoom } from './testing/console-room.ts';
import { wordOf } from './trail/value-words.ts';

/** Without the sample of a checkpoint, which this log would contradict. */
const frozen = frozenEvents().filter(({ type }) => type !== 'CheckpointSigned');
const viewed = frozen.find(({ type, data }) => type === 'MessageViewed' && 'signInId' in data);
const messageId = viewed?.stream.replace('message-', '') ?? '';
const { recipientId } = viewed?.data as { recipientId: string };

const at = '2026-11-30T12:00:00.000Z';
const canaryAppointed = (personId: PersonId) => ({ type: 'CanaryAppointed', data: { personId, appointedAt: at } });
const codeMade = {
  type: 'OtpIssued',
  data: {
    ...{ challengeId: 'a'.repeat(26), codeNumber: 1, form: 'short', networkTag: 'x', budget: 'message' },
    ...{ issuedAt: at, expiresAt: at },
  },
};

describe('the pages of the console', () => {
  let room: ConsoleRoom;
  let browser: TestBrowser;
  beforeAll(async () => {
    room = await openConsoleRoom();
    await room.holds(frozen);
    browser = room.portal.browser();
    await room.signIn(browser, ['auditor'], 'rie@nordlys.example');
  }, 60_000);
  afterAll(() => room.close());
  const last = async () => (await room.auditing()).at(-1);

  it('find the way from an address to events, and no address stands in that of a page', async () => {
    await room.persons.findOrCreate('bo@example.org' as never);
    await browser.get('/console/search');
    const sent = await browser.post('/console/search', { person: ' Bo@Example.org ', evidence: 'content-shown' });
    const place = sent.headers.get('location') ?? '';
    expect([sent.status, place]).toEqual([
      303,
      expect.stringMatching(/^\/console\/search\?order=newest-first&person=[a-z2-7]{26}/),
    ]);
    expect((await browser.get(place)).text).toContain('No event of the record answers to this.');
    expect((await browser.get('/console/search?order=newest-first&person=bo%40example.org')).status).toBe(400);
    expect(await last()).toMatchObject({ type: 'AuditTrailQueried', data: { question: 'search', rows: 0 } });
    expect(JSON.stringify(await room.auditing())).not.toContain('bo@example');
  });

  it('show what answers, page by page both ways, and say whether there is more', async () => {
    const first = await browser.get('/console/search?order=oldest-first');
    expect(first.text).toContain(frozen.length > 50 ? 'There are more events' : 'There are no more events.');
    const shown = await browser.get(`/console/search?order=oldest-first&message=${messageId}&type=MessageViewed`);
    expect(shown.text).toContain('Message shown');
    expect(shown.html).toContain(`/console/messages/${messageId}`);
    expect((await last())?.data).toMatchObject({ fields: expect.arrayContaining(['message', 'types']), messageId });
  });

  it('look for several kinds of events at once, each chosen in a box', async () => {
    await browser.get('/console/search');
    const sent = await browser.post('/console/search', { 'type-MessageViewed': 'yes', 'type-OtpIssued': 'yes' });
    const place = sent.headers.get('location') ?? '';
    expect(place).toContain('type=MessageViewed%2COtpIssued');
    const { text, html } = await browser.get(place);
    expect(text).toContain('2 events chosen');
    expect(html).toMatch(/<input type="checkbox" name="type-OtpIssued" value="yes" checked>/);
    const found = html.slice(0, html.indexOf('id="ask"'));
    expect(found).toContain('Message shown');
    expect(found).toContain('Code made');
    expect(found).not.toContain('Wrong code');
    expect(html).toMatch(/console.export.type.{1,6}MessageViewed%2COtpIssued/);
    expect((await last())?.data).toMatchObject({ fields: ['types'] });
    // Every box of the form at once is a form that is read.
    const all = Object.fromEntries(AUDITED_TYPES.map((type) => [`type-${type}`, 'yes']));
    expect((await browser.post('/console/search', all)).status).toBe(303);
  });

  it('say where the clock was set back, in the order of the record', async () => {
    if (viewed === undefined) throw new Error('there is no such sample');
    const before = (await browser.get(`/console/messages/${messageId}`)).text;
    const of = frozen.filter(({ stream }) => stream === viewed.stream);
    const again = { type: viewed.type, version: viewed.version, data: viewed.data };
    const dayBefore = plusSeconds(viewed.time, -24 * 3600);
    const written = recordEvents(viewed.stream, of.length - 1, [again], dayBefore);
    await room.holds(written.map(({ text }) => parseRecordedEvent(Buffer.from(text), viewed.position)));
    const after = (await browser.get(`/console/messages/${messageId}`)).text;
    const marks = (text: string) => text.split('a clock was set back before this').length;
    expect(marks(after)).toBe(marks(before) + 1);
    // As many more as leave that one the last of a page, and what it is compared with on the next.
    const more = Array.from({ length: 49 }, () => again);
    const later = recordEvents(viewed.stream, of.length, more, plusSeconds(dayBefore, 1));
    await room.holds(later.map(({ text }) => parseRecordedEvent(Buffer.from(text), viewed.position)));
    const place = `/console/search?message=${messageId}&type=MessageViewed&order=newest-first`;
    const newest = await browser.get(place);
    const next = /href="([^"]*after=[^"]*)"/.exec(newest.html)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const pages = [newest.text, (await browser.get(next)).text];
    expect(pages.map((text) => marks(text) - 1)).toEqual([1, 0]);
  });

  it.each([
    ['person', { person: 'nobody at all' }, 'neither one email address'],
    ['message', { message: 'short' }, 'not a message id'],
    ['from', { from: '30.11.2026' }, 'not a time'],
    ['to', { from: '2026-02-01T00:00', to: '2026-01-01T00:00' }, 'must be after'],
    ['words', { words: '***' }, 'at least one whole word'],
    ['words', { words: 'anna@example.com' }, 'by the form'],
    ['sender', { sender: 'stranger@example.org' }, 'Nobody is known'],
    ['type', { type: 'Nothing' }, 'cannot be asked for'],
  ])('name the field that is wrong: %s %j', async (field, question, words) => {
    await browser.get('/console/search');
    let page = await browser.post('/console/search', question as Record<string, string>);
    if (page.status === 303) page = await browser.get(page.headers.get('location') ?? '');
    expect([page.status, page.text]).toEqual([400, expect.stringContaining(words)]);
    expect(page.html).toMatch(new RegExp(`<a href="#${field}">`));
    expect(page.html).toMatch(
      new RegExp(`id="${field}"[^>]*aria-invalid="true"|<fieldset class="field" id="${field}"`),
    );
  });

  it('refuse a cursor that they did not give, without a question in the record', async () => {
    const before = (await room.auditing()).length;
    expect((await browser.get('/console/search?order=newest-first&after=v3.1.AAAAAA')).status).toBe(400);
    expect(await room.auditing()).toHaveLength(before);
  });

  it('show a message with what each view rests on, in times with their offset', async () => {
    const page = await browser.get(`/console/messages/${messageId}`);
    expect(page.text).toContain('Message shown');
    expect(page.text).toContain('As evidence: the content was shown');
    expect(page.text).toContain('What this rests on');
    expect(page.text).toMatch(/\d{2}:\d{2}:\d{2} GMT\+0\d:00/);
    expect(await last()).toMatchObject({ data: { question: 'message-timeline', messageId } });
    expect((await browser.get('/console/messages/nothing')).status).toBe(404);
    expect((await browser.get(`/console/messages/${'a'.repeat(32)}`)).text).toContain('knows no message');
  });

  it('say what a field says in the reader’s words, with the record’s own beside it, and ask by them', async () => {
    const place = '/console/search?order=newest-first&type=ViewDenied%2CAuthenticationFailed';
    const english = await browser.get(place);
    for (const { type, data } of frozen.filter(({ type }) => type === 'ViewDenied')) {
      const word = wordOf(type, 'reason', (data as { reason: string }).reason) as TextKey;
      expect(english.text).toContain(`Reason ${translate('en', word)} ${(data as { reason: string }).reason}`);
    }
    expect(english.text).toContain('Google account (google)');
    const danish = await browser.get(place, { 'accept-language': 'da' });
    expect(danish.text).toMatch(/Begrundelse [A-ZÆØÅ][a-zæøå ]+ [a-z-]+/);
    expect(danish.text).toContain('Google-konto (google)');
  });

  it('leave out what is recorded of the canary until that is asked for', async () => {
    const canary = newPersonId();
    const appointments = streamName('canary', 'installation');
    const appointed = frozen.filter(({ stream }) => stream === appointments).length;
    const now = new Date().toISOString() as never;
    const written = [
      ...recordEvents(appointments, appointed - 1, [canaryAppointed(canary)], now),
      ...recordEvents(streamName('passcodes', canary), 'NONE', [codeMade], now),
    ];
    await room.holds(written.map(({ text }) => parseRecordedEvent(Buffer.from(text), '0' as never)));
    const place = '/console/search?order=newest-first&type=OtpIssued';
    const codesAt = async (address: string) => (await browser.get(address)).html.split('<td>Code made').length - 1;
    const without = await codesAt(place);
    expect(await codesAt(`${place}&canary=yes`)).toBe(without + 1);
    expect((await last())?.data).toMatchObject({ fields: expect.arrayContaining(['canary']) });
    await browser.get('/console/search');
    const sent = await browser.post('/console/search', { canary: 'yes' });
    expect(sent.headers.get('location')).toContain('canary=yes');
    for (const page of ['/console', '/console/deliveries']) {
      expect((await browser.get(page)).html).toMatch(/canary(=|&#x3D;)yes/);
      expect((await browser.get(`${page}?canary=yes`)).text).toContain('Hide canary mails');
    }
  });

  it('say of a person who is erased that they are, and of one who never was that they were not', async () => {
    const page = await browser.get(`/console/persons/${recipientId}`);
    expect(page.text).toContain('Erased: what names them');
    expect(page.text).toContain('(erased)');
    const { senderId } = frozen.find(({ type }) => type === 'MessageSealed')?.data as { senderId: string };
    // The samples' keys are not of this installation.
    expect((await browser.get(`/console/persons/${senderId}`)).text).toContain('Their key is not here');
    // That somebody asked about an id stands in the record, and makes nobody of it.
    for (let look = 0; look < 2; look++) {
      const { text } = await browser.get(`/console/persons/${'a'.repeat(26)}`);
      expect(text).toContain('has ever been in the record');
      await room.runner.caughtUp();
    }
    await browser.get('/console/persons');
    const found = await browser.follow(await browser.post('/console/persons', { address: 'rie@nordlys.example' }));
    expect(found.text).toContain('Known: their data can be read.');
    expect(found.text).toContain('Email address rie@nordlys.example');
    expect((await browser.post('/console/persons', { address: 'not one' })).status).toBe(400);
  });

  it('show operators the counts with their margins, with a file of each, and leave no question in the record', async () => {
    const operator = room.portal.browser();
    await room.signIn(operator, ['operator'], 'ole@nordlys.example');
    const before = (await room.auditing()).length;
    const page = await operator.get('/console/counts'); // the frozen samples hold one period
    expect(page.text).toContain('3 Nov 2026 to 2 Dec 2026');
    expect(page.text).toMatch(/Chrome 142 412 ± 42 370 to 454/);
    const file = await operator.get('/console/counts/browser/csv');
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="segl-counts-browser.csv"');
    expect(file.html).toContain('browser,Chrome 142,2026-11-03,2026-12-03,412,42,2\r\n');
    for (const path of ['/console/counts/person/csv', '/console/counts?from=2026-11-04'])
      expect((await operator.get(path)).status).toBe(404);
    expect(await room.auditing()).toHaveLength(before);
  });

  it('give an export with its proof for a case and a reason alone, and say so in the record first', async () => {
    await browser.get('/console/export');
    const before = (await room.auditing()).length;
    expect((await browser.post('/console/export', { caseNumber: '2026-9' })).text).toContain('Both are needed');
    expect(await room.auditing()).toHaveLength(before);
    for (const [form, question] of [
      ['ndjson', {}],
      ['ndjson', { message: messageId }],
      ['csv', { evidence: 'content-shown' }],
    ] as const) {
      const why = { caseNumber: '2026-9', reason: 'Complaint' };
      const answer = await browser.post('/console/export', { ...why, ...question, form });
      expect([answer.status, answer.headers.get('content-disposition')]).toEqual([
        200,
        `attachment; filename="segl-audit.${form}"`,
      ]);
      expect(await verified(answer.html)).toMatchObject({ isProven: true, findings: [] });
      expect(await last()).toMatchObject({ type: 'AuditTrailExported', data: { form, ...why, through: 'console' } });
    }
  });

  it('make an exposure report that is proven, and none of what was never sealed', async () => {
    const sealed = frozen.find(({ type }) => type === 'MessageSealed')?.stream.replace('message-', '') ?? '';
    await browser.get(`/console/exposure/${sealed}`);
    const why = { caseNumber: '2026-9', reason: 'Sent to the wrong company' };
    const report = await browser.post(`/console/exposure/${sealed}`, why);
    expect(report.status).toBe(200);
    expect(await verified(report.html)).toMatchObject({
      isProven: true,
      exposure: { messageId: sealed, isWhole: true },
    });
    expect((await last())?.data).toMatchObject({ ...why, messageId: sealed, fields: ['exposure', 'message'] });
    expect((await browser.post(`/console/exposure/${'a'.repeat(32)}`, why)).status).toBe(404);
  });

  it('verify what was exported, name what was changed, and take nothing but a file from their own form', async () => {
    await browser.get('/console/export');
    const why = { caseNumber: '2026-9', reason: 'Complaint', form: 'ndjson' };
    const lines = (await browser.post('/console/export', why)).html;
    const page = await browser.get('/console/verify');
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.html) ?? [];
    const upload = async (text: string | null, token = csrf) => {
      const form = new FormData();
      form.set('csrf', token);
      if (text !== null) form.set('file', new Blob([text]), 'segl-audit.ndjson');
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const init = { method: 'POST', body: form, headers: { cookie }, redirect: 'manual' } as const;
      const answer = await fetch(`${room.portal.url}/console/verify/file`, init);
      return { status: answer.status, text: await answer.text() };
    };
    expect(await upload(lines)).toEqual({ status: 200, text: expect.stringContaining('This export is proven.') });
    expect((await upload(lines.replaceAll('passcode', 'passport'))).text).toContain('NOT proven');
    expect((await upload('hello')).text).toContain('NOT proven');
    expect((await upload(null)).status).toBe(400);
    expect((await upload(lines, 'forged')).status).toBe(403);
    const hostile = await upload(`${lines.split('\n')[0]}\n{"end":null}\n{"exposure":null}\n`);
    expect([hostile.status, hostile.text]).toEqual([200, expect.stringContaining('NOT proven')]);
    // Somebody took a record out of the file and left its leaf: it is proven, and the page says what it does not show.
    const at = lines.split('\n').findIndex((line) => line.includes('"record"'));
    const { index, record } = JSON.parse(lines.split('\n')[at] ?? '') as { index: number; record: string };
    const { id, revision, stream, time, type } = JSON.parse(record) as Record<string, string>;
    const recordSha256 = createHash('sha256').update(record).digest('hex');
    const leaf = JSON.stringify({ index, leaf: JSON.stringify({ id, recordSha256, revision, stream, time, type }) });
    const withheld = await upload(lines.split('\n').with(at, leaf).join('\n'));
    expect(withheld.text).toContain('This export is proven.');
    expect(withheld.text).toContain('without their content');
    // Answered by its length, before it comes: whoever sends all of it first may meet a closed connection instead.
    const tooLarge = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': 257 * 1024 * 1024 };
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const sent = request(`${room.portal.url}/console/verify/file`, {
        method: 'POST',
        headers: { ...headers, cookie },
      });
      sent.on('error', reject).on('response', ({ statusCode }) => {
        resolve(statusCode);
        sent
          .off('error', reject)
          .on('error', () => undefined)
          .destroy();
      });
      sent.flushHeaders();
    });
    expect(tooLarge).toBe(413);
    // Nothing of what was verified lies there under any name.
    expect((await readdir(room.directory)).filter((name) => !name.startsWith('read-models.sqlite'))).toEqual([]);
  });

  async function verified(text: string) {
    const key = readTrustedKey(verifierKey(room.origin, room.ledgerKey ?? new Uint8Array()));
    async function* lines() {
      yield* text.trimEnd().split(/\r?\n/);
    }
    return verifyExport(exportLines(lines()), { keys: key === null ? [] : [key] });
  }
});
