import { isIP } from 'node:net';
import { DomainError } from '#libs/vocabulary';

/** Where the next hop is and how it is spoken to, read from `SEGL_RELAY_URL`. */
export interface RelayAddress {
  readonly host: string;
  readonly port: number;
  /**
   * `implicit`: TLS from the first byte (smtps). `starttls`: plain until STARTTLS, which must succeed before anything else is
   * said. `none`: never TLS. In the first two the certificate is verified against the host's name, TLS 1.2 or newer.
   */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

/** One entry of `SEGL_RELAY_URL`: a host, or a name that stands for its mail exchangers. */
export interface RelayTarget extends RelayAddress {
  /** `host` is a name whose MX records say the hosts, all with this port and this TLS. */
  readonly byMx: boolean;
}

/** 10: more than that is no list of next hops but a mistake. */
const MAX_TARGETS = 10;

/** The URL of the relay is not one we can use. The message says why and never repeats the URL, which may hold a password. */
export class RelayUrlRefused extends DomainError {
  constructor(reason: string) {
    super('relay-url-refused', reason);
  }
}

/**
 * Reads one or several URLs of next hops with spaces between, in the order in which they are to be tried. Each is one of `parseRelayUrl`, or
 * `mx://name[:port][?tls=required|none]`: the mail exchangers of that name, on port 25, with STARTTLS required and verified
 * against the exchanger's name. Who can forge the name's MX records can so become the next hop: for a resolver that one trusts.
 *
 * @throws RelayUrlRefused
 */
export function parseRelayUrls(text: string): RelayTarget[] {
  const urls = text.split(/\s+/).filter((url) => url !== '');
  if (urls.length === 0) throw new RelayUrlRefused('the relay URL is empty');
  if (urls.length > MAX_TARGETS) throw new RelayUrlRefused(`there are more than ${MAX_TARGETS} relay URLs`);
  const targets = urls.map((url) =>
    /^mx:/i.test(url) ? { ...exchangers(url), byMx: true } : { ...parseRelayUrl(url), byMx: false },
  );
  const places = targets.map(({ host, port, byMx }) => `${byMx ? 'mx' : ''} ${host} ${port}`);
  if (new Set(places).size < places.length) throw new RelayUrlRefused('a next hop is named twice');
  return targets;
}

/** Read as the smtp:// URL that it stands for. */
function exchangers(text: string): RelayAddress {
  if (!/^mx:\/\/[^/?#]/i.test(text)) throw new RelayUrlRefused('expected mx://name');
  const asSmtp = text.replace(/^mx:/i, 'smtp:');
  const address = parseRelayUrl(asSmtp);
  if (isIP(address.host) !== 0) throw new RelayUrlRefused('mx:// wants a name: an address has no mail exchangers');
  return { ...address, port: new URL(asSmtp).port === '' ? 25 : address.port };
}

/**
 * Reads `smtp://[user:password@]host[:port][?tls=required|none]` or `smtps://…`. User and password are percent-decoded.
 * Ports default to 587 (smtp), 465 (smtps, RFC 8314 §3.3), 25 (smtp to a loopback host).
 *
 * Over smtp, STARTTLS is required, except to a loopback host, where it is not used unless `?tls=required` asks for it: what
 * listens on loopback (a local Postfix) rarely has a certificate for that name. `?tls=none` gives TLS up for any host; it is meant for a relay on
 * a network of its own (a side-car, a container network), since passcodes then travel in clear there. Credentials are
 * never sent to another host without TLS.
 *
 * @throws RelayUrlRefused
 */
export function parseRelayUrl(text: string): RelayAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new RelayUrlRefused('the relay URL is not a URL; expected smtp://host:port or smtps://host:port');
  }
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') {
    throw new RelayUrlRefused(`the relay URL must begin with smtp:// or smtps://, not ${url.protocol}//`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (host === '') throw new RelayUrlRefused('the relay URL names no host');
  if (/[^a-z0-9._:-]/.test(host)) throw new RelayUrlRefused('the host in the relay URL is not a host name');
  if ((url.pathname !== '' && url.pathname !== '/') || url.hash !== '') {
    throw new RelayUrlRefused('the relay URL has a path or a fragment, which means nothing here');
  }
  const tls = tlsOf(url, isLoopback(host));
  const credentials = credentialsOf(url);
  if (credentials && tls === 'none' && !isLoopback(host)) {
    throw new RelayUrlRefused('the relay URL has credentials and gives up TLS: they would travel in clear');
  }
  return { host, port: portOf(url, isLoopback(host)), tls, credentials };
}

function tlsOf(url: URL, loopback: boolean): RelayAddress['tls'] {
  const names = [...url.searchParams.keys()];
  if (names.some((name) => name !== 'tls') || names.length > 1) {
    throw new RelayUrlRefused('the relay URL takes one parameter, tls, once');
  }
  const wanted = url.searchParams.get('tls');
  if (wanted !== null && wanted !== 'required' && wanted !== 'none') {
    throw new RelayUrlRefused('tls in the relay URL is either required or none');
  }
  if (url.protocol === 'smtps:') {
    if (wanted === 'none') throw new RelayUrlRefused('smtps:// and tls=none contradict each other');
    return 'implicit';
  }
  if (wanted === 'none') return 'none';
  return loopback && wanted === null ? 'none' : 'starttls';
}

function portOf(url: URL, loopback: boolean): number {
  if (url.port !== '') {
    const port = Number(url.port);
    if (port === 0) throw new RelayUrlRefused('the port in the relay URL is 0');
    return port;
  }
  if (url.protocol === 'smtps:') return 465;
  return loopback ? 25 : 587;
}

function credentialsOf(url: URL): RelayAddress['credentials'] {
  if (url.username === '' && url.password === '') return null;
  if (url.username === '' || url.password === '') {
    throw new RelayUrlRefused('the relay URL has a user without a password, or the reverse');
  }
  try {
    const user = decodeURIComponent(url.username);
    const password = decodeURIComponent(url.password);
    if (/\p{Cc}/u.test(user + password))
      throw new RelayUrlRefused('the credentials in the relay URL hold control characters');
    return { user, password };
  } catch (error) {
    if (error instanceof RelayUrlRefused) throw error;
    throw new RelayUrlRefused('the credentials in the relay URL are not percent-encoded UTF-8');
  }
}

export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.'))
  );
}
