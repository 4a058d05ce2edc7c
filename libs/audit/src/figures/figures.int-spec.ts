import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProjectionRunner, ReadModels, recordEvents, parseRecordedEvent, streamName } from '#libs/event-store';
import type { DomainEvent, Position, RecordedEvent } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { instantOf } from '#libs/vocabulary';
import { AuditTrailThread, trailIn } from '../query/audit-trail-source.ts';
import { frozenEvents } from '../testing/frozen/frozen-events.ts';
import { FIGURE_KINDS, figuresOf } from './figures.ts';
import type { FigureKind, Figures } from './figures.ts';
import { auditFigures } from './figures-projection.ts';

const span = { days: 7, timeZone: 'Europe/Copenhagen', now: instantOf('2026-11-30T12:00:00Z') } as const;
const messages = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32));
const [anna, canary] = ['a', 'c'].map((letter) => letter.repeat(26)) as [string, string];
const happened: [time: string, stream: string, revision: number, type: string, data: object, version?: number][] = [
  [
    '2026-11-01T08:00:00Z',
    `message-${'e'.repeat(32)}`,
    0,
    'MessageSealed',
    { messageId: 'e'.repeat(32), senderId: anna, recipientId: anna },
  ], // too long ago
  ...messages.map(
    (messageId) =>
      [
        '2026-11-27T22:30:00Z',
        `message-${messageId}`,
        0,
        'MessageSealed',
        { messageId, senderId: anna, recipientId: anna },
      ] as (typeof happened)[number],
  ),
  // What the installation does to see that it works is in no figure.
  ['2026-11-27T20:00:00Z', 'canary-elsewhere', 0, 'CanaryAppointed', { personId: canary }],
  [
    ...(['2026-11-27T22:31:00Z', `message-${'g'.repeat(32)}`, 0, 'MessageSealed'] as const),
    { messageId: 'g'.repeat(32), senderId: canary, recipientId: canary },
  ],
  ['2026-11-27T22:32:00Z', `passcodes-${canary}`, 0, 'OtpIssued', {}],
  [
    ...(['2026-11-27T22:33:00Z', `message-${'g'.repeat(32)}`, 1, 'MessageViewed'] as const),
    ...[{ method: 'passcode', recipientId: canary }, 2],
  ] as (typeof happened)[number],
  ['2026-11-27T22:35:00Z', `message-${messages[0]}`, 1, 'MessageViewed', { method: 'passcode', recipientId: anna }, 2],
  ['2026-11-27T23:05:00Z', `message-${messages[0]}`, 2, 'MessageViewed', { method: 'passcode', recipientId: anna }, 2], // the 28th in Copenhagen
  ['2026-11-28T09:00:00Z', `message-${messages[1]}`, 1, 'MessageViewed', { method: 'google', recipientId: anna }, 2],
  ['2026-11-28T09:00:00Z', `message-${messages[2]}`, 1, 'MessageViewed', { method: 'google', recipientId: anna }, 2],
  ['2026-11-28T09:01:00Z', `openings-${messages[2]}`, 0, 'ViewDenied', { reason: 'revoked' }],
  ['2026-11-28T09:02:00Z', `openings-${messages[2]}`, 1, 'ViewDenied', { reason: 'expired' }],
  ['2026-11-28T09:03:00Z', `openings-${messages[2]}`, 2, 'ViewDenied', { reason: 'expired' }],
  ['2026-11-29T00:00:00Z', `openings-${messages[2]}`, 3, 'OpeningsSummarised', { viewDenied: 5, carrierOpened: 9 }],
  ['2026-11-29T09:00:00Z', `passcodes-${'a'.repeat(26)}`, 0, 'OtpIssued', {}],
  ['2026-11-29T09:01:00Z', `passcodes-${'a'.repeat(26)}`, 1, 'OtpDeliveryFailed', { failure: 'unreachable' }],
];

function recorded([time, stream, revision, type, data, version = 1]: (typeof happened)[number]): RecordedEvent {
  const expected = revision === 0 ? 'NONE' : revision - 1;
  const event = { type, version, data } as DomainEvent;
  const [category = '', id = ''] = stream.split('-');
  const [record] = recordEvents(streamName(category, id), expected, [event], instantOf(time));
  return parseRecordedEvent(Buffer.from(record?.text ?? ''), '1' as Position);
}

describe('figures', () => {
  let sqlite: TemporarySqlite;
  let readModels: ReadModels;
  let runner: ProjectionRunner;
  let place: string;
  beforeAll(async () => {
    sqlite = await openTemporarySqlite();
    place = await mkdtemp(join(tmpdir(), 'segl-figures-'));
    readModels = ReadModels.open(join(place, 'read-models.sqlite'));
    runner = new ProjectionRunner(sqlite.store, readModels, [auditFigures], { minBackoffMs: 5, maxBackoffMs: 20 });
    await sqlite.store.importRecorded(happened.map(recorded));
    runner.start();
    await runner.caughtUp();
  });
  afterAll(async () => {
    await runner.stop();
    readModels.close();
    await sqlite.cleanUp();
    await rm(place, { recursive: true });
  });
  const figures = (kind: FigureKind) => figuresOf(trailIn(readModels.db), kind, span);
  const said = ({ along, series, counts }: Figures) =>
    along.flatMap((key, n) => series.flatMap((name, m) => (counts[n]?.[m] ? [`${key} ${name} ${counts[n][m]}`] : [])));

  it('count views on the day of the organisation, by method', async () => {
    const views = await figures('views');
    expect(views.along).toEqual(['24', '25', '26', '27', '28', '29', '30'].map((day) => `2026-11-${day}`));
    expect(said(views)).toEqual(['2026-11-27 passcode 1', '2026-11-28 google 2', '2026-11-28 passcode 1']);
  });

  it('count what was refused by reason, and what was counted without one', async () => {
    expect(said(await figures('denials'))).toEqual(['summarised all 5', 'expired all 2', 'revoked all 1']);
  });

  it('say how long messages waited, the first view alone, and how many wait still', async () => {
    const first = await figures('first-views');
    expect(said(first)).toEqual(['ten-minutes all 1', 'day all 2', 'not-shown all 1']);
    expect(first.outOf).toBe(4);
  });

  it('say which codes did not arrive, of how many', async () => {
    const codes = await figures('codes');
    expect([said(codes), codes.outOf]).toEqual([['2026-11-29 unreachable 1'], 1]);
  });

  it('are the same from a thread of their own, and hold for every event ever written', async () => {
    const thread = new AuditTrailThread(join(place, 'read-models.sqlite'));
    try {
      for (const kind of FIGURE_KINDS) expect(await figuresOf(thread, kind, span)).toEqual(await figures(kind));
      await sqlite.store.importRecorded(frozenEvents());
      await runner.caughtUp();
      expect(runner.status()[0]).toMatchObject({ stop: null, lastError: null });
      const { counts } = await figuresOf(thread, 'sign-ins', span);
      expect(counts.flat().reduce((sum, count) => sum + count, 0)).toBe(
        frozenEvents().filter(({ type }) => type === 'RecipientAuthenticated').length,
      );
    } finally {
      thread.close();
    }
  });
});
