import type { DescribableEvent } from '#libs/event-store';
import { decryptPersonalData } from '#libs/keyring';
import type { EncryptedPersonalData, Person, PersonDirectory } from '#libs/keyring';
import type { EventId } from '#libs/vocabulary';
import { eventCatalogue } from '../event-catalogue.ts';
import type { AuditRow } from './audit-page.ts';

/** What stands where a person was erased, or is not in this installation's directory. */
export const ERASED = '(erased)';
/** Where the person's key is here and does not open the value: it is not what was recorded, or that is not the key it was recorded under. */
export const UNREADABLE = '(unreadable)';

/**
 * What an event says, in the present shape and with its personal data in clear, for somebody who may see it. Keep the result no
 * longer than it is shown. @throws UnknownEvent, UnknownEventVersion
 */
export async function displayedData(
  event: DescribableEvent,
  persons: Pick<PersonDirectory, 'findById'>,
): Promise<Readonly<Record<string, unknown>>> {
  const { data, encrypted } = eventCatalogue.describe(event);
  const displayed: Record<string, unknown> = { ...data };
  for (const { field, personId } of encrypted) {
    const person = await persons.findById(personId);
    displayed[field] = decrypted(person, event.id, field, data[field] as EncryptedPersonalData);
  }
  return displayed;
}

/** The row with what it says made readable. @see displayedData */
export async function decryptForDisplay(row: AuditRow, persons: Pick<PersonDirectory, 'findById'>): Promise<AuditRow> {
  return { ...row, data: await displayedData({ ...row, id: row.eventId }, persons) };
}

function decrypted(person: Person | null, eventId: EventId, field: string, text: EncryptedPersonalData): unknown {
  if (person === null) return ERASED;
  try {
    return decryptPersonalData(person, eventId, field, text);
  } catch {
    return UNREADABLE;
  }
}
