import { describe, expect, it } from '@jest/globals';
import { instantOf } from '#libs/vocabulary';
import { formatBytes, formatInstant, url } from './format.ts';

const moment = instantOf('2026-11-25T22:03:07.500Z');

describe('a time', () => {
  it('is written as the reader writes it, in the portal’s zone, which it names', () => {
    expect(formatInstant('en', moment, 'full', 'UTC')).toBe('25 November 2026 at 22:03 UTC');
    expect(formatInstant('en', moment, 'full', 'Europe/Copenhagen')).toBe('25 November 2026 at 23:03 CET');
    expect(formatInstant('da', moment, 'full', 'Europe/Copenhagen')).toBe('25. november 2026 kl. 23.03 CET');
    expect(formatInstant('da', moment, 'date', 'Asia/Tokyo')).toBe('26. november 2026');
    expect(formatInstant('en', moment, 'time', 'UTC')).toBe('22:03:07 UTC');
  });
});

describe('a size', () => {
  it('is in the unit that reads best', () => {
    expect([0, 1, 999, 1000, 1234567, 25_000_000, 999_950].map((bytes) => formatBytes('en', bytes))).toEqual([
      '0 bytes',
      '1 byte',
      '999 bytes',
      '1 kB',
      '1.2 MB',
      '25 MB',
      '1 MB',
    ]);
    expect(formatBytes('da', 1234567)).toBe('1,2 MB');
  });
});

describe('an address in a page', () => {
  it('has its parts encoded', () => {
    expect(url('/m', ['a/../b', 7], { q: 'æ&=' })).toBe('/m/a%2F..%2Fb/7?q=%C3%A6%26%3D');
    expect(url('/', [])).toBe('/');
    expect(url('mailto:a@b.dk', [])).toBe('mailto:a@b.dk');
    expect(url('https://example.com/', [])).toBe('https://example.com/');
  });

  it.each([
    'javascript:alert(1)',
    '//evil.example',
    '/\\evil.example',
    'data:text/html,x',
    ' /x',
    '',
    'm',
    '/x\n',
    undefined,
    null,
  ])('never is %p', (address) => {
    expect(() => url(address, [])).toThrow(TypeError);
  });

  it('has no part missing', () => {
    expect(() => url('/m', [undefined])).toThrow(TypeError);
  });
});
