import { Injectable } from '@nestjs/common';
import { AuditTrailThread, decryptForDisplay } from '#libs/audit';
import type { AuditFilter } from '#libs/audit';
import { PersonDirectory } from '#libs/keyring';
import { AddressRefused, parseWrittenAddress, parsePersonId } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';

/** Where the record says somebody's address, and in which field. */
const SAID: readonly { readonly filter: (personId: PersonId) => AuditFilter; readonly field: string }[] = [
  { filter: (recipientId) => ({ recipientId, types: ['MessageSealed'] }), field: 'recipient' },
  { filter: (senderId) => ({ senderId, types: ['MessageSealed'] }), field: 'sender' },
  { filter: (personId) => ({ personId, types: ['AuditorSignedIn'] }), field: 'address' },
];

/** Persons by their ids, and ids by what people write. The directory holds no address: the record does, under each person's key. */
@Injectable()
export class NamesOfPeople {
  constructor(
    private readonly trail: AuditTrailThread,
    private readonly persons: PersonDirectory,
  ) {}

  /** The address; null for somebody erased, or of whom the record says none. @throws ReadModelsBusy, PersonDirectoryUnavailable */
  async addressOf(personId: PersonId): Promise<string | null> {
    if ((await this.persons.findById(personId)) === null) return null;
    for (const { filter, field } of SAID) {
      const { rows } = await this.trail.page(filter(personId), { order: 'newest-first', limit: 1 });
      const [row] = rows;
      if (row === undefined) continue;
      const { data } = await decryptForDisplay(row, this.persons);
      const address = data[field];
      if (typeof address === 'string') return address;
    }
    return null;
  }

  /** Each once, however often it stands in a list. */
  async addressesOf(personIds: Iterable<PersonId>): Promise<ReadonlyMap<PersonId, string | null>> {
    const found = new Map<PersonId, string | null>();
    for (const personId of personIds) if (!found.has(personId)) found.set(personId, await this.addressOf(personId));
    return found;
  }

  /** By an address or an id; null for what is neither, or nobody's. @throws PersonDirectoryUnavailable */
  async find(text: string): Promise<PersonId | null> {
    const id = parsePersonId(text.trim());
    if (id !== null) return id;
    try {
      return (await this.persons.find(parseWrittenAddress(text.trim())))?.personId ?? null;
    } catch (error) {
      if (error instanceof AddressRefused) return null;
      throw error;
    }
  }
}
