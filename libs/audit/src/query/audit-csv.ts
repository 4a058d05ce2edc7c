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

/** One line of RFC 4180, ending with CRLF. What a spreadsheet would take for a formula is made text by an apostrophe (OWASP, CSV injection). */
export function auditCsvLine(row: AuditRow): string {
  const fields = [...COLUMNS.map((column) => String(row[column] ?? '')), JSON.stringify(row.data)];
  return `${fields.map(csvField).join(',')}\r\n`;
}

/** One field: what a spreadsheet would take for a formula is made text. */
export function csvField(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) || harmless !== text ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
