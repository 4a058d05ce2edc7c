import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const RUNBOOK = resolve(import.meta.dirname, '../../../ops/runbooks/postfix.md');

/**
 * The blocks of ops/runbooks/postfix.md, as an operator copies them, with nothing changed but what is of the story: ports, and where
 * files lie.
 * @param replaced a piece of the runbook → what stands for it; each piece must be there
 */
export function runbookBlocks(replaced: Readonly<Record<string, string>>): readonly string[] {
  let text = readFileSync(RUNBOOK, 'utf8');
  for (const [piece, other] of Object.entries(replaced)) {
    if (!text.includes(piece)) throw new Error(`the runbook does not say ${piece}`);
    text = text.replaceAll(piece, other);
  }
  return [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
}

/** The one block with these words. */
export function blockWith(blocks: readonly string[], words: string): string {
  const [found, ...more] = blocks.filter((block) => block.includes(words));
  if (found === undefined || more.length > 0) throw new Error(`not one block says ${words}`);
  return found;
}
