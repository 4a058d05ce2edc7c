import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MailSealer } from '#libs/sealing';
import { parseMailAddress, plusSeconds } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { openingsStream } from '../access-events.ts';
import { anna, sealedMessagesHere } from '../testing/sealed-message-here.ts';
import { OpenCarrier, OpenCarrierHandler } from './open-carrier.ts';

const mail = `From: bo@example.org\r\nSubject: Plans\r\n\r\n${'Meet at noon. '.repeat(5000)}\r\n`;

describe('handing a carrier in', () => {
  let here: Awaited<ReturnType<typeof sealedMessagesHere>>;
  beforeAll(async () => {
    here = await sealedMessagesHere();
  });
  afterAll(() => here.close());

  async function recorded(messageId: MessageId): Promise<object[]> {
    const events = await Array.fromAsync(here.store.readStream(openingsStream(messageId)));
    return events.map(({ type, data }) => ({ type, ...data }));
  }

  /** Whole and well signed, yet never recorded: not even the portal's own keys make a message of it. */
  function sealedUnrecorded(): { messageId: MessageId; ciphertext: Buffer } {
    const sealedAt = here.clock.now();
    const sealer = new MailSealer({
      recipient: here.keyring.sealingRecipient(),
      signer: here.keyring.manifestSigner(),
      facts: {
        organisation: 'Example',
        sender: parseMailAddress('stranger@example.net'),
        recipient: anna,
        sealedAt,
        expiresAt: plusSeconds(sealedAt, 60),
      },
    });
    const pieces = [Buffer.from(sealer.begin()), Buffer.from(sealer.update(Buffer.from(mail)))];
    return { messageId: sealer.messageId, ciphertext: Buffer.concat([...pieces, Buffer.from(sealer.finish())]) };
  }

  it('keeps the ciphertext waiting, and records that it came', async () => {
    const { messageId, ciphertext } = await here.seal(mail);
    expect(await here.handIn(ciphertext)).toBe(messageId);
    expect(await here.waiting.isWaiting(messageId)).toBe(true);
    expect(await recorded(messageId)).toEqual([{ type: 'CarrierOpened', messageId, openedAt: here.clock.now() }]);
  });

  it.each([
    ['altered', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)])],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -40)],
    ['longer than it was', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)])],
  ])('keeps nothing of one that is %s, and says why in the record alone', async (_, change) => {
    const { messageId, ciphertext } = await here.seal(mail);
    await expect(here.handIn(change(ciphertext))).rejects.toMatchObject({ code: 'cannot-be-shown' });
    expect(await here.waiting.isWaiting(messageId)).toBe(false);
    const deniedAt = here.clock.now();
    expect(await recorded(messageId)).toEqual([{ type: 'ViewDenied', messageId, reason: 'altered', deniedAt }]);
  });

  it('takes nothing in of one that was revoked', async () => {
    const { messageId, ciphertext } = await here.seal(mail);
    await here.revoke(messageId);
    await expect(here.handIn(ciphertext)).rejects.toMatchObject({ reason: 'revoked' });
    expect(await here.waiting.isWaiting(messageId)).toBe(false);
    expect(await recorded(messageId)).toMatchObject([{ type: 'ViewDenied', reason: 'revoked' }]);
  });

  it('takes nothing in for a recipient who was erased', async () => {
    const { messageId, ciphertext } = await here.seal(mail);
    const recipient = await here.persons.find(anna);
    if (recipient) await here.persons.erase(recipient.personId);
    await expect(here.handIn(ciphertext)).rejects.toMatchObject({ code: 'cannot-be-shown', reason: 'person-erased' });
    expect(await here.waiting.isWaiting(messageId)).toBe(false);
    expect(await recorded(messageId)).toMatchObject([{ type: 'ViewDenied', reason: 'person-erased' }]);
  });

  it('records nothing of what this portal did not seal, and reads no further than its header', async () => {
    const { messageId, ciphertext } = sealedUnrecorded();
    const eventsBefore = (await Array.fromAsync(here.store.readAll())).length;
    let bytesRead = 0;
    async function* inPieces(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < ciphertext.length; at += 1000) {
        bytesRead += 1000;
        yield ciphertext.subarray(at, at + 1000);
      }
    }
    await expect(
      new OpenCarrierHandler(here.messages).execute(new OpenCarrier(inPieces(), '192.0.2.7/32')),
    ).rejects.toMatchObject({
      code: 'cannot-be-shown',
      reason: 'unknown-message',
    });
    expect(bytesRead).toBe(2000); // a header is 1627
    expect(await here.waiting.isWaiting(messageId)).toBe(false);
    expect(await Array.fromAsync(here.store.readAll())).toHaveLength(eventsBefore);
  });

  it('caps what is denied before sign-in together with what is opened, a message apart from the others', async () => {
    const { messageId, ciphertext } = await here.seal(mail);
    const { messageId: other, ciphertext: others } = await here.seal(mail);
    for (let time = 0; time < 4; time++) await here.handIn(ciphertext);
    for (let time = 0; time < 4; time++) await here.handIn(ciphertext.subarray(0, -1)).catch(() => undefined);
    await here.handIn(others);
    expect(await recorded(messageId)).toHaveLength(5); // settings: 5 for a message and day
    expect(await recorded(other)).toHaveLength(1);
    await here.openings.tellExcess(); // as at a stop
    const day = here.clock.now().slice(0, 10);
    expect((await recorded(messageId)).slice(5)).toEqual([
      { type: 'OpeningsSummarised', messageId, day, carrierOpened: 0, viewDenied: 3 },
    ]);
  });
});
