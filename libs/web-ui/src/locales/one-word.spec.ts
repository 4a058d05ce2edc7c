import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const danish = readFileSync(new URL('./da.json', import.meta.url), 'utf8').toLowerCase();

/** What a thing is called in Danish, and the other words for it, which would make a reader look for another thing. */
const ONE_WORD = [
  ['besked', /meddelelse/i],
  ['protokol', /\bregist(?:ret|re)\b/i],
  ['hændelse', /\bbegivenhed/i],
] as const;

it.each(ONE_WORD)('a Danish page says %s, and no other word for it', (word, other) => {
  expect(danish).toContain(word);
  expect(danish.match(other)).toBeNull();
});
