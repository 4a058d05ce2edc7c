import { AUDIT_CSV_HEAD, auditCsvLine, decryptForDisplay } from '#libs/audit';
import type { AuditPage, AuditRow, Timeline, TimelineEntry } from '#libs/audit';
import { isContentRemoved } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import { UsageFault } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';

export interface OutputOptions {
  readonly personal: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** A page in the form that was asked for; what is left out is said on stderr. @throws UsageFault for two forms at once */
export async function printPage(
  operator: Operator,
  page: AuditPage,
  options: OutputOptions,
  persons: PersonDirectory | null,
): Promise<void> {
  const rows = await shown(page.rows, options, persons);
  sayWhatIsLeft(operator, page);
  if (options.json) return operator.printJson({ rows, ...whatIsLeft(page) });
  if (options.csv) return printCsv(operator, rows);
  for (const row of rows) await operator.print(lineOf(row));
}

/** Likewise, with what each event rests on: below it for people, in columns of their own for CSV nowhere: its rows are the events. */
export async function printTimeline(
  operator: Operator,
  timeline: Timeline,
  options: OutputOptions,
  persons: PersonDirectory | null,
): Promise<void> {
  const entries: TimelineEntry[] = [];
  for (const { row, signIn, challenge } of timeline.entries) {
    const [shownRow] = await shown([row], options, persons);
    const [shownSignIn = null] = await shown(signIn === null ? [] : [signIn], options, persons);
    entries.push({ row: shownRow ?? row, signIn: shownSignIn, challenge: await shown(challenge, options, persons) });
  }
  sayWhatIsLeft(operator, timeline);
  if (options.json) return operator.printJson({ entries, ...whatIsLeft(timeline) });
  if (options.csv)
    return printCsv(
      operator,
      entries.map(({ row }) => row),
    );
  for (const { row, signIn, challenge } of entries) {
    await operator.print(lineOf(row));
    if (signIn !== null) await operator.print(`    rests on ${lineOf(signIn)}`);
    for (const one of challenge)
      await operator.print(`    ${signIn === null ? 'rests on' : 'and that on'} ${lineOf(one)}`);
  }
}

async function shown(
  rows: readonly AuditRow[],
  { personal, json, csv }: OutputOptions,
  persons: PersonDirectory | null,
): Promise<AuditRow[]> {
  if (json && csv) throw new UsageFault('give either --json or --csv');
  if (!personal || persons === null) return [...rows];
  const displayed: AuditRow[] = [];
  for (const row of rows) displayed.push(await decryptForDisplay(row, persons));
  return displayed;
}

async function printCsv(operator: Operator, rows: readonly AuditRow[]): Promise<void> {
  await operator.terminal.write(AUDIT_CSV_HEAD + rows.map(auditCsvLine).join(''));
}

function whatIsLeft({ next, previous, isWhole }: Omit<AuditPage, 'rows'>) {
  return { next, previous, isWhole };
}

function sayWhatIsLeft(operator: Operator, { next, previous, isWhole }: Omit<AuditPage, 'rows'>): void {
  if (!isWhole)
    operator.terminal.say(
      'segl: only a part of the record was looked at so far: few events answer to this; go on as follows',
    );
  if (next !== null) operator.terminal.say(`segl: more rows exist: --after ${next}`);
  if (previous !== null) operator.terminal.say(`segl: rows before these exist: --before ${previous}`);
}

/** `17  2026-03-01T12:00:00.000Z  MessageViewed  message-…  recipientId=… method=passcode`: one line, whatever a value holds. */
function lineOf(row: AuditRow): string {
  const { sequence, time, type, stream, data } = row;
  const facts = Object.entries(data).map(
    ([name, value]) =>
      `${name}=${typeof value === 'string' && /^[\w.:@+-]+$/.test(value) ? value : JSON.stringify(value)}`,
  );
  const said = isContentRemoved(row) ? '(content removed by retention)' : facts.join(' ');
  return [sequence, time, type, stream, said].join('  ');
}
