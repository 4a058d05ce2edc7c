import type { AuditRow } from './audit-page.ts';

const COLUMNS = [
  'time',
  'type',
  'evidence',
  'outcome',
  'method',
  'messageId',
  'stream',
  'revision',
  'eventId',
  'position',
] as const;

export const AUDIT_CSV_HEAD = `${[...COLUMNS, 'data'].join(',')}\r\n`;

/** One line of RFC 4180, ending with CRLF. What a spreadsheet would take for a formula is made text (OWASP, CSV injection). */
export function auditCsvLine(row: AuditRow): string {
  // Another way to write the same JSON: whoever reads it reads what the event says.
  const data = JSON.stringify(row.data).replaceAll(/;(?=[=+\-@])/g, '\\u003b');
  const fields = [...COLUMNS.map((column) => String(row[column] ?? '')), data];
  return `${fields.map(csvField).join(',')}\r\n`;
}

/**
 * One field for people: what a spreadsheet would take for a formula is made text by an apostrophe, also within it, since where lists are separated by
 * semicolons, as in Denmark, a spreadsheet cuts a line at each of them, whatever quotes stand around.
 */
export function csvField(text: string): string {
  const harmless = text.replace(/^(?=[=+\-@\t\r\n])|(?<=[;\t\r\n])(?=[=+\-@])/g, "'");
  return harmless === text ? exactCsvField(text) : quoted(harmless);
}

/** One field that a program reads back, character for character. */
export function exactCsvField(text: string): string {
  return /[",\r\n]/.test(text) ? quoted(text) : text;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
