import type { RequestHandler } from 'express';
import { isAt, isBelow } from './compared-paths.ts';
import { discardRest } from './discard-rest.ts';
import { PageError } from './error-pages.ts';

export interface FormerHosts {
  readonly publicUrl: URL;
  /** Names by which readers reached this portal earlier: no port, lower case. */
  readonly hosts: readonly string[];
  /** Served as ever: assets stand before this, `/healthz` tells a doctor who answers, `/open` takes carriers that were sealed under an older name. */
  readonly served: readonly string[];
  /** Asked by programs, which lose their authorization on the way to another host: they are told. */
  readonly programPrefixes: readonly string[];
}

/** Whether a request came by one of these names. Its port does not count: proxies leave it out. */
export function isAtHost(
  request: { readonly headers: { readonly host?: string | undefined } },
  hosts: readonly string[],
) {
  if (hosts.length === 0) return false;
  const host = (request.headers.host ?? '').toLowerCase().replace(/:\d*$/, '');
  return hosts.includes(host);
}

/**
 * Leads visitors of an older name on to the portal's own. A page is asked for again there; a form that an old page still held cannot be
 * taken, since the session that it belongs to is another host's. Where to is the configuration's to say, never the request's.
 */
export function leadOnFromFormerHosts({ publicUrl, hosts, served, programPrefixes }: FormerHosts): RequestHandler {
  return (request, response, next) => {
    if (!isAtHost(request, hosts)) return next();
    const isAsked = request.method === 'GET' || request.method === 'HEAD';
    if (isAt(request.path, served) && !(isAsked && isAt(request.path, ['/open']))) return next();
    if (!isAsked || isBelow(request.path, programPrefixes)) {
      discardRest(request, response);
      return next(new PageError(421)); // RFC 9110 §15.5.20
    }
    // Not for good: a browser would never again ask here, should the name come back.
    response.redirect(307, `${publicUrl.origin}${request.originalUrl}`);
  };
}
