import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { base64url, fromBase64url } from '#libs/vocabulary';
import { keyObjectOf } from './browser-session.ts';
import type { CookieKeys } from './browser-session.ts';
import { cookieValues } from './cookies.ts';

/**
 * A mark says one thing of the browser that holds it, about one subject, until its time: a cookie that this portal signed, for
 * the addresses below one path. It grants nothing by itself and names no browser, so that a form in a file, which brings no
 * cookie along, can be answered with one: no session is replaced by it.
 */
export interface Mark {
  /** Of the cookie: what the mark says. */
  readonly name: string;
  /** What it says that of, such as an id. */
  readonly subject: string;
}

/** `<seconds since 1970 when it ends>.<signature>` */
export function signMark(keys: CookieKeys, mark: Mark, endsAtSeconds: number): string {
  const [newest] = keys();
  if (newest === undefined) throw new TypeError('no cookie key');
  return `${endsAtSeconds}.${base64url(mac(newest, mark, endsAtSeconds))}`;
}

/** Whether the request holds such a mark that is still good. */
export function hasMark(keys: CookieKeys, request: Request, mark: Mark, nowSeconds: number): boolean {
  return cookieValues(request, mark.name).some((value) => isMark(keys, mark, value, nowSeconds));
}

/** Whether a value is this mark, signed by this portal and still good. */
export function isMark(keys: CookieKeys, mark: Mark, value: string, nowSeconds: number): boolean {
  const [, ends = '', signature = ''] = /^(\d{1,12})\.([\w-]{43})$/.exec(value) ?? [];
  const given = fromBase64url(signature);
  if (given === null || !(Number(ends) > nowSeconds)) return false;
  return keys().some((key) => {
    const expected = mac(key, mark, Number(ends));
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}

function mac(key: Uint8Array, { name, subject }: Mark, endsAtSeconds: number): Buffer {
  return createHmac('sha256', keyObjectOf(key)).update(`segl-mark\0${name}\0${subject}\0${endsAtSeconds}`).digest();
}
