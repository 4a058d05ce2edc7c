import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { base64url, fromBase64url } from '#libs/vocabulary';

/**
 * What the portal knows of a browser: two random names that its cookie holds, 128 bits in base64url each. What it may see hangs on
 * them elsewhere.
 */
export interface Browser {
  /** Which browser began something (a sign-in, a challenge) and may end it, in whichever tab. New at sign-out alone. */
  readonly id: string;
  /** What was proven hangs on this one (threats.md A4, A14). New at sign-in and at sign-out. */
  readonly sessionId: string;
  /** Goes into the field `csrf` of every form. Bound to `id`: a form in one tab outlives a sign-in in another. */
  readonly csrfToken: string;
}

/** Cookie keys, newest first: the newest signs, all of them verify. Asked at each use, so that a rotation is followed. */
export type CookieKeys = () => readonly Uint8Array[];

/** 128 bits: a session is found by nothing but its name. */
const ID_BYTES = 16;

const keyObjects = new WeakMap<Uint8Array, KeyObject>();

/** A MAC under a key object costs a sixth of one under bytes, and each request takes several. */
export function keyObjectOf(key: Uint8Array): KeyObject {
  let made = keyObjects.get(key);
  if (made === undefined) keyObjects.set(key, (made = createSecretKey(key)));
  return made;
}

function mac(key: Uint8Array, purpose: 'session' | 'csrf', names: string): Buffer {
  return createHmac('sha256', keyObjectOf(key)).update(`segl-browser-${purpose}\0${names}`).digest();
}

function newest(keys: CookieKeys): Uint8Array {
  const [key] = keys();
  if (key === undefined) throw new TypeError('no cookie key');
  return key;
}

/** @returns which key signed it, 0 for the newest, or -1 */
function signedBy(keys: CookieKeys, purpose: 'session' | 'csrf', names: string, given: Buffer): number {
  return keys().findIndex((key) => {
    const expected = mac(key, purpose, names);
    return expected.length === given.length && timingSafeEqual(expected, given);
  });
}

export function newBrowserId(): string {
  return base64url(randomBytes(ID_BYTES));
}

/** The names of a browser, as its cookie holds them. */
export type BrowserNames = Pick<Browser, 'id' | 'sessionId'>;

/** `<id>.<session id>.<signature>`, all base64url. */
export function signBrowserCookie(keys: CookieKeys, { id, sessionId }: BrowserNames): string {
  const names = `${id}.${sessionId}`;
  return `${names}.${base64url(mac(newest(keys), 'session', names))}`;
}

/** @returns the names, or null for anything that this portal did not sign; `isStale` when an older key signed it */
export function readBrowserCookie(keys: CookieKeys, value: string): (BrowserNames & { isStale: boolean }) | null {
  const [id = '', sessionId = '', signature = '', ...rest] = value.split('.');
  if (rest.length > 0 || [id, sessionId].some((name) => fromBase64url(name)?.length !== ID_BYTES)) return null;
  const given = fromBase64url(signature);
  const signer = given === null ? -1 : signedBy(keys, 'session', `${id}.${sessionId}`, given);
  return signer < 0 ? null : { id, sessionId, isStale: signer > 0 };
}

export function csrfTokenOf(keys: CookieKeys, id: string): string {
  return base64url(mac(newest(keys), 'csrf', id));
}

export function isCsrfToken(keys: CookieKeys, id: string, token: unknown): boolean {
  const given = typeof token === 'string' ? fromBase64url(token) : null;
  return given !== null && signedBy(keys, 'csrf', id, given) >= 0;
}
