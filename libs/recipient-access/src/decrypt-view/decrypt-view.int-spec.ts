import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EventStoreUnavailable } from '#libs/event-store';
import { decryptPersonalData, destroyKey, rotateKey } from '#libs/keyring';
import { messageStream } from '#libs/sealing';
import type { EncryptedPersonalData } from '#libs/keyring';
import type { MessageId } from '#libs/vocabulary';
import { OpeningTurns } from '../opening-turns.ts';
import { openingsStream } from '../access-events.ts';
import { CannotBeShown } from '../cannot-be-shown.ts';
import { anna, bo, sealedMessagesHere } from '../testing/sealed-message-here.ts';
import { DecryptView, DecryptViewHandler } from './decrypt-view.ts';

const withAttachment = { sessionId: 'a-finder', networkAddress: null, hasOpened: true };
const stranger = { sessionId: 'a-stranger', networkAddress: null, hasOpened: false };
type Here = Awaited<ReturnType<typeof sealedMessagesHere>>;
const mail = 'From: Bo <bo@example.org>\r\nTo: anna@example.com\r\nSubject: Plans\r\n\r\nMeet at noon.\r\n';

describe('showing a message', () => {
  let here: Here;
  let handler: DecryptViewHandler;
  beforeAll(async () => {
    here = await sealedMessagesHere();
    handler = new DecryptViewHandler(here.messages, here.reader, here.files, here.turns);
  });
  afterAll(() => here.close());

  async function waitingMessage(): Promise<MessageId> {
    const { ciphertext } = await here.seal(mail);
    return here.handIn(ciphertext);
  }

  async function denials(messageId: MessageId): Promise<string[]> {
    const reasons: string[] = [];
    for await (const { type, data } of here.store.readStream(openingsStream(messageId))) {
      if (type === 'ViewDenied') reasons.push((data as { reason: string }).reason);
    }
    return reasons;
  }

  it('shows it to who proved the recipient’s address, and records who, how and from where', async () => {
    const messageId = await waitingMessage();
    const asking = await here.signIn();
    const { readable, sender, recipient } = await handler.execute(new DecryptView(messageId, asking));
    expect(readable).toMatchObject({ mailSubject: 'Plans', text: expect.stringContaining('Meet at noon.') });
    expect([sender, recipient]).toEqual([bo, anna]);

    const events = await Array.fromAsync(here.store.readStream(messageStream(messageId)));
    const viewed = events.at(-1);
    expect(viewed).toMatchObject({ type: 'MessageViewed', data: { method: 'passcode', form: 'page' } });
    const person = await here.persons.find(anna);
    const { networkAddress } = viewed?.data as { networkAddress: EncryptedPersonalData };
    if (person === null || viewed === undefined) throw new Error('no person');
    expect(decryptPersonalData(person, viewed.id, 'networkAddress', networkAddress)).toBe('192.0.2.7');
    expect(JSON.stringify(events.map(({ data }) => data))).not.toContain('example.');
  });

  it('shows nothing that could not be recorded', async () => {
    const messageId = await waitingMessage();
    const asking = await here.signIn();
    const append = jest.spyOn(here.store, 'append').mockRejectedValue(new EventStoreUnavailable('away'));
    await expect(handler.execute(new DecryptView(messageId, asking))).rejects.toMatchObject({
      code: 'event-store-unavailable',
    });
    append.mockRestore();
  });

  it('decrypts anew for each view, and records each', async () => {
    const messageId = await waitingMessage();
    const asking = await here.signIn();
    await handler.execute(new DecryptView(messageId, asking));
    await handler.execute(new DecryptView(messageId, asking, 'print'));
    expect(await here.typesOf(messageStream(messageId))).toEqual(['MessageSealed', 'MessageViewed', 'MessageViewed']);
  });

  it.each([
    ['nobody signed in', async () => withAttachment],
    ['somebody else signed in', async () => ({ ...(await here.signIn(bo, 'session-of-bo')), hasOpened: true })],
  ])('shows nothing when %s, and says so in the record alone', async (_, whoAsks) => {
    const messageId = await waitingMessage();
    const asking = await whoAsks();
    await expect(handler.execute(new DecryptView(messageId, asking))).rejects.toMatchObject({
      code: 'cannot-be-shown',
      reason: 'not-proven',
    });
    expect(await denials(messageId)).toEqual(['not-proven']);
    expect(await here.typesOf(messageStream(messageId))).toEqual(['MessageSealed']);
  });

  it('lets nobody without a proof take a turn at opening, nor wait for one', async () => {
    const messageId = await waitingMessage();
    const turns = new OpeningTurns(1, 0);
    const busy = new DecryptViewHandler(here.messages, here.reader, here.files, turns);
    const gate = Promise.withResolvers<void>();
    const reading = turns.take(() => gate.promise);
    for (const asking of [stranger, withAttachment]) {
      await expect(busy.execute(new DecryptView(messageId, asking))).rejects.toMatchObject({ code: 'cannot-be-shown' });
    }
    const readers = new DecryptView(messageId, await here.signIn());
    await expect(busy.execute(readers)).rejects.toMatchObject({ code: 'too-many-openings' });
    gate.resolve();
    await reading;
  });

  it('shows nothing after a revocation, nor after its time', async () => {
    const revoked = await waitingMessage();
    const asking = await here.signIn();
    await here.revoke(revoked);
    await expect(handler.execute(new DecryptView(revoked, asking))).rejects.toMatchObject({
      reason: 'revoked',
    });

    const { ciphertext, messageId: shortLived } = await here.seal(mail, 60);
    await here.handIn(ciphertext);
    here.clock.advance(60);
    await expect(handler.execute(new DecryptView(shortLived, asking))).rejects.toMatchObject({
      reason: 'expired',
    });
    await expect(here.handIn(ciphertext)).rejects.toMatchObject({ reason: 'expired' });
    expect(await denials(shortLived)).toEqual(['expired', 'expired']);
  });

  it('opens messages of an older epoch until that epoch is destroyed', async () => {
    const messageId = await waitingMessage();
    const asking = await here.signIn();
    await rotateKey(here.keyringDirectory, 'sealing', { now: here.clock.now() });
    await handler.execute(new DecryptView(messageId, asking));
    await destroyKey(here.keyringDirectory, 'sealing-1', { now: here.clock.now() });
    const deadline = Date.now() + 25_000; // a running process follows within 5 s; a busy machine later
    while (here.keyring.sealingIdentity('sealing-1') !== null && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await expect(handler.execute(new DecryptView(messageId, asking))).rejects.toMatchObject({
      reason: 'key-destroyed',
    });
    const after = await waitingMessage();
    await handler.execute(new DecryptView(after, asking));
  });

  it('shows nothing once what waited has gone, and nothing of a person who was erased', async () => {
    const gone = await waitingMessage();
    const asking = await here.signIn();
    await here.waiting.forget(gone);
    await expect(handler.execute(new DecryptView(gone, asking))).rejects.toMatchObject({
      reason: 'not-waiting',
    });

    const erased = await waitingMessage();
    const person = await here.persons.find(anna);
    if (person) await here.persons.erase(person.personId);
    await expect(handler.execute(new DecryptView(erased, asking))).rejects.toMatchObject({
      reason: 'person-erased',
    });
    // The session that proved to be that person is over, not only of no use.
    await expect(handler.execute(new DecryptView(erased, asking))).rejects.not.toMatchObject({
      reason: 'person-erased',
    });
  });

  it('says why a page of ours cannot be shown, in the record, also before sign-in', async () => {
    const revoked = await waitingMessage();
    await here.revoke(revoked);
    await expect(here.messages.journey(revoked, { ...stranger, hasOpened: true })).rejects.toMatchObject({
      reason: 'revoked',
    });
    expect(await denials(revoked)).toEqual(['revoked']);
  });

  it('records why a proven reader was shown nothing, whatever strangers did before', async () => {
    const { ciphertext, messageId } = await here.seal(mail);
    for (let time = 0; time < 10; time++) await here.handIn(ciphertext); // past the cap of the day
    const asking = await here.signIn();
    const identityOf = here.keyring.sealingIdentity.bind(here.keyring);
    here.keyring.sealingIdentity = () => null;
    await expect(handler.execute(new DecryptView(messageId, asking))).rejects.toMatchObject({
      reason: 'key-destroyed',
    });
    here.keyring.sealingIdentity = identityOf;
    expect(await denials(messageId)).toEqual(['key-destroyed']);
  });

  it('says the same to a stranger whatever the message is, and records nothing for it', async () => {
    const [open, revoked, forgotten] = [await waitingMessage(), await waitingMessage(), await waitingMessage()];
    await here.revoke(revoked);
    await here.waiting.forget(forgotten);
    const lookUps = [
      jest.spyOn(here.ephemeral, 'get'),
      jest.spyOn(here.ephemeral, 'sizeOfBytes'),
      jest.spyOn(here.ephemeral, 'extend'),
      jest.spyOn(here.store, 'readStream'),
      jest.spyOn(here.store, 'append'),
      jest.spyOn(here.persons, 'findById'),
    ];
    const signedIn = await here.signIn(bo, 'session-of-bo');
    for (const asking of [stranger, signedIn]) {
      const costs = new Set<string>();
      for (const messageId of [open, revoked, forgotten, 'a'.repeat(32) as MessageId]) {
        for (const lookUp of lookUps) lookUp.mockClear();
        expect(await here.messages.journey(messageId, asking)).toEqual({ step: 'introduce' });
        expect(await here.messages.toProve(messageId, asking)).toBeNull();
        expect(await here.messages.forgetFor(messageId, asking)).toBe(false);
        await expect(handler.execute(new DecryptView(messageId, asking))).rejects.toMatchObject({
          reason: 'unknown-message',
        });
        expect(await denials(messageId)).toEqual([]);
        costs.add(lookUps.map(({ mock }) => mock.calls.length).join(' '));
      }
      expect([...costs]).toEqual([asking === stranger ? '4 0 0 5 0 0' : '8 0 4 5 0 0']); // one of the five is the test's own
    }
    for (const lookUp of lookUps) lookUp.mockRestore();
    expect(await here.messages.journey(open, withAttachment)).toMatchObject({ step: 'prove-address' });
    expect(await here.messages.toProve(forgotten, withAttachment)).toMatchObject({ address: anna });
    await expect(here.messages.journey(forgotten, { ...stranger, hasOpened: true })).rejects.toMatchObject({
      reason: 'not-waiting',
    });
  });

  it('refuses who brings the attachment alone after one and the same time, whatever the reason and what was written for it', async () => {
    const messages = { revoked: await here.seal(mail), expired: await here.seal(mail, 60) };
    await here.revoke(messages.revoked.messageId);
    here.clock.advance(60);
    const unknown = 'b'.repeat(32) as MessageId;
    const append = here.store.append.bind(here.store);
    here.store.append = async (...args) => {
      await new Promise((resolve) => setTimeout(resolve, 40)); // a slow disk
      return append(...args);
    };
    const times: Record<string, number> = {};
    for (const [name, messageId] of [
      ['revoked', messages.revoked.messageId],
      ['expired', messages.expired.messageId],
      ['unknown', unknown],
    ] as const) {
      const fastest: number[] = [];
      for (let turn = 0; turn < 4; turn++) {
        for (const ask of [
          () => here.messages.takeIn(messageId, nothing(), '192.0.2.7/32'),
          () => here.messages.journey(messageId, withAttachment),
        ]) {
          const since = performance.now();
          await expect(ask()).rejects.toMatchObject({ code: 'cannot-be-shown' });
          fastest.push(performance.now() - since);
        }
      }
      times[name] = Math.min(...fastest);
    }
    here.store.append = append;
    for (const time of Object.values(times)) expect(Math.abs(time - 100)).toBeLessThan(25);
  });

  it('is not kept waiting by a stranger who keeps asking', async () => {
    const messageId = await waitingMessage();
    const extended: string[] = [];
    const extend = here.ephemeral.extend.bind(here.ephemeral);
    here.ephemeral.extend = (key, ttlSeconds) => {
      extended.push(key);
      return extend(key, ttlSeconds);
    };
    await here.messages.journey(messageId, stranger);
    await here.messages.toProve(messageId, stranger);
    expect(extended).not.toContain(`waiting:${messageId}`);
    await here.messages.journey(messageId, await here.signIn());
    expect(extended).toContain(`waiting:${messageId}`);
    here.ephemeral.extend = extend;
  });

  it('caps what an unauthenticated visitor can write for a message and day, and records the excess in one event', async () => {
    const { ciphertext, messageId } = await here.seal(mail);
    for (let time = 0; time < 8; time++) await here.handIn(ciphertext);
    expect(await here.typesOf(openingsStream(messageId))).toEqual(Array(5).fill('CarrierOpened'));
    here.clock.advance(86_400 - 3600);
    here.clock.advance(3600);
    const next = await here.seal(mail);
    await here.handIn(next.ciphertext);
    const events = await Array.fromAsync(here.store.readStream(openingsStream(messageId)));
    expect(events.at(-1)).toMatchObject({
      type: 'OpeningsSummarised',
      data: { messageId, carrierOpened: 3, viewDenied: 0 },
    });
  });

  it('never shows or records a view after a confirmed revocation: raced 200 times', async () => {
    const { ciphertext } = await here.seal(mail);
    void ciphertext;
    const asking = await here.signIn();
    let shown = 0;
    for (let race = 0; race < 200; race++) {
      const messageId = await waitingMessage();
      let isRevocationConfirmed = false;
      let wasShownAfter = false;
      const view = handler.execute(new DecryptView(messageId, asking)).then(
        () => {
          shown++;
          return true;
        },
        (error: unknown) => {
          expect(error).toBeInstanceOf(CannotBeShown);
          return false;
        },
      );
      // Somewhere between "before the view begins" and "after it ends".
      const revocation = new Promise((resolve) => setTimeout(resolve, Math.random() * 12))
        .then(() => here.revoke(messageId))
        .then(async () => {
          isRevocationConfirmed = true;
          // A request that comes now comes after the confirmation.
          await handler.execute(new DecryptView(messageId, asking)).then(
            () => (wasShownAfter = true),
            () => undefined,
          );
        });
      const [wasShown] = await Promise.all([view, revocation]);
      const types = await here.typesOf(messageStream(messageId));
      expect(isRevocationConfirmed).toBe(true);
      expect(wasShownAfter).toBe(false);
      expect(types).toEqual(
        wasShown ? ['MessageSealed', 'MessageViewed', 'MessageRevoked'] : ['MessageSealed', 'MessageRevoked'],
      );
    }
    // A race that always ends the same way has raced nothing.
    expect(shown).toBeGreaterThan(10);
    expect(shown).toBeLessThan(190);
  }, 120_000);
});

async function* nothing(): AsyncGenerator<Uint8Array> {
  // refused before anything of it is read
}
