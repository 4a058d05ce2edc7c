import { expect, it } from '@jest/globals';
import { isAt, isBelow } from './compared-paths.ts';

it.each([
  ['/api', true, true],
  ['/api/', true, true],
  ['/API', true, true],
  ['/api/v1/messages', false, true],
  ['/Api/V1/', false, true],
  ['/apis', false, false],
  ['/api.json', false, false],
  ['//api/v1', false, false],
  ['/', false, false],
])('%s leads to /api: %s, or below it: %s', (path, at, below) => {
  expect([isAt(path, ['/open', '/api']), isBelow(path, ['/open', '/api'])]).toEqual([at, below]);
});

it('takes the start page for itself alone', () => {
  expect([isAt('/', ['/']), isBelow('/', ['/']), isBelow('/help', ['/'])]).toEqual([true, true, false]);
});
