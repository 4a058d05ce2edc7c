import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pictureOf } from './draw-rooms.mjs';
import { housesOfSteps, rooms as roomsOfLint, roomsInTests as roomsInTestsOfLint } from './rooms.mjs';

const rooms: Readonly<Record<string, readonly string[]>> = roomsOfLint;
const roomsInTests: Readonly<Record<string, readonly string[]>> = roomsInTestsOfLint;
const root = resolve(import.meta.dirname, '..');
const sources = globSync('{apps,libs,ops}/**/*.{ts,mjs}', {
  cwd: root,
  exclude: (name) => name === 'node_modules',
}).map((path) => ({
  path,
  room: /^libs\/([^/]+)\//.exec(path)?.[1] ?? null,
  text: readFileSync(join(root, path), 'utf8'),
}));
const isTest = (path: string) => /\/testing\/|spec\.ts$/.test(path);

function usedBy(room: string, isWanted: (path: string) => boolean): string[] {
  const found = sources
    .filter((source) => source.room === room && isWanted(source.path))
    .flatMap(({ text }) => [...text.matchAll(/'#libs\/([a-z-]+)(?:\/testing)?'/g)].map(([, other = '']) => other));
  return [...new Set(found)].filter((other) => other !== room).sort();
}

/** `import { a, type b as c } from '#libs/room'`, and the same with `export`. */
const IMPORTED =
  /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'(?:#libs\/|(?:\.\.\/)+libs\/)([a-z-]+(?:\/testing)?)/g;
const namesIn = (list: string) =>
  list
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '');

describe('the arrows of the house', () => {
  it.each(Object.keys(rooms))('%s may import what it uses, and nothing else', (room) => {
    const allowed = [...(rooms[room] ?? [])].sort();
    const inTests = [...(roomsInTests[room] ?? [])].sort();
    expect(usedBy(room, (path) => !isTest(path))).toEqual(allowed);
    expect(usedBy(room, isTest).filter((other) => !allowed.includes(other))).toEqual(inTests);
  });

  it('make no circle', () => {
    const order = Object.keys(rooms);
    const upwards = order.flatMap((room, at) =>
      (rooms[room] ?? []).filter((other) => order.indexOf(other) >= at).map((other) => `${room} → ${other}`),
    );
    expect(upwards).toEqual([]);
  });

  it('name every room that there is', () => {
    const there = new Set(sources.map(({ room }) => room).filter((room) => room !== null));
    expect([...there].sort()).toEqual(Object.keys(rooms).sort());
  });
});

describe.each(Object.entries<readonly string[]>(housesOfSteps))('the steps of %s', (house, words) => {
  const folder = `libs/${house}`;
  const stepOf = (path: string) => /^([^./][^/]*)\//.exec(relative(folder, path))?.[1] ?? null;
  const files = sources.filter(({ path }) => path.startsWith(`${folder}/`) && !isTest(path));

  it('are there', () => {
    const steps = new Set(files.map(({ path }) => stepOf(path)).filter((step) => step !== null));
    expect([...steps].filter((step) => !words.includes(step))).not.toEqual([]);
    for (const word of words) expect(steps).toContain(word);
  });

  it('import no other step, and no word imports a step', () => {
    const imported = files.flatMap(({ path, text }) =>
      [...text.matchAll(/(?:from|import\()\s*'(\.[^']*)'/g)].map(([, to = '']) => ({
        path,
        to: join(dirname(path), to),
      })),
    );
    const sideways = imported.filter(({ path, to }) => {
      const [from, other] = [stepOf(path), stepOf(to)];
      return from !== null && other !== null && other !== from && !words.includes(other);
    });
    expect(sideways.map(({ path, to }) => `${path} → ${to}`)).toEqual([]);
  });
});

it('the picture of the rooms shows the table', () => {
  expect(readFileSync(join(root, 'ops/rooms.md'), 'utf8')).toBe(pictureOf(roomsOfLint)); // else: node ops/draw-rooms.mjs
});

it('doors export what somebody outside uses, and nothing else', () => {
  const used = new Map<string, Set<string>>();
  const whole = new Set<string>();
  for (const { text } of sources) {
    for (const [, list = '', door = ''] of text.matchAll(IMPORTED)) {
      const names = used.get(door) ?? new Set();
      used.set(door, names);
      for (const name of namesIn(list)) names.add(name.replace(/ as .*$/, ''));
    }
    for (const [, door = ''] of text.matchAll(/(?:\* as \w+ from |import\()\s*'#libs\/([a-z-]+(?:\/testing)?)'/g))
      whole.add(door);
  }
  const unused = sources.flatMap(({ path, text }) => {
    const [, door = ''] = /^libs\/([^/]+)\/src\/index\.ts$/.exec(path) ?? [];
    if (door === '' || whole.has(door)) return [];
    const exported = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = '']) => namesIn(list));
    return exported
      .map((name) => name.replace(/^.* as /, ''))
      .filter((name) => used.get(door)?.has(name) !== true)
      .map((name) => `${door}: ${name}`);
  });
  expect(unused).toEqual([]);
});
