import { generateKeyPairSync, sign } from 'node:crypto';
import { parseRecordedEvent, recordEvents, streamName } from '#libs/event-store';
import type { Position, RecordedEvent } from '#libs/event-store';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import { exportRange } from '../export/range-export.ts';
import { signCheckpoint } from '../ledger/checkpoint.ts';
import { ledgerLeaf } from '../ledger/leaf.ts';
import { merkleLeafHash, merkleNodeHash } from '../ledger/merkle-tree.ts';
import { verifierKey } from '../ledger/signed-note.ts';
import { rootAt, TILE_WIDTH } from '../ledger/tree-proofs.ts';
import type { TreeHashes } from '../ledger/tree-proofs.ts';

export const ORIGIN = 'post.nordlys.example/ledger';

/** A ledger key made for one test, and what others know it by. */
export function signerOfTests(name: string = ORIGIN) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return { publicKey: raw, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey), vkey: verifierKey(name, raw) };
}

/** A log in memory with its tree: what the writer's code makes of any list of events. */
export class LogOfTests implements TreeHashes {
  readonly events: RecordedEvent[] = [];
  private readonly leaves: Buffer[] = [];

  constructor(count: number, seed = 'a') {
    for (let index = 0; index < count; index++) this.add(eventOfTests(index, seed));
  }

  add(event: RecordedEvent): void {
    this.events.push(event);
    this.leaves.push(merkleLeafHash(ledgerLeaf(event)));
  }

  hashes(level: number, first: number, count: number): Buffer[] {
    const width = TILE_WIDTH ** level;
    if ((first + count) * width > this.leaves.length) throw new RangeError('no such hashes');
    return Array.from({ length: count }, (_, at) =>
      whole(this.leaves.slice((first + at) * width, (first + at + 1) * width)),
    );
  }

  note(size: number, signer: ReturnType<typeof signerOfTests>, origin: string = ORIGIN): string {
    return signCheckpoint({ origin, size, root: rootAt(this, size) }, signer);
  }

  /** The lines of an export of this log's tree, with these events in it: the log's own unless a test has tampered with them. */
  async export(
    checkpoints: readonly string[],
    events: readonly RecordedEvent[] = this.events,
    from = 0,
  ): Promise<string[]> {
    const lines: string[] = [];
    const given = (async function* () {
      yield* events.slice(from);
    })();
    for await (const line of exportRange({ events: given, tree: this, from, checkpoints })) lines.push(line);
    return lines;
  }
}

function whole(hashes: Buffer[]): Buffer {
  let level = hashes;
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, at) =>
      merkleNodeHash(level[2 * at] as Buffer, level[2 * at + 1] as Buffer),
    );
  }
  return level[0] as Buffer;
}

/** Two events to a stream, so that revisions are not all alike. */
export function eventOfTests(index: number, seed = 'a'): RecordedEvent {
  const stream = streamName('message', `${seed}${Math.floor(index / 2)}`);
  const time = plusSeconds(instantOf('2026-11-30T00:00:00Z'), index);
  const [record] = recordEvents(
    stream,
    index % 2 === 0 ? 'NONE' : 0,
    [{ type: index % 2 === 0 ? 'Sealed' : 'Viewed', data: { index, seed } }],
    time,
  );
  return parseRecordedEvent(Buffer.from(record?.text ?? ''), String(index) as Position);
}
