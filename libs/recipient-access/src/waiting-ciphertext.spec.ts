import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import type { MessageId } from '#libs/vocabulary';
import { CiphertextDiffers, WaitingCiphertext } from './waiting-ciphertext.ts';

const messageId = 'a'.repeat(32) as MessageId;
const network = '192.0.2.7/32';
const ciphertext = randomBytes(200_000);
const recorded = {
  ciphertextBytes: ciphertext.length,
  ciphertextSha256: createHash('sha256').update(ciphertext).digest('hex'),
};

async function* inPieces(bytes: Uint8Array, pieceBytes = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    await Promise.resolve();
    yield bytes.subarray(at, at + pieceBytes);
  }
}

describe('ciphertext that waits', () => {
  let store: MemoryEphemeralStore;
  let waiting: WaitingCiphertext;
  let seconds: number;

  beforeEach(() => {
    seconds = 0;
    store = new MemoryEphemeralStore({ maxBytes: 300_000, clock: () => seconds * 1000 });
    waiting = new WaitingCiphertext(store, { waitingSeconds: 900, uploadsMaxBytes: 1_000_000 });
  });
  afterEach(() => store.close());

  async function whatWaits(): Promise<Buffer | null> {
    const pieces = await waiting.read(messageId);
    return pieces && Buffer.concat(await Array.fromAsync(pieces));
  }

  it('is kept when it is what was recorded, to the last byte', async () => {
    await waiting.takeIn(messageId, inPieces(ciphertext), recorded, network);
    expect((await whatWaits())?.equals(ciphertext)).toBe(true);
  });

  it.each([
    ['cut short', ciphertext.subarray(0, -1)],
    ['longer', Buffer.concat([ciphertext, Buffer.of(0)])],
    ['altered', Buffer.concat([ciphertext.subarray(0, -1), Buffer.of((ciphertext.at(-1) ?? 0) ^ 1)])],
    ['empty', Buffer.alloc(0)],
  ])('leaves nothing behind when it is %s', async (_, handedIn) => {
    await expect(waiting.takeIn(messageId, inPieces(handedIn), recorded, network)).rejects.toBeInstanceOf(
      CiphertextDiffers,
    );
    expect(await whatWaits()).toBeNull();
    expect((await store.usage()).usedBytes).toBe(0);
  });

  it('waits once, however often it is handed in, and even where a second would not fit', async () => {
    await waiting.takeIn(messageId, inPieces(ciphertext), recorded, network);
    await waiting.takeIn(messageId, inPieces(ciphertext), recorded, network);
    expect((await store.usage()).usedBytes).toBeLessThan(ciphertext.length + 10_000);
  });

  it('takes no room in the store before it is whole, and is whole once for all who bring it at once', async () => {
    const gate = Promise.withResolvers<void>();
    async function* stopping(): AsyncGenerator<Uint8Array> {
      yield ciphertext.subarray(0, -1);
      await gate.promise;
      yield ciphertext.subarray(-1);
    }
    const stopped = Array.from({ length: 4 }, () => waiting.takeIn(messageId, stopping(), recorded, network));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect((await store.usage()).usedBytes).toBe(0);
    await waiting.takeIn(messageId, inPieces(ciphertext), recorded, network);
    expect((await whatWaits())?.equals(ciphertext)).toBe(true);
    gate.resolve();
    await Promise.all(stopped);
    expect((await whatWaits())?.equals(ciphertext)).toBe(true);
    expect((await store.usage()).usedBytes).toBeLessThan(ciphertext.length + 10_000);
  });

  it('answers a second visitor truly: an altered copy is refused although the right one waits', async () => {
    await waiting.takeIn(messageId, inPieces(ciphertext), recorded, network);
    await expect(waiting.takeIn(messageId, inPieces(ciphertext.subarray(1)), recorded, network)).rejects.toBeInstanceOf(
      CiphertextDiffers,
    );
    expect((await whatWaits())?.equals(ciphertext)).toBe(true);
  });

  it('is gone 15 minutes after the last step, and at once when it is forgotten, with all its memory', async () => {
    await waiting.takeIn(messageId, inPieces(ciphertext), recorded, network);
    seconds += 899;
    expect(await waiting.keepWaiting(messageId)).toBe(true); // a step
    seconds += 899;
    expect(await waiting.isWaiting(messageId)).toBe(true);
    seconds += 1;
    expect(await whatWaits()).toBeNull();
    expect(await waiting.keepWaiting(messageId)).toBe(false);
    expect((await store.usage()).usedBytes).toBe(0);

    await waiting.takeIn(messageId, inPieces(ciphertext), recorded, network);
    await waiting.forget(messageId);
    expect(await whatWaits()).toBeNull();
    expect((await store.usage()).usedBytes).toBeLessThan(2000); // counts of its networks, until their time is over
  });
});
