import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { EphemeralStoreFull, MAX_RECORD_BYTES } from '../ephemeral-store.ts';
import { bytes, collect, CONTRACT_MAX_BYTES, stream, text } from './ephemeral-store-contract.ts';
import type { ContractSetting } from './ephemeral-store-contract.ts';

const RECORD = Buffer.alloc(MAX_RECORD_BYTES, 7);

export function boundsContract(the: ContractSetting): void {
  describe('bounds', () => {
    it('take a record of 64 KiB and not a byte more', async () => {
      await the.store.put('session:a', RECORD, 60);
      await expect(the.store.put('session:b', Buffer.alloc(MAX_RECORD_BYTES + 1), 60)).rejects.toThrow(TypeError);
      await expect(the.store.compareAndSet('session:c', null, Buffer.alloc(MAX_RECORD_BYTES + 1), 60)).rejects.toThrow(
        TypeError,
      );
      await the.store.put('session:c', bytes('x'), 60);
      const tooLarge = Buffer.alloc(MAX_RECORD_BYTES + 1);
      await expect(the.store.putIfAbsent('session:c', tooLarge, 60)).rejects.toThrow(TypeError); // though it would not be written
      await expect(the.store.compareAndSet('session:c', bytes('y'), tooLarge, 60)).rejects.toThrow(TypeError);
    });

    it('count values, keys and more, and give all of it back', async () => {
      const { usedBytes: before, maxBytes } = await the.store.usage();
      expect(maxBytes).toBe(CONTRACT_MAX_BYTES);
      await the.store.put('session:record', bytes('x'.repeat(1000)), 60);
      await the.other.putBytes('waiting:bytes', stream(randomBytes(200_000)), { ttlSeconds: 60, maxBytes: 1e6 });
      await the.other.increment('tries:counter', { ttlSeconds: 60 });
      const { usedBytes } = await the.other.usage();
      expect(usedBytes - before).toBeGreaterThan(201_000 + 40);
      expect(usedBytes - before).toBeLessThan(210_000);
      await the.store.put('session:record', bytes('x'), 60); // replaced: the longer one is no longer paid for
      expect((await the.store.usage()).usedBytes).toBe(usedBytes - 999);
      for (const key of ['session:record', 'waiting:bytes', 'tries:counter'] as const) await the.store.delete(key);
      expect((await the.store.usage()).usedBytes).toBe(before);
    });

    it('refuse what finds no room, and leave alone what waits', async () => {
      await the.store.put('session:mine', bytes('precious'), 60);
      await the.store.putBytes('waiting:mine', stream(randomBytes(100_000)), { ttlSeconds: 60, maxBytes: 1e6 });
      await fill(the);
      await expect(the.other.put('session:late', RECORD, 60)).rejects.toMatchObject({ code: 'ephemeral-store-full' });
      await expect(the.other.putIfAbsent('session:late', RECORD, 60)).rejects.toMatchObject({
        code: 'ephemeral-store-full',
      });
      await expect(the.other.compareAndSet('session:mine', bytes('precious'), RECORD, 60)).rejects.toMatchObject({
        code: 'ephemeral-store-full',
      });
      await expect(
        the.other.putBytes('waiting:late', stream(randomBytes(300_000)), { ttlSeconds: 60, maxBytes: 1e6 }),
      ).rejects.toMatchObject({ code: 'ephemeral-store-full' });
      expect(await the.store.get('session:late')).toBeNull();
      expect(await the.store.sizeOfBytes('waiting:late')).toBeNull();
      expect(text(await the.store.get('session:mine'))).toBe('precious');
      expect((await collect(await the.store.getBytes('waiting:mine')))?.length).toBe(100_000);
      const { usedBytes, maxBytes } = await the.store.usage();
      expect(usedBytes).toBeLessThanOrEqual(maxBytes);
    });

    it('let a full store be read, extended, replaced in place and emptied', async () => {
      await the.store.put('session:mine', bytes('precious'), 60);
      await fill(the);
      expect(await the.store.extend('session:mine', 60)).toBe(true);
      await the.store.put('session:mine', bytes('changed!'), 60);
      await the.other.put('fill:1', RECORD, 60); // nearly all that is left: fits in the place of the one it replaces
      expect(text(await the.other.take('session:mine'))).toBe('changed!');
      await the.store.delete('fill:0');
      await the.store.put('session:late', RECORD, 60);
    });

    it('leave room for records when uploads take all they can', async () => {
      for (let index = 0; ; index++) {
        const upload = the.store.putBytes(`waiting:${index}`, stream(randomBytes(50_000)), {
          ttlSeconds: 60,
          maxBytes: 1e6,
        });
        const isFull = await upload.then(
          () => false,
          () => true,
        );
        if (isFull) break;
      }
      await the.store.put('session:still', RECORD, 60);
      await the.other.put('challenge:still', RECORD, 60);
    });

    it('get room back from what has expired', async () => {
      await fill(the, 0.3);
      await the.elapse(0.4);
      await the.store.putBytes('waiting:late', stream(randomBytes(1_000_000)), { ttlSeconds: 60, maxBytes: 1e6 });
      expect(await the.other.sizeOfBytes('waiting:late')).toBe(1_000_000);
    });

    it('say whether a record would be taken now', async () => {
      await the.store.checkWritable();
      await fill(the);
      await expect(the.store.checkWritable()).rejects.toMatchObject({ code: 'ephemeral-store-unavailable' });
      await the.store.delete('fill:0');
      await the.store.delete('fill:1');
      await the.store.checkWritable();
    });

    it('hold when many stream in at once', async () => {
      const puts = await Promise.allSettled(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? the.store : the.other).putBytes(
            `waiting:${index}`,
            stream(...Array.from({ length: 10 }, () => randomBytes(100_000))),
            { ttlSeconds: 60, maxBytes: 1e6 },
          ),
        ),
      );
      const refused = puts.filter(({ status }) => status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      for (const put of refused) expect(put).toMatchObject({ reason: { code: 'ephemeral-store-full' } });
      const { usedBytes, maxBytes } = await the.store.usage();
      expect(usedBytes).toBeLessThanOrEqual(maxBytes);
      for (let index = 0; index < 12; index++) {
        const size = await the.store.sizeOfBytes(`waiting:${index}`);
        expect(size).toBe(puts[index]?.status === 'fulfilled' ? 1_000_000 : null);
      }
    });

    it('answer nothing once closed', async () => {
      await the.store.close();
      await the.store.close();
      await expect(the.store.get('session:a')).rejects.toMatchObject({ code: 'ephemeral-store-unavailable' });
      await expect(the.store.put('session:a', bytes('x'), 60)).rejects.toMatchObject({
        code: 'ephemeral-store-unavailable',
      });
      await expect(the.store.checkWritable()).rejects.toMatchObject({ code: 'ephemeral-store-unavailable' });
    });
  });
}

/** Records until no further one of their size fits. */
async function fill(the: ContractSetting, ttlSeconds = 60): Promise<void> {
  for (let index = 0; ; index++) {
    try {
      await the.store.put(`fill:${index}`, RECORD, ttlSeconds);
    } catch (error) {
      if (error instanceof EphemeralStoreFull) return;
      throw error;
    }
  }
}
