import type { Request, Response } from 'express';
import { csrfTokenOf, isCsrfToken, newBrowserId, readBrowserCookie, signBrowserCookie } from './browser-session.ts';
import type { Browser, BrowserNames, CookieKeys } from './browser-session.ts';
import { clientNetworkOf } from './client-network.ts';
import { hasMark, isMark, signMark } from './browser-marks.ts';
import type { Mark } from './browser-marks.ts';
import type { Cidr, ClientNetwork, ProxyHeader } from './client-network.ts';
import { cookieValues, setCookie } from './cookies.ts';
import { isAtHost } from './former-hosts.ts';
import { negotiateLocale } from './locale.ts';
import { isLocale } from './locales/translate.ts';
import type { Locale } from './locales/translate.ts';

export interface RequestSettings {
  /** Whether the portal is reached by https: cookies are then Secure and carry the `__Host-` prefix. */
  readonly isSecure: boolean;
  readonly keys: CookieKeys;
  /** The languages offered; the first is for visitors who want none of them. */
  readonly locales: readonly Locale[];
  readonly trustedProxies: readonly Cidr[];
  readonly proxyHeader: ProxyHeader;
  readonly formerHosts: readonly string[];
}

/** A year, in seconds: a chosen language says nothing about a person. */
const LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600;

/**
 * Where a request keeps its facts. On the request itself: a WeakMap's values are reached from wherever its table lies, old memory by then, so V8 kept each
 * request with its answer until it next went through all of memory, and copied it twice on the way.
 */
const FACTS = Symbol('facts');

interface Known {
  [FACTS]?: RequestFacts;
}

/** What one request is known by; made once for each, at the very front. */
export class RequestFacts {
  readonly locale: Locale;
  /** Whether the portal was asked by a name that it had earlier: a cookie that is left here is not there at its own. */
  readonly isAtFormerHost: boolean;
  /** Whether the form that this answers may be sent again for the same page in another language (`languagesByForm`). */
  isAskedForAgain = false;
  /**
   * Whether what was asked of this page stays asked in another language. Not by default: elsewhere an address may hold what is good once,
   * or what somebody else has put there.
   */
  keepsQuery = false;
  private known: Browser | null | undefined;
  private network: ClientNetwork | undefined;
  /** Asked for at once: a connection that is gone when its request is answered has none. */
  private readonly socketAddress: string | undefined;

  constructor(
    private readonly request: Request,
    private readonly response: Response,
    private readonly settings: RequestSettings,
  ) {
    this.isAtFormerHost = isAtHost(request, settings.formerHosts);
    this.locale = this.chosenLocale();
    this.socketAddress = request.socket.remoteAddress;
    (request as Known)[FACTS] = this;
  }

  /** Whose request it is, past our own proxies. */
  get clientNetwork(): ClientNetwork {
    const { proxyHeader: name, trustedProxies } = this.settings;
    this.network ??= clientNetworkOf(this.socketAddress, { name, value: this.request.get(name) }, trustedProxies);
    return this.network;
  }

  /** The browser that asks, or null when it carries no session of ours. */
  knownBrowser(): Browser | null {
    if (this.known !== undefined) return this.known;
    this.known = null;
    for (const value of cookieValues(this.request, this.cookieName)) {
      const cookie = readBrowserCookie(this.settings.keys, value);
      if (cookie === null) continue;
      if (cookie.isStale) this.writeCookie(cookie);
      this.known = this.browserWith(cookie);
      break;
    }
    return this.known;
  }

  /** The browser that asks; one without a session is given one, so only before the headers have left. */
  browser(): Browser {
    return this.knownBrowser() ?? this.forgetBrowser();
  }

  /** The same browser, its session under a new name. */
  rotateSession(): Browser {
    return this.nameBrowser({ id: this.browser().id, sessionId: newBrowserId() });
  }

  /** From here on a browser like any other that was never here before. */
  forgetBrowser(): Browser {
    return this.nameBrowser({ id: newBrowserId(), sessionId: newBrowserId() });
  }

  /** At sign-out: a browser like any other, and whatever it kept of our pages is gone. */
  leaveNothing(): void {
    // Not "cookies": that would take those of every host of the organisation's domain (W3C Clear Site Data §3.1); ours is replaced.
    this.response.setHeader('Clear-Site-Data', '"cache", "storage"');
    this.forgetBrowser();
  }

  private nameBrowser(names: BrowserNames): Browser {
    this.writeCookie(names);
    this.known = this.browserWith(names);
    return this.known;
  }

  /** Leaves a mark in the browser for the addresses at and below a path; a new one replaces it. Before the headers have left. */
  leaveMark(mark: Mark, { path, seconds }: { readonly path: string; readonly seconds: number }): void {
    const value = this.signedMark(mark, seconds);
    setCookie(this.response, mark.name, value, { isSecure: this.settings.isSecure, path, maxAgeSeconds: seconds });
  }

  /** A mark to be carried by a form, to another host of this portal. */
  signedMark(mark: Mark, seconds: number): string {
    return signMark(this.settings.keys, mark, Math.floor(Date.now() / 1000) + seconds);
  }

  isSignedMark(mark: Mark, value: string): boolean {
    return isMark(this.settings.keys, mark, value, Date.now() / 1000);
  }

  hasMark(mark: Mark): boolean {
    return hasMark(this.settings.keys, this.request, mark, Date.now() / 1000);
  }

  isCsrfToken(token: unknown): boolean {
    const browser = this.knownBrowser();
    return browser !== null && isCsrfToken(this.settings.keys, browser.id, token);
  }

  private browserWith({ id, sessionId }: BrowserNames): Browser {
    const { keys } = this.settings;
    return {
      id,
      sessionId,
      get csrfToken() {
        return csrfTokenOf(keys, id); // most answers have no form
      },
    };
  }

  private get cookieName(): string {
    return this.settings.isSecure ? '__Host-segl' : 'segl';
  }

  private writeCookie(names: BrowserNames): void {
    setCookie(this.response, this.cookieName, signBrowserCookie(this.settings.keys, names), {
      isSecure: this.settings.isSecure,
    });
  }

  private chosenLocale(): Locale {
    const { locales, isSecure } = this.settings;
    const name = isSecure ? '__Host-segl-language' : 'segl-language';
    const asked = this.request.query['lang'];
    if (isOffered(asked, locales)) {
      setCookie(this.response, name, asked, { isSecure, maxAgeSeconds: LANGUAGE_COOKIE_SECONDS });
      return asked;
    }
    for (const value of cookieValues(this.request, name)) if (isOffered(value, locales)) return value;
    return negotiateLocale(this.request.get('accept-language'), locales);
  }
}

function isOffered(text: unknown, locales: readonly Locale[]): text is Locale {
  return isLocale(text) && locales.includes(text);
}

/** @throws TypeError when web-ui is not installed in this app */
export function requestFacts(request: object): RequestFacts {
  const facts = (request as Known)[FACTS];
  if (facts === undefined) throw new TypeError('installWebUi comes before every route');
  return facts;
}

/** Whose request it is: the address itself, and the network by which limits are counted. */
export function clientNetwork(request: object): ClientNetwork {
  return requestFacts(request).clientNetwork;
}

/**
 * Gives the browser a session under a new id, dropping the old one (threats.md A14): at sign-in. What it began in other tabs
 * stays its own. Before the headers have left. @returns the new session id
 */
export function rotateBrowserSession(request: object): string {
  return requestFacts(request).rotateSession().sessionId;
}

/**
 * The page that answers this form offers the other languages by sending the same form again, before it is rendered: only where
 * sending it twice does no harm, and it has no field but the CSRF token.
 */
export function languagesByForm(request: object): void {
  requestFacts(request).isAskedForAgain = true;
}

/** At sign-out: nothing that this browser began or proved is its own any more, and forms that are open are no longer taken. */
export function forgetBrowser(request: object): void {
  requestFacts(request).leaveNothing();
}
