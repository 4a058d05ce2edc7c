import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import type { KeyListing } from '#libs/keyring';
import { instantOf } from '#libs/vocabulary';
import { recordKeyAct, recordKeysFound } from './record-keys.ts';

const noon = instantOf('2026-11-30T12:00:00.000Z');
const key = (keyId: string, status: KeyListing['status']) => ({ keyId, status }) as KeyListing;

let events: TemporarySqlite;
beforeEach(async () => {
  events = await openTemporarySqlite();
});
afterEach(() => events.cleanUp());

const recorded = async () =>
  (await Array.fromAsync(events.store.readAll())).map(({ type, data }) => [type, (data as { keyId?: string }).keyId]);

describe('what became of a key', () => {
  it('is recorded once, and a start finds nothing new then', async () => {
    const by = 'root';
    await recordKeyAct(events.store, { type: 'KeyMade', data: { keyId: 'sealing-1', by, madeAt: noon } });
    const rotated = { keyId: 'sealing-2', replaces: 'sealing-1', by, rotatedAt: noon };
    await recordKeyAct(events.store, { type: 'KeyRotated', data: rotated });
    await recordKeyAct(events.store, { type: 'KeyRotated', data: rotated });
    const destroyed = { keyId: 'sealing-1', by, destroyedAt: noon, isForced: false };
    await recordKeyAct(events.store, { type: 'KeyDestroyed', data: destroyed });
    const keyring = [key('sealing-2', 'current'), key('sealing-1', 'destroyed')];
    expect(await recordKeysFound(events.store, keyring, noon)).toEqual([]);
    expect(await recorded()).toEqual([
      ['KeyMade', 'sealing-1'],
      ['KeyRotated', 'sealing-2'],
      ['KeyDestroyed', 'sealing-1'],
    ]);
  });

  it('is found by a start where it was done without the record, by one of those that start together', async () => {
    await recordKeysFound(events.store, [key('sealing-1', 'current')], noon);
    const keyring = [key('sealing-1', 'destroyed'), key('sealing-2', 'current')];
    await Promise.all(Array.from({ length: 5 }, () => recordKeysFound(events.store, keyring, noon)));
    const [, second, ...more] = await Array.fromAsync(events.store.readAll());
    expect(second?.data).toEqual({
      foundAt: noon,
      keys: [
        { keyId: 'sealing-1', isDestroyed: true },
        { keyId: 'sealing-2', isDestroyed: false },
      ],
    });
    expect(more).toEqual([]);
  });
});
