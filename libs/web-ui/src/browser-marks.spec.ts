import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { hasMark, signMark } from './browser-marks.ts';

const keys = () => [new Uint8Array(32).fill(2), new Uint8Array(32).fill(1)];
const older = () => keys().slice(1);
const mark = { name: 'segl-opened', subject: 'a-message' };
const holding = (cookie: string) => ({ headers: { cookie } }) as unknown as Request;

describe('a mark', () => {
  const value = signMark(keys, mark, 1000);

  it('is good until its time, also under a key of before a rotation', () => {
    expect(hasMark(keys, holding(`segl-opened=${value}`), mark, 999)).toBe(true);
    expect(hasMark(keys, holding(`segl-opened=${signMark(older, mark, 1000)}`), mark, 999)).toBe(true);
    expect(hasMark(keys, holding(`segl-opened=${value}`), mark, 1000)).toBe(false);
  });

  it.each([
    ['of another subject', `segl-opened=${signMark(keys, { ...mark, subject: 'another' }, 1000)}`],
    ['of another kind', `segl-opened=${signMark(keys, { ...mark, name: 'segl-other' }, 1000)}`],
    ['that ends later than was signed', `segl-opened=${value.replace('1000', '2000')}`],
    ['signed by nobody', `segl-opened=1000.${'A'.repeat(43)}`],
    ['of another shape', 'segl-opened=1000'],
    ['none', ''],
  ])('%s is none', (_, cookie) => {
    expect(hasMark(keys, holding(cookie), mark, 10)).toBe(false);
  });

  it('is found beside one that a neighbour set under its name', () => {
    expect(hasMark(keys, holding(`segl-opened=1.x; segl-opened=${value}`), mark, 10)).toBe(true);
  });
});
