import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { MessageId } from '#libs/vocabulary';
import { IncomingCiphertext, UploadsBusy } from './incoming-ciphertext.ts';
import type { Upload } from './incoming-ciphertext.ts';

const MEBIBYTE = 1024 * 1024;
const message = 'm'.repeat(32) as MessageId;
const ciphertext = randomBytes(MEBIBYTE);

/** The ciphertext with every 64 KiB of it changed, so that nothing of it is equal to another's. */
function version(number: number): Buffer {
  const bytes = Buffer.from(ciphertext);
  for (let at = 100; at < bytes.length; at += 65_536) bytes.writeUInt32BE(number + 1, at);
  return bytes;
}

const from = (networkPrefix: string, messageId = message) => ({
  messageId,
  ciphertextBytes: ciphertext.length,
  networkPrefix,
});

/** All but the last byte, as one who wants to be waited for. */
function stopBeforeTheEnd(
  incoming: IncomingCiphertext,
  networkPrefix: string,
  bytes: Uint8Array = ciphertext,
  messageId = message,
) {
  const upload = incoming.begin(from(networkPrefix, messageId));
  upload.write(bytes.subarray(0, -1));
  return upload;
}

async function whole(upload: Upload): Promise<Buffer> {
  return Buffer.concat((await Array.fromAsync(upload.take(), (piece) => Buffer.from(piece))) as Buffer[]);
}

describe('ciphertext on its way in', () => {
  it('is kept once, however many bring the same and stop before its end', async () => {
    const incoming = new IncomingCiphertext({ maxBytes: 8 * MEBIBYTE });
    for (let turn = 0; turn < 40; turn++) stopBeforeTheEnd(incoming, `192.0.2.${turn}/32`);
    expect(incoming.usedBytes).toBeLessThan(4 * MEBIBYTE); // one, and what is open of each: 64 KiB at most
    const upload = incoming.begin(from('198.51.100.1/32'));
    upload.write(ciphertext);
    expect((await whole(upload)).equals(ciphertext)).toBe(true);
  });

  it('reserves for a small message what it needs', () => {
    const incoming = new IncomingCiphertext({ maxBytes: MEBIBYTE });
    for (let turn = 0; turn < 100; turn++) {
      const upload = incoming.begin({
        ...from('192.0.2.1/32', `${turn}`.padEnd(32, 'x') as MessageId),
        ciphertextBytes: 3000,
      });
      upload.write(ciphertext.subarray(0, 2999));
    }
    expect(incoming.usedBytes).toBeLessThan(100 * 8000);
  });

  it.each([
    ['one host', () => '192.0.2.1/32'],
    ['one block of IPv4', (turn: number) => `192.0.2.${turn}/32`],
    ['one /48 of IPv6', (turn: number) => `2001:db8:0:${turn.toString(16)}::/64`],
  ])('lets nobody from elsewhere be kept out by %s, and never goes over its bound', async (_, address) => {
    const incoming = new IncomingCiphertext({ maxBytes: 8 * MEBIBYTE });
    const used: number[] = [];
    for (let turn = 0; turn < 40; turn++) {
      const messageId = `${turn}`.padEnd(32, 'x') as MessageId; // each of another message: nothing is equal
      stopBeforeTheEnd(incoming, address(turn), version(turn), messageId);
      used.push(incoming.usedBytes);
    }
    const readers = Array.from({ length: 3 }, (__, turn) => incoming.begin(from(`198.51.${turn}.1/32`)));
    for (let at = 0; at < ciphertext.length; at += 16_384) {
      for (const reader of readers) reader.write(ciphertext.subarray(at, at + 16_384));
      stopBeforeTheEnd(incoming, address(0), version(at), `${at}`.padEnd(32, 'y') as MessageId); // they go on all the while
      used.push(incoming.usedBytes);
    }
    for (const reader of readers) expect((await whole(reader)).equals(ciphertext)).toBe(true);
    expect(Math.max(...used)).toBeLessThanOrEqual(8 * MEBIBYTE);
  });

  it('keeps two versions of one message at most, and who changes it does not keep the true one out', async () => {
    const incoming = new IncomingCiphertext({ maxBytes: 100 * MEBIBYTE });
    for (let turn = 0; turn < 40; turn++) stopBeforeTheEnd(incoming, `192.0.2.${turn}/32`, version(turn));
    expect(incoming.usedBytes).toBeLessThan(3 * MEBIBYTE);
    const reader = incoming.begin(from('198.51.100.1/32'));
    reader.write(ciphertext);
    expect((await whole(reader)).equals(ciphertext)).toBe(true);
  });

  it('says to who had to make way that there is no room, and not that half of it was all', async () => {
    const incoming = new IncomingCiphertext({ maxBytes: 2 * MEBIBYTE });
    const first = stopBeforeTheEnd(incoming, '192.0.2.1/32');
    const taken = first.take()[Symbol.asyncIterator]();
    await taken.next();
    const other = (turn: number) => `${turn}`.padEnd(32, 'x') as MessageId;
    for (let turn = 0; turn < 3; turn++) {
      stopBeforeTheEnd(incoming, '192.0.2.1/32', version(turn).subarray(0, MEBIBYTE / 2), other(turn));
    }
    await expect(
      (async () => {
        while ((await taken.next()).done !== true);
      })(),
    ).rejects.toBeInstanceOf(UploadsBusy);
    expect(() => first.write(Buffer.of(1))).toThrow(UploadsBusy);
  });

  it('gives back everything, however an upload ends', async () => {
    const incoming = new IncomingCiphertext({ maxBytes: 8 * MEBIBYTE });
    const [broken, brought, compared] = [1, 2, 3].map((turn) => stopBeforeTheEnd(incoming, `192.0.2.${turn}/32`));
    broken?.end();
    brought?.write(ciphertext.subarray(-1));
    expect((await whole(brought as Upload)).equals(ciphertext)).toBe(true);
    incoming.isWhole(message);
    compared?.write(ciphertext.subarray(-1));
    expect(compared?.isKept).toBe(false);
    for (const upload of [broken, brought, compared]) upload?.end();
    expect(incoming.usedBytes).toBe(0);
  });
});
