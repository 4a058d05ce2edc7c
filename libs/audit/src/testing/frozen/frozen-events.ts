import { appendFileSync, readFileSync } from 'node:fs';
import { parseRecordedEvent, recordEvents } from '#libs/event-store';
import type { DomainEvent, Position, RecordedEvent, StreamName } from '#libs/event-store';
import { encryptPersonalData, PersonKey } from '#libs/keyring';
import type { Person } from '#libs/keyring';
import { fromBase64url, instantOf, newEventId } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { eventCatalogue } from '../../event-catalogue.ts';

const EVENTS = new URL('./events.ndjson', import.meta.url);
const PERSONS = new URL('./persons.json', import.meta.url);

/** The stored bytes of each, in the order in which they were added. */
export function frozenRecords(): string[] {
  return readFileSync(EVENTS, 'utf8').trimEnd().split('\n');
}

export function frozenEvents(): RecordedEvent[] {
  return frozenRecords().map((record, index) => parseRecordedEvent(Buffer.from(record), String(index + 1) as Position));
}

/** The persons in the frozen events, by their ids. @throws Error when the file is not as it was */
export function frozenPersons(): ReadonlyMap<PersonId, Person> {
  const keys = JSON.parse(readFileSync(PERSONS, 'utf8')) as Record<PersonId, string>;
  return new Map(
    Object.entries(keys).map(([id, text]) => {
      const key = fromBase64url(text);
      if (key === null) throw new Error(`the key of ${id} is not base64url`);
      const personId = id as PersonId;
      return [personId, { personId, key: new PersonKey(key) }];
    }),
  );
}

interface NewSample extends DomainEvent<string, Record<string, unknown>> {
  readonly stream: StreamName;
  readonly revision: number;
}

/** Records what the file says, one sample a line, and appends it to the frozen events. @throws Error when something is not described */
export function freeze(path: string): void {
  for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) {
    appendFileSync(EVENTS, `${recordOf(JSON.parse(line) as NewSample)}\n`);
  }
}

function recordOf({ stream, revision, ...event }: NewSample): string {
  const id = newEventId();
  const described = eventCatalogue.descriptors.find(({ category }) => stream.startsWith(`${category}-`));
  const descriptor = described?.events[event.type];
  if (descriptor === undefined) throw new Error(`nothing describes ${event.type} in ${stream}`);
  const persons = frozenPersons();
  const data = { ...event.data };
  for (const [field, owner] of Object.entries(descriptor.encrypted)) {
    const value = data[field] as { readonly clear: string } | undefined;
    if (value === undefined) continue;
    const person = persons.get(data[owner] as PersonId);
    if (person === undefined) throw new Error(`${owner} of ${event.type} is nobody in persons.json`);
    data[field] = encryptPersonalData(person, id, field, value.clear);
  }
  const expected = revision === 0 ? 'NONE' : revision - 1;
  const [record] = recordEvents(stream, expected, [{ ...event, id, data }], instantOf('2026-11-30T12:00:00Z'));
  return record?.text ?? '';
}
