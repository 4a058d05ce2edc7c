import { describe, expect, it } from '@jest/globals';
import { readState, CONTENT_REMOVED } from '#libs/event-store';
import type { DomainEvent, EventStore, Fold, RecordedEvent, StreamName } from '#libs/event-store';
import { submissions } from '#libs/gateway';
import { passcodes } from '#libs/passcode';
import { sealedMessages } from '#libs/sealing';
import { instantOf } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { AUDITED_TYPES, eventCatalogue } from '../event-catalogue.ts';
import type { AuditRow } from '../query/audit-page.ts';
import { frozenEvents } from '../testing/frozen/frozen-events.ts';
import { REMOVABLE_AFTER_MS, REMOVABLE_TYPES } from '../verify/without-content.ts';
import { RETENTION_MIN_DAYS, RETENTION_TYPES, retentionRules } from './retention-rules.ts';
import { retentionVerdict } from './what-may-go.ts';

const now = instantOf('2026-11-30T12:00:00Z');
const frozen = frozenEvents();
const everyType: readonly string[] = Object.values(RETENTION_TYPES).flat();

function rowOf(type: string): AuditRow {
  const event = frozen.find((one) => one.type === type);
  if (event === undefined) throw new Error(`no sample of ${type}`);
  return { ...event, eventId: event.id, version: event.version } as unknown as AuditRow;
}

describe('the rules of retention', () => {
  it('name events of the trail, each once', () => {
    expect(AUDITED_TYPES).toEqual(expect.arrayContaining([...everyType]));
    expect(new Set(everyType).size).toBe(everyType.length);
  });

  it('are what the verifier takes for retention, by its own list', () => {
    expect([...REMOVABLE_TYPES].toSorted()).toEqual(everyType.toSorted());
    expect(REMOVABLE_AFTER_MS).toBe(RETENTION_MIN_DAYS * 86_400_000);
  });

  it('keep whatever no setting names', () => {
    expect(retentionRules({}, now)).toEqual([]);
    expect(retentionRules({ viewsDays: undefined, codesDays: 30 }, now)).toEqual([
      { kind: 'codes', types: RETENTION_TYPES.codes, before: '2026-10-31T12:00:00.000Z' },
    ]);
  });

  it.each([29, 0, -1, Number.NaN])('refuse %s days', (viewsDays) => {
    expect(() => retentionRules({ viewsDays }, now)).toThrow(RangeError);
  });

  // What is decided on a stream of today must be the same without what may go: codes count for two days, and these samples are younger than a month.
  it.each([
    ['message', sealedMessages],
    ['submission', submissions],
    ['subject', null],
  ] as [string, Fold<unknown, DomainEvent> | null][])(
    'take nothing that decisions on %s-… rest on',
    async (category, fold) => {
      const streams = Map.groupBy(
        frozen.filter(({ stream }) => stream.startsWith(`${category}-`)),
        ({ stream }) => stream,
      );
      expect(streams.size).toBeGreaterThan(0);
      for (const [stream, events] of streams) {
        const left = events.map((event) => (everyType.includes(event.type) ? withoutContent(event) : event));
        if (fold === null) expect(left).toEqual(events);
        else
          expect((await readState(holding(left), stream, fold)).state).toEqual(
            (await readState(holding(events), stream, fold)).state,
          );
      }
    },
  );

  it('leave room for the limits of codes', () => {
    expect(passcodes.forgetsAfterSeconds).toBeLessThan(30 * 86_400);
  });
});

describe('what may go', () => {
  const nobody = new Set<PersonId>();
  const [senderId, recipientId, other] = ['s', 'r', 'o'].map((one) => one.repeat(26)) as [PersonId, PersonId, PersonId];
  const sealing = { senderId, recipientId, expiresAt: instantOf('2026-11-30T12:00:00Z') };

  it.each(everyType)('holds for %s, unless it is gone already', (type) => {
    const row = rowOf(type);
    expect(retentionVerdict(row, { now, held: nobody, sealings: [] })).toBe('remove');
    expect(retentionVerdict({ ...row, version: CONTENT_REMOVED, data: {} }, { now, held: nobody, sealings: [] })).toBe(
      'gone',
    );
  });

  it('spares whom a hold names: in the event, as whose stream it is, or as sender or recipient of its message', () => {
    for (const type of ['MessageViewed', 'OtpIssued', 'AuditTrailQueried']) {
      const row = rowOf(type);
      const named = eventCatalogue.describe({ ...row, id: row.eventId }).persons.map(({ personId }) => personId);
      expect(named.length).toBeGreaterThan(0);
      for (const held of named)
        expect(retentionVerdict(row, { now, held: new Set([held]), sealings: [] })).toBe('held');
    }
    for (const held of [senderId, recipientId])
      expect(retentionVerdict(rowOf('CarrierOpened'), { now, held: new Set([held]), sealings: [sealing] })).toBe(
        'held',
      );
    expect(retentionVerdict(rowOf('CarrierOpened'), { now, held: new Set([other]), sealings: [sealing] })).toBe(
      'remove',
    );
  });

  it('spares what belongs to a message until the moment it expires', () => {
    const facts = { held: nobody, sealings: [sealing] };
    expect(retentionVerdict(rowOf('MessageViewed'), { ...facts, now: instantOf('2026-11-30T11:59:59Z') })).toBe(
      'alive',
    );
    expect(retentionVerdict(rowOf('MessageViewed'), { ...facts, now })).toBe('remove');
  });
});

function withoutContent(event: RecordedEvent): RecordedEvent {
  const { id, stream, revision, type, time, position, bytes } = event;
  return { id, stream, revision, type, time, position, bytes, data: {}, version: CONTENT_REMOVED };
}

function holding(recorded: readonly RecordedEvent[]): EventStore {
  return {
    async *readStream(stream: StreamName) {
      for (const event of recorded) if (event.stream === stream) yield event;
    },
  } as unknown as EventStore;
}
