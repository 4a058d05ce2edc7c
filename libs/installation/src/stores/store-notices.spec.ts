import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { logNotice } from './store-notices.ts';
import type { StoreNotice } from './store-notices.ts';

const LEVELS: readonly (readonly [StoreNotice, string])[] = [
  [{ level: 'info', message: 'Redis is connected and safe to use' }, 'info'],
  [{ level: 'warning', message: 'Redis has become a replica' }, 'warn'],
  [{ kind: 'found', message: 'x' }, 'info'],
  [{ kind: 'lost', message: 'x' }, 'warn'],
  [{ kind: 'silent-subscription', message: 'x' }, 'warn'],
  [{ what: 'back', reason: 'x' }, 'info'],
  [{ what: 'not-swept', reason: 'x' }, 'warn'],
];

describe('what a store says', () => {
  it.each(LEVELS)('%j is on the level %s', (notice, level) => {
    const lines: { level: string; store: string }[] = [];
    const levelInWords = { formatters: { level: (label: string) => ({ level: label }) } };
    const log = pino(levelInWords, {
      write: (line: string) => void lines.push(JSON.parse(line) as { level: string; store: string }),
    });
    logNotice(log, 'ephemeral store', notice);
    expect(lines).toMatchObject([{ level, store: 'ephemeral store', notice }]);
  });
});
