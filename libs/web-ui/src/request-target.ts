import type { IncomingMessage } from 'node:http';

const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)([^#]*)/i;

/**
 * A request target may stand in absolute form, as a request to a proxy does: its host counts and the Host field does not (RFC 9112
 * §3.2.2). It is brought into origin form before anything reads it, so that every part of the house finds one path and one query.
 */
export function toOriginForm(request: IncomingMessage): void {
  const { url = '/' } = request;
  if (url.startsWith('/')) return;
  const [, authority, rest = url] = ABSOLUTE_FORM.exec(url) ?? [];
  if (authority !== undefined) request.headers.host = authority.slice(authority.lastIndexOf('@') + 1);
  request.url = rest.startsWith('/') ? rest : `/${rest}`; // `*`, which is for OPTIONS, names nothing here
}
