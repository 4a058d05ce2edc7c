import { execFileSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { shellWord } from './shell-word.ts';

it.each([
  ['/var/lib/segl/keyring', '/var/lib/segl/keyring'],
  ['/srv/our mail/keyring', `'/srv/our mail/keyring'`],
  [`/srv/o'neil/$(id)\`;"\\*`, `'/srv/o'\\''neil/$(id)\`;"\\*'`],
  ['/srv/Ærø', `'/srv/Ærø'`],
  ['', `''`],
])('a shell reads %j as one word, and as it was', (text, word) => {
  expect(shellWord(text)).toBe(word);
  expect(execFileSync('sh', ['-c', `printf %s ${word}`], { encoding: 'utf8' })).toBe(text);
});
