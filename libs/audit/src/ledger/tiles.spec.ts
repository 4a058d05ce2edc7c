import { describe, expect, it } from '@jest/globals';
import { newTiles, parseTilePath, tilePath, tileWidth } from './tiles.ts';

describe('the tiles of a tree (C2SP tlog-tiles)', () => {
  it('have the paths of the specification', () => {
    expect(tilePath({ level: 0, index: 1234067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 'entries', index: 5, width: 112 })).toBe('tile/entries/005.p/112');
    expect(tilePath({ level: 2, index: 0, width: 1 })).toBe('tile/2/000.p/1');
  });

  it.each([
    { level: 0, index: 1234067, width: 256 },
    { level: 'entries', index: 0, width: 255 },
  ] as const)('are found by their path: %j', (name) => expect(parseTilePath(tilePath(name))).toEqual(name));

  it.each([
    'tile/0/1',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/64/000',
    'tile/00/000',
    'tile/0/x000/001',
    '../tile/0/000',
    'tile/0/000/',
  ])('are not found by %s', (path) => expect(parseTilePath(path)).toBeNull());

  it('of a tree of 70,000 are those that the specification counts', () => {
    const tiles = [...newTiles(0, 70_000)];
    const of = (level: number | 'entries') => tiles.filter((tile) => tile.level === level);
    expect([of(0).length, of(0).at(-1)?.width]).toEqual([274, 112]);
    expect(of('entries')).toHaveLength(274);
    expect(of(1).map(({ width }) => width)).toEqual([256, 17]);
    expect(of(2).map(({ width }) => width)).toEqual([1]);
    expect(tileWidth(1, 0, 256)).toBe(1);
    expect([...newTiles(256, 257)].map(tilePath)).toEqual(['tile/entries/001.p/1', 'tile/0/001.p/1']);
    expect([...newTiles(257, 257)]).toEqual([]);
  });
});
