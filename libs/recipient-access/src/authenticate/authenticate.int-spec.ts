import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decryptPersonalData, type EncryptedPersonalData } from '#libs/keyring';
import type { AddressProof } from '#libs/passcode';
import { leaveAddressProof } from '#libs/passcode/testing';
import { signInsStream } from '../access-events.ts';
import { anna, sealedMessagesHere, settings } from '../testing/sealed-message-here.ts';
import { Authenticate, AuthenticateHandler } from './authenticate.ts';

type Here = Awaited<ReturnType<typeof sealedMessagesHere>>;
const returnTo = `/m/${'a'.repeat(32)}/authenticate`;

describe('a proof becomes a session', () => {
  let here: Here;
  beforeAll(async () => {
    here = await sealedMessagesHere();
  });
  afterAll(() => here.close());

  const handler = (recordNetworkAddress = true) =>
    new AuthenticateHandler(here.store, here.ephemeral, here.persons, here.sessions, here.clock, {
      ...settings,
      recordNetworkAddress,
    });

  /** As the passcode room leaves it when a code was accepted. */
  async function proof(change: Partial<AddressProof> = {}): Promise<string> {
    const { personId } = await here.persons.findOrCreate(anna);
    return leaveAddressProof(here.ephemeral, {
      address: anna,
      personId,
      method: 'passcode',
      provenAt: here.clock.now(),
      sessionId: 'before',
      returnTo,
      longCode: false,
      ...change,
    });
  }

  const attempt = (proofId: string, next = 'after') =>
    new Authenticate({
      proofId,
      sessionId: 'before',
      returnTo,
      nextSessionId: () => next,
      networkAddress: '192.0.2.7',
    });

  it('once, under a new id, with the old session gone, and recorded with the network address under the person’s key', async () => {
    await here.signIn(anna, 'before');
    const proofId = await proof();
    const { personId } = await handler().execute(attempt(proofId));
    expect(await here.sessions.touch('after', here.clock.now())).toMatchObject({
      proofs: [{ address: anna, personId }],
    });
    expect(await here.sessions.touch('before', here.clock.now())).toBeNull();

    const events = await Array.fromAsync(here.store.readStream(signInsStream(personId)));
    const last = events.at(-1);
    expect(last).toMatchObject({ type: 'RecipientAuthenticated', data: { method: 'passcode', personId } });
    const person = await here.persons.findById(personId);
    const { networkAddress } = last?.data as { networkAddress: EncryptedPersonalData };
    if (person === null || last === undefined) throw new Error('no person');
    expect(decryptPersonalData(person, last.id, 'networkAddress', networkAddress)).toBe('192.0.2.7');
    await expect(handler().execute(attempt(proofId))).rejects.toMatchObject({ code: 'proof-not-accepted' });
  });

  it('without the network address where the organisation switched that off', async () => {
    const { personId } = await handler(false).execute(attempt(await proof()));
    const events = await Array.fromAsync(here.store.readStream(signInsStream(personId)));
    expect(events.at(-1)?.data).not.toHaveProperty('networkAddress');
  });

  it('for one of a hundred who bring it at once', async () => {
    const proofId = await proof();
    const answers = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) => handler().execute(attempt(proofId, `racer-${index}`))),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it.each([
    ['made in another browser', { sessionId: 'somebody-else' }],
    ['made for another journey', { returnTo: `/m/${'b'.repeat(32)}/authenticate` }],
  ])('never when it was %s', async (_, change) => {
    const proofId = await proof(change);
    await expect(handler().execute(attempt(proofId, 'thief'))).rejects.toMatchObject({ code: 'proof-not-accepted' });
    expect(await here.sessions.touch('thief', here.clock.now())).toBeNull();
  });

  it('never without a record: when the event store is away there is no session', async () => {
    const proofId = await proof();
    await here.store.close();
    await expect(handler().execute(attempt(proofId, 'unrecorded'))).rejects.toMatchObject({
      code: 'event-store-unavailable',
    });
    expect(await here.sessions.touch('unrecorded', here.clock.now())).toBeNull();
  });
});
