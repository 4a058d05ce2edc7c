import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');
const rows = readFileSync(join(root, 'ops/asvs.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const cells = /^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/.exec(line);
    if (cells === null) return [];
    const [, id = '', level = '', status = '', text = '', tests = ''] = cells;
    return [{ id, level, status, text, tests: testsOf(tests) }];
  });

/** How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has, by its file in English; they are numbered from 1. */
const SECTIONS: Readonly<Record<string, number>> = {
  // prettier-ignore
  ...{ '1.1': 2, '1.2': 9, '1.3': 11, '1.4': 3, '1.5': 2, '2.1': 3, '2.2': 3, '2.3': 4, '2.4': 1, '3.2': 2, '3.3': 4, '3.4': 6, '3.5': 5, '3.7': 2, '4.1': 3, '4.2': 1, '4.3': 2, '4.4': 4, '5.1': 1, '5.2': 3, '5.3': 2, '5.4': 3, '6.1': 3, '6.2': 12, '6.3': 4, '6.4': 4, '6.5': 5, '6.6': 3, '6.8': 4, '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 2, '7.6': 2, '8.1': 2, '8.2': 3, '8.3': 1, '8.4': 1, '9.1': 3, '9.2': 4, '10.1': 2, '10.2': 2, '10.3': 4, '10.4': 11, '10.5': 5, '10.6': 2, '10.7': 3, '11.1': 2, '11.2': 3, '11.3': 3, '11.4': 4, '11.5': 1, '11.6': 1, '12.1': 3, '12.2': 2, '12.3': 4, '13.1': 1, '13.2': 5, '13.3': 2, '13.4': 5, '14.1': 2, '14.2': 4, '14.3': 3, '15.1': 3, '15.2': 3, '15.3': 7, '16.1': 1, '16.2': 5, '16.3': 4, '16.4': 3, '16.5': 3, '17.1': 1, '17.2': 4, '17.3': 2 },
};

/** A name without a folder lies in the folder of the one before it. */
function testsOf(cell: string): string[] {
  let folder = '';
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => {
    if (name.includes('/')) folder = name.slice(0, name.lastIndexOf('/') + 1);
    const path = name.includes('/') ? name : folder + name;
    return /^(apps|ops)\//.test(path) ? path : `libs/${path}`;
  });
}

describe('the comparison with OWASP ASVS', () => {
  it('has each requirement of levels 1 and 2 once, in order', () => {
    const wanted = Object.entries(SECTIONS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, at) => `${section}.${at + 1}`),
    );
    expect(rows.map(({ id }) => id)).toEqual(wanted);
  });

  it('names tests that exist', () => {
    const missing = rows.flatMap(({ id, tests }) =>
      tests.filter((path) => !existsSync(join(root, path))).map((path) => [id, path]),
    );
    expect(missing).toEqual([]);
  });

  it('says of none that it is met without a test, and of none that it is not without a reason', () => {
    for (const { id, status, text, tests } of rows) {
      expect([id, ['met', 'partly', 'outside', 'none here'].includes(status)]).toEqual([id, true]);
      expect([id, status !== 'met' || tests.length > 0, text.length > 2]).toEqual([id, true, true]);
    }
  });

  it('rests on times for packages of others that SECURITY.md says: by risk, and for updates in general (15.1.1)', () => {
    const security = readFileSync(join(root, 'SECURITY.md'), 'utf8').replace(/\s+/g, ' ');
    const packages = /## Packages of others (.*?) ## /.exec(security)?.[1] ?? '';
    const days = [...packages.matchAll(/(\d+) days/g)].map(([, count]) => Number(count));
    expect(days).toEqual([3, 14, 90, 90]);
  });
});
