import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { MAX_PERSON_ROWS } from '#libs/keyring';
import type { PersonRecord, PersonRows } from '#libs/keyring';
import { Refused } from '../exit-codes.ts';
import { SourceBeingWritten } from './source-being-written.ts';

/** How often a source in which persons appear meanwhile is gone through before it is called busy. */
const MAX_ROUNDS = 3;

export interface CopiedPersons {
  /** In both directories, at the end. */
  readonly persons: number;
  readonly indexEntries: number;
  /** Of the persons, those that the target did not have before. */
  readonly copied: number;
  /** SHA-256 over all rows in the order of person ids: the same on both sides. It says nothing of anybody. */
  readonly digest: string;
  /** Of `copied`; null when nobody was new. */
  readonly personsPerSecond: number | null;
}

/** Called now and then; `done` counts persons. */
export type CopyProgress = (step: 'comparing' | 'copying' | 'verifying', done: number) => void;

/**
 * Copies every person, with wrapped key and index entries as they are; both directories use the same keyring. May be killed at any
 * moment and run again. At the end both sides are read anew. Memory does not grow with the number of persons.
 *
 * @throws Refused             the target knows persons that the source does not (erased since, perhaps), or the two differ in the end
 * @throws PersonRowsConflict  an address leads to different persons
 * @throws SourceBeingWritten  what is copied stays; run it again
 * @throws PersonDirectoryUnavailable
 */
export async function copyPersons(
  from: PersonRows,
  to: PersonRows,
  onProgress: CopyProgress = () => undefined,
): Promise<CopiedPersons> {
  const before = await refuseStrangers(from, to, onProgress);
  let seen: Digested | null = null;
  let copyingMs = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const startedAt = performance.now();
    await copyAll(from, to, (done) => onProgress('copying', done));
    copyingMs += performance.now() - startedAt;
    const [source, target] = [await digest(from, (done) => onProgress('verifying', done)), await digest(to)];
    if (source.digest === target.digest) {
      const copied = target.persons - before;
      const personsPerSecond = copied <= 0 ? null : Math.round((copied / Math.max(copyingMs, 1)) * 1000);
      return { ...target, copied, personsPerSecond };
    }
    if (source.digest === seen?.digest) {
      throw new Refused(
        `the two directories differ: ${source.persons} persons with ${source.indexEntries} index entries, and ${target.persons} with ${target.indexEntries}`,
      );
    }
    seen = source;
  }
  throw new SourceBeingWritten();
}

/**
 * A person who was erased in the source must not live on in the target, so a target that knows more is no place to go on.
 * @returns how many the target knows @throws Refused
 */
async function refuseStrangers(from: PersonRows, to: PersonRows, onProgress: CopyProgress): Promise<number> {
  const source = from.readRows()[Symbol.asyncIterator]();
  let known = 0;
  let strangers = 0;
  try {
    let next = await source.next();
    for await (const { person_id } of to.readRows()) {
      while (next.done !== true && next.value.person_id < person_id) next = await source.next();
      if (next.done === true || next.value.person_id !== person_id) strangers++;
      onProgress('comparing', ++known);
    }
  } finally {
    await source.return?.();
  }
  if (strangers > 0) {
    throw new Refused(
      `the target knows ${strangers} persons that the source does not: it is no copy of it, or they have been erased there since. Begin with an empty one`,
    );
  }
  return known;
}

async function copyAll(from: PersonRows, to: PersonRows, onCopied: (done: number) => void): Promise<void> {
  let batch: PersonRecord[] = [];
  let done = 0;
  const handOver = async (): Promise<void> => {
    if (batch.length === 0) return;
    await to.writeRows(batch);
    onCopied((done += batch.length));
    batch = [];
  };
  for await (const row of from.readRows()) {
    batch.push(row);
    if (batch.length === MAX_PERSON_ROWS) await handOver();
  }
  await handOver();
}

interface Digested {
  readonly persons: number;
  readonly indexEntries: number;
  readonly digest: string;
}

async function digest(rows: PersonRows, onRead: (done: number) => void = () => undefined): Promise<Digested> {
  const hash = createHash('sha256');
  let persons = 0;
  let indexEntries = 0;
  for await (const row of rows.readRows()) {
    addField(hash, row.person_id);
    addField(hash, row.wrapping_key_id);
    addField(hash, row.wrapped_key);
    addField(hash, String(row.index.length));
    for (const { index_key_id, address_hash } of row.index) {
      addField(hash, index_key_id);
      addField(hash, address_hash);
      indexEntries++;
    }
    onRead(++persons);
  }
  return { persons, indexEntries, digest: hash.digest('hex') };
}

/** With its length before it, so that no two lists of fields look alike. */
function addField(hash: Hash, field: string | Uint8Array): void {
  const bytes = typeof field === 'string' ? Buffer.from(field) : field;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  hash.update(length).update(bytes);
}
