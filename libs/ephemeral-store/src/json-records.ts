import { DomainError } from '#libs/vocabulary';
import type { EphemeralKey, EphemeralStore } from './ephemeral-store.ts';

/** Says whether a JSON value is what it should be: null for one that is not (a record of another release reads as absent). */
export type ParseJson<T> = (json: unknown) => T | null;

/** What becomes of a record: a value to put in its place, `remove`, or `leave`. */
export type JsonChange<T> = { readonly value: T; readonly ttlSeconds: number } | 'remove' | 'leave';

/** How often a change is tried anew when others change the same record: more than there are ever writers on one. */
const MAX_CHANGE_ATTEMPTS = 200;

export async function putJson(
  store: EphemeralStore,
  key: EphemeralKey,
  value: unknown,
  ttlSeconds: number,
): Promise<void> {
  await store.put(key, encode(value), ttlSeconds);
}

/** The record as `parse` reads it; null when absent, expired, not JSON or refused by `parse`. */
export async function getJson<T>(store: EphemeralStore, key: EphemeralKey, parse: ParseJson<T>): Promise<T | null> {
  return decode(await store.get(key), parse);
}

/** As getJson, and removed in the same step: of a hundred callers at once, one gets it. */
export async function takeJson<T>(store: EphemeralStore, key: EphemeralKey, parse: ParseJson<T>): Promise<T | null> {
  return decode(await store.take(key), parse);
}

/**
 * Reads a record, lets `decide` say what becomes of it, and writes that back if nobody else wrote meanwhile; else all again,
 * so `decide` may be called several times. @returns the record as it stands after, null when there is none
 */
export async function changeJson<T>(
  store: EphemeralStore,
  key: EphemeralKey,
  parse: ParseJson<T>,
  decide: (current: T | null) => JsonChange<T>,
): Promise<T | null> {
  for (let attempt = 0; attempt < MAX_CHANGE_ATTEMPTS; attempt++) {
    const bytes = await store.get(key);
    const current = decode(bytes, parse);
    const change = decide(current);
    if (change === 'leave') return current;
    if (change === 'remove') {
      if (bytes === null || (await store.compareAndSet(key, bytes, null, 1))) return null;
    } else if (await store.compareAndSet(key, bytes, encode(change.value), change.ttlSeconds)) {
      return change.value;
    }
  }
  throw new DomainError('ephemeral-contention', 'a record changed under every attempt');
}

function encode(value: unknown): Uint8Array {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError('not a JSON value');
  return Buffer.from(text, 'utf8');
}

function decode<T>(bytes: Uint8Array | null, parse: ParseJson<T>): T | null {
  if (bytes === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return null;
  }
  return parse(json);
}
