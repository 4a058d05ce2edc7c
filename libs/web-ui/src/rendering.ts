import type { Request, Response } from 'express';
import { LANGUAGES } from './locales/translate.ts';
import type { Locale } from './locales/translate.ts';
import { requestFacts } from './request-facts.ts';
import type { RequestFacts } from './request-facts.ts';
import type { ViewEngine } from './view-engine.ts';

export interface RenderingOptions {
  readonly views: ViewEngine;
  /** Languages offered. */
  readonly locales: readonly Locale[];
  /** What the layout shows in a language, whatever is asked for. */
  readonly inEveryPage: (locale: Locale) => object;
}

/**
 * `response.render` for our views, in place of that of Express, which looks for files, merges what every page could be given, and then finds out again what
 * is sent. A page is HTML, its length is known, and nobody is asked whether they have it already.
 */
export function rendering({ views, locales, inEveryPage }: RenderingOptions): Response['render'] {
  const constants = new Map(locales.map((locale) => [locale, inEveryPage(locale)]));

  const htmlOf = (request: Request, view: string, context: object): string => {
    const facts = requestFacts(request);
    return views.render(view, context, {
      locale: facts.locale,
      csrfToken: () => facts.browser().csrfToken,
      page: {
        ...constants.get(facts.locale),
        languages: languageSwitch(facts, request, locales),
        languagesByForm: answersForm(request),
      },
    });
  };

  return function render(this: Response, view: string, context?: unknown, done?: unknown): void {
    const whenDone = (typeof context === 'function' ? context : done) as Done | undefined;
    let html: string;
    try {
      html = htmlOf(this.req, view, typeof context === 'object' && context !== null ? context : {});
    } catch (error) {
      if (whenDone === undefined) this.req.next?.(error);
      else whenDone(error);
      return;
    }
    if (whenDone === undefined) sendPage(this, html);
    else whenDone(null, html);
  };
}

type Done = (error: unknown, html?: string) => void;

/** What answers a form goes out as bytes, which can be wiped; it may be a message. A string is written with the headers in one go. */
function sendPage(response: Response, html: string): void {
  const body = answersForm(response.req) ? Buffer.from(html) : html;
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

function answersForm({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

/** This page in the other languages: links, or after a form that may be sent again, forms; none after any other form. */
function languageSwitch(facts: RequestFacts, request: Request, offered: readonly Locale[]) {
  if (answersForm(request) && !facts.isAskedForAgain) return [];
  // `//host` as a path would be another host as a link, and browsers take `\` for `/`
  const path = request.path.replaceAll('\\', '%5C').replace(/^\/+/, '/');
  return LANGUAGES.filter(({ locale }) => offered.includes(locale) && locale !== facts.locale).map(
    ({ locale, name }) => ({ locale, name, address: `${path}?${queryIn(request, facts, locale)}` }),
  );
}

function queryIn({ originalUrl }: Request, { keepsQuery }: RequestFacts, locale: Locale): string {
  if (!keepsQuery) return `lang=${locale}`; // a language tag needs no escaping
  const query = new URL(originalUrl, 'http://here').searchParams;
  query.delete('lang');
  query.append('lang', locale);
  return query.toString();
}
