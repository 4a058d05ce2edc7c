/** How the first line of an export as CSV begins (LEDGER.md, "Exports"). */
const CSV_HEAD = 'index,time,type,';
const COLUMNS_READ = ['index', 'record', 'leaf', 'proof', 'checkpoint'] as const;

/**
 * An export as CSV, as the lines of the same selection in NDJSON; any other export passes as it is. What is no CSV becomes a line that the
 * verifier names as damaged.
 */
export async function* exportLines(lines: AsyncIterable<string>): AsyncIterable<string> {
  let columns: readonly string[] | null = null;
  let [isFirst, open] = [true, ''];
  for await (const line of lines) {
    if (isFirst && !line.startsWith(CSV_HEAD)) columns = [];
    isFirst = false;
    if (columns?.length === 0) {
      yield line;
      continue;
    }
    open += open === '' ? line : `\n${line}`;
    if ((open.split('"').length - 1) % 2 === 1) continue; // within quotes: a note has several lines
    const fields = fieldsOf(open);
    open = '';
    if (columns === null) {
      columns = fields;
      yield JSON.stringify({ format: 'segl-ledger-export/1', kind: 'selection' });
      continue;
    }
    yield* linesOfRow(new Map(columns.map((column, at) => [column, fields[at] ?? ''])));
  }
  if (open !== '') yield open;
}

function* linesOfRow(row: ReadonlyMap<string, string>): Iterable<string> {
  const [index = '', record = '', leaf = '', proof = '', checkpoint = ''] = COLUMNS_READ.map((name) => row.get(name));
  if (checkpoint !== '') yield JSON.stringify({ checkpoint });
  if (index === 'end') return yield JSON.stringify({ end: { count: Number(row.get('time')) } });
  const content = record === '' && leaf !== '' ? { leaf } : { record };
  yield JSON.stringify({ index: Number(index), ...content, proof: listIn(proof) });
}

/** Of one line of RFC 4180. The apostrophe that makes a formula text belongs to none of the columns that are read here. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  for (const [, quoted, bare = ''] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    fields.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
  }
  return fields;
}

function listIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
