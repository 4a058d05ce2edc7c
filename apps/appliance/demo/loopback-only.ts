import type { RequestHandler } from 'express';
import { isLoopback } from '#libs/installation';
import { headersOfRefusal } from '#libs/web-ui';

/** It comes before all that gives other answers their headers. */
const HEADERS = headersOfRefusal({ isSecure: false });

/**
 * A demonstration answers under the names of this machine alone. Listening on loopback keeps other machines out, but not a page
 * whose own name was made to point here (DNS rebinding): it would read the mailbox, codes and all, as if it were one of ours.
 */
export const loopbackOnly: RequestHandler = (request, response, next) => {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (isLoopback(host)) return next();
  // 421: this name is none of ours (RFC 9110 §15.5.20)
  response.status(421).set(HEADERS).type('text/plain').send('A demonstration is reached at localhost only.\n');
};
