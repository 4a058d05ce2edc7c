import { afterEach, describe, expect, it } from '@jest/globals';
import { startSmtpSink } from '#libs/mail/testing';
import { askToSeal, eventTypes, leftInOutbox } from '../testing/sealing-api-client.ts';
import type { Answer } from '../testing/sealing-api-client.ts';
import { openSubmissionRoom } from '../testing/submission-room.ts';
import type { SubmissionRoom } from '../testing/submission-room.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Two gateways as on two machines: one record, one directory of persons, one keyring; a disk of its own each. */
async function twoGateways(sinkOptions = {}) {
  const sink = await startSmtpSink(sinkOptions);
  cleanups.push(() => sink.close());
  const one = await room(sink.port);
  const other = await room(sink.port, one);
  return { sink, one, other };
}

async function room(relayPort: number, beside?: SubmissionRoom) {
  const opened = await openSubmissionRoom({
    relayPort,
    settings: { handOff: 'at-once' },
    ...(beside && { beside }),
  });
  cleanups.push(() => opened.close());
  return opened;
}

const answerOf = async (response: Response) => ({
  status: response.status,
  messages: ((await response.json()) as Partial<Answer>).messages ?? null,
});

describe('gateways on several machines that hand carriers over at once', () => {
  it('give one answer to one key, and one carrier to the relay, in whichever order they are asked', async () => {
    const { sink, one, other } = await twoGateways();
    const first = await answerOf(await askToSeal(one, { key: 'k' }));
    expect(first).toMatchObject({ status: 201, messages: [{ delivery: 'relayed' }] });
    for (const gateway of [other, one, other])
      expect(await answerOf(await askToSeal(gateway, { key: 'k' }))).toEqual(first);
    expect((await askToSeal(other, { key: 'k', to: ['bo@example.com'] })).status).toBe(422);
    expect(sink.mails).toHaveLength(1);
    expect(await eventTypes(one)).toEqual(['MessageSealed', 'SubmissionBegun', 'SubmissionAccepted']);
  });

  it('send one carrier also when both are asked at the same moment: the other one says to repeat it', async () => {
    const { sink, one, other } = await twoGateways();
    for (let round = 1; round <= 10; round++) {
      const key = `round-${round}`;
      const responses = await Promise.all([one, other].map((gateway) => askToSeal(gateway, { key })));
      const statuses = responses.map(({ status }) => status).sort();
      expect([
        [201, 201],
        [201, 409],
      ]).toContainEqual(statuses);
      for (const { status, headers } of responses)
        if (status === 409) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      const after = await Promise.all([one, other].map(async (gateway) => answerOf(await askToSeal(gateway, { key }))));
      expect(after[0]).toEqual(after[1]);
      expect(after[0]?.status).toBe(201);
      expect(sink.mails).toHaveLength(round);
    }
  });

  it('leave nothing on a machine that may be gone tomorrow', async () => {
    let isAway = true;
    const { sink, one, other } = await twoGateways({
      onRcptTo: (_address: unknown, _session: unknown, done: (error?: Error) => void) =>
        done(isAway ? Object.assign(new Error('later'), { responseCode: 451 }) : undefined),
    });
    const refused = await askToSeal(one, {});
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    expect(await leftInOutbox(one)).toEqual([]);
    isAway = false;
    expect(await answerOf(await askToSeal(other, {}))).toMatchObject({
      status: 201,
      messages: [{ delivery: 'relayed' }],
    });
    expect(sink.mails).toHaveLength(1);
    expect(await leftInOutbox(other)).toEqual([]);
  });

  it('say so when the relay refuses the recipient for good, and seal one recipient with one request', async () => {
    const { one } = await twoGateways({
      onRcptTo: (_address: unknown, _session: unknown, done: (error?: Error) => void) =>
        done(Object.assign(new Error('no such user'), { responseCode: 550 })),
    });
    const refused = await askToSeal(one, {});
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ type: 'urn:segl:problem:relay-refused' });
    const several = await askToSeal(one, { to: ['anna@example.com', 'bo@example.com'] });
    expect(await several.json()).toMatchObject({ status: 400, detail: expect.stringContaining('1 recipient') });
    expect(await eventTypes(one)).not.toContain('SubmissionAccepted');
  });

  it('hand a carrier out to the program itself as ever', async () => {
    const { sink, one } = await twoGateways();
    const handedOut = await askToSeal(one, { headers: { 'Segl-Deliver': 'false' } });
    expect([handedOut.status, handedOut.headers.get('content-type')]).toEqual([201, 'message/rfc822']);
    expect(sink.mails).toEqual([]);
  });
});
