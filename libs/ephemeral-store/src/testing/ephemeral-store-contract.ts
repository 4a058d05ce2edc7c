import { afterEach, beforeEach, describe } from '@jest/globals';
import type { EphemeralStore } from '../ephemeral-store.ts';
import { byteValuesContract } from './byte-values-contract.ts';
import { recordsContract } from './records-contract.ts';
import { boundsContract } from './bounds-contract.ts';
import { wordsContract } from './words-contract.ts';

/** One store, empty at the beginning, and how a test drives it. */
export interface EphemeralStoreUnderTest {
  /** Another client of the same store: over a network as from another process; in memory the same object again. */
  connect(): Promise<EphemeralStore>;
  /** Lets so many seconds (a fraction, mostly) pass for the store: a moved clock, or really waiting a little longer. */
  elapse(seconds: number): Promise<void>;
  /** Closes what was connected and throws the store away. */
  close(): Promise<void>;
}

export type OpenEphemeralStore = (options: { readonly maxBytes: number }) => Promise<EphemeralStoreUnderTest>;

/** Two clients of one store, fresh for each test. */
export interface ContractSetting {
  readonly store: EphemeralStore;
  readonly other: EphemeralStore;
  elapse(seconds: number): Promise<void>;
}

/** Enough for the largest value of the suite, little enough to be filled in a moment. */
export const CONTRACT_MAX_BYTES = 4 * 1024 * 1024;

/**
 * What every adapter of EphemeralStore does, races over several clients included:
 * `ephemeralStoreContract('memory', openMemory)`. An adapter outside this suite is not supported.
 */
export function ephemeralStoreContract(name: string, open: OpenEphemeralStore): void {
  describe(`ephemeral store: ${name}`, () => {
    let underTest: EphemeralStoreUnderTest;
    let clients: readonly [EphemeralStore, EphemeralStore];

    beforeEach(async () => {
      underTest = await open({ maxBytes: CONTRACT_MAX_BYTES });
      clients = [await underTest.connect(), await underTest.connect()];
    });
    afterEach(() => underTest.close());

    const setting: ContractSetting = {
      get store() {
        return clients[0];
      },
      get other() {
        return clients[1];
      },
      elapse: (seconds) => underTest.elapse(seconds),
    };
    recordsContract(setting);
    byteValuesContract(setting);
    boundsContract(setting);
    wordsContract(setting);
  });
}

export async function collect(pieces: AsyncIterable<Uint8Array> | null): Promise<Buffer | null> {
  if (pieces === null) return null;
  const copies: Buffer[] = [];
  for await (const piece of pieces) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
}

export async function* stream(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await new Promise((resume) => setImmediate(resume));
    yield chunk;
  }
}

export function bytes(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

/** As what a client gives back is compared: content alone, whether Buffer or Uint8Array. */
export function text(value: Uint8Array | null): string | null {
  return value === null ? null : Buffer.from(value).toString('utf8');
}
