import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ephemeralStoreContract } from '../../testing/index.ts';
import { MemoryEphemeralStore } from './memory-ephemeral-store.ts';

ephemeralStoreContract('memory', async ({ maxBytes }) => {
  let nowMilliseconds = 1_000_000;
  const store = new MemoryEphemeralStore({ maxBytes, clock: () => nowMilliseconds });
  return {
    connect: async () => store,
    elapse: async (seconds) => {
      nowMilliseconds += seconds * 1000;
    },
    close: () => store.close(),
  };
});

describe('memory ephemeral store', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['performance', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());

  it('gives memory back by itself soon after something expired', async () => {
    let nowMilliseconds = 0;
    const store = new MemoryEphemeralStore({ maxBytes: 1e6, clock: () => nowMilliseconds });
    await store.put('session:a', randomBytes(10_000), 5);
    await store.increment('tries:a', { ttlSeconds: 3600 });
    nowMilliseconds = 5500;
    jest.advanceTimersByTime(1000);
    // usage() would sweep too: what the timer did is read where nothing else can have done it.
    expect((store as unknown as { usedBytes: number }).usedBytes).toBeLessThan(1000);
    expect((await store.usage()).usedBytes).toBeGreaterThan(0);
    await store.close();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('overwrites a record when it goes', async () => {
    const store = new MemoryEphemeralStore({ maxBytes: 1e6 });
    await store.put('challenge:a', Buffer.from('a secret'), 60);
    const { entries } = store as unknown as { entries: Map<string, { content: { bytes: Buffer } }> };
    const held = entries.get('challenge:a')?.content.bytes;
    expect(held?.toString()).toBe('a secret');
    await store.put('challenge:a', Buffer.from('another'), 60);
    expect(held?.every((byte) => byte === 0)).toBe(true);
    await store.close();
  });

  it('keeps a byte value at its own size, whatever the chunks it came in', async () => {
    const store = new MemoryEphemeralStore({ maxBytes: 64 * 1024 * 1024 });
    const size = 25 * 1024 * 1024;
    async function* chunks() {
      const chunk = randomBytes(1000);
      for (let sent = 0; sent < size; sent += chunk.length)
        yield chunk.subarray(0, Math.min(chunk.length, size - sent));
    }
    expect(await store.putBytes('waiting:a', chunks(), { ttlSeconds: 60, maxBytes: size })).toBe(size);
    const { usedBytes } = await store.usage();
    expect(usedBytes / size).toBeLessThan(1.004);
    const { entries } = store as unknown as { entries: Map<string, { content: { pieces: Buffer[] } }> };
    const held = entries.get('waiting:a')?.content.pieces.reduce((sum, piece) => sum + piece.buffer.byteLength, 0);
    expect(held).toBe(size);
    await store.close();
  });

  it('refuses a bound that is none', () => {
    expect(() => new MemoryEphemeralStore({ maxBytes: Number.NaN })).toThrow(TypeError);
    expect(() => new MemoryEphemeralStore({ maxBytes: 0 })).toThrow(TypeError);
  });
});
