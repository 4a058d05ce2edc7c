import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from './adapters/memory/memory-ephemeral-store.ts';
import { changeJson, getJson, putJson, takeJson } from './json-records.ts';

interface Visit {
  readonly count: number;
}

function parseVisit(json: unknown): Visit | null {
  return typeof json === 'object' && json !== null && 'count' in json && typeof json.count === 'number'
    ? { count: json.count }
    : null;
}

describe('JSON records', () => {
  let store: MemoryEphemeralStore;
  beforeEach(() => {
    store = new MemoryEphemeralStore({ maxBytes: 1e6 });
  });
  afterEach(() => store.close());

  it('come back as their parse function reads them', async () => {
    await putJson(store, 'visit:a', { count: 1, more: 'left out' }, 60);
    expect(await getJson(store, 'visit:a', parseVisit)).toEqual({ count: 1 });
    expect(await takeJson(store, 'visit:a', parseVisit)).toEqual({ count: 1 });
    expect(await takeJson(store, 'visit:a', parseVisit)).toBeNull();
  });

  it('read as absent when they are of another shape or no JSON', async () => {
    await putJson(store, 'visit:a', { number: 1 }, 60);
    await store.put('visit:b', Buffer.from('{"count":'), 60);
    expect(await getJson(store, 'visit:a', parseVisit)).toBeNull();
    expect(await getJson(store, 'visit:b', parseVisit)).toBeNull();
  });

  it('cannot be what JSON cannot hold', async () => {
    await expect(putJson(store, 'visit:a', undefined, 60)).rejects.toThrow(TypeError);
  });

  it('lose no change when a hundred change them at once', async () => {
    const addOne = () =>
      changeJson(store, 'visit:a', parseVisit, (current) => ({
        value: { count: (current?.count ?? 0) + 1 },
        ttlSeconds: 60,
      }));
    await Promise.all(Array.from({ length: 100 }, addOne));
    expect(await getJson(store, 'visit:a', parseVisit)).toEqual({ count: 100 });
  });

  it('are left or removed as the decision says', async () => {
    await putJson(store, 'visit:a', { count: 1 }, 60);
    expect(await changeJson(store, 'visit:a', parseVisit, () => 'leave')).toEqual({ count: 1 });
    expect(await changeJson(store, 'visit:a', parseVisit, () => 'remove')).toBeNull();
    expect(await getJson(store, 'visit:a', parseVisit)).toBeNull();
    expect(await changeJson(store, 'visit:none', parseVisit, () => 'remove')).toBeNull();
  });
});
