import type { RecordedEvent } from '#libs/event-store';
import { eventCatalogue } from '../event-catalogue.ts';
import { csvField, exactCsvField } from '../query/audit-csv.ts';
import { contentOf } from './range-export.ts';
import type { SelectedEvent } from './range-export.ts';

const COLUMNS = [
  'index',
  'time',
  'type',
  'evidence',
  'outcome',
  'method',
  'messageId',
  'stream',
  'revision',
  'eventId',
  'record',
  'proof',
  'checkpoint',
  'leaf',
] as const;
type Column = (typeof COLUMNS)[number];
/** What a verifier reads back: hashed, or signed, as it stands. */
const EXACT: ReadonlySet<Column> = new Set(['record', 'proof', 'checkpoint', 'leaf']);

/**
 * The lines of a selection as CSV (RFC 4180), ending with CRLF: for spreadsheets, and with the same proof inside as NDJSON has (LEDGER.md,
 * "Exports"). `record` is the stored text, or empty where retention left the `leaf`; `proof` a JSON array; the note stands in the first row of events or, where there is none, in
 * the last line, which begins with `end` and the number of events: an export that was cut off has none.
 */
export async function* exportSelectionAsCsv(
  selected: AsyncIterable<SelectedEvent>,
  checkpoint: string,
  prove: (index: number) => readonly Buffer[],
): AsyncIterable<string> {
  yield lineOf(Object.fromEntries(COLUMNS.map((column) => [column, column])));
  let count = 0;
  for await (const { index, event } of selected) {
    const proof = JSON.stringify(prove(index).map((hash) => hash.toString('base64')));
    const note = count === 0 ? checkpoint : '';
    yield lineOf({ index: String(index), ...described(event), proof, checkpoint: note });
    count++;
  }
  yield lineOf({ index: 'end', time: String(count), checkpoint: count === 0 ? checkpoint : '' });
}

function described(event: RecordedEvent): { readonly [Name in Column]?: string } {
  const { id, time, type, stream, revision } = event;
  const { evidence, outcome, facts, messageIds } = eventCatalogue.describe(event);
  const [messageId = ''] = messageIds.length === 1 ? messageIds : [];
  return {
    ...{ time, type, evidence, outcome, method: facts.method ?? '', messageId, stream },
    ...{ revision: String(revision), eventId: id, ...contentOf(event) },
  };
}

function lineOf(fields: { readonly [Name in Column]?: string }): string {
  const field = (column: Column, text: string) => (EXACT.has(column) ? exactCsvField(text) : csvField(text));
  return `${COLUMNS.map((column) => field(column, fields[column] ?? '')).join(',')}\r\n`;
}
