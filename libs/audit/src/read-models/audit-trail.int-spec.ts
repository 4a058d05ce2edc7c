import { describe, expect, it } from '@jest/globals';
import { ReadModels, streamName } from '#libs/event-store';
import type { Position, RecordedEvent } from '#libs/event-store';
import { instantOf } from '#libs/vocabulary';
import type { EventId } from '#libs/vocabulary';
import { auditTrail } from './audit-trail.ts';

const DAY = instantOf('2026-11-30T12:00:00Z');
const MESSAGE = 'b'.repeat(32);
const LATER = instantOf('2026-11-30T14:00:00Z');

function denied(index: number, time = DAY): RecordedEvent {
  const [id, stream] = [
    `00000000-0000-4000-8000-${String(index).padStart(12, '0')}` as EventId,
    streamName('openings', MESSAGE),
  ];
  const data = { messageId: MESSAGE, reason: `reason${index % 7}`, deniedAt: time };
  const bytes = new Uint8Array(); // not read
  return {
    bytes,
    id,
    type: 'ViewDenied',
    version: 1,
    data,
    stream,
    revision: index,
    position: `${index}` as Position,
    time,
  };
}

function taken(events: readonly RecordedEvent[]): ReadModels {
  const readModels = ReadModels.open(':memory:');
  readModels.execute(auditTrail.schema);
  readModels.transaction(() => {
    for (const event of events) auditTrail.every?.(readModels.db, event);
  });
  return readModels;
}

describe('the audit trail', () => {
  it('writes the words of one transaction once, in one segment of their index', () => {
    const readModels = taken(Array.from({ length: 200 }, (_, index) => denied(index)));
    const { db } = readModels;
    expect(db.all('SELECT rowid FROM audit_words WHERE audit_words MATCH ?', '"reason3"')).toHaveLength(29);
    expect(db.get('SELECT count(DISTINCT segid) AS segments FROM audit_words_idx')).toEqual({ segments: 1 });
    readModels.close();
  });

  it('knows between which events an hour lies, also when times are not in the order of the record', () => {
    const readModels = taken([denied(1), denied(2, LATER), denied(3), denied(4, LATER)]);
    expect(readModels.db.all('SELECT * FROM audit_hour ORDER BY hour').map((row) => ({ ...(row as object) }))).toEqual([
      { hour: '2026-11-30T12', first: 1, last: 3 },
      { hour: '2026-11-30T14', first: 2, last: 4 },
    ]);
    readModels.close();
  });
});
