/**
 * `node ops/draw-rooms.mjs`: writes ops/rooms.md, a picture of the rooms made from the table that lint holds them to. An arrow that
 * follows from others (a → b → c, so a → c) is left out: what is drawn is what to read first. rooms.spec.ts compares file and table.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rooms } from './rooms.mjs';

/** The picture as Markdown with a Mermaid graph. */
export function pictureOf(table) {
  const reaches = (from, to, seen = new Set()) =>
    table[from].some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  const arrows = Object.entries(table).flatMap(([room, uses]) =>
    uses
      .filter((used) => !uses.some((other) => other !== used && reaches(other, used)))
      .map((used) => `  ${room} --> ${used}`),
  );
  return [
    '# The rooms',
    '',
    'Made by `node ops/draw-rooms.mjs` from [rooms.mjs](rooms.mjs), the table that lint holds the imports to. An arrow says: may import, by the door.',
    'What follows from other arrows is left out; the table has all of them.',
    '',
    '```mermaid',
    'graph TD',
    '  apps([apps]) --> installation',
    ...arrows,
    '```',
    '',
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(join(resolve(import.meta.dirname), 'rooms.md'), pictureOf(rooms));
}
