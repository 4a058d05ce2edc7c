import { randomUUID } from 'node:crypto';
import { open, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readCheckpoint } from './checkpoint.ts';
import { entryBundle, newTiles, tileOfHashes, tilePath } from './tiles.ts';
import type { TileName } from './tiles.ts';
import { TILE_WIDTH } from './tree-proofs.ts';
import type { TreeHashes } from './tree-proofs.ts';

/** The leaves from `first` on, `count` of them, all of which exist. */
export type ReadLeaves = (first: number, count: number) => Promise<readonly Uint8Array[]>;

/**
 * Writes the log as C2SP tlog-tiles into a directory that any web server can serve and any verifier of that form can read: tiles and
 * bundles first, `checkpoint` last, each file whole or not there. Every checkpoint also stays at `checkpoints/<size>`, so that the directory
 * is worth something when it is mounted from elsewhere, append-only. Leaves hold no content (see leaf.ts).
 *
 * Idempotent: what was written for the checkpoint before is taken as it is. @throws what the file system throws
 */
export async function publishLedger(
  directory: string,
  note: string,
  tree: TreeHashes,
  readLeaves: ReadLeaves,
): Promise<void> {
  const head = readCheckpoint(note);
  if (head === null) throw new TypeError('not a checkpoint');
  const before = readCheckpoint(await readText(join(directory, 'checkpoint')))?.size ?? 0;
  if (before >= head.size) return;
  for (const tile of newTiles(before, head.size)) {
    const content = isHashes(tile)
      ? tileOfHashes(tree, tile)
      : entryBundle(await readLeaves(tile.index * TILE_WIDTH, tile.width));
    await writeWhole(join(directory, tilePath(tile)), content);
  }
  await writeWhole(join(directory, 'checkpoints', String(head.size)), Buffer.from(note));
  // Another console may have published more meanwhile.
  const now = readCheckpoint(await readText(join(directory, 'checkpoint')))?.size ?? 0;
  if (now < head.size) await writeWhole(join(directory, 'checkpoint'), Buffer.from(note));
}

/** The newest checkpoint in a directory; null when there is none. @throws what the file system throws, other than for a missing file */
export async function publishedCheckpoint(directory: string): Promise<string | null> {
  const note = await readText(join(directory, 'checkpoint'));
  return note === '' ? null : note;
}

function isHashes(tile: TileName): tile is TileName & { level: number } {
  return tile.level !== 'entries';
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return '';
    throw error;
  }
}

async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const isThere = await stat(path).catch(() => null);
  if (isThere?.isDirectory()) throw new Error(`${path} is a directory`);
  const draft = `${path}.${randomUUID()}.draft`; // other consoles write the same file, with the same content
  try {
    const file = await open(draft, 'w', 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
