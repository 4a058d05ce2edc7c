import { describe, expect, it } from '@jest/globals';
import { parseRecordedEvent, recordEvents, streamName } from '#libs/event-store';
import type { Position, RecordedEvent } from '#libs/event-store';
import { instantOf } from '#libs/vocabulary';
import { eventOfTests, LogOfTests, signerOfTests } from '../testing/log-of-tests.ts';
import { readTrustedKey } from './note.ts';
import type { TrustedKey } from './note.ts';
import { verifyExport } from './verify-export.ts';

const MESSAGE = 'a'.repeat(32);
const signer = signerOfTests();
const keys = [readTrustedKey(signer.vkey) as TrustedKey];

function event(stream: string, revision: number, type: string, data: Record<string, string>): RecordedEvent {
  const [record] = recordEvents(
    streamName('message', stream),
    revision === 0 ? 'NONE' : revision - 1,
    [{ type, data }],
    instantOf('2026-11-30T12:00:00Z'),
  );
  return parseRecordedEvent(Buffer.from(record?.text ?? ''), String(revision) as Position);
}

/** Sealed as event 2, read as event 4, and ten events in all. */
function log(): LogOfTests {
  const made = new LogOfTests(2);
  made.add(event(MESSAGE, 0, 'MessageSealed', { recipient: 'bo' }));
  made.add(eventOfTests(10));
  made.add(event(MESSAGE, 1, 'MessageViewed', { method: 'passcode' }));
  for (let n = 20; n < 25; n++) made.add(eventOfTests(n));
  return made;
}

async function report(from: number, messageId = MESSAGE, change: (line: string) => string = (line) => line) {
  const made = log();
  const [first = '', ...rest] = await made.export([made.note(10, signer)], made.events, from);
  const lines = [first, JSON.stringify({ exposure: { messageId } }), ...rest].map(change);
  const given = (async function* () {
    yield* lines;
  })();
  return verifyExport(given, { keys });
}

describe('an exposure report', () => {
  it('says from its sealing on what was shown, and how somebody proved who they were', async () => {
    expect(await report(2)).toMatchObject({
      isProven: true,
      exposure: {
        from: 2,
        to: 10,
        isWhole: true,
        wasShown: true,
        events: [{ index: 2 }, { index: 4, method: 'passcode' }],
      },
    });
  });

  it('says nothing of a message that it begins behind the sealing of, though every line of it is proven', async () => {
    for (const from of [3, 5])
      expect(await report(from)).toMatchObject({ isProven: true, exposure: { isWhole: false } });
    expect((await report(5)).exposure?.wasShown).toBeNull();
    expect((await report(3)).exposure?.wasShown).toBe(true);
  });

  it('says nothing of a message that is none of this log', async () => {
    expect(await report(2, 'b'.repeat(32))).toMatchObject({
      isProven: true,
      exposure: { isWhole: false, wasShown: null },
    });
  });

  it('is not proven where a line says that it reaches further than it does', async () => {
    const { isProven, exposure } = await report(2, MESSAGE, (line) => line.replace('{"index":9,', '{"index":900000,'));
    expect([isProven, exposure]).toEqual([false, null]);
  });
});
