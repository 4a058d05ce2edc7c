import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { KEY_ID_BYTES, SALT_BYTES, SEAL_OVERHEAD_BYTES, ValueKey, ValueKeys } from './sealed-values.ts';

const bytes = randomBytes(32);
const value = Buffer.from('a record');

describe('sealed values', () => {
  it('are read by every process with the key, and cost what is accounted', () => {
    const sealed = new ValueKey(bytes).seal('record', 'name', value);
    expect(sealed.length).toBe(value.length + SEAL_OVERHEAD_BYTES);
    expect(new ValueKeys(() => [randomBytes(32), bytes]).unseal('record', 'name', sealed)?.equals(value)).toBe(true);
    expect(new ValueKeys(() => [randomBytes(32)]).unseal('record', 'name', sealed)).toBeNull();
  });

  it('never have a nonce twice: of one process by count, of two by salt', () => {
    const [one, other] = [new ValueKey(bytes), new ValueKey(bytes)];
    const seals = [one, one, other, other].map((key) => key.seal('record', 'name', value));
    const nonces = seals.map((sealed) => sealed.toString('hex', KEY_ID_BYTES, KEY_ID_BYTES + SALT_BYTES + 6));
    expect(new Set(nonces).size).toBe(4);
  });

  it.each([
    ['another place', 'record', 'other'],
    ['another purpose', 'bytes-head', 'name'],
  ] as const)('are refused in %s', (_, purpose, context) => {
    const keys = new ValueKeys(() => [bytes]);
    const sealed = keys.newest().seal('record', 'name', value);
    expect(() => keys.unseal(purpose, context, sealed)).toThrow(/something else/);
  });

  it('are refused with any byte changed, or cut', () => {
    const keys = new ValueKeys(() => [bytes]);
    const sealed = keys.newest().seal('record', 'name', value);
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] as number) ^ 1;
      if (index < KEY_ID_BYTES) expect(keys.unseal('record', 'name', changed)).toBeNull();
      else expect(() => keys.unseal('record', 'name', changed)).toThrow(/something else/);
      expect(() => keys.unseal('record', 'name', sealed.subarray(0, index))).toThrow(/something else/);
    }
  });

  it('follow the ring: the newest seals, what is gone opens nothing', () => {
    const newer = randomBytes(32);
    let ring: readonly Uint8Array[] = [bytes];
    const keys = new ValueKeys(() => ring);
    const before = keys.newest();
    expect(keys.newest()).toBe(before); // the same objects for as long as the keys are the same
    const sealed = before.seal('record', 'name', value);
    ring = [newer, bytes];
    expect(keys.newest()).not.toBe(before);
    expect(keys.unseal('record', 'name', sealed)?.equals(value)).toBe(true);
    ring = [newer];
    expect(keys.unseal('record', 'name', sealed)).toBeNull();
  });
});
