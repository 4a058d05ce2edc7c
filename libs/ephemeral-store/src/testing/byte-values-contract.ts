import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { bytes, collect, stream } from './ephemeral-store-contract.ts';
import type { ContractSetting } from './ephemeral-store-contract.ts';

const options = { ttlSeconds: 60, maxBytes: 1024 * 1024 };

export function byteValuesContract(the: ContractSetting): void {
  describe('byte values', () => {
    it('come back as they went in, however they were cut', async () => {
      const value = randomBytes(300_001);
      const chunks = [value.subarray(0, 1), value.subarray(1, 1), value.subarray(1, 200_000), value.subarray(200_000)];
      expect(await the.store.putBytes('waiting:a', stream(...chunks), options)).toBe(300_001);
      expect(await the.other.sizeOfBytes('waiting:a')).toBe(300_001);
      expect((await collect(await the.other.getBytes('waiting:a')))?.equals(value)).toBe(true);
      expect((await collect(await the.store.getBytes('waiting:a')))?.equals(value)).toBe(true);
    });

    it('survive a source that reuses its buffer', async () => {
      const buffer = Buffer.alloc(1000);
      async function* reusing() {
        for (let turn = 1; turn <= 3; turn++) yield buffer.fill(turn);
      }
      await the.store.putBytes('waiting:a', reusing(), options);
      const read = await collect(await the.store.getBytes('waiting:a'));
      expect([read?.[0], read?.[1000], read?.[2000]]).toEqual([1, 2, 3]);
    });

    it('survive a source that gives its memory back when asked for the next piece', async () => {
      const value = randomBytes(300_000);
      async function* letting() {
        for (const end of [100_000, 200_000, 300_000]) {
          const piece = new Uint8Array(value.subarray(end - 100_000, end));
          yield piece;
          piece.buffer.transfer(0); // as an upload does: reading it from here on would be reading nothing
        }
      }
      expect(await the.store.putBytes('waiting:a', letting(), options)).toBe(300_000);
      expect((await collect(await the.other.getBytes('waiting:a')))?.equals(value)).toBe(true);
    });

    it('keep pieces that they are given, small ones and views of larger memory among them', async () => {
      const value = randomBytes(300_000);
      const own = (start: number, end: number) => new Uint8Array(value.subarray(start, end));
      const pieces = [own(0, 65_536), own(65_536, 65_546), value.subarray(65_546, 100_000), own(100_000, 300_000)];
      const before = (await the.store.usage()).usedBytes;
      const given = { ...options, arePiecesGiven: true };
      expect(await the.store.putBytes('waiting:a', stream(...pieces), given)).toBe(300_000);
      expect((await the.store.usage()).usedBytes - before).toBeLessThan(310_000);
      const read = await collect(await the.other.getBytes('waiting:a', { start: 65_530, end: 100_010 }));
      expect(read?.equals(value.subarray(65_530, 100_010))).toBe(true);
      expect((await collect(await the.store.getBytes('waiting:a')))?.equals(value)).toBe(true);
      await the.store.delete('waiting:a');
      expect((await the.store.usage()).usedBytes).toBe(before);
    });

    it('come in pieces that stay good', async () => {
      const value = randomBytes(300_000);
      await the.store.putBytes('waiting:a', stream(value), options);
      const pieces: Uint8Array[] = [];
      for await (const piece of (await the.other.getBytes('waiting:a')) ?? []) pieces.push(piece);
      expect(pieces.length).toBeGreaterThan(1);
      expect(Buffer.concat(pieces).equals(value)).toBe(true);
    });

    it('are asked of their source one piece at a time, as the store takes them', async () => {
      let wanted = 0;
      const source: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          async next() {
            expect(++wanted).toBe(1);
            await new Promise((resume) => setImmediate(resume));
            wanted--;
            return left-- > 0 ? { done: false, value: randomBytes(50_000) } : { done: true, value: undefined };
          },
        }),
      };
      let left = 10;
      expect(await the.store.putBytes('waiting:a', source, options)).toBe(500_000);
    });

    it('that are begun to be read and left cost nothing', async () => {
      await the.store.putBytes('waiting:a', stream(randomBytes(400_000)), options);
      const { usedBytes } = await the.store.usage();
      for await (const piece of (await the.other.getBytes('waiting:a')) ?? []) {
        expect(piece.byteLength).toBeGreaterThan(0);
        break;
      }
      expect((await the.store.usage()).usedBytes).toBe(usedBytes);
      await the.store.delete('waiting:a');
    });

    it('may be empty', async () => {
      expect(await the.store.putBytes('waiting:a', stream(), options)).toBe(0);
      expect(await the.store.sizeOfBytes('waiting:a')).toBe(0);
      expect((await collect(await the.store.getBytes('waiting:a')))?.length).toBe(0);
    });

    it('are read in ranges, over the borders of pieces', async () => {
      const value = randomBytes(200_000);
      await the.store.putBytes('waiting:a', stream(value), options);
      for (const [start, end] of [
        [0, 10],
        [65_530, 65_540],
        [131_072, 131_073],
        [199_999, 200_000],
        [199_999, 300_000],
        [250_000, 300_000],
        [10, 10],
      ] as const) {
        const read = await collect(await the.other.getBytes('waiting:a', { start, end }));
        expect(read?.equals(value.subarray(start, end))).toBe(true);
      }
      expect((await collect(await the.store.getBytes('waiting:a', { start: 199_000 })))?.length).toBe(1000);
      await expect(the.store.getBytes('waiting:a', { start: 5, end: 4 })).rejects.toThrow(TypeError);
      await expect(the.store.getBytes('waiting:a', { start: -1 })).rejects.toThrow(TypeError);
    });

    it('read as null when absent or expired', async () => {
      expect(await the.store.getBytes('waiting:none')).toBeNull();
      expect(await the.store.sizeOfBytes('waiting:none')).toBeNull();
      await the.store.putBytes('waiting:a', stream(bytes('x')), { ...options, ttlSeconds: 0.3 });
      await the.elapse(0.4);
      expect(await the.other.getBytes('waiting:a')).toBeNull();
      expect(await the.other.sizeOfBytes('waiting:a')).toBeNull();
    });

    it('live on when extended', async () => {
      await the.store.putBytes('waiting:a', stream(bytes('still here')), { ...options, ttlSeconds: 0.4 });
      expect(await the.other.extend('waiting:a', 60)).toBe(true);
      await the.elapse(0.5);
      expect((await collect(await the.store.getBytes('waiting:a')))?.toString()).toBe('still here');
    });

    it('are not seen before their source has ended, nor is what they replace gone', async () => {
      await the.store.putBytes('waiting:a', stream(bytes('old')), options);
      const gate = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      async function* halting() {
        yield bytes('new ');
        reached.resolve();
        await gate.promise;
        yield bytes('value');
      }
      const put = the.store.putBytes('waiting:a', halting(), options);
      await reached.promise;
      expect((await collect(await the.other.getBytes('waiting:a')))?.toString()).toBe('old');
      gate.resolve();
      await put;
      expect((await collect(await the.other.getBytes('waiting:a')))?.toString()).toBe('new value');
    });

    it('leave nothing when their source throws, and throw what it threw', async () => {
      const before = (await the.store.usage()).usedBytes;
      async function* failing() {
        yield randomBytes(200_000);
        throw new Error('connection lost');
      }
      await expect(the.store.putBytes('waiting:a', failing(), options)).rejects.toThrow('connection lost');
      expect(await the.other.getBytes('waiting:a')).toBeNull();
      expect((await the.store.usage()).usedBytes).toBe(before);
    });

    it('are refused past their limit: nothing is left, and the source is told to stop', async () => {
      const before = (await the.store.usage()).usedBytes;
      let isStopped = false;
      async function* endless() {
        try {
          for (;;) yield randomBytes(50_000);
        } finally {
          isStopped = true;
        }
      }
      await expect(the.store.putBytes('waiting:a', endless(), options)).rejects.toMatchObject({
        code: 'too-many-bytes',
      });
      expect(isStopped).toBe(true);
      expect(await the.other.sizeOfBytes('waiting:a')).toBeNull();
      expect((await the.store.usage()).usedBytes).toBe(before);
    });

    it('may be exactly as long as their limit', async () => {
      expect(await the.store.putBytes('waiting:a', stream(randomBytes(100)), { ...options, maxBytes: 100 })).toBe(100);
    });

    it.each([
      ['deleted', (setting: ContractSetting) => setting.other.delete('waiting:a')],
      ['replaced', (setting: ContractSetting) => setting.other.put('waiting:a', bytes('x'), 60)],
      [
        'replaced by another byte value',
        (setting: ContractSetting) => setting.other.putBytes('waiting:a', stream(randomBytes(400_000)), options),
      ],
      ['expired', (setting: ContractSetting) => setting.elapse(0.8)],
    ])('say so when they are %s while being read', async (_, go) => {
      await the.store.putBytes('waiting:a', stream(randomBytes(400_000)), { ...options, ttlSeconds: 0.7 });
      const pieces = (await the.store.getBytes('waiting:a'))?.[Symbol.asyncIterator]();
      expect((await pieces?.next())?.done).toBe(false);
      await go(the);
      const readOn = async () => {
        for (let turn = 0; turn < 100; turn++) if ((await pieces?.next())?.done === true) return 'ended';
        return 'endless';
      };
      await expect(readOn()).rejects.toMatchObject({ code: 'ephemeral-value-gone' });
    });

    it('do not outlive a delete of what they replace, nor does it outlive them', async () => {
      const { usedBytes: before } = await the.store.usage();
      await the.store.putBytes('waiting:a', stream(randomBytes(200_000)), options);
      await the.other.putBytes('waiting:a', stream(randomBytes(1000)), options);
      expect((await the.store.usage()).usedBytes - before).toBeLessThan(5000);
      await the.store.put('waiting:a', bytes('x'), 60);
      expect((await the.store.usage()).usedBytes - before).toBeLessThan(2000);
      await the.other.delete('waiting:a');
      expect((await the.store.usage()).usedBytes).toBe(before);
    });

    it('are each whole when two write the same key at once', async () => {
      const values = [randomBytes(150_000), randomBytes(150_000)];
      const slow = (value: Buffer) =>
        stream(...Array.from({ length: 15 }, (_, part) => value.subarray(part * 10_000, (part + 1) * 10_000)));
      await Promise.all(
        values.map((value, index) => (index === 0 ? the.store : the.other).putBytes('waiting:a', slow(value), options)),
      );
      const read = await collect(await the.store.getBytes('waiting:a'));
      expect(values.some((value) => read?.equals(value))).toBe(true);
    });
  });
}
