import { describe, expect, it } from '@jest/globals';
import type { EphemeralKey } from '../ephemeral-store.ts';
import { bytes, stream, text } from './ephemeral-store-contract.ts';
import type { ContractSetting } from './ephemeral-store-contract.ts';

export function recordsContract(the: ContractSetting): void {
  describe('records', () => {
    it('are read by every client, as copies', async () => {
      const value = bytes('first');
      await the.store.put('session:a', value, 60);
      value.fill(0);
      const read = await the.other.get('session:a');
      expect(text(read)).toBe('first');
      read?.fill(0);
      expect(text(await the.store.get('session:a'))).toBe('first');
    });

    it('may be empty, and hold any byte', async () => {
      const every = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
      await the.store.put('session:empty', bytes(''), 60);
      await the.store.put('session:every', every, 60);
      expect(text(await the.other.get('session:empty'))).toBe('');
      expect(Buffer.from((await the.other.get('session:every')) ?? []).equals(every)).toBe(true);
    });

    it('read as null when there is none', async () => {
      expect(await the.store.get('session:none')).toBeNull();
      expect(await the.store.take('session:none')).toBeNull();
      expect(await the.store.extend('session:none', 60)).toBe(false);
      await the.store.delete('session:none');
    });

    it('are replaced with their time to live', async () => {
      await the.store.put('session:a', bytes('first'), 0.3);
      await the.other.put('session:a', bytes('second'), 60);
      await the.elapse(0.4);
      expect(text(await the.store.get('session:a'))).toBe('second');
    });

    it('are absent once expired, for every way of looking', async () => {
      await the.store.put('session:a', bytes('x'), 0.3);
      await the.elapse(0.4);
      expect(await the.other.get('session:a')).toBeNull();
      expect(await the.other.take('session:a')).toBeNull();
      expect(await the.other.extend('session:a', 60)).toBe(false);
      expect(await the.other.compareAndSet('session:a', bytes('x'), bytes('y'), 60)).toBe(false);
      expect(await the.other.putIfAbsent('session:a', bytes('z'), 60)).toBe(true);
    });

    it('live on when extended, from now', async () => {
      await the.store.put('session:a', bytes('x'), 0.5);
      await the.elapse(0.3);
      expect(await the.other.extend('session:a', 0.6)).toBe(true);
      await the.elapse(0.4);
      expect(text(await the.store.get('session:a'))).toBe('x');
      await the.elapse(0.4);
      expect(await the.store.get('session:a')).toBeNull();
    });

    it('are gone when deleted', async () => {
      await the.store.put('session:a', bytes('x'), 60);
      await the.other.delete('session:a');
      expect(await the.store.get('session:a')).toBeNull();
    });

    it('are taken once among a hundred callers', async () => {
      await the.store.put('proof:a', bytes('once'), 60);
      const taken = await Promise.all(clients100(the, (store) => store.take('proof:a')));
      expect(taken.filter((value) => value !== null).map(text)).toEqual(['once']);
    });

    it('are put where absent by one of a hundred callers', async () => {
      const put = await Promise.all(
        clients100(the, (store, caller) => store.putIfAbsent('claim:a', bytes(String(caller)), 60)),
      );
      expect(put.filter(Boolean)).toHaveLength(1);
      expect(text(await the.store.get('claim:a'))).toBe(String(put.indexOf(true)));
    });

    it('are changed by one of a hundred who saw the same', async () => {
      await the.store.put('challenge:a', bytes('seen'), 60);
      const changed = await Promise.all(
        clients100(the, (store, caller) => store.compareAndSet('challenge:a', bytes('seen'), bytes(`${caller}`), 60)),
      );
      expect(changed.filter(Boolean)).toHaveLength(1);
      expect(text(await the.store.get('challenge:a'))).toBe(String(changed.indexOf(true)));
    });

    it('lose nothing when a hundred read, add and write back', async () => {
      const add = async (store: typeof the.store) => {
        for (;;) {
          const seen = await store.get('sum:a');
          const next = bytes(String(Number(text(seen) ?? '0') + 1));
          if (await store.compareAndSet('sum:a', seen, next, 60)) return;
        }
      };
      await Promise.all(clients100(the, add));
      expect(text(await the.store.get('sum:a'))).toBe('100');
    });

    it('compare with absence and remove by comparison', async () => {
      expect(await the.store.compareAndSet('challenge:a', bytes('x'), bytes('y'), 60)).toBe(false);
      expect(await the.store.compareAndSet('challenge:a', null, bytes('x'), 60)).toBe(true);
      expect(await the.store.compareAndSet('challenge:a', null, bytes('y'), 60)).toBe(false);
      expect(await the.store.compareAndSet('challenge:a', bytes('y'), null, 60)).toBe(false);
      expect(await the.store.compareAndSet('challenge:a', bytes('x'), null, 60)).toBe(true);
      expect(await the.store.get('challenge:a')).toBeNull();
      expect(await the.store.compareAndSet('challenge:a', null, null, 60)).toBe(true);
    });

    it('get the time to live of the change', async () => {
      await the.store.put('challenge:a', bytes('x'), 0.3);
      expect(await the.store.compareAndSet('challenge:a', bytes('x'), bytes('y'), 60)).toBe(true);
      await the.elapse(0.4);
      expect(text(await the.store.get('challenge:a'))).toBe('y');
    });
  });

  describe('counters', () => {
    it('count every one of a hundred callers, each with a value of its own', async () => {
      const values = await Promise.all(clients100(the, (store) => store.increment('tries:a', { ttlSeconds: 60 })));
      expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    });

    it('count by more than one, and down', async () => {
      expect(await the.store.increment('tries:a', { by: 5, ttlSeconds: 60 })).toBe(5);
      expect(await the.other.increment('tries:a', { by: -2, ttlSeconds: 60 })).toBe(3);
      expect(await the.other.increment('tries:a', { by: 0, ttlSeconds: 60 })).toBe(3);
    });

    it('keep the end of their window however often they count', async () => {
      await the.store.increment('tries:a', { ttlSeconds: 0.5 });
      await the.elapse(0.3);
      expect(await the.store.increment('tries:a', { ttlSeconds: 60 })).toBe(2);
      await the.elapse(0.3);
      expect(await the.store.increment('tries:a', { ttlSeconds: 60 })).toBe(1);
    });

    it('count in whole numbers alone', async () => {
      for (const by of [0.5, Number.NaN, 2 ** 60]) {
        await expect(the.store.increment('tries:a', { by, ttlSeconds: 60 })).rejects.toThrow(TypeError);
      }
      expect(await the.store.increment('tries:a', { by: 2 ** 52, ttlSeconds: 60 })).toBe(2 ** 52);
      expect(await the.other.increment('tries:a', { by: -(2 ** 52) - 1, ttlSeconds: 60 })).toBe(-1);
    });

    it('live on when extended, with what they counted', async () => {
      await the.store.increment('tries:a', { by: 3, ttlSeconds: 0.4 });
      expect(await the.other.extend('tries:a', 60)).toBe(true);
      await the.elapse(0.5);
      expect(await the.store.increment('tries:a', { ttlSeconds: 60 })).toBe(4);
    });

    it('begin anew when deleted', async () => {
      await the.store.increment('tries:a', { ttlSeconds: 60 });
      await the.other.delete('tries:a');
      expect(await the.store.increment('tries:a', { ttlSeconds: 60 })).toBe(1);
    });
  });

  describe('one key space', () => {
    it('refuses to read as one kind what is of another', async () => {
      await the.store.put('a:record', bytes('x'), 60);
      await the.store.increment('a:counter', { ttlSeconds: 60 });
      await the.store.putBytes('a:bytes', stream(bytes('x')), { ttlSeconds: 60, maxBytes: 10 });
      await expect(the.store.increment('a:record', { ttlSeconds: 60 })).rejects.toThrow(TypeError);
      await expect(the.store.getBytes('a:record')).rejects.toThrow(TypeError);
      await expect(the.store.get('a:counter')).rejects.toThrow(TypeError);
      await expect(the.store.take('a:bytes')).rejects.toThrow(TypeError);
      await expect(the.store.sizeOfBytes('a:counter')).rejects.toThrow(TypeError);
    });

    it('is never written where something else is: absence means nothing of any kind', async () => {
      await the.store.increment('a:counter', { ttlSeconds: 60 });
      expect(await the.store.putIfAbsent('a:counter', bytes('x'), 60)).toBe(false);
      expect(await the.store.compareAndSet('a:counter', null, bytes('x'), 60)).toBe(false);
      expect(await the.store.compareAndSet('a:counter', bytes('1'), bytes('x'), 60)).toBe(false);
    });

    it('lets a put replace whatever is there', async () => {
      await the.store.increment('a:any', { ttlSeconds: 60 });
      await the.store.put('a:any', bytes('x'), 60);
      expect(text(await the.store.get('a:any'))).toBe('x');
      await the.store.putBytes('a:any', stream(bytes('yy')), { ttlSeconds: 60, maxBytes: 10 });
      expect(await the.store.sizeOfBytes('a:any')).toBe(2);
    });

    it.each([
      ['no colon', 'session'],
      ['nothing before it', ':a'],
      ['a line break', 'session:a\nb'],
      ['not ASCII', 'session:å'],
      ['too long', `session:${'a'.repeat(193)}`],
    ])('refuses a key with %s', async (_, key) => {
      await expect(the.store.put(key as EphemeralKey, bytes('x'), 60)).rejects.toThrow(TypeError);
      await expect(the.store.get(key as EphemeralKey)).rejects.toThrow(TypeError);
    });

    it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a time to live of %p', async (ttlSeconds) => {
      await expect(the.store.put('session:a', bytes('x'), ttlSeconds)).rejects.toThrow(TypeError);
      await expect(the.store.increment('session:a', { ttlSeconds })).rejects.toThrow(TypeError);
      await expect(the.store.extend('session:a', ttlSeconds)).rejects.toThrow(TypeError);
    });
  });
}

/** A hundred at once, from both clients in turn. */
function clients100<T>(
  the: ContractSetting,
  call: (store: ContractSetting['store'], caller: number) => Promise<T>,
): Promise<T>[] {
  return Array.from({ length: 100 }, (_, caller) => call(caller % 2 === 0 ? the.store : the.other, caller));
}
