import { DomainError } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import type { KeyId } from '../custody/key-kinds.ts';
import type { PersonCustody, PersonRow } from './person-custody.ts';
import { secretOfPerson } from './person.ts';

/** Persons in one call of `writeRows`, and in one page of `readRows`. */
export const MAX_PERSON_ROWS = 500;

/** One person as every directory keeps it: nothing in it can be read without the keyring. */
export interface PersonRecord extends PersonRow {
  /** What finds the person, by address hash in the order of bytes. May be empty: who is met next is filed anew. */
  readonly index: readonly PersonIndexRow[];
}

export interface PersonIndexRow {
  readonly index_key_id: KeyId;
  readonly address_hash: Uint8Array;
}

/**
 * The rows of a person directory, for moving from one store to another under the same keyring. Wrapped keys and index entries
 * stay as they are. Every adapter that offers it passes `personRowsContract`.
 */
export interface PersonRows {
  /**
   * In the order of person ids, byte by byte. Left out is what has been lost with a destroyed key. Persons made or erased
   * meanwhile may or may not be among them. @throws PersonDirectoryUnavailable
   */
  readRows(): AsyncIterable<PersonRecord>;

  /**
   * Writes 1 to MAX_PERSON_ROWS persons, all or none, durable once it resolves. What is there already is passed over, so the
   * same call may be repeated. A person who is there with the same key wrapped otherwise (`segl keys rewrap` in between) gets the wrapping
   * given here.
   *
   * @throws PersonRowsConflict          somebody else is there; nothing was written
   * @throws PersonDirectoryUnavailable  also for a row whose key does not open under this directory's keyring; nothing was written
   */
  writeRows(records: readonly PersonRecord[]): Promise<void>;
}

/** The same address leads to another person here, or the same person has another key. Names nobody. */
export class PersonRowsConflict extends DomainError {
  constructor(reason: string) {
    super('person-rows-conflict', reason);
  }
}

export interface PersonRowChanges {
  readonly made: readonly PersonRow[];
  readonly rewrapped: readonly PersonRow[];
  readonly filed: readonly (PersonIndexRow & { readonly person_id: PersonId })[];
}

/**
 * What every adapter's `writeRows` does between looking and writing.
 * @param there  the rows of these persons and of these address hashes that the directory holds, locked until the end
 */
export function changesFor(
  records: readonly PersonRecord[],
  there: {
    readonly persons: readonly PersonRow[];
    readonly index: readonly { readonly person_id: PersonId; readonly address_hash: Uint8Array }[];
  },
  custody: PersonCustody,
): PersonRowChanges {
  const persons = new Map(there.persons.map((row) => [row.person_id, row]));
  const owners = new Map(there.index.map((row) => [hex(row.address_hash), row.person_id]));
  const changes = {
    made: [] as PersonRow[],
    rewrapped: [] as PersonRow[],
    filed: [] as PersonRowChanges['filed'][number][],
  };
  for (const record of records) {
    const present = persons.get(record.person_id);
    const key = custody.unwrap(record).key;
    if (present === undefined) changes.made.push(record);
    else if (
      present.wrapping_key_id !== record.wrapping_key_id ||
      hex(present.wrapped_key) !== hex(record.wrapped_key)
    ) {
      if (hex(secretOfPerson(custody.unwrap(present).key)) !== hex(secretOfPerson(key))) {
        throw new PersonRowsConflict(
          'a person is in both directories with different keys: they are not copies of each other',
        );
      }
      changes.rewrapped.push(record);
    }
    for (const { index_key_id, address_hash } of record.index) {
      const owner = owners.get(hex(address_hash));
      if (owner !== undefined && owner !== record.person_id) {
        throw new PersonRowsConflict(
          'an address leads to different persons in the two directories: they are not copies of each other',
        );
      }
      if (owner === undefined) changes.filed.push({ person_id: record.person_id, index_key_id, address_hash });
      owners.set(hex(address_hash), record.person_id);
    }
  }
  return changes;
}

/** @throws TypeError */
export function requireRowCount(records: readonly PersonRecord[]): void {
  if (records.length < 1 || records.length > MAX_PERSON_ROWS) {
    throw new TypeError(`1 to ${MAX_PERSON_ROWS} persons at once, not ${records.length}`);
  }
}

/** Puts persons and their index entries together; both in their order. */
export function recordsOf(
  persons: readonly PersonRow[],
  index: readonly (PersonIndexRow & { readonly person_id: PersonId })[],
  custody: PersonCustody,
): PersonRecord[] {
  const entries = Map.groupBy(
    index.filter(({ index_key_id }) => !custody.isDestroyed(index_key_id)),
    ({ person_id }) => person_id,
  );
  return persons
    .filter((row) => !custody.isLost(row))
    .map(({ person_id, wrapping_key_id, wrapped_key }) => ({
      person_id,
      wrapping_key_id,
      wrapped_key,
      index: (entries.get(person_id) ?? []).map(({ index_key_id, address_hash }) => ({ index_key_id, address_hash })),
    }));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
