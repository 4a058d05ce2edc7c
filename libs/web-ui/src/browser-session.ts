import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { base64url, fromBase64url } from '#libs/vocabulary';

/** What the portal knows of a browser: a random name that its cookie holds. What it may see hangs on it elsewhere. */
export interface Browser {
  /** 128 random bits, base64url. New at sign-in and at sign-out. */
  readonly id: string;
  /** Goes into the field `csrf` of every form. Bound to the id. */
  readonly csrfToken: string;
}

/** Cookie keys, newest first: the newest signs, all of them verify. Asked at each use, so that a rotation is followed. */
export type CookieKeys = () => readonly Uint8Array[];

/** 128 bits: a session is found by nothing but its name. */
const ID_BYTES = 16;

function mac(key: Uint8Array, purpose: 'session' | 'csrf', id: string): Buffer {
  return createHmac('sha256', key).update(`segl-browser-${purpose}\0${id}`).digest();
}

function newest(keys: CookieKeys): Uint8Array {
  const [key] = keys();
  if (key === undefined) throw new TypeError('no cookie key');
  return key;
}

function isSignedByAny(keys: CookieKeys, purpose: 'session' | 'csrf', id: string, given: Buffer): boolean {
  return keys().some((key) => {
    const expected = mac(key, purpose, id);
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}

export function newBrowserId(): string {
  return base64url(randomBytes(ID_BYTES));
}

/** `<id>.<signature>`, both base64url. */
export function signBrowserId(keys: CookieKeys, id: string): string {
  return `${id}.${base64url(mac(newest(keys), 'session', id))}`;
}

/** @returns the id, or null for anything that this portal did not sign; `isStale` when an older key signed it */
export function readBrowserCookie(keys: CookieKeys, value: string): { id: string; isStale: boolean } | null {
  const [id = '', signature = '', ...rest] = value.split('.');
  if (rest.length > 0 || fromBase64url(id)?.length !== ID_BYTES) return null;
  const given = fromBase64url(signature);
  if (given === null || !isSignedByAny(keys, 'session', id, given)) return null;
  return { id, isStale: signBrowserId(keys, id) !== value };
}

export function csrfTokenOf(keys: CookieKeys, id: string): string {
  return base64url(mac(newest(keys), 'csrf', id));
}

export function isCsrfToken(keys: CookieKeys, id: string, token: unknown): boolean {
  const given = typeof token === 'string' ? fromBase64url(token) : null;
  return given !== null && isSignedByAny(keys, 'csrf', id, given);
}
