import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newPersonId, parseMailAddress } from '#libs/vocabulary';
import type { Instant, MailAddress } from '#libs/vocabulary';
import { SqlitePersonDirectory } from '../adapters/sqlite/sqlite-person-directory.ts';
import { destroyKey, rotateKey } from '../change-keys.ts';
import { Keyring } from '../keyring.ts';
import { PersonCustody } from '../person/person-custody.ts';
import type { PersonDirectory } from '../person/person-directory.ts';
import { MAX_PERSON_ROWS, PersonRowsConflict } from '../person/person-rows.ts';
import type { PersonRecord, PersonRows } from '../person/person-rows.ts';
import { secretOfPerson } from '../person/person.ts';
import { temporaryKeyring } from './temporary-keyring.ts';
import type { TemporaryKeyring } from './temporary-keyring.ts';

/** One place where persons are kept, empty at first. */
export interface PersonRowsPlace {
  open(keyring: Keyring): Promise<PersonDirectory & PersonRows>;
  remove(): Promise<void>;
}

const now = '2026-03-01T12:00:00.000Z' as Instant;
const addressOf = (i: number): MailAddress => parseMailAddress(`person-${i}@example.com`);

/** What every directory does whose rows can be moved. The other one is always a SQLite file. */
export function personRowsContract(name: string, makePlace: () => Promise<PersonRowsPlace>): void {
  describe(`the rows of the person directory on ${name}`, () => {
    let keys: TemporaryKeyring;
    let keyring: Keyring;
    let place: PersonRowsPlace;
    let other: PersonDirectory & PersonRows;
    let persons: PersonDirectory & PersonRows;
    let otherParent: string;
    const opened: { close(): Promise<void> | void }[] = [];

    beforeEach(async () => {
      keys = await temporaryKeyring();
      keyring = keys.keyring;
      place = await makePlace();
      otherParent = await mkdtemp(join(tmpdir(), 'segl-persons-'));
      await openBoth();
    });
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
      await place.remove();
      await rm(otherParent, { recursive: true, force: true });
      await keys.remove();
    });

    async function openBoth(): Promise<void> {
      persons = await place.open(keyring);
      other = await SqlitePersonDirectory.open(join(otherParent, 'persons.db'), keyring);
      opened.push(persons, other);
    }

    /** With a new version of a key, as a process that starts after the rotation. */
    async function rotate(kind: 'person-wrapping' | 'person-index'): Promise<void> {
      await rotateKey(keys.directory, kind, { now });
      keyring = await Keyring.open(keys.directory, { demonstration: false });
      opened.push(keyring);
      await openBoth();
    }

    async function rowsOf(directory: PersonRows): Promise<PersonRecord[]> {
      const rows: PersonRecord[] = [];
      for await (const row of directory.readRows()) rows.push(row);
      return rows;
    }

    const plain = (rows: readonly PersonRecord[]) =>
      rows.map((row) => [
        row.person_id,
        row.wrapping_key_id,
        Buffer.from(row.wrapped_key).toString('hex'),
        row.index.map((entry) => [entry.index_key_id, Buffer.from(entry.address_hash).toString('hex')]),
      ]);

    async function fill(directory: PersonDirectory, count: number, from = 0): Promise<void> {
      for (let i = from; i < from + count; i += 50) {
        const many = Array.from({ length: Math.min(50, from + count - i) }, (_, n) => addressOf(i + n));
        await Promise.all(many.map((address) => directory.findOrCreate(address)));
      }
    }

    async function copy(from: PersonRows, to: PersonRows): Promise<void> {
      const rows = await rowsOf(from);
      for (let i = 0; i < rows.length; i += MAX_PERSON_ROWS) await to.writeRows(rows.slice(i, i + MAX_PERSON_ROWS));
    }

    it('reads every person once, in the order of their ids, over more than a page', async () => {
      await fill(persons, MAX_PERSON_ROWS + 20);
      const ids = (await rowsOf(persons)).map((row) => row.person_id as string);
      expect(ids).toHaveLength(MAX_PERSON_ROWS + 20);
      expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => (a < b ? -1 : 1)));
    }, 120_000);

    it('reads nobody where there is nobody', async () => {
      expect(await rowsOf(persons)).toEqual([]);
    });

    it('moves persons there and back, rows unchanged, and finds the very same persons', async () => {
      await fill(other, 30);
      await copy(other, persons);
      expect(plain(await rowsOf(persons))).toEqual(plain(await rowsOf(other)));
      const [here, there] = [await persons.find(addressOf(7)), await other.find(addressOf(7))];
      if (here === null || there === null) throw new Error('lost');
      expect(here.personId).toBe(there.personId);
      expect(secretOfPerson(here.key)).toEqual(secretOfPerson(there.key));
      expect((await persons.findOrCreate(addressOf(7))).personId).toBe(here.personId);

      await fill(persons, 5, 30);
      await copy(persons, other);
      expect(plain(await rowsOf(other))).toEqual(plain(await rowsOf(persons)));
    });

    it('passes over what is there, and takes what is new', async () => {
      await fill(other, 10);
      await copy(other, persons);
      await copy(other, persons);
      await fill(other, 3, 10);
      await Promise.all([copy(other, persons), copy(other, persons)]);
      expect(plain(await rowsOf(persons))).toEqual(plain(await rowsOf(other)));
    });

    it('takes over a key that was wrapped anew in between, and an index entry that was added', async () => {
      await fill(other, 4);
      await copy(other, persons);
      await rotate('person-wrapping');
      await rotate('person-index');
      await other.rewrap();
      await other.findOrCreate(addressOf(2)); // files the person under the new index key too
      await copy(other, persons);
      const rows = await rowsOf(persons);
      expect(plain(rows)).toEqual(plain(await rowsOf(other)));
      expect(new Set(rows.map((row) => row.wrapping_key_id))).toEqual(new Set(['person-wrapping-2']));
      expect(Math.max(...rows.map(({ index }) => index.length))).toBe(2);
    });

    it('leaves out what was lost with a destroyed key', async () => {
      await fill(persons, 2);
      await rotate('person-wrapping');
      await fill(persons, 1, 2);
      await destroyKey(keys.directory, 'person-wrapping-1', { now, force: true });
      keyring = await Keyring.open(keys.directory, { demonstration: false });
      opened.push(keyring);
      await openBoth();
      expect(await rowsOf(persons)).toHaveLength(1);
    });

    it('refuses an address that leads to somebody else, and writes nothing', async () => {
      await fill(other, 3);
      const stranger = await persons.findOrCreate(addressOf(1));
      await expect(copy(other, persons)).rejects.toBeInstanceOf(PersonRowsConflict);
      expect((await rowsOf(persons)).map((row) => row.person_id)).toEqual([stranger.personId]);
    });

    it('refuses a person who is there with another key', async () => {
      await fill(other, 2);
      await copy(other, persons);
      const [one, two] = await rowsOf(other);
      if (one === undefined || two === undefined) throw new Error('lost');
      const custody = new PersonCustody(keyring);
      const wrapped = custody.wrap({ personId: one.person_id, key: custody.newPerson().key });
      const another = { ...one, wrapping_key_id: wrapped.wrappingKeyId, wrapped_key: wrapped.wrappedKey };
      await expect(persons.writeRows([another])).rejects.toBeInstanceOf(PersonRowsConflict);
      const forged = { ...one, person_id: newPersonId() };
      await expect(persons.writeRows([forged])).rejects.toMatchObject({ code: 'person-directory-unavailable' });
      await expect(persons.writeRows([{ ...one, wrapped_key: two.wrapped_key }])).rejects.toMatchObject({
        code: 'person-directory-unavailable', // bound to the person: what is wrapped for one opens for no other
      });
      expect(plain(await rowsOf(persons))).toEqual(plain(await rowsOf(other)));
    });

    it('refuses rows of another keyring', async () => {
      const foreign = await temporaryKeyring();
      const parent = await mkdtemp(join(tmpdir(), 'segl-persons-'));
      const theirs = await SqlitePersonDirectory.open(join(parent, 'persons.db'), foreign.keyring);
      try {
        await fill(theirs, 2);
        await expect(copy(theirs, persons)).rejects.toMatchObject({ code: 'person-directory-unavailable' });
        expect(await rowsOf(persons)).toEqual([]);
      } finally {
        await theirs.close();
        await foreign.remove();
        await rm(parent, { recursive: true, force: true });
      }
    });

    it('notices a foreign keyring afterwards', async () => {
      await fill(other, 1);
      await copy(other, persons);
      const foreign = await temporaryKeyring();
      try {
        await expect(place.open(foreign.keyring)).rejects.toMatchObject({ code: 'person-directory-unavailable' });
      } finally {
        await foreign.remove();
      }
    });

    it('refuses none, and too many at once', async () => {
      await fill(other, 1);
      const [row] = await rowsOf(other);
      if (row === undefined) throw new Error('lost');
      await expect(persons.writeRows([])).rejects.toBeInstanceOf(TypeError);
      const many = Array.from({ length: MAX_PERSON_ROWS + 1 }, () => row);
      await expect(persons.writeRows(many)).rejects.toBeInstanceOf(TypeError);
    });
  });
}
