import { TILE_WIDTH } from './tree-proofs.ts';
import type { TreeHashes } from './tree-proofs.ts';

/** One resource of C2SP tlog-tiles. `level` is 'entries' for a bundle of leaves. */
export interface TileName {
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256; 256 is a full tile. */
  readonly width: number;
}

/** The path below the log's prefix: `tile/<L>/<N>[.p/<W>]`, the index in groups of three digits (C2SP tlog-tiles). */
export function tilePath({ level, index, width }: TileName): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const groups = digits.match(/\d{3}/g) as string[];
  const place = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${level}/${place}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Null for a path that the form does not have: other digits, leading zeros, a width of 0 or over 255. */
export function parseTilePath(path: string): TileName | null {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (match === null) return null;
  const level = match[1] === 'entries' ? 'entries' : Number(match[1]);
  const index = Number((match[2] as string).replace(/[x/]/g, ''));
  const name = { level, index, width: match[3] === undefined ? TILE_WIDTH : Number(match[3]) } as const;
  return level !== 'entries' && level > 63 ? null : tilePath(name) === path && name.width <= TILE_WIDTH ? name : null;
}

/** How wide a tile is in a tree of `size` leaves; 0 when it does not exist there. */
export function tileWidth(level: number | 'entries', index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** The names of all tiles and bundles that a tree of `size` leaves has and one of `before` leaves has not. */
export function* newTiles(before: number, size: number): Iterable<TileName> {
  for (const level of ['entries', ...levelsOf(size)] as const) {
    const perTile = TILE_WIDTH ** (level === 'entries' ? 1 : level + 1);
    for (let index = Math.floor(before / perTile); ; index++) {
      const width = tileWidth(level, index, size);
      if (width === 0) break;
      if (width !== tileWidth(level, index, before)) yield { level, index, width };
    }
  }
}

/** The content of a tile of hashes: `width` times 32 bytes. */
export function tileOfHashes(tree: TreeHashes, { level, index, width }: TileName & { level: number }): Buffer {
  return Buffer.concat(tree.hashes(level, index * TILE_WIDTH, width));
}

/** The content of a bundle: each leaf behind its length in two bytes, big-endian. */
export function entryBundle(leaves: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    leaves.flatMap((leaf) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(leaf.length);
      return [length, leaf];
    }),
  );
}

function levelsOf(size: number): number[] {
  const levels: number[] = [];
  for (let level = 0; TILE_WIDTH ** level <= size; level++) levels.push(level);
  return levels;
}
