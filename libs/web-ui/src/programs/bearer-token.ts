import type { IncomingHttpHeaders } from 'node:http';

/** RFC 6750 §2.1; 8 KiB are many times what an access token of ours takes. */
const BEARER = /^Bearer ([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/** The access token of a request, whatever it is worth; null when there is none. */
export function bearerTokenIn({ authorization }: IncomingHttpHeaders): string | null {
  return BEARER.exec(authorization ?? '')?.[1] ?? null;
}
