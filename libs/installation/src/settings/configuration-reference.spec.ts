import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { configurationReference } from './configuration-reference.ts';

const page = join(import.meta.dirname, '..', '..', '..', '..', 'ops', 'configuration.md');

it('the configuration reference says what the schema says (SEGL_TEST_WRITE=1 writes it anew)', () => {
  if (process.env['SEGL_TEST_WRITE'] === '1') writeFileSync(page, configurationReference());
  expect(readFileSync(page, 'utf8')).toBe(configurationReference());
});
