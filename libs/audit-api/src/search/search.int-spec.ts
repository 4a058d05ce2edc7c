import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { frozenEvents, frozenPersons } from '#libs/audit/testing';
import { encryptPersonalData } from '#libs/keyring';
import { newEventId, parseMailAddress } from '#libs/vocabulary';
import { openAuditApiRoom } from '../testing/audit-api-room.ts';
import type { AuditApiRoom } from '../testing/audit-api-room.ts';
import { streamName } from '#libs/event-store';
import { EVENT_STORES } from '#libs/event-store/testing';

interface Row {
  readonly index: number | null;
  readonly eventId: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}
interface Page {
  readonly rows: Row[];
  readonly next: string | null;
  readonly previous: string | null;
  readonly hasMore: boolean;
  readonly isWhole: boolean;
  readonly trail: { readonly isCaughtUp: boolean };
  readonly nobody?: string[];
}
interface Entry {
  readonly row: Row;
  readonly signIn: Row | null;
  readonly challenge: Row[];
}
const frozen = frozenEvents();
const [, readerId] = [...frozenPersons().keys()];
const viewed = frozen.find(({ type, version }) => type === 'MessageViewed' && version === 2);
const messageId = viewed?.stream.slice('message-'.length);
const NOBODYS = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';

describe.each(EVENT_STORES)('the search of the audit API on $store', ({ open }) => {
  let room: AuditApiRoom;
  beforeAll(async () => {
    room = await openAuditApiRoom({}, open);
    const anna = await room.persons.findOrCreate(parseMailAddress('anna@example.org'));
    const id = newEventId();
    const reader = encryptPersonalData(anna, id, 'reader', 'Anna Andersen');
    const data = {
      recipientId: anna.personId,
      viewedAt: '2026-11-30T12:00:00.000Z',
      method: 'passcode',
      form: 'page',
      signInId: null,
      reader,
    };
    await room.holds(frozen);
    await room.store.append(streamName('message', NOBODYS), 'NONE', [{ type: 'MessageViewed', version: 2, id, data }]);
    await room.runner.caughtUp();
  });
  afterAll(() => room.close());
  const asked = async (question: unknown) => (await (await room.post('search', question)).json()) as Page;

  it('answers by every field, with the leaf of the ledger that each row is', async () => {
    const { rows, hasMore, isWhole, trail } = await asked({ message: messageId, limit: 1000 });
    expect(rows.map(({ type }) => type)).toEqual(expect.arrayContaining(['MessageSealed', 'MessageViewed']));
    expect({ hasMore, isWhole, trail }).toMatchObject({ hasMore: false, isWhole: true, trail: { isCaughtUp: true } });
    for (const { index, eventId } of rows) expect(frozen[index ?? -1]?.id).toBe(eventId);
    const typesOf = async (question: unknown) => new Set((await asked(question)).rows.map(({ type }) => type));
    expect(await typesOf({ reader: readerId })).toEqual(
      new Set(['MessageViewed', 'AttachmentDownloaded', 'AttachmentViewed']),
    );
    expect(await typesOf({ types: ['MessageRevoked'], words: 'wrong address' })).toEqual(new Set(['MessageRevoked']));
    expect(await typesOf({ outcome: 'failed' })).toEqual(
      new Set(['AuthenticationFailed', 'OtpDeliveryFailed', 'CarrierBounced', 'WebhookGivenUp']),
    );
    expect(await typesOf({ evidence: 'challenge-sent' })).toEqual(new Set(['OtpDelivered']));
    expect(await typesOf({ case: '2026-117' })).toEqual(new Set(['AuditTrailQueried']));
    expect(await typesOf({ from: '2027-01-01', to: '2027-02-01T00:00:00+01:00' })).toEqual(new Set());
  });

  it('finds a person by the exact address, shows what is theirs in clear, or leaves it as it is stored', async () => {
    const question = { reader: 'anna@example.org', message: NOBODYS };
    expect((await asked(question)).rows.map(({ data }) => data['reader'])).toEqual(['Anna Andersen']);
    const [stored] = (await asked({ ...question, personal: false })).rows;
    expect(stored?.data['reader']).toMatch(/^A[\w-]{20,}$/);
    expect(await asked({ reader: 'nobody@example.org' })).toMatchObject({ rows: [], nobody: ['reader'] });
  });

  it('goes through all pages, both ways, each row once', async () => {
    const forth: string[] = [];
    let page = await asked({ limit: 5, to: '2026-12-01' });
    for (; ; page = await asked({ limit: 5, to: '2026-12-01', after: page.next })) {
      forth.push(...page.rows.map(({ eventId }) => eventId));
      expect(page.hasMore).toBe(page.next !== null);
      if (page.next === null) break;
    }
    expect(new Set(forth).size).toBe(forth.length);
    const back = await asked({ limit: 5, to: '2026-12-01', before: page.previous });
    expect(back.rows.map(({ eventId }) => eventId)).toEqual(forth.slice(0, -page.rows.length).slice(-5));
  });

  it('gives the timeline of a message and of a person: each view with its sign-in, each sign-in with its code', async () => {
    const answer = await room.get(`messages/${messageId}/timeline?limit=1000&caseNumber=2026-9&reason=court`);
    const { entries } = (await answer.json()) as { entries: Entry[] };
    const named = entries.filter(({ signIn }) => signIn !== null);
    expect(named.map(({ row }) => row.type)).toEqual([
      ...['MessageViewed', 'AttachmentDownloaded', 'AttachmentViewed'],
      ...['AttachmentDownloaded', 'AttachmentViewed'],
    ]);
    for (const { signIn, challenge } of named) {
      expect(signIn).toMatchObject({ type: 'RecipientAuthenticated', method: 'passcode' });
      expect(challenge.map(({ type }) => type)).toEqual(['OtpIssued', 'OtpDelivered', 'OtpRejected', 'OtpAccepted']);
    }
    const ofPerson = (await (await room.post('persons/timeline', { person: readerId, limit: 1000 })).json()) as {
      entries: Entry[];
    };
    expect(ofPerson.entries.some(({ challenge }) => challenge.length === 4)).toBe(true);
    const ofNobody = await room.post('persons/timeline', { person: 'nobody@example.org', after: '17' });
    expect(ofNobody.status).toBe(400); // what cannot be asked of anybody
    const [event] = (await room.auditing()).filter(({ data }) => 'caseNumber' in data && data.caseNumber === '2026-9');
    expect(event?.data).toMatchObject({ question: 'message-timeline', messageId, askedBy: 'reading', reason: 'court' });
  });

  it('records who asked, what and why, and no words that were searched for', async () => {
    const why = { caseNumber: '2026-42', reason: 'complaint' };
    const from = '2026-01-01T00:00:00.000Z';
    await asked({ person: 'anna@example.org', words: 'Anna Andersen', from, why });
    const event = (await room.auditing()).at(-1);
    const anna = await room.persons.find(parseMailAddress('anna@example.org'));
    expect(event).toMatchObject({
      type: 'AuditTrailQueried',
      data: {
        ...{ askedBy: 'reading', through: 'api', question: 'search', rows: 0, from, ...why },
        ...{ fields: ['person', 'from', 'words'], persons: [{ personId: anna?.personId }] },
      },
    });
    expect(JSON.stringify(event?.data)).not.toMatch(/anna/i);
    await room.runner.caughtUp();
    expect((await asked({ case: '2026-42' })).rows.map(({ eventId }) => eventId)).toEqual([event?.id]);
    expect((await asked({ person: anna?.personId, types: ['AuditTrailQueried'] })).rows.length).toBeGreaterThan(0);
  });

  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 1001 }],
    ['limit', { limit: 'all' }],
    ['offset', { offset: 10 }],
    ['after', { after: 'v4.7.aaaaaa' }],
    ['before', { before: '7' }],
    ['order', { order: 'sideways' }],
    ['types', { types: ['Nothing'] }],
    ['types', { types: 'MessageViewed' }],
    ['from', { from: 'yesterday' }],
    ['from', { from: '0026-11-30' }],
    ['to', { from: '2026-12-01', to: '2026-11-30' }],
    ['message', { message: 'q2mz' }],
    ['recipient', { recipient: 'not an address' }],
    ['reader', { reader: '' }],
    ['outcome', { outcome: 'maybe' }],
    ['evidence', { evidence: 'hearsay' }],
    ['words', { words: '"*' }],
    ['case', { case: ' ' }],
    ['submission', { submission: 'x'.repeat(201) }],
    ['why.reson', { why: { reson: 'x' } }],
    ['why.reason', { why: { reason: 'asked for by anna@example.org' } }],
    ['why.reason', { why: { reason: 'of two\nlines' } }],
    ['why.caseNumber', { why: { caseNumber: 'anna@example.org' } }],
  ])('answers 400 and names the field: %s', async (field, question) => {
    const before = (await room.auditing()).length;
    const answer = await room.post('search', question);
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ field, status: 400 })]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await room.auditing()).toHaveLength(before);
  });

  it.each([
    ['no JSON', '{"message":', {}, 400],
    ['another media type', '{}', { 'Content-Type': 'text/plain' }, 415],
    ['a body that is packed', '{}', { 'Content-Encoding': 'gzip' }, 415],
    ['a body without end', JSON.stringify({ words: 'x'.repeat(100_000) }), {}, 413],
  ])('takes no %s', async (_, body, headers, status) => {
    expect((await room.post('search', body, 'reading-token', headers as Record<string, string>)).status).toBe(status);
  });

  it('answers a parameter that nobody knows, or that stands twice, with 400', async () => {
    for (const [query, field] of [
      ['colour=blue', 'colour'],
      ['limit=1&limit=2', 'limit'],
      ['limit=1e3', 'limit'],
      ['personal=maybe', 'personal'],
      ['reason=anna%40example.org', 'reason'],
    ]) {
      const answer = await room.get(`messages/${messageId}/timeline?${query}`);
      expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ field })]);
    }
    expect((await room.get('messages/q2mz/timeline')).status).toBe(400);
  });

  it('lets in who may, and records a program that may not, once a minute', async () => {
    const [none, wrong] = [await room.post('search', {}, ''), await room.post('search', {}, 'no-token-of-ours')];
    expect([none.status, wrong.status]).toEqual([401, 401]);
    expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="segl", error="invalid_token"');
    const refused = () => room.post('search', {}, 'sealing-token');
    const answer = await refused();
    expect([answer.status, await answer.json()]).toEqual([
      403,
      expect.objectContaining({ type: 'urn:segl:problem:audit-insufficient-scope' }),
    ]);
    expect(answer.headers.get('www-authenticate')).toContain('scope="audit:read"');
    await refused();
    const events = (await room.auditing()).filter(({ type }) => type === 'AuditAccessRefused');
    expect(events.filter(({ data }) => 'askedBy' in data && data.askedBy === 'archive').slice(-1)).toMatchObject([
      { data: { asked: 'search', reason: 'insufficient-scope', othersSince: 0, through: 'api' } },
    ]);
    expect((await room.get('feed')).status).toBe(403); // it may ask, and take nothing away
  });
});
