import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { appendFacts, decideAndAppend, readState } from '#libs/event-store';
import type { Fold } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import type { EncryptedPersonalData } from '#libs/keyring';
import { instantOf, newEventId, newPersonId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import {
  downloadAttachment,
  messageStream,
  recordSealing,
  revokeMessage,
  sealedMessages,
  viewMessage,
} from './sealed-message.ts';
import type { SealedMessage } from './sealed-message.ts';
import type { SealedMessageEvent } from './sealed-message-events.ts';

const noon = instantOf('2026-11-30T12:00:00.000Z');
const recipientId = newPersonId();
const sealing = {
  ...{ organisation: 'Nordlys', senderId: newPersonId(), recipientId, sealingKeyId: 'sealing-1' },
  ...{ manifestKeyId: 'manifest-1', headerSha256: '01'.repeat(32), mailBytes: 10, mailSha256: '02'.repeat(32) },
  ...{ ciphertextBytes: 1900, ciphertextSha256: '03'.repeat(32), sealedAt: noon },
  expiresAt: instantOf('2036-11-30T12:00:00.000Z'),
  ...{ sender: 'c2VuZGVy' as EncryptedPersonalData, recipient: 'cmVjaXBpZW50' as EncryptedPersonalData },
};
const showing = () => ({ eventId: newEventId(), recipientId, method: 'passcode', signInId: null, now: noon });
const view = (state: SealedMessage) => viewMessage(state, { ...showing(), form: 'page' });
const download = (state: SealedMessage) =>
  downloadAttachment(state, { ...showing(), attachmentIndex: 0, fileName: 'eA' as EncryptedPersonalData });
const revoke = (state: SealedMessage) => revokeMessage(state, { now: noon, revokedBy: 'officer' });
const ACTS = { view, download, revoke };
/** Everything that was ever recorded counts. */
const wholly: Fold<SealedMessage, SealedMessageEvent> = { ...sealedMessages, isDecidedByItsEnds: false };

let opened: TemporarySqlite;
beforeAll(async () => {
  opened = await openTemporarySqlite();
});
afterAll(() => opened.cleanUp());

async function sealed(number: number) {
  const messageId = number.toString(32).padStart(32, 'a') as MessageId;
  const stream = messageStream(messageId);
  await decideAndAppend(opened.store, stream, sealedMessages, (state) =>
    recordSealing(state, { ...sealing, messageId, eventId: newEventId() }),
  );
  return stream;
}

it('a decision on a message is the same whether all its openings are read or the ends of its stream', async () => {
  let number = 0;
  const opening = fc.record({
    before: fc.integer({ min: 0, max: 450 }), // two ends of 200, and more than that between them
    then: fc.array(fc.constantFrom('view', 'download', 'revoke'), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(opening, async ({ before, then }) => {
      const stream = await sealed(++number);
      const { state } = await readState(opened.store, stream, wholly);
      if (before > 0) await appendFacts(opened.store, stream, Array.from({ length: before }, () => view(state)).flat());
      for (const act of then as (keyof typeof ACTS)[]) {
        const [whole, ends] = [
          await readState(opened.store, stream, wholly),
          await readState(opened.store, stream, sealedMessages),
        ];
        expect(ends).toEqual(whole);
        const outcomeOf = (given: SealedMessage) => {
          try {
            return ACTS[act](given).map(({ type }) => type);
          } catch (error) {
            return (error as Error).message;
          }
        };
        expect(outcomeOf(ends.state)).toEqual(outcomeOf(whole.state));
        await decideAndAppend(opened.store, stream, sealedMessages, ACTS[act]).catch(() => undefined);
      }
      expect(await readState(opened.store, stream, sealedMessages)).toEqual(
        await readState(opened.store, stream, wholly),
      );
    }),
    { numRuns: 20 },
  );
});

it('a decision reads as much of a message that was opened four thousand times as of one that was opened four hundred', async () => {
  const readBy = async (openings: number) => {
    const stream = await sealed(1_000_000 + openings);
    const { state } = await readState(opened.store, stream, sealedMessages);
    for (let left = openings; left > 0; left -= 400)
      await appendFacts(opened.store, stream, Array.from({ length: 400 }, () => view(state)).flat());
    let events = 0;
    const readStream = opened.store.readStream.bind(opened.store);
    const spied = jest.spyOn(opened.store, 'readStream').mockImplementation(async function* (...asked) {
      for await (const event of readStream(...asked)) {
        events++;
        yield event;
      }
    });
    await decideAndAppend(opened.store, stream, sealedMessages, view);
    await decideAndAppend(opened.store, stream, sealedMessages, revoke);
    await expect(decideAndAppend(opened.store, stream, sealedMessages, view)).rejects.toMatchObject({
      reason: 'revoked',
    });
    spied.mockRestore();
    return events;
  };
  const few = await readBy(400);
  expect(await readBy(4_000)).toBe(few);
  expect(few).toBeLessThanOrEqual(3 * 401);
});
