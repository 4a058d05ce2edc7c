import { describe, expect, it } from '@jest/globals';
import { csrfTokenOf, isCsrfToken, newBrowserId, readBrowserCookie, signBrowserCookie } from './browser-session.ts';

const older = new Uint8Array(32).fill(1);
const newer = new Uint8Array(32).fill(2);

const names = { id: newBrowserId(), sessionId: newBrowserId() };

describe('the names of a browser', () => {
  it('are read back as long as one of the keys made their signature', () => {
    const cookie = signBrowserCookie(() => [older], names);
    expect(readBrowserCookie(() => [older], cookie)).toEqual({ ...names, isStale: false });
    expect(readBrowserCookie(() => [newer, older], cookie)).toEqual({ ...names, isStale: true });
    expect(readBrowserCookie(() => [newer], cookie)).toBeNull();
  });

  it('are signed as a pair: no session of one browser becomes another’s', () => {
    const other = signBrowserCookie(() => [older], { id: newBrowserId(), sessionId: newBrowserId() }).split('.');
    const own = signBrowserCookie(() => [older], names).split('.');
    for (const forged of [
      [own[0], other[1], own[2]],
      [own[0], other[1], other[2]],
      [own[1], own[0], own[2]],
    ])
      expect(readBrowserCookie(() => [older], forged.join('.'))).toBeNull();
  });

  it('are 128 random bits each', () => {
    expect(Buffer.from(newBrowserId(), 'base64url')).toHaveLength(16);
    expect(newBrowserId()).not.toBe(newBrowserId());
  });

  it.each([
    '',
    '.',
    'a.b',
    'a.b.c',
    '=.=.=',
    '__proto__',
    `${'A'.repeat(22)}.${'A'.repeat(43)}`,
    `${'A'.repeat(22)}.${'A'.repeat(22)}.${'A'.repeat(43)}`,
  ])('are not %p', (text) => {
    expect(readBrowserCookie(() => [newer], text)).toBeNull();
  });
});

describe('a form token', () => {
  it('belongs to one browser and outlives a rotation of keys', () => {
    const [id, other] = [newBrowserId(), newBrowserId()];
    const token = csrfTokenOf(() => [older], id);
    expect(isCsrfToken(() => [newer, older], id, token)).toBe(true);
    expect(isCsrfToken(() => [newer], id, token)).toBe(false);
    expect(isCsrfToken(() => [older], other, token)).toBe(false);
    expect(isCsrfToken(() => [older], id, signBrowserCookie(() => [older], { ...names, id }).split('.')[2])).toBe(
      false,
    );
    for (const nothing of [undefined, null, '', 'x', [token], { token }])
      expect(isCsrfToken(() => [older], id, nothing)).toBe(false);
  });
});
