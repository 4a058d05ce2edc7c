import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFacts, ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { MessageId, PersonId } from '#libs/vocabulary';
import { eventCatalogue } from '../event-catalogue.ts';
import { auditTrail } from '../read-models/audit-trail.ts';
import { frozenEvents, frozenPersons } from '../testing/frozen/frozen-events.ts';
import { AuditTrailThread, trailIn } from './audit-trail-source.ts';
import { AUDIT_CSV_HEAD, auditCsvLine } from './audit-csv.ts';
import { BadAuditQuery, cursorOf } from './audit-filter.ts';
import type { AuditFilter, AuditPaging } from './audit-filter.ts';
import { decryptForDisplay, ERASED, UNREADABLE } from './decrypt-for-display.ts';
import { queryAuditTrail } from './query-audit-trail.ts';
import type { AuditRow } from './audit-page.ts';
import { messageTimeline, personTimeline } from './timelines.ts';

const [senderId, readerId] = [...frozenPersons().keys()] as [PersonId, PersonId];
const frozen = frozenEvents();
const streamOf = (type: string) => frozen.find((event) => event.type === type)?.stream ?? '';
const one = streamOf('MessageViewed').slice('message-'.length) as MessageId;
const submissionId = streamOf('SubmissionAccepted').slice('submission-'.length);

describe('the audit trail', () => {
  let sqlite: Awaited<ReturnType<typeof openTemporarySqlite>>;
  let readModels: ReadModels;
  let runner: ProjectionRunner;
  let place: string;

  beforeAll(async () => {
    sqlite = await openTemporarySqlite();
    place = await mkdtemp(join(tmpdir(), 'segl-audit-'));
    readModels = ReadModels.open(join(place, 'read-models.sqlite'));
    await sqlite.store.importRecorded(frozen); // every event ever written
    runner = new ProjectionRunner(sqlite.store, readModels, [auditTrail], { minBackoffMs: 5, maxBackoffMs: 20 });
    runner.start();
    await runner.caughtUp();
  });
  afterAll(async () => {
    await runner.stop();
    readModels.close();
    await sqlite.cleanUp();
    await rm(place, { recursive: true });
  });

  const query = (filter: AuditFilter = {}, paging: AuditPaging = {}) => queryAuditTrail(readModels.db, filter, paging);
  const typesOf = (filter: AuditFilter) => query(filter).rows.map(({ type }) => type);
  const BOOKKEEPING = [
    ...['CheckpointSigned', 'RelayingBegun', 'RelayingResumed', 'RelayingDeferred'],
    ...['WebhookTurnTaken', 'WebhookTurnEnded', 'WebhooksTried'],
  ];
  const audited = frozen.filter(
    ({ type }) => !['NoisyCountsWritten', 'TelemetryTallied', ...BOOKKEEPING].includes(type),
  );

  it('holds every event in the order of the record, but statistics and bookkeeping', () => {
    const { rows, next, previous, isWhole } = query();
    expect(rows.map(({ eventId }) => eventId)).toEqual(audited.map(({ id }) => id));
    expect({ next, previous, isWhole }).toEqual({ next: null, previous: null, isWhole: true });
  });

  it('is asked by message, person and part, type, outcome, method, evidence, time, submission and words', () => {
    const typesOfMessage = audited.filter(({ stream, data }) =>
      [stream.slice(stream.indexOf('-') + 1), JSON.stringify(data)].some((text) => text.includes(one)),
    );
    expect(typesOf({ messageId: one })).toEqual(typesOfMessage.map(({ type }) => type));
    const whose = (isSo: (data: Record<string, unknown>) => boolean) =>
      audited.filter(({ data }) => isSo(data as Record<string, unknown>)).map(({ type }) => type);
    expect(typesOf({ senderId })).toEqual(whose((data) => data['senderId'] === senderId));
    const takesPart = (event: (typeof frozen)[number]) =>
      eventCatalogue.describe(event).persons.some(({ personId }) => personId === senderId);
    expect(typesOf({ personId: senderId })).toEqual(audited.filter(takesPart).map(({ type }) => type));
    const isSentTo = (event: (typeof frozen)[number]) =>
      eventCatalogue
        .describe(event)
        .persons.some(({ part, personId }) => part === 'recipient' && personId === readerId);
    expect(typesOf({ recipientId: readerId })).toEqual(audited.filter(isSentTo).map(({ type }) => type));
    expect(typesOf({ recipientId: readerId })).toEqual(
      expect.arrayContaining(['MessageSealed', 'SubmissionAccepted', 'CarrierBounced']),
    );
    const isShownTo = (event: (typeof frozen)[number]) =>
      eventCatalogue.describe(event).persons.some(({ part, personId }) => part === 'reader' && personId === readerId);
    expect(typesOf({ readerId })).toEqual(audited.filter(isShownTo).map(({ type }) => type));
    expect(new Set(typesOf({ types: ['MessageRevoked', 'ViewDenied'] }))).toEqual(
      new Set(['MessageRevoked', 'ViewDenied']),
    );
    expect(new Set(typesOf({ outcome: 'failed' }))).toEqual(
      new Set(['AuthenticationFailed', 'OtpDeliveryFailed', 'CarrierBounced', 'WebhookGivenUp']),
    );
    expect(typesOf({ method: 'organisation' })).toEqual(whose((data) => data['method'] === 'organisation'));
    expect(new Set(typesOf({ evidence: 'challenge-sent' }))).toEqual(new Set(['OtpDelivered']));
    expect(typesOf({ submissionId })).toEqual(whose((data) => data['submissionId'] === submissionId));
    expect(typesOf({ words: 'WRONG address' })).toEqual(['MessageRevoked']);
    expect(typesOf({ words: 'wrong OR nordlys' })).toEqual([]);
    expect(typesOf({ readerId, messageId: one, types: ['MessageViewed'], method: 'organisation' })).toEqual([
      'MessageViewed',
    ]);
    expect(
      typesOf({ from: '2026-11-30T11:00:00.000Z' as never, to: '2026-11-30T12:00:00.001Z' as never }),
    ).toHaveLength(audited.length);
    expect(typesOf({ from: '2026-11-30T12:00:00.001Z' as never })).toEqual([]);
    expect(typesOf({ to: '2026-11-30T12:00:00.000Z' as never })).toEqual([]);
    expect(typesOf({ messageId: 'a'.repeat(32) as MessageId })).toEqual([]);
  });

  it.each(['oldest-first', 'newest-first'] as const)(
    'is paged both ways, %s, each row once, while events arrive',
    async (order) => {
      const all = query({}, { order, limit: 1000 }).rows.map(({ sequence }) => sequence);
      const first = Math.min(...all);
      const forth: number[] = [];
      const starts: (string | null)[] = [];
      for (let after: string | null | undefined; after !== null;) {
        const page = query({}, { order, limit: 4, after });
        forth.push(...page.rows.map(({ sequence }) => sequence));
        starts.push(page.previous);
        expect(page.timeBefore !== undefined).toBe(Math.min(...page.rows.map(({ sequence }) => sequence)) !== first);
        after = page.next;
      }
      expect(forth).toEqual(all);
      expect(starts.map((start) => start !== null)).toEqual(starts.map((_, index) => index > 0));
      const back: number[] = [];
      for (let before: string | null | undefined = starts.at(-1); before !== null;) {
        const page = query({}, { order, limit: 4, before: before ?? undefined });
        back.unshift(...page.rows.map(({ sequence }) => sequence));
        expect(page.timeBefore !== undefined).toBe(Math.min(...page.rows.map(({ sequence }) => sequence)) !== first);
        before = page.previous;
      }
      expect(back).toEqual(all.slice(0, back.length));
      expect(back).toHaveLength(all.length - (all.length % 4 || 4));
    },
  );

  it.each<[string, AuditFilter, AuditPaging]>([
    ['limit', {}, { limit: 0 }],
    ['limit', {}, { limit: 1001 }],
    ['limit', {}, { limit: 1.5 }],
    ['after', {}, { after: '17' }],
    ['before', {}, { before: 'v4.-1' }],
    ['after', {}, { after: cursorOf(17).replace('17', '18') }],
    ['before', {}, { before: cursorOf(17).slice(0, -1) }],
    ['from', { from: '0001-01-01T00:00:00.000Z' as never }, {}],
    ['to', { to: '9999-12-31T23:59:59.999Z' as never }, {}],
    ['types', { types: ['Nothing'] }, {}],
    ['outcome', { outcome: 'maybe' as never }, {}],
    ['evidence', { evidence: 'hearsay' as never }, {}],
    ['to', { from: '2026-01-01' as never, to: '2026-01-01' as never }, {}],
    ['words', { words: '" *-' }, {}],
    ['words', { words: ' ' }, {}],
    ['method', { method: 'x'.repeat(201) }, {}],
  ])('names the field that cannot be answered: %s', (field, filter, paging) => {
    const ask = () => query(filter, paging);
    expect(ask).toThrow(BadAuditQuery);
    expect(ask).toThrow(expect.objectContaining({ code: 'bad-audit-query', field }));
  });

  it('names with each view the sign-in it rests on, and with each sign-in the code', async () => {
    const { entries } = await messageTimeline(trailIn(readModels.db), one);
    const named = entries.filter(({ signIn }) => signIn !== null);
    expect(named.map(({ row }) => [row.type, row.version])).toEqual([
      ['MessageViewed', 2],
      ['AttachmentDownloaded', 2],
      ['AttachmentViewed', 1],
      ['AttachmentDownloaded', 2],
      ['AttachmentViewed', 1],
    ]);
    for (const { signIn, challenge } of named) {
      expect(signIn).toMatchObject({ type: 'RecipientAuthenticated', version: 2, method: 'passcode' });
      expect(challenge.map(({ type }) => type)).toEqual(['OtpIssued', 'OtpDelivered', 'OtpRejected', 'OtpAccepted']);
    }
    const signIns = (await personTimeline(trailIn(readModels.db), readerId)).entries.filter(
      ({ row }) => row.type === 'RecipientAuthenticated',
    );
    expect(signIns.map(({ challenge }) => challenge.length)).toEqual([0, 0, 4]);
  });

  it('holds no address in clear, shows them to who may see them, and no more once a person is erased', async () => {
    const { rows } = query();
    expect(JSON.stringify(readModels.db.all('SELECT * FROM audit_event'))).not.toMatch(/@|192\.0\.2/);
    const persons = frozenPersons();
    const shownTo = (erased: string) =>
      Promise.all(
        rows.map((row) =>
          decryptForDisplay(row, { findById: async (id) => (id === erased ? null : (persons.get(id) ?? null)) }),
        ),
      );
    const sealedIn = (shown: AuditRow[]) => shown.find(({ type }) => type === 'MessageSealed')?.data;
    expect(sealedIn(await shownTo(''))).toMatchObject({
      sender: 'office@nordlys.example',
      recipient: 'anna@example.com',
    });
    expect(sealedIn(await shownTo(readerId))).toMatchObject({ sender: 'office@nordlys.example', recipient: ERASED });
    const downloads = (await shownTo('')).filter(
      ({ type, version }) => type === 'AttachmentDownloaded' && version === 2,
    );
    expect(downloads[0]?.data).toMatchObject({ fileName: 'årsopgørelse.pdf' });
  });

  it('says of a value that its person’s key does not open that it is unreadable, and not that somebody was erased', async () => {
    const [row] = query({ types: ['MessageSealed'] }).rows;
    if (row === undefined) throw new Error('there is no such sample');
    const recipient = String(row.data['recipient']);
    const altered = {
      ...row,
      data: { ...row.data, recipient: recipient.slice(0, -4) + (recipient.endsWith('AAAA') ? 'BBBB' : 'AAAA') },
    };
    const persons = frozenPersons();
    const { data } = await decryptForDisplay(altered, { findById: async (id) => persons.get(id) ?? null });
    expect(data).toMatchObject({ sender: expect.stringContaining('@'), recipient: UNREADABLE });
  });

  it('is asked by a thread of its own in the very same way', async () => {
    const thread = new AuditTrailThread(join(place, 'read-models.sqlite'));
    try {
      const [here, there] = [trailIn(readModels.db), thread];
      for (const filter of [{}, { words: 'wrong' }, { personId: readerId }] as AuditFilter[]) {
        expect(await there.page(filter, { limit: 5 })).toEqual(await here.page(filter, { limit: 5 }));
      }
      expect(await messageTimeline(there, one)).toEqual(await messageTimeline(here, one));
      await expect(there.page({ words: '-' })).rejects.toThrow(BadAuditQuery);
      await expect(there.page({}, { after: 'v4.17.aaaaaa' })).rejects.toThrow(BadAuditQuery);
      await expect(there.leavesAt([])).resolves.toEqual([]);
    } finally {
      thread.close();
    }
  });

  it('is CSV in which nothing is a formula', () => {
    const row = { ...(query().rows[0] as AuditRow), method: '=HYPERLINK("x")' };
    const line = auditCsvLine(row);
    expect(line).toContain(`"'=HYPERLINK(""x"")"`);
    expect(line.endsWith('\r\n')).toBe(true);
    expect(AUDIT_CSV_HEAD.split(',')).toHaveLength(11);
  });

  it('stops in front of an event that nobody here describes, rather than leave it out', async () => {
    await appendFacts(sqlite.store, streamName('message', one), [{ type: 'MessageForgotten', data: {} }]);
    await expect(runner.caughtUp(500)).rejects.toThrow('does not know: MessageForgotten');
    expect(runner.status()[0]?.stop).toMatchObject({ why: 'event-refused', eventType: 'MessageForgotten' });
    expect(query().rows).toHaveLength(audited.length);
  });
});
