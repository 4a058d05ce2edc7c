import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { CHART, withTable } from './chart-page.ts';
import { chartValues, chartValuesSchema } from './chart-values.ts';

const schemaFile = join(CHART, 'values.schema.json');
const page = join(CHART, 'README.md');
const schema = () => `${JSON.stringify(chartValuesSchema(), null, 2)}\n`;

describe('the values of the chart (SEGL_TEST_WRITE=1 writes schema and table anew)', () => {
  it('are refused by the schema of the settings themselves', () => {
    if (process.env['SEGL_TEST_WRITE'] === '1') writeFileSync(schemaFile, schema());
    expect(readFileSync(schemaFile, 'utf8')).toBe(schema());
  });

  it('stand in the README as schema and values.yaml say them', () => {
    if (process.env['SEGL_TEST_WRITE'] === '1') writeFileSync(page, withTable(readFileSync(page, 'utf8')));
    const text = readFileSync(page, 'utf8');
    expect(text).toBe(withTable(text));
    expect(text).toContain('| `publicUrl` | – |');
  });

  it('have each a default in values.yaml, and none that is no value', () => {
    const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as unknown;
    expect(chartValues.safeParse(values).error?.issues ?? []).toEqual([]);
  });
});
