/** A process of its own on one Redis, for tests that kill it or the server: loads it, and reports what it was given. */
import { createHash, randomBytes } from 'node:crypto';
import { RedisEphemeralStore } from '../../adapters/redis/redis-ephemeral-store.ts';

/** What one step of the load was given, in the words of the tests. */
export type EphemeralReport =
  | { readonly ready: true }
  | { readonly taken: string }
  /** `life` is a token that was there before and after the count: the server was not emptied in between. */
  | { readonly counted: number; readonly life: string }
  | { readonly half: string }
  | { readonly done: 'read' | 'refused' }
  | { readonly uploading: true }
  | { readonly fault: string };

/** What a store under attack may answer: nothing else may come of any fault. */
const EXPECTED = new Set(['ephemeral-store-unavailable', 'ephemeral-value-gone', 'ephemeral-store-full']);
const PROOFS = 50;
const VALUES = 4;

const [url, keyText, what] = process.argv.slice(2) as [string, string, 'load' | 'upload-for-ever'];
const report = (message: EphemeralReport) => void process.send?.(message);
const store = await RedisEphemeralStore.open(url, {
  maxBytes: 32 * 1024 * 1024,
  key: () => [Buffer.from(keyText, 'base64url')],
  commandMs: 400,
  connectMs: 400,
  openMs: 60_000,
});
report({ ready: true });

if (what === 'upload-for-ever') {
  async function* endless() {
    for (;;) {
      yield randomBytes(100_000);
      report({ uploading: true });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  await store.putBytes('waiting:abandoned', endless(), { ttlSeconds: 600, maxBytes: 8e6 }).catch(() => {});
} else {
  await Promise.all([forEver(takeProofs), forEver(takeProofs), forEver(count), forEver(count), forEver(uploads)]);
}

async function forEver(step: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await step();
    } catch (error) {
      const { code, stack } = error as { code?: string; stack?: string };
      report(EXPECTED.has(code ?? '') ? { done: 'refused' } : { fault: String(stack ?? error) });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

async function takeProofs(): Promise<void> {
  const key = `proof:${Math.floor(Math.random() * PROOFS)}` as const;
  await store.putIfAbsent(key, randomBytes(16), 60);
  const taken = await store.take(key);
  if (taken !== null) report({ taken: Buffer.from(taken).toString('hex') });
}

async function count(): Promise<void> {
  await store.putIfAbsent('life:now', randomBytes(16), 600);
  const before = await store.get('life:now');
  const counted = await store.increment('tries:all', { ttlSeconds: 600 });
  const after = await store.get('life:now');
  if (before === null || after === null || !Buffer.from(before).equals(after)) return;
  report({ counted, life: Buffer.from(before).toString('hex') });
}

/** Values that say themselves whether they are whole: 32 bytes of SHA-256, then what they are of. */
async function uploads(): Promise<void> {
  const key = `waiting:${Math.floor(Math.random() * VALUES)}` as const;
  const content = randomBytes(Math.floor(Math.random() * 300_000));
  const value = Buffer.concat([createHash('sha256').update(content).digest(), content]);
  async function* slowly() {
    for (let offset = 0; offset < value.length; offset += 40_000) {
      yield value.subarray(offset, offset + 40_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await store.putBytes(key, slowly(), { ttlSeconds: 60, maxBytes: 1e6 });
  const pieces = await store.getBytes(`waiting:${Math.floor(Math.random() * VALUES)}`);
  if (pieces === null) return;
  const read: Uint8Array[] = [];
  for await (const piece of pieces) read.push(piece);
  const whole = Buffer.concat(read);
  const isWhole = createHash('sha256').update(whole.subarray(32)).digest().equals(whole.subarray(0, 32));
  report(isWhole ? { done: 'read' } : { half: `${whole.length} bytes` });
}
