import { MAX_RECORD_BYTES } from './ephemeral-store.ts';
import type { ByteRange, EphemeralKey } from './ephemeral-store.ts';

const KEY = /^[\x21-\x39\x3b-\x7e]+:[\x20-\x7e]*$/;
const MAX_KEY_LENGTH = 200;

/** What every adapter refuses before it does anything: one wording, one class (TypeError), wherever the store is. */
export function checkKey(key: EphemeralKey): void {
  if (key.length > MAX_KEY_LENGTH || !KEY.test(key))
    throw new TypeError('a key is <kind>:<id>, 1 to 200 printable ASCII characters');
}

export function checkTtl(ttlSeconds: number): void {
  if (!(Number.isFinite(ttlSeconds) && ttlSeconds > 0)) {
    throw new TypeError('a time to live is a finite number of seconds over 0');
  }
}

export function checkRecord(value: Uint8Array): void {
  if (value.byteLength > MAX_RECORD_BYTES) {
    throw new TypeError(`a record is at most ${MAX_RECORD_BYTES} bytes, not ${value.byteLength}`);
  }
}

export function checkStep(by: number): void {
  if (!Number.isSafeInteger(by)) throw new TypeError('a counter counts in whole numbers');
}

export function checkRange({ start = 0, end = Number.MAX_SAFE_INTEGER }: ByteRange): { start: number; end: number } {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new TypeError('a byte range has whole numbers, the end not before the start');
  }
  return { start, end };
}

export function checkBound(maxBytes: number): void {
  if (!Number.isSafeInteger(maxBytes) || maxBytes <= 0) throw new TypeError('maxBytes is a positive number of bytes');
}
