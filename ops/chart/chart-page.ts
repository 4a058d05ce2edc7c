import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { chartValuesSchema } from './chart-values.ts';

export const CHART = join(import.meta.dirname, '..', '..', 'helm', 'segl');
const BEGIN = '<!-- values: made by ops/chart/chart-configuration-reference.spec.ts -->';
const END = '<!-- end of values -->';

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
}

/** The README with the table of values that schema and values.yaml say now; the rest of it stays. */
export function withTable(page: string): string {
  const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>;
  const rows = rowsOf(chartValuesSchema() as Described, values, '');
  const table = ['| value | default | what it is |', '|---|---|---|', ...rows].join('\n');
  const [before = '', , after = ''] = page.split(/(<!-- values:[^]*<!-- end of values -->)/);
  return `${before}${BEGIN}\n${table}\n${END}${after}`;
}

/** `settings` is one row: its own page is ops/configuration.md. */
function rowsOf({ properties = {} }: Described, values: Readonly<Record<string, unknown>>, path: string): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (field.properties !== undefined && at !== 'settings')
      return rowsOf(field, values[name] as Record<string, unknown>, at);
    return [`| \`${at}\` | ${told(values[name])} | ${(field.description ?? '').replaceAll('|', '\\|')} |`];
  });
}

function told(value: unknown): string {
  const isEmpty = value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);
  return isEmpty ? '–' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
