import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('spec.ts'),
);

describe('format/', () => {
  it.each(sources)('%s imports bytes and words alone, and no cryptography but the native one', (name) => {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8');
    const imports = [...text.matchAll(/^(?:import|export) (type )?.*?from '([^']+)';$/gms)].map(([, isType, from]) => ({
      isType: isType !== undefined,
      from: from ?? '',
    }));
    const allowed = ['node:crypto', 'node:timers/promises', '#libs/vocabulary'];
    for (const { isType, from } of imports) {
      if (from.startsWith('./') || (isType && from === '#libs/keyring')) continue;
      expect(allowed).toContain(from);
    }
  });
});
