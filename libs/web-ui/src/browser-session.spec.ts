import { describe, expect, it } from '@jest/globals';
import { csrfTokenOf, isCsrfToken, newBrowserId, readBrowserCookie, signBrowserId } from './browser-session.ts';

const older = new Uint8Array(32).fill(1);
const newer = new Uint8Array(32).fill(2);

describe('a browser’s name', () => {
  it('is read back as long as one of the keys made its signature', () => {
    const id = newBrowserId();
    const cookie = signBrowserId(() => [older], id);
    expect(readBrowserCookie(() => [older], cookie)).toEqual({ id, isStale: false });
    expect(readBrowserCookie(() => [newer, older], cookie)).toEqual({ id, isStale: true });
    expect(readBrowserCookie(() => [newer], cookie)).toBeNull();
  });

  it('is at least 128 random bits', () => {
    expect(Buffer.from(newBrowserId(), 'base64url')).toHaveLength(16);
    expect(newBrowserId()).not.toBe(newBrowserId());
  });

  it.each(['', '.', 'a.b', 'a.b.c', '=.=', '__proto__', `${'A'.repeat(22)}.${'A'.repeat(43)}`])('is not %p', (text) => {
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
    expect(isCsrfToken(() => [older], id, signBrowserId(() => [older], id).split('.')[1])).toBe(false);
    for (const nothing of [undefined, null, '', 'x', [token], { token }])
      expect(isCsrfToken(() => [older], id, nothing)).toBe(false);
  });
});
