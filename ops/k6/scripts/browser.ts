import { sleep } from 'k6';
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import { settings } from './settings.ts';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location: string;
}

/** Answers that say to come back later. */
const turnedAway = new Counter('segl_turned_away');
/** Seconds that a visitor would wait before they try again; who is asked for more gives up. */
const PATIENCE_SECONDS = 30;
const TRIES = 10;
const CSRF = /name="csrf" value="([^"]+)"/;
const FORM = 'application/x-www-form-urlencoded';

/**
 * A browser without script, with cookies of its own: k6's jar keeps Secure ones from a portal that is reached without its TLS
 * proxy, and mixes servers of one host.
 */
export class Browser {
  /** Milliseconds that the portal has taken over its answers so far. */
  spentMs = 0;
  private readonly journey: string;
  private readonly cookies = new Map<string, Cookie>();

  constructor(journey: string) {
    this.journey = journey;
  }

  get(path: string): Answer {
    return this.ask('GET', path, null, {});
  }

  /** Sends a form of the page that was last answered, with its token. */
  submit(page: Answer, action: string, fields = ''): Answer {
    const csrf = CSRF.exec(page.body)?.[1];
    if (csrf === undefined) throw new Error(`no form for ${routeOf(action)} on "${headingOf(page)}" (${page.status})`);
    return this.ask('POST', action, `csrf=${encodeURIComponent(csrf)}${fields}`, { 'content-type': FORM });
  }

  /** As the attachment does it: from nowhere, with no cookie. */
  handIn(field: string): Answer {
    this.cookies.clear();
    return this.ask('POST', '/open', `m=${field}`, { 'content-type': FORM, origin: 'null' });
  }

  /** The same in a browser that has a session already: its cookies stay, and are not sent. */
  handInAgain(field: string): Answer {
    const kept = [...this.cookies.values()];
    const answer = this.handIn(field);
    for (const cookie of kept) if (!this.cookies.has(keyOf(cookie))) this.cookies.set(keyOf(cookie), cookie);
    return answer;
  }

  /** As a program does it: no cookie, a token. */
  call(method: 'GET' | 'POST', path: string, token: string, contentType: string, body: string | null = null): Answer {
    return this.ask(method, path, body, { authorization: `Bearer ${token}`, 'content-type': contentType });
  }

  /** Goes where an answer leads until there is a page; to another host too, whose time is not the portal's. */
  follow(answer: Answer): Answer {
    let here = answer;
    for (let hops = 0; here.location !== ''; hops++) {
      if (hops > 12) throw new Error(`led on and on, at last to ${routeOf(here.location)}`);
      here = this.get(here.location);
    }
    return here;
  }

  /** Comes back where it is asked to. @throws Error for every other refusal */
  private ask(
    method: 'GET' | 'POST',
    to: string,
    body: string | null,
    headers: Record<string, string>,
    triesLeft = TRIES,
  ): Answer {
    const isElsewhere = /^http:\/\/127\.0\.0\.1:/.test(to) && !to.startsWith(settings.portal);
    const at = isElsewhere ? to : settings.portal + pathOf(to);
    const sent = [...this.cookies.values()].filter(({ path }) => isBelow(pathOf(at), path));
    const response = http.request(method, at, body, {
      headers: {
        'accept-language': 'en',
        ...(sent.length > 0 ? { cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') } : {}),
        ...headers,
      },
      redirects: 0,
      jar: new http.CookieJar(),
      tags: { journey: isElsewhere ? 'elsewhere' : this.journey, name: `${method} ${routeOf(at)}` },
    });
    if (!isElsewhere) this.spentMs += response.timings.duration;
    const retryAfterSeconds = Number(response.headers['Retry-After'] ?? NaN);
    if ([429, 503].includes(response.status) && retryAfterSeconds <= PATIENCE_SECONDS && triesLeft > 1) {
      turnedAway.add(1, { journey: this.journey, name: `${method} ${routeOf(at)}` });
      sleep(retryAfterSeconds * (0.5 + Math.random() / 2));
      return this.ask(method, to, body, headers, triesLeft - 1);
    }
    this.keep(response.cookies);
    const location = response.headers['Location'] ?? '';
    const refreshed = /^0; ?url=(.+)$/.exec(response.headers['Refresh'] ?? '')?.[1] ?? '';
    if (response.status === 0 || response.status >= 400)
      throw new Error(`${method} ${routeOf(to)} was answered ${response.status} ${response.error}`);
    const target = location || refreshed;
    const isRelative = target.startsWith('/') && isElsewhere;
    return {
      status: response.status,
      body: String(response.body ?? ''),
      location: isRelative ? originOf(at) + target : target,
    };
  }

  private keep(
    set: Readonly<Record<string, readonly { name: string; value: string; path: string; expires: number }[]>>,
  ) {
    for (const { name, value, path, expires } of Object.values(set).flat()) {
      const cookie = { name, value, path: path || '/' };
      if (value === '' || (expires > 0 && expires < Date.now())) this.cookies.delete(keyOf(cookie));
      else this.cookies.set(keyOf(cookie), cookie);
    }
  }
}

function keyOf({ name, path }: Cookie): string {
  return `${path} ${name}`;
}

/** Path and query, of whichever host it is behind for others. k6 has no URL. */
function pathOf(location: string): string {
  return location.replace(/^https?:\/\/[^/]+/, '') || '/';
}

/** A path without what is of this one visit, for reports. */
function routeOf(location: string): string {
  return pathOf(location)
    .replace(/\?.*/, '')
    .replace(/\/[\w-]{20,}/g, '/…');
}

/** What a page says that it is, for errors. */
export function headingOf({ body }: Answer): string {
  return /<h1[^>]*>([^<]*)/.exec(body)?.[1]?.trim() ?? body.slice(0, 100);
}

function originOf(location: string): string {
  return /^https?:\/\/[^/]+/.exec(location)?.[0] ?? '';
}

/** RFC 6265 §5.1.4. */
function isBelow(at: string, path: string): boolean {
  const here = at.replace(/\?.*/, '');
  return here === path || here.startsWith(path.endsWith('/') ? path : `${path}/`);
}
