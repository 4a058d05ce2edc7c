import { eventCatalogue, personsInTrail, queryAuditTrail } from '#libs/audit';
import { erasedButThere, readErasedSubjects } from '#libs/compliance';
import type { EventStore, ReadModelDatabase } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import type { PersonId } from '#libs/vocabulary';

/** Persons named in one answer; the rest is counted. */
const MAX_NAMED = 20;
/** Events that a start looks at: an older directory lacks those who were met last. */
const NEWEST_EVENTS = 1000;

/** Who of these is neither in the directory nor erased by the record: as after a restore of an older directory. */
async function missingOf(
  named: Iterable<PersonId>,
  { store, persons }: { readonly store: EventStore; readonly persons: PersonDirectory },
): Promise<PersonId[]> {
  const missing = new Set<PersonId>();
  for (const personId of new Set(named)) if ((await persons.findById(personId)) === null) missing.add(personId);
  const erased = await readErasedSubjects(store); // afterwards: who is erased meanwhile is not missing
  return [...missing].filter((personId) => !erased.has(personId));
}

/**
 * Everything in which the record and the person directory differ, one sentence for each person: erased and there all the same, or
 * named and not there. Looks at everybody: ten thousand persons take about a second.
 */
export async function personDifferences(
  store: EventStore,
  persons: PersonDirectory,
  trail: ReadModelDatabase,
): Promise<string[]> {
  const back = await erasedButThere(store, persons);
  const missing = await missingOf(personsInTrail(trail), { store, persons });
  return [
    ...sentences(back, 'was erased and is there: an older directory was restored; the next start erases again'),
    ...sentences(missing, 'is named in the record and is not there, and no erasure of them is recorded'),
  ];
}

/** Of the persons in the newest events, who is missing. For a start: costs the same however long the record is. */
export function newestPersonsMissing(
  store: EventStore,
  persons: PersonDirectory,
  trail: ReadModelDatabase,
): Promise<PersonId[]> {
  const { rows } = queryAuditTrail(trail, {}, { order: 'newest-first', limit: NEWEST_EVENTS });
  const named = rows.flatMap((row) =>
    eventCatalogue
      .describe({ ...row, id: row.eventId })
      .persons.flatMap(({ part, personId }) => (part === 'subject' ? [] : [personId])),
  );
  return missingOf(named, { store, persons });
}

function sentences(persons: readonly PersonId[], words: string): string[] {
  const more = persons.length - MAX_NAMED;
  return [
    ...persons.slice(0, MAX_NAMED).map((personId) => `${personId} ${words}`),
    ...(more > 0 ? [`and so for ${more} more`] : []),
  ];
}
