import { parseMailAddress } from '#libs/vocabulary';
import type { Keyring } from '../keyring.ts';
import { PersonCustody } from '../person/person-custody.ts';
import type { PersonRecord } from '../person/person-rows.ts';

/** Persons `person-<i>@example.com`, as a directory would keep them: for tests that need many, sooner than they can be met one by one. */
export function personRecords(keyring: Keyring, count: number): PersonRecord[] {
  const custody = new PersonCustody(keyring);
  return Array.from({ length: count }, (_, i) => {
    const person = custody.newPerson();
    const { wrappingKeyId, wrappedKey } = custody.wrap(person);
    const hashes = custody.addressHashes(parseMailAddress(`person-${i}@example.com`));
    return {
      person_id: person.personId,
      wrapping_key_id: wrappingKeyId,
      wrapped_key: wrappedKey,
      index: hashes.map(({ indexKeyId, hash }) => ({ index_key_id: indexKeyId, address_hash: hash })),
    };
  });
}
