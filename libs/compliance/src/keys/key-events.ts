import { ADMINISTRATIVE, streamName } from '#libs/event-store';
import type { DomainEvent, Fold, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';

interface KeyAct {
  keyId: string;
  by: string;
  caseNumber?: string;
  reason?: string;
  approvedBy?: string;
}

/** The one stream `keys-keyring`: what became of the keys of the organisation. A key is its id here, never more. */
export type KeyEvent =
  | DomainEvent<'KeyMade', KeyAct & { madeAt: Instant }>
  /** A newer version took the place of `replaces`; the older one goes on opening, verifying and finding. */
  | DomainEvent<'KeyRotated', KeyAct & { rotatedAt: Instant; replaces: string }>
  | DomainEvent<'KeyDestroyed', KeyAct & { destroyedAt: Instant; isForced: boolean }>
  /** What a start found in its keyring that the record did not know of: made or destroyed where there was no record at hand. */
  | DomainEvent<'KeysFound', { foundAt: Instant; keys: { keyId: string; isDestroyed: boolean }[] }>;

export const keyEvents = {
  category: 'keys',
  names: 'nothing',
  events: {
    KeyMade: {
      ...ADMINISTRATIVE,
      facts: { happenedAt: 'madeAt', caseNumber: 'caseNumber', reason: 'reason' },
      words: ['keyId', 'by', 'caseNumber', 'reason'],
    },
    KeyRotated: {
      ...ADMINISTRATIVE,
      facts: { happenedAt: 'rotatedAt', caseNumber: 'caseNumber', reason: 'reason' },
      words: ['keyId', 'replaces', 'by', 'caseNumber', 'reason'],
    },
    KeyDestroyed: {
      ...ADMINISTRATIVE,
      facts: { happenedAt: 'destroyedAt', caseNumber: 'caseNumber', reason: 'reason' },
      words: ['keyId', 'by', 'approvedBy', 'caseNumber', 'reason'],
    },
    KeysFound: { ...ADMINISTRATIVE, facts: { happenedAt: 'foundAt' }, words: [] },
  },
} as const satisfies StreamDescriptor<KeyEvent>;

export const keyStream: StreamName = streamName(keyEvents.category, 'keyring');

/** What the record knows of keys. */
export interface KnownKeys {
  readonly made: ReadonlySet<string>;
  readonly destroyed: ReadonlySet<string>;
}

export const knownKeys: Fold<KnownKeys, KeyEvent> = {
  events: keyEvents.events,
  initialState: () => ({ made: new Set(), destroyed: new Set() }),
  evolve({ made, destroyed }, event) {
    switch (event.type) {
      case 'KeyMade':
      case 'KeyRotated':
        return { made: new Set([...made, event.data.keyId]), destroyed };
      case 'KeyDestroyed':
        return { made, destroyed: new Set([...destroyed, event.data.keyId]) };
      case 'KeysFound': {
        const { keys } = event.data;
        const idsOf = (isDestroyed: boolean) =>
          keys.filter((key) => key.isDestroyed === isDestroyed).map(({ keyId }) => keyId);
        return {
          made: new Set([...made, ...idsOf(false)]),
          destroyed: new Set([...destroyed, ...idsOf(true)]),
        };
      }
      default:
        event satisfies never;
        return { made, destroyed };
    }
  },
};
