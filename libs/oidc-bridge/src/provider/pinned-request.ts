import type { OutgoingMessage } from 'node:http';
import type { Request, RequestHandler } from 'express';

/** Every path below the mount that the bridge uses, by method. The library has a route or two that nothing switches off. */
const SERVED: Readonly<Record<string, RegExp>> = {
  GET: /^\/(\.well-known\/(openid-configuration|oauth-authorization-server)|jwks|auth(\/[\w-]+)?)$/,
  POST: /^\/(request|token)$/,
};

export function isServed(request: Request): boolean {
  return SERVED[request.method === 'HEAD' ? 'GET' : request.method]?.test(request.path) === true;
}

/**
 * RFC 8414 §3.1 puts the metadata of an issuer with a path before that path: `/.well-known/oauth-authorization-server/oidc`. The
 * document is the one below the issuer, as OpenID Connect Discovery 1.0 §4 has it.
 */
export function atWellKnown(issuer: URL, serve: RequestHandler): RequestHandler {
  const document = '/.well-known/oauth-authorization-server';
  const path = `${document}${issuer.pathname}`;
  return (request, response, next) => {
    if (request.path !== path || !['GET', 'HEAD'].includes(request.method)) return next();
    request.url = document;
    serve(request, response, next);
  };
}

/**
 * The library builds every address (metadata, redirects, paths of cookies, accepted audiences) from what the request says of
 * its host, protocol and path: headers, an absolute request target, the spelling of the mount. All of it is set to the issuer's.
 */
export function pinRequest(request: Request, issuer: URL): void {
  const { headers } = request;
  for (const name of Object.keys(headers)) {
    if (name === 'forwarded' || name.startsWith('x-forwarded-') || name === 'origin') delete headers[name];
  }
  headers.host = issuer.host;
  headers['x-forwarded-host'] = issuer.host;
  headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  request.url = request.url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, ''); // RFC 9112 §3.2.2
  request.originalUrl = `${issuer.pathname}${request.url}`;
}

/** Whatever the browser still has under that name: the library never sees it. */
export function withoutCookie(request: Request, name: string): void {
  const { cookie } = request.headers;
  if (cookie === undefined) return;
  const kept = cookie.split(';').filter((pair) => !isNamed(pair, name));
  if (kept.length === 0) delete request.headers.cookie;
  else request.headers.cookie = kept.join(';').trim();
}

/** No sign-on session is offered to a browser, and nothing of another origin reads an answer (RFC 9700 §2.6). */
export function withoutResponseHeaders(response: OutgoingMessage, sessionCookie: string): void {
  if (response.headersSent) return;
  for (const name of response.getHeaderNames()) {
    if (name.startsWith('access-control-')) response.removeHeader(name);
  }
  const cookies = [response.getHeader('set-cookie') ?? []].flat().map(String);
  const kept = cookies.filter((cookie) => !isNamed(cookie, sessionCookie));
  if (kept.length === cookies.length) return;
  if (kept.length === 0) response.removeHeader('set-cookie');
  else response.setHeader('set-cookie', kept);
}

/** The cookie itself and the signature that goes with it. */
function isNamed(pair: string, name: string): boolean {
  const [found = ''] = pair.trim().split('=', 1);
  return found === name || found === `${name}.sig`;
}
