import type { EphemeralStore } from '../ephemeral-store.ts';

/** The same store with every time to live so many times longer: for tests of a server whose clock they can only move on. */
export function slowed(store: EphemeralStore, factor: number): EphemeralStore {
  const slow: EphemeralStore = {
    put: (key, value, ttlSeconds) => store.put(key, value, ttlSeconds * factor),
    putIfAbsent: (key, value, ttlSeconds) => store.putIfAbsent(key, value, ttlSeconds * factor),
    compareAndSet: (key, expected, next, ttlSeconds) => store.compareAndSet(key, expected, next, ttlSeconds * factor),
    get: (key) => store.get(key),
    take: (key) => store.take(key),
    delete: (key) => store.delete(key),
    extend: (key, ttlSeconds) => store.extend(key, ttlSeconds * factor),
    increment: (key, options) => store.increment(key, { ...options, ttlSeconds: options.ttlSeconds * factor }),
    putBytes: (key, source, options) =>
      store.putBytes(key, source, { ...options, ttlSeconds: options.ttlSeconds * factor }),
    getBytes: (key, range) => store.getBytes(key, range),
    sizeOfBytes: (key) => store.sizeOfBytes(key),
    usage: () => store.usage(),
    checkWritable: () => store.checkWritable(),
    close: () => store.close(),
  };
  return slow;
}
