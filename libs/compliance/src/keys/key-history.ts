import { readState } from '#libs/event-store';
import type { EventStore, Fold } from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';
import { keyEvents, keyStream } from './key-events.ts';
import type { KeyEvent } from './key-events.ts';

/** What the record says of one key, on whichever machine it is. */
export interface KeyHistory {
  readonly keyId: string;
  /** Made or put in the place of an older one by a command, or found by a start. */
  readonly origin: 'made' | 'rotated' | 'found';
  readonly from: Instant;
  /** Null for what a start found. */
  readonly by: string | null;
  /** No newer version took its place. */
  readonly isCurrent: boolean;
  readonly destroyed: { readonly at: Instant; readonly by: string | null } | null;
}

export const keyHistories: Fold<ReadonlyMap<string, KeyHistory>, KeyEvent> = {
  events: keyEvents.events,
  initialState: () => new Map(),
  evolve(state, event) {
    switch (event.type) {
      case 'KeyMade': {
        const { keyId, by, madeAt } = event.data;
        return withKey(state, { keyId, origin: 'made', from: madeAt, by, isCurrent: true, destroyed: null });
      }
      case 'KeyRotated': {
        const { keyId, by, rotatedAt, replaces } = event.data;
        const older = state.get(replaces);
        const before = older === undefined ? state : withKey(state, { ...older, isCurrent: false });
        return withKey(before, { keyId, origin: 'rotated', from: rotatedAt, by, isCurrent: true, destroyed: null });
      }
      case 'KeyDestroyed': {
        const { keyId, by, destroyedAt } = event.data;
        return destroyed(state, keyId, destroyedAt, by);
      }
      case 'KeysFound': {
        const { keys, foundAt } = event.data;
        return keys.reduce(
          (before, { keyId, isDestroyed }) =>
            isDestroyed ? destroyed(before, keyId, foundAt, null) : found(before, keyId, foundAt),
          state,
        );
      }
      default:
        event satisfies never;
        return state;
    }
  },
};

/** By their names. @throws EventStoreUnavailable */
export async function readKeyHistory(store: EventStore): Promise<readonly KeyHistory[]> {
  const { state } = await readState(store, keyStream, keyHistories);
  return [...state.values()].sort((a, b) => a.keyId.localeCompare(b.keyId, 'en', { numeric: true }));
}

type Known = ReadonlyMap<string, KeyHistory>;

function withKey(state: Known, key: KeyHistory): Known {
  return new Map(state).set(key.keyId, key);
}

/** One that a start found takes the place of those with a lower number. */
function found(state: Known, keyId: string, at: Instant): Known {
  if (state.has(keyId)) return state;
  const [, kind, number] = /^(.*)-(\d+)$/.exec(keyId) ?? [];
  const versions = [...state.values()].filter((key) => /^(.*)-\d+$/.exec(key.keyId)?.[1] === kind);
  const numberOf = (key: KeyHistory) => Number(key.keyId.slice(key.keyId.lastIndexOf('-') + 1));
  const isNewest = versions.every((key) => numberOf(key) < Number(number));
  const older = isNewest ? versions : [];
  const before = older.reduce((known, key) => withKey(known, { ...key, isCurrent: false }), state);
  return withKey(before, { keyId, origin: 'found', from: at, by: null, isCurrent: isNewest, destroyed: null });
}

function destroyed(state: Known, keyId: string, at: Instant, by: string | null): Known {
  const known = state.get(keyId) ?? { keyId, origin: 'found' as const, from: at, by: null };
  return withKey(state, { ...known, isCurrent: false, destroyed: { at, by } });
}
