import type { Request, Response } from 'express';

export interface CookieOptions {
  readonly isSecure: boolean;
  /** Default `/`. Only a cookie of the whole site can have the `__Host-` prefix. */
  readonly path?: string;
  /** Absent: until the browser is closed. */
  readonly maxAgeSeconds?: number;
}

/**
 * Every value that the request holds under a name: a neighbour on the host may have set one too, so the caller checks each. What
 * surrounds a pair is blanks and tabs (RFC 6265 §4.2.1) and nothing else: `String.trim` takes U+00A0 as well, and a neighbour may
 * set a cookie called `\u00a0__Host-…` where browsers let it set no `__Host-…`.
 */
export function cookieValues(request: Request, name: string): string[] {
  const { cookie } = request.headers;
  if (cookie === undefined) return [];
  return cookie
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}

/**
 * HttpOnly and SameSite=Lax always (threats.md A18), and no Domain, as the `__Host-` prefix wants it; `Path=/` too unless said
 * otherwise. Set twice in a
 * response, the later one counts. @param value characters of a cookie-octet only (RFC 6265 §4.1.1)
 */
export function setCookie(
  response: Response,
  name: string,
  value: string,
  { isSecure, maxAgeSeconds, path = '/' }: CookieOptions,
): void {
  const parts = [`${name}=${value}`, `Path=${path}`, 'HttpOnly', 'SameSite=Lax'];
  if (isSecure) parts.push('Secure');
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`);
  const before = [response.getHeader('set-cookie') ?? []].flat().map(String);
  response.setHeader('Set-Cookie', [...before.filter((cookie) => !cookie.startsWith(`${name}=`)), parts.join('; ')]);
}
