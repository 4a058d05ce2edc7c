import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newEventId, newPersonId, parseMailAddress } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import { destroyKey, rotateKey } from '../change-keys.ts';
import { Keyring } from '../keyring.ts';
import { decryptPersonalData, encryptPersonalData } from '../personal-data.ts';
import type { Person } from '../person/person.ts';
import { PersonDirectoryUnavailable } from '../person/person-directory.ts';
import type { PersonDirectory } from '../person/person-directory.ts';
import { temporaryKeyring } from './temporary-keyring.ts';
import type { TemporaryKeyring } from './temporary-keyring.ts';

/** One place where persons are kept, empty at first. */
export interface PersonDirectoryPlace {
  /** As `persons-process.ts` opens it: `sqlite:<path>`, `postgres://…`. */
  readonly url: string;
  /** Opens it once more; the contract closes what it opened. */
  open(keyring: Keyring): Promise<PersonDirectory>;
  remove(): Promise<void>;
}

const now = '2026-03-01T12:00:00.000Z' as Instant;
const anna = parseMailAddress('anna@example.com');
const bo = parseMailAddress('bo@example.com');
const addressOf = (i: number): MailAddress => parseMailAddress(`person-${i}@example.com`);

/** What every adapter of the person directory does, races between processes included. */
export function personDirectoryContract(name: string, makePlace: () => Promise<PersonDirectoryPlace>): void {
  describe(`the person directory on ${name}`, () => {
    let place: PersonDirectoryPlace;
    let keys: TemporaryKeyring;
    let persons: PersonDirectory;
    const opened: { close(): Promise<void> | void }[] = [];

    beforeEach(async () => {
      keys = await temporaryKeyring();
      place = await makePlace();
      persons = await open();
    });

    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
      await place.remove();
      await keys.remove();
    });

    async function open(keyring: Keyring = keys.keyring): Promise<PersonDirectory> {
      const directory = await place.open(keyring);
      opened.push(directory);
      return directory;
    }

    const rotate = async (kind: 'person-wrapping' | 'person-index') => {
      await rotateKey(keys.directory, kind, { now });
      keys.keyring.refresh();
    };
    const destroy = async (keyId: string) => {
      await destroyKey(keys.directory, keyId, { now });
      keys.keyring.refresh();
    };

    it('knows nobody at first', async () => {
      expect(await persons.find(anna)).toBeNull();
      expect(await persons.findById(newPersonId())).toBeNull();
      expect(await persons.erase(newPersonId())).toBe(false);
      await persons.checkWritable();
      expect(await persons.find(anna)).toBeNull();
    });

    it('gives an address one person with one key, by address and by id, in every adapter on the place', async () => {
      const person = await persons.findOrCreate(anna);
      expect(person.personId).toMatch(/^[a-z2-7]{26}$/);
      const others = [
        await persons.findOrCreate(anna),
        await persons.find(anna),
        await persons.findById(person.personId),
        await (await open()).find(anna),
        await (await open()).findOrCreate(anna),
      ];
      for (const other of others) expect(other !== null && isSame(person, other)).toBe(true);
      expect(isSame(person, await persons.findOrCreate(bo))).toBe(false);
    });

    it('is there after everything was closed and opened again', async () => {
      const person = await persons.findOrCreate(anna);
      await persons.close();
      const again = await (await open()).find(anna);
      expect(again !== null && isSame(person, again)).toBe(true);
    });

    it('gives two hundred callers at once on two adapters the same persons', async () => {
      const second = await open();
      const found = await Promise.all(
        Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? persons : second).findOrCreate(addressOf(i % 10))),
      );
      for (let i = 0; i < found.length; i++) expect(isSame(found[i] as Person, found[i % 10] as Person)).toBe(true);
      expect(new Set(found.map((person) => person.personId)).size).toBe(10);
    });

    it('gives four processes at once the same persons', async () => {
      const addresses = Array.from({ length: 25 }, (_, i) => addressOf(i));
      const answers = await askInProcesses(4, place.url, keys.directory, addresses);
      for (const address of addresses) {
        const ids = new Set(answers.map((answer) => answer.get(address)));
        expect(ids).toEqual(new Set([(await persons.find(address))?.personId]));
      }
    });

    it('forgets whom it erases, and gives the address a new person', async () => {
      const [person, other] = [await persons.findOrCreate(anna), await persons.findOrCreate(bo)];
      const second = await open();
      expect(await second.erase(person.personId)).toBe(true);
      expect(await persons.find(anna)).toBeNull();
      expect(await persons.findById(person.personId)).toBeNull();
      expect(await persons.erase(person.personId)).toBe(false);
      const [again, untouched] = [await persons.findOrCreate(anna), await persons.findById(other.personId)];
      expect(again.personId).not.toBe(person.personId);
      expect(isSame({ ...person, personId: again.personId }, again)).toBe(false);
      expect(untouched !== null && isSame(other, untouched)).toBe(true);
    });

    it('erases once of many callers, while others come and go', async () => {
      const person = await persons.findOrCreate(anna);
      const second = await open();
      const [erased] = await Promise.all([
        Promise.all(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? persons : second).erase(person.personId))),
        Promise.all(Array.from({ length: 30 }, (_, i) => second.findOrCreate(addressOf(i)))),
      ]);
      expect(erased.filter(Boolean)).toHaveLength(1);
      expect(await persons.findById(person.personId)).toBeNull();
      expect(await persons.find(addressOf(29))).not.toBeNull();
    });

    it('wraps every key anew after a rotation, after which the older wrapping key can go', async () => {
      const people = await Promise.all(Array.from({ length: 450 }, (_, i) => persons.findOrCreate(addressOf(i))));
      await rotate('person-wrapping');
      expect(isSame(people[0] as Person, await persons.findOrCreate(addressOf(0)))).toBe(true);
      await persons.findOrCreate(anna);
      expect(await persons.countDependingOn('person-wrapping-1')).toBe(450);
      const dependsOnOlder = (person: Person | null) =>
        persons.dependsOn(person?.personId ?? newPersonId(), 'person-wrapping-1');
      expect(await Promise.all([people[0] as Person, await persons.find(anna), null].map(dependsOnOlder))).toEqual([
        true,
        false,
        false,
      ]);
      expect(await persons.rewrap()).toBe(450);
      expect(await persons.rewrap()).toBe(0);
      expect(await persons.countDependingOn('person-wrapping-1')).toBe(0);
      await destroy('person-wrapping-1');
      for (const i of [0, 199, 200, 449]) {
        expect(isSame(people[i] as Person, await persons.findOrCreate(addressOf(i)))).toBe(true);
      }
    });

    it('has erased whoever was wrapped under a wrapping key that is destroyed', async () => {
      const person = await persons.findOrCreate(anna);
      await rotate('person-wrapping');
      await destroy('person-wrapping-1');
      expect(await persons.find(anna)).toBeNull();
      expect(await persons.findById(person.personId)).toBeNull();
      const again = await persons.findOrCreate(anna);
      expect(again.personId).not.toBe(person.personId);
      await persons.rewrap();
      expect(isSame(again, await persons.findOrCreate(anna))).toBe(true);
    });

    it('finds people under every live index key, and files them anew when it meets them', async () => {
      const [first, second] = [await persons.findOrCreate(anna), await persons.findOrCreate(bo)];
      await rotate('person-index');
      expect(await persons.countDependingOn('person-index-1')).toBe(2);
      expect(isSame(first, (await persons.find(anna)) as Person)).toBe(true);
      expect(isSame(first, await persons.findOrCreate(anna))).toBe(true);
      expect(await persons.countDependingOn('person-index-1')).toBe(1); // bo has not been met since
      expect(await persons.dependsOn(second.personId, 'person-index-1')).toBe(true);
      expect(await persons.dependsOn(first.personId, 'person-index-1')).toBe(false);
      await destroy('person-index-1');
      await persons.rewrap();
      expect(isSame(first, (await persons.find(anna)) as Person)).toBe(true);
      expect(await persons.find(bo)).toBeNull();
      expect(isSame(second, (await persons.findById(second.personId)) as Person)).toBe(true);
    });

    it('makes no second person while a rotation has reached one process and not yet another', async () => {
      const late = await Keyring.open(keys.directory, { demonstration: false, followIntervalMs: 60_000 });
      opened.push(late);
      const behind = await open(late);
      await rotate('person-index');
      const made = await persons.findOrCreate(anna);
      expect(isSame(made, await behind.findOrCreate(anna))).toBe(true);
      const other = await behind.findOrCreate(bo);
      expect(isSame(other, await persons.findOrCreate(bo))).toBe(true);
      await rotate('person-wrapping');
      const third = await persons.findOrCreate(addressOf(3));
      expect(isSame(third, await behind.findOrCreate(addressOf(3)))).toBe(true);
    });

    it('is not written with one keyring and read with another', async () => {
      await persons.findOrCreate(anna);
      await persons.close();
      const other = await temporaryKeyring();
      try {
        await expect(open(other.keyring)).rejects.toThrow(PersonDirectoryUnavailable);
      } finally {
        await other.remove();
      }
    });

    it('answers nothing once it is closed', async () => {
      await persons.close();
      await persons.close();
      const calls = [
        () => persons.find(anna),
        () => persons.findOrCreate(anna),
        () => persons.findById(newPersonId()),
        () => persons.erase(newPersonId()),
        () => persons.rewrap(),
        () => persons.checkWritable(),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(PersonDirectoryUnavailable);
    });
  });
}

/** Same id and same key, as far as anybody can tell from outside: what one encrypts the other reads. */
function isSame(one: Person, other: Person): boolean {
  if (one.personId !== other.personId) return false;
  const eventId = newEventId();
  try {
    return decryptPersonalData(other, eventId, 'test', encryptPersonalData(one, eventId, 'test', 'same')) === 'same';
  } catch {
    return false;
  }
}

async function askInProcesses(
  count: number,
  url: string,
  keyring: string,
  addresses: readonly MailAddress[],
): Promise<ReadonlyMap<string, PersonId>[]> {
  const program = new URL(
    import.meta.url.endsWith('.ts') ? './persons-process.ts' : './persons-process.js',
    import.meta.url,
  );
  const condition = program.pathname.endsWith('.ts') ? ['--conditions=segl-source'] : [];
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, [...condition, program.pathname, url, keyring, ...addresses], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const lines = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]());
  await Promise.all(lines.map((line) => line.next())); // all are ready
  for (const child of children) child.stdin.write('go\n');
  return Promise.all(
    lines.map(async (line) => {
      const { value } = (await line.next()) as { value?: string };
      return new Map(JSON.parse(value ?? '[]') as [string, PersonId][]);
    }),
  );
}
