import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFacts, decideAndAppend, readState } from '#libs/event-store';
import { startSmtpSink } from '#libs/mail/testing';
import { messageStream, sealedMessages, viewMessage } from '#libs/sealing';
import { instantOf, newEventId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { bounceStream } from '../bounce-events.ts';
import type { BounceEvent } from '../bounce-events.ts';
import { askToSeal } from '../testing/sealing-api-client.ts';
import type { Answer, Asked } from '../testing/sealing-api-client.ts';
import {
  OFFICE_TOKEN,
  OFFICER_TOKEN,
  openSubmissionRoom,
  OTHER_TOKEN,
  READER_TOKEN,
} from '../testing/submission-room.ts';
import type { SubmissionRoom } from '../testing/submission-room.ts';

describe('/api/v1/messages/{messageId}', () => {
  let room: SubmissionRoom;
  let sink: Awaited<ReturnType<typeof startSmtpSink>>;
  let isAway = false;
  beforeAll(async () => {
    sink = await startSmtpSink({
      onRcptTo: ({ address }: { address: string }, _session: unknown, done: (error?: Error) => void) => {
        const responseCode = address.startsWith('nobody') ? 550 : isAway ? 451 : null;
        done(responseCode === null ? undefined : Object.assign(new Error('no'), { responseCode }));
      },
    });
    room = await openSubmissionRoom({
      relayPort: sink.port,
      settings: { awaitFirstTryMs: 500 },
      outbox: { firstRetrySeconds: 600 },
    });
  });
  afterAll(async () => {
    await room.close();
    await sink.close();
  });

  async function sealed(asked: Asked = {}): Promise<MessageId> {
    const { messages } = (await (await askToSeal(room, asked)).json()) as Answer;
    return messages[0]?.messageId as MessageId;
  }
  const ask = async (messageId: string, method = 'GET', token = OFFICE_TOKEN, headers: Record<string, string> = {}) => {
    const url = `${room.url}/api/v1/messages/${messageId}`;
    const response = await fetch(url, { method, headers: { Authorization: `Bearer ${token}`, ...headers } });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  };
  async function viewed(messageId: MessageId, at: string): Promise<void> {
    await decideAndAppend(room.store, messageStream(messageId), sealedMessages, (state) => {
      if (state.status !== 'sealed') throw new Error('not sealed');
      const { recipientId } = state;
      const facts = { eventId: newEventId(), recipientId, method: 'passcode', signInId: null, form: 'page' as const };
      return viewMessage(state, { ...facts, now: instantOf(at) });
    });
  }

  it('says what became of it, and of who read nothing but when', async () => {
    const messageId = await sealed({ headers: { 'Segl-Terms': 'no-download' } });
    const { status, answer } = await ask(messageId);
    expect(status).toBe(200);
    expect(answer).toEqual({
      messageId,
      submissionId: expect.stringMatching(/^[a-z2-7]{32}$/),
      sealedAt: expect.any(String),
      expiresAt: expect.any(String),
      policy: null,
      terms: ['no-download'],
      delivery: 'relayed',
      relayedAt: expect.any(String),
      refusal: null,
      bounce: null,
      state: 'open',
      revokedAt: null,
      firstViewedAt: null,
      lastViewedAt: null,
    });
    await viewed(messageId, '2026-12-01T08:00:00.000Z');
    await viewed(messageId, '2026-12-02T09:00:00.000Z');
    const after = (await ask(messageId)).answer;
    expect(after).toEqual({
      ...answer,
      firstViewedAt: '2026-12-01T08:00:00.000Z',
      lastViewedAt: '2026-12-02T09:00:00.000Z',
    });
    expect(JSON.stringify(after)).not.toMatch(/@|passcode|recipient/);
  });

  it('tells what waits here from what was refused, and from what the client took itself', async () => {
    expect((await ask(await sealed({ to: ['nobody@example.com'] }))).answer).toMatchObject({
      delivery: 'refused',
      relayedAt: null,
      refusal: { reason: 'refused', status: '5.1.1', refusedAt: expect.any(String) },
    });
    isAway = true;
    const waiting = await sealed();
    isAway = false;
    expect((await ask(waiting)).answer).toMatchObject({ delivery: 'queued', state: 'open' });
    const handedOut = await askToSeal(room, { headers: { 'Segl-Deliver': 'false' } });
    const [messageId = ''] = /(?<=Segl-Message: )\w+/.exec(await handedOut.text()) ?? [];
    expect((await ask(messageId)).answer).toMatchObject({ delivery: 'handed-out' });
  });

  it('says how its carrier came back, the first time', async () => {
    const messageId = await sealed();
    for (const [reason, status] of [
      ['mailbox-full', '5.2.2'],
      ['no-such-mailbox', '5.1.1'],
    ] as const) {
      const { state } = await readState(room.store, messageStream(messageId), sealedMessages);
      if (state.status !== 'sealed') throw new Error('not sealed');
      const { senderId, recipientId } = state;
      const bounced: BounceEvent = {
        type: 'CarrierBounced',
        data: { messageId, senderId, recipientId, reason, status, bounceSha256: status, bouncedAt: state.sealedAt },
      };
      await appendFacts(room.store, bounceStream(messageId), [bounced]);
    }
    const { answer } = await ask(messageId);
    expect(answer).toMatchObject({
      bounce: { reason: 'mailbox-full', status: '5.2.2', bouncedAt: answer['sealedAt'] },
    });
  });

  it('says when its time is over', async () => {
    const messageId = await sealed({ headers: { 'Segl-Lifetime-Seconds': '1' } });
    for (const deadline = Date.now() + 25_000; Date.now() < deadline;) {
      if ((await ask(messageId)).answer['state'] === 'expired') return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('it never expired');
  });

  it('takes it back with reason and case, in the name of the client, once however often it is asked', async () => {
    const messageId = await sealed();
    const why = { 'Segl-Reason': 'forkert modtager: %C3%98ster%C3%A5', 'Segl-Case-Number': '2026-4711' };
    const first = await ask(messageId, 'DELETE', OFFICE_TOKEN, why);
    expect(first).toMatchObject({
      status: 200,
      answer: { messageId, state: 'revoked', revokedAt: expect.any(String) },
    });
    const again = await ask(messageId, 'DELETE', OFFICE_TOKEN, { 'Segl-Reason': 'another' });
    expect(again).toEqual(first);
    const events = await Array.fromAsync(room.store.readStream(messageStream(messageId)));
    expect(events.map(({ type }) => type)).toEqual(['MessageSealed', 'MessageRevoked']);
    expect(events[1]?.data).toMatchObject({
      revokedBy: 'office',
      reason: 'forkert modtager: Østerå',
      caseNumber: '2026-4711',
    });
    const { state } = await readState(room.store, messageStream(messageId), sealedMessages);
    expect(state.status).toBe('revoked');
  });

  it.each([
    ['Segl-Reason', '%'],
    ['Segl-Reason', 'x'.repeat(501)],
    ['Segl-Reason', 'two%0Alines'],
    ['Segl-Reason', 'to anna%40example.com'],
    ['Segl-Case-Number', ' '],
    ['Segl-Case-Number', 'x'.repeat(201)],
  ])('refuses what cannot stand in the record: %s: %s', async (name, value) => {
    const messageId = await sealed();
    const { status, answer } = await ask(messageId, 'DELETE', OFFICE_TOKEN, { [name]: value });
    expect([status, answer['parameter']]).toEqual([400, name]);
    expect((await ask(messageId)).answer).toMatchObject({ state: 'open' });
  });

  it('is for the client that sealed it, and for one with the right to all: to others it is as if there were none', async () => {
    const messageId = await sealed();
    const none = await ask('a'.repeat(32));
    expect(none).toMatchObject({ status: 404, answer: { type: 'urn:segl:problem:no-such-message' } });
    for (const method of ['GET', 'DELETE']) {
      expect(await ask(messageId, method, OTHER_TOKEN)).toEqual(none);
      for (const name of ['x', 'A'.repeat(32), '%2e%2e']) expect((await ask(name, method)).status).toBe(404);
      expect((await ask(messageId, method, 'wrong')).status).toBe(401);
      expect((await ask(messageId, method, READER_TOKEN)).status).toBe(403);
    }
    expect((await ask(messageId, 'GET', OFFICER_TOKEN)).answer).toMatchObject({ messageId, state: 'open' });
    expect((await ask(messageId, 'DELETE', OFFICER_TOKEN)).answer).toMatchObject({ messageId, state: 'revoked' });
  });
});
