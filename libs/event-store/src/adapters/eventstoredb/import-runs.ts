import type { EventId } from '#libs/vocabulary';
import { EventStoreUnavailable, RevisionConflict } from '../../event-store.ts';
import type { AppendResult, EventStore, ExpectedRevision, StreamName } from '../../event-store.ts';
import { importContradicted } from '../../import-recorded.ts';
import type { ImportRecord } from '../../import-recorded.ts';
import type { EventRecord } from '../../recorded-event.ts';

interface RawStore {
  append(stream: StreamName, expected: ExpectedRevision, run: readonly EventRecord[]): Promise<AppendResult>;
  readonly readStream: EventStore['readStream'];
}

/**
 * Writes records where they belong. A server takes one stream in one append: so one append for each run of events that follow one
 * another in one stream, each when the one before is there, which keeps the order of all.
 */
export async function importRuns(records: readonly ImportRecord[], store: RawStore): Promise<void> {
  for (const run of runsOf(records)) await importRun(run, store);
}

async function importRun(run: readonly ImportRecord[], store: RawStore): Promise<void> {
  const missing = run.slice(await countThere(run, store));
  const [first] = missing;
  if (first === undefined) return;
  const { stream, revision } = first;
  try {
    await store.append(stream, revision === 0 ? 'NONE' : revision - 1, missing.map(eventRecord));
  } catch (error) {
    // Someone else imports the same: what is there now decides.
    if (error instanceof RevisionConflict && (await countThere(missing, store)) === missing.length) return;
    throw error;
  }
  // An answer means that events with these ids are there. Whether they are these bytes, only reading tells.
  if ((await countThere(missing, store)) !== missing.length) {
    throw new EventStoreUnavailable(`EventStoreDB took an append to ${stream} and does not show it`);
  }
}

/** How many of the run, from its beginning, are in the store. @throws ImportRefused when another event is in the place of one */
async function countThere(run: readonly ImportRecord[], { readStream }: RawStore): Promise<number> {
  const [first] = run;
  if (first === undefined) return 0;
  let count = 0;
  for await (const event of readStream(first.stream, { fromRevision: first.revision, maxCount: run.length })) {
    const wanted = run[count];
    if (wanted === undefined || Buffer.from(event.bytes).compare(Buffer.from(wanted.text)) !== 0) {
      throw importContradicted(first.stream, first.revision + count);
    }
    count++;
  }
  return count;
}

/** importRecords has checked the id. */
function eventRecord({ id, type, text }: ImportRecord): EventRecord {
  return { id: id as EventId, type, text };
}

function runsOf(records: readonly ImportRecord[]): ImportRecord[][] {
  const runs: ImportRecord[][] = [];
  for (const record of records) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (before !== undefined && before.stream === record.stream && before.revision + 1 === record.revision) {
      run?.push(record);
    } else {
      runs.push([record]);
    }
  }
  return runs;
}
