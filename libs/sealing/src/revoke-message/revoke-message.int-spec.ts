import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decideAndAppend } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import type { EncryptedPersonalData } from '#libs/keyring';
import { FixedClock, instantOf, newEventId, newPersonId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { sealSample, testKeys } from '../testing/sealed-sample.ts';
import { MessageNotOpenable, messageStream, recordSealing, sealedMessages, viewMessage } from '../sealed-message.ts';
import { RevokeMessage, RevokeMessageHandler } from './revoke-message.ts';

const noon = instantOf('2026-11-22T12:00:00.000Z');
const keys = testKeys();
const recipientId = newPersonId();
let events: TemporarySqlite;
let handler: RevokeMessageHandler;

beforeEach(async () => {
  events = await openTemporarySqlite();
  handler = new RevokeMessageHandler(events.store, new FixedClock(noon));
});

afterEach(() => events.cleanUp());

async function sealedMessage(): Promise<MessageId> {
  const { recorded } = sealSample(Buffer.from('Subject: x\r\n\r\n'), keys);
  const encrypted = 'eA' as EncryptedPersonalData;
  const facts = {
    ...recorded,
    eventId: newEventId(),
    senderId: newPersonId(),
    recipientId,
    sender: encrypted,
    recipient: encrypted,
  };
  await decideAndAppend(events.store, messageStream(recorded.messageId), sealedMessages, (state) =>
    recordSealing(state, facts),
  );
  return recorded.messageId;
}

async function typesOf(messageId: MessageId): Promise<string[]> {
  return (await Array.fromAsync(events.store.readStream(messageStream(messageId)))).map(({ type }) => type);
}

describe('RevokeMessage', () => {
  it('takes a message back, once', async () => {
    const messageId = await sealedMessage();
    expect(await handler.execute(new RevokeMessage(messageId, 'operator', 'wrong recipient'))).toBe('revoked');
    expect(await handler.execute(new RevokeMessage(messageId, 'operator'))).toBe('already-revoked');
    expect(await typesOf(messageId)).toEqual(['MessageSealed', 'MessageRevoked']);
  });

  it('says so when nobody ever sealed that message', async () => {
    const unknown = 'abcdefghijklmnopqrstuvwxyz234567' as MessageId;
    await expect(handler.execute(new RevokeMessage(unknown, 'operator'))).rejects.toMatchObject({
      code: 'unknown-message',
    });
    expect(await typesOf(unknown)).toEqual([]);
  });

  it('is followed by no view, in whatever order they come in, a hundred and forty of them', async () => {
    for (let round = 0; round < 20; round++) {
      const messageId = await sealedMessage();
      const view = async () => {
        const showing = {
          ...{ eventId: newEventId(), recipientId, method: 'passcode', signInId: null },
          ...{ now: noon, form: 'page' as const },
        };
        try {
          await decideAndAppend(events.store, messageStream(messageId), sealedMessages, (state) =>
            viewMessage(state, showing),
          );
          return 'shown';
        } catch (error) {
          if (!(error instanceof MessageNotOpenable)) throw error;
          return 'refused';
        }
      };
      const before = Promise.all([view(), view()]);
      const afterwards = handler
        .execute(new RevokeMessage(messageId, 'operator'))
        .then(() => Promise.all([view(), view()]));
      const racing = [view(), view(), view()];
      expect(await afterwards).toEqual(['refused', 'refused']);
      await Promise.all([before, ...racing]);
      const types = await typesOf(messageId);
      expect(types.lastIndexOf('MessageViewed')).toBeLessThan(types.indexOf('MessageRevoked'));
      expect(types.filter((type) => type === 'MessageRevoked')).toHaveLength(1);
    }
  });
});
