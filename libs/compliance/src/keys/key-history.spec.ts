import { expect, it } from '@jest/globals';
import { instantOf } from '#libs/vocabulary';
import type { KeyEvent } from './key-events.ts';
import { keyHistories } from './key-history.ts';

const noon = instantOf('2026-11-30T12:00:00.000Z');
const by = 'root';

it('the history of keys says which is in use, since when, and what became of the others', () => {
  const events: KeyEvent[] = [
    { type: 'KeyMade', data: { keyId: 'sealing-1', by, madeAt: noon } },
    { type: 'KeyRotated', data: { keyId: 'sealing-2', replaces: 'sealing-1', by, rotatedAt: noon } },
    { type: 'KeyDestroyed', data: { keyId: 'sealing-1', by, destroyedAt: noon, isForced: false } },
    {
      type: 'KeysFound',
      data: {
        foundAt: noon,
        keys: [
          { keyId: 'sealing-3', isDestroyed: false },
          { keyId: 'sealing-2', isDestroyed: true },
          { keyId: 'ledger-1', isDestroyed: false },
        ],
      },
    },
  ];
  const keys = [...events.reduce(keyHistories.evolve, keyHistories.initialState()).values()];
  expect(keys.map(({ keyId, origin, isCurrent, destroyed }) => [keyId, origin, isCurrent, destroyed?.by])).toEqual([
    ['sealing-1', 'made', false, 'root'],
    ['sealing-2', 'rotated', false, null],
    ['sealing-3', 'found', true, undefined],
    ['ledger-1', 'found', true, undefined],
  ]);
});
