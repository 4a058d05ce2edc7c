import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CommandBus } from '@nestjs/cqrs';
import { simpleParser } from 'mailparser';
import { EventStoreUnavailable } from '#libs/event-store';
import type { Keyring } from '#libs/keyring';
import { SystemClock, newEventId, parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import {
  SUBMITTED_MAIL,
  askToSeal,
  eventTypes,
  leftInOutbox,
  nothingLeft,
  opened,
  storeWith,
} from '../testing/sealing-api-client.ts';
import type { Answer, Asked } from '../testing/sealing-api-client.ts';
import { MailRelay } from '#libs/mail';
import { startSmtpSink } from '#libs/mail/testing';
import { office, OTHER_TOKEN, openSubmissionRoom } from '../testing/submission-room.ts';
import type { SubmissionRoomOptions } from '../testing/submission-room.ts';
import { SubmissionSettings } from './settings.ts';
import { SubmitMail, SubmitMailHandler } from './submit-mail.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: Partial<SubmissionRoomOptions> = {}, sinkOptions = {}) {
  const sink = await startSmtpSink(sinkOptions);
  cleanups.push(() => sink.close());
  const room = await openSubmissionRoom({ relayPort: sink.port, ...options });
  cleanups.push(() => room.close());
  return { sink, room };
}

describe('a submission', () => {
  it('does the same request with the same key once: one after the other, at once, and in several processes', async () => {
    const { room, sink } = await open();
    const first = (await (
      await askToSeal(room, { key: 'k1', to: ['anna@example.com', 'b@example.com'] })
    ).json()) as Answer;
    const again = await askToSeal(room, { key: 'k1', to: ['b@example.com', 'anna@example.com'] });
    expect(again.status).toBe(201);
    expect(((await again.json()) as Answer).messages).toEqual(first.messages.toReversed());
    const atOnce = await Promise.all(Array.from({ length: 8 }, () => askToSeal(room, { key: 'k2' })));
    const answers = await Promise.all(
      atOnce.map(async (response) => ((await response.json()) as Answer).messages[0]?.messageId),
    );
    expect(new Set(answers).size).toBe(1);
    expect(sink.mails).toHaveLength(3);
    expect((await eventTypes(room)).filter((type) => type === 'MessageSealed')).toHaveLength(3);
  });

  it.each<[string, Asked]>([
    ['another mail', { body: Buffer.concat([SUBMITTED_MAIL, SUBMITTED_MAIL]) }],
    ['another recipient', { to: ['b@example.com'] }],
    ['one recipient more', { to: ['anna@example.com', 'b@example.com'] }],
    ['another sender', { from: 'other@example.org' }],
    ['another delivery', { query: 'from=office@example.org&to=anna@example.com&deliver=false' }],
  ])('refuses a key that was used for %s', async (_what, other) => {
    const { room, sink } = await open();
    expect((await askToSeal(room, { key: 'k' })).status).toBe(201);
    const refused = await askToSeal(room, { key: 'k', ...other });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({
      type: 'urn:segl:problem:submission-key-reused',
      parameter: 'Idempotency-Key',
    });
    expect(sink.mails).toHaveLength(1);
  });

  it.each([false, true])(
    'names the sender where the organisation wants it, and only there: %s',
    async (showSenderName) => {
      const organisation = { name: 'Example Office', locales: ['en', 'da'], showSenderName };
      const { room, sink } = await open({ settings: { organisation } });
      expect((await askToSeal(room, {})).status).toBe(201);
      const events = await Array.fromAsync(room.store.readAll());
      const sealed = events.find(({ type }) => type === 'MessageSealed');
      expect('senderName' in (sealed?.data as object)).toBe(showSenderName);
      const { text } = await simpleParser(sink.mails[0]?.content ?? Buffer.alloc(0));
      expect(text?.includes('Office at Example Office has sent you')).toBe(showSenderName);
    },
  );

  it('seals to the epoch that the app says, asked anew for each seal', async () => {
    const told: string[] = [];
    const epochs: { current: Pick<Keyring, 'sealingRecipient'> | null } = { current: null };
    const sealingRecipient = () => {
      const recipient = (epochs.current as Keyring).sealingRecipient();
      told.push(recipient.keyId);
      return { ...recipient, keyId: 'sealing-7' as const };
    };
    const { room } = await open({ settings: { sealingRecipient } });
    epochs.current = room.keyring;
    expect((await askToSeal(room, { key: 'k', to: ['anna@example.com', 'b@example.com'] })).status).toBe(201);
    expect(told).toEqual(['sealing-1', 'sealing-1']);
    const epochsRecorded: unknown[] = [];
    for await (const { type, data } of room.store.readAll())
      if (type === 'MessageSealed') epochsRecorded.push((data as { sealingKeyId: unknown }).sealingKeyId);
    expect(epochsRecorded).toEqual(['sealing-7', 'sealing-7']);
  });

  it('keeps the keys of clients apart', async () => {
    const { room } = await open();
    expect((await askToSeal(room, { key: 'k' })).status).toBe(201);
    const mail = 'From: one@example.net\r\n\r\nx';
    expect((await askToSeal(room, { key: 'k', token: OTHER_TOKEN, from: 'one@example.net', body: mail })).status).toBe(
      201,
    );
  });

  it('answers a repeated deliver=false with the same carriers, as long as they are kept', async () => {
    const { room } = await open();
    const asked = { key: 'k', query: 'from=office@example.org&to=anna@example.com&deliver=false' };
    const carriers = [];
    for (let time = 0; time < 2; time++) carriers.push(Buffer.from(await (await askToSeal(room, asked)).arrayBuffer()));
    expect(carriers[0]?.equals(carriers[1] ?? Buffer.alloc(0))).toBe(true);
    for (const name of await readdir(join(room.outboxDirectory, 'kept'))) {
      await rm(join(room.outboxDirectory, 'kept', name));
    }
    expect((await askToSeal(room, asked)).status).toBe(409);
  });

  it('leaves nothing behind when it cannot be recorded, and does it all when asked again', async () => {
    let failing: 'before' | 'after' | null = 'before';
    const { room, sink } = await open({
      wrapStore: (store) =>
        storeWith(store, async (append, stream) => {
          if (failing === 'before') throw new EventStoreUnavailable('away');
          const appended = await append();
          if (failing === 'after' && stream.startsWith('submission-')) throw new EventStoreUnavailable('lost');
          return appended;
        }),
    });
    const refused = await askToSeal(room, { key: 'k' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    expect(await leftInOutbox(room)).toEqual([]);
    expect(sink.mails).toEqual([]);

    failing = 'after'; // accepted, but the answer was lost: the carrier must leave all the same
    expect((await askToSeal(room, { key: 'k' })).status).toBe(503);
    while (sink.mails.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    failing = null;
    const again = await askToSeal(room, { key: 'k' });
    expect(again.status).toBe(201);
    const { messages } = (await again.json()) as Answer;
    expect(
      (
        await opened(
          room,
          sink.mails[0]?.content ?? Buffer.alloc(0),
          messages[0]?.messageId as MessageId,
          'anna@example.com',
        )
      ).equals(SUBMITTED_MAIL),
    ).toBe(true);
    expect(sink.mails).toHaveLength(1);
  });

  it('is one submission in two processes that are asked at the same moment', async () => {
    const { room, sink } = await open();
    const parts = [
      room.store,
      room.persons,
      room.keyring,
      room.outbox,
      room.app.get(CommandBus),
      new SystemClock(),
      room.app.get(SubmissionSettings),
      room.app.get(MailRelay),
    ] as const;
    const handlers = [new SubmitMailHandler(...parts), new SubmitMailHandler(...parts)];
    async function* mail() {
      yield SUBMITTED_MAIL;
    }
    for (let round = 1; round <= 10; round++) {
      const answers = await Promise.all(
        handlers.map((handler) =>
          handler.execute(
            new SubmitMail({
              client: office,
              idempotencyKey: `round-${round}`,
              sender: parseMailAddress('office@example.org'),
              recipients: [parseMailAddress('anna@example.com')],
              mail: mail(),
              delivery: 'relay',
            }),
          ),
        ),
      );
      const ids = answers.flatMap((answer) =>
        answer.delivery === 'relay' ? answer.messages.map(({ messageId }) => messageId) : [],
      );
      expect(ids).toHaveLength(2);
      expect(ids[0]).toBe(ids[1]);
      const deadline = Date.now() + 25_000;
      while (sink.mails.length < round && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(sink.mails).toHaveLength(10);
    await nothingLeft(room);
  });

  it('does everything once or nothing, whichever call to the store fails, before or after it was done', async () => {
    let failAt = { call: -1, isDone: false };
    const { room, sink } = await open({
      wrapStore: (store) =>
        storeWith(store, async (append, stream) => {
          if (stream.startsWith('delivery-')) return append(); // afterwards, in its own time
          const isThisOne = failAt.call-- === 0;
          if (isThisOne && !failAt.isDone) throw new EventStoreUnavailable('away');
          const appended = await append();
          if (isThisOne) throw new EventStoreUnavailable('the answer was lost');
          return appended;
        }),
    });
    const to = ['anna@example.com', 'b@example.com'];
    let expected = 0;
    for (const isDone of [false, true]) {
      for (let call = 0; call < 4; call++) {
        failAt = { call, isDone };
        const key = `k-${isDone}-${call}`;
        const first = await askToSeal(room, { key, to });
        expect([key, first.status]).toEqual([key, call < 3 ? 503 : 201]);
        failAt = { call: -1, isDone };
        const again = await askToSeal(room, { key, to });
        expect([key, again.status]).toEqual([key, 201]);
        expected += 2;
        const deadline = Date.now() + 25_000;
        while (sink.mails.length < expected && Date.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 10));
        const { messages } = (await again.json()) as Answer;
        const sunk = sink.mails
          .slice(-2)
          .map(({ content }) => /(?<=Segl-Message: )\w+/.exec(content.toString('latin1', 0, 5000))?.[0]);
        expect([key, new Set(sunk)]).toEqual([key, new Set(messages.map(({ messageId }) => messageId))]);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sink.mails).toHaveLength(expected);
    await nothingLeft(room);
  });

  it('sends what was accepted by a process that died before it could, and nothing that was not', async () => {
    const { room, sink } = await open();
    // What a crash leaves: one carrier staged under an accepted submission, one under none.
    const dying = await room.openOutbox();
    const ids = ['a', 'b'].map((letter) => letter.repeat(32) as MessageId);
    for (const [index, messageId] of ids.entries()) {
      const file = await dying.stage({
        messageId,
        submissionId: index === 0 ? 'acceptedone' : 'neveraccepted',
        mailFrom: parseMailAddress('office@example.org'),
        rcptTo: parseMailAddress('anna@example.com'),
      });
      await file.write(Buffer.from(`carrier ${messageId}\r\n`));
      await file.finish();
    }
    await room.store.append('submission-acceptedone' as never, 'NONE', [
      {
        type: 'SubmissionAccepted',
        id: newEventId(),
        data: {
          clientId: 'office',
          requestSha256: '0',
          acceptedAt: '2026-11-22T12:00:00.000Z',
          delivery: 'relay',
          messages: [{ recipientId: 'x', messageId: ids[0] }],
        },
      },
    ]);
    await dying.close();
    while (sink.mails.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sink.mails.map(({ content }) => content.toString())).toEqual([`carrier ${ids[0]}\r\n`]);
  });
});
