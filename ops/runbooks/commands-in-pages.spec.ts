import { describe, expect, it } from '@jest/globals';
import { commandsIn, inlineCommandsIn, PAGES } from '../../apps/appliance/test/documented-commands.ts';
import { segl } from '../../apps/operator/test/captured-terminal.ts';

/** `segl` where a program stands, and what follows: at a line's beginning, after variables, npx, a change of user, or in a pod. */
const PROGRAM = /(?:^|npx |--clear-groups |-- |\$\()(?:[A-Z_]+=\S+ )*segl ((?!-)(?:[^|>;&)\n]|\\\n)+)/gm;

/** What stands behind `segl` in blocks and sentences of all pages for operators, in words. */
const commands = new Set(
  PAGES.flatMap((page) => [...commandsIn(page), ...inlineCommandsIn(page)]).flatMap((text) =>
    [...text.matchAll(PROGRAM)].map(([, words = '']) => words.replaceAll('\\\n', ' ').trim().replace(/\s+/g, ' ')),
  ),
);

describe('what pages for operators have behind `segl`', () => {
  it.each([...commands])('%s: a command that there is, with options that there are', async (text) => {
    const words = text.split(' ');
    const end = words.findIndex((word) => word.startsWith('-'));
    const help = await segl([...words.slice(0, end < 0 ? undefined : end), '--help']);
    const all = help.text + (await segl(['--help'])).text;
    expect(help.exitCode).toBe(0);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(all).toContain(`${option} `);
  });
});
