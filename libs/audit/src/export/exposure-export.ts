import type { RecordedEvent } from '#libs/event-store';
import { disclosureKey } from '#libs/keyring';
import type { PersonDirectory } from '#libs/keyring';
import type { EventId, MessageId } from '#libs/vocabulary';
import { eventCatalogue } from '../event-catalogue.ts';
import { exportRange } from './range-export.ts';
import type { RangeExport } from './range-export.ts';

export interface ExposureExport extends Omit<RangeExport, 'isDisclosed'> {
  readonly messageId: MessageId;
  /** The sign-ins that its views and downloads rest on: disclosed with them. */
  readonly signInIds: ReadonlySet<EventId>;
  readonly persons: Pick<PersonDirectory, 'findById'>;
}

/** Who was shown what, and how they proved it; never what a mail was about. */
const NOT_DISCLOSED = new Set(['mailSubject']);

/**
 * The lines of an exposure report (LEDGER.md, "Exposure reports"): a range in which the events of one message are whole, each value in
 * them that names somebody with the key of that value alone, and every other event is its leaf. So it shows what happened to the message between
 * two checkpoints, and that nothing else did, and opens nothing of anybody else's.
 *
 * @throws RangeError when the events end before the last checkpoint; PersonDirectoryUnavailable
 */
export async function* exportExposure({
  messageId,
  signInIds,
  persons,
  ...range
}: ExposureExport): AsyncIterable<string> {
  const stream = `message-${messageId}`;
  const isDisclosed = (event: RecordedEvent) => event.stream === stream || signInIds.has(event.id);
  let index = range.from - 1;
  let last: RecordedEvent | null = null;
  const events = (async function* () {
    for await (const event of range.events) {
      index++;
      last = isDisclosed(event) ? event : null;
      yield event;
    }
  })();
  let isFirst = true;
  for await (const line of exportRange({ ...range, events, isDisclosed })) {
    yield line;
    if (isFirst) yield JSON.stringify({ exposure: { messageId } });
    isFirst = false;
    const event = last as RecordedEvent | null;
    last = null;
    if (event === null) continue;
    for (const { field, personId } of eventCatalogue.describe(event).encrypted) {
      const person = NOT_DISCLOSED.has(field) ? null : await persons.findById(personId);
      if (person !== null)
        yield JSON.stringify({ disclosure: { index, field, key: disclosureKey(person, event.id, field) } });
    }
  }
}
