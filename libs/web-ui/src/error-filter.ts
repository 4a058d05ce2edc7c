import { randomBytes } from 'node:crypto';
import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { base32Lower, DomainError, instantOf } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { pageOfError, pageOfStatus } from './error-pages.ts';
import type { ErrorPage, ErrorPages } from './error-pages.ts';
import { isBelow } from './compared-paths.ts';
import { ENGLISH, translate } from './locales/translate.ts';
import type { Locale, TextKey } from './locales/translate.ts';
import { problemOfPage } from './programs/problem-of-page.ts';
import { requestFacts } from './request-facts.ts';
import { UnavailableCauses } from './unavailable-causes.ts';
import type { UnavailableReport } from './unavailable-causes.ts';

/** What is written down of a failure that nobody foresaw. */
export interface UnexpectedError {
  /** Stands on the page too, so that an operator finds the line that a person asks about. */
  readonly reference: string;
  readonly method: string;
  /** The pattern of the route, never the path itself. */
  readonly route: string;
  readonly error: unknown;
}

export interface ErrorFilterOptions {
  readonly table: ErrorPages;
  /** Below these a program asks: it gets RFC 9457 problem details. */
  readonly programPrefixes: readonly string[];
  readonly onUnexpected: (report: UnexpectedError) => void;
  /** What was behind a foreseen answer of 5xx, of each code once a minute. */
  readonly onUnavailable?: ((report: UnavailableReport) => void) | undefined;
  /** Every error that was answered, for counting: its code or `http-<status>`, never its words. */
  readonly onError?: ((kind: string, status: number) => void) | undefined;
}

/** The one place where a failure becomes an answer. Never a stack, a path or SQL; a foreseen failure has its own kind words. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly causes = new UnavailableCauses();

  constructor(private readonly options: ErrorFilterOptions) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<Request>(), http.getResponse<Response>());
  }

  private answer(error: unknown, request: Request, response: Response): void {
    let page = pageOfError(error, this.options.table);
    if (page === null && hasLeft(request)) {
      response.destroy(); // a line that broke within an upload is nobody's failure here, and nobody reads an answer
      return;
    }
    if (page?.status === 404) page = this.methodNotAllowed(request, response) ?? page;
    const reference = page === null ? newReference() : null;
    if (reference !== null) this.report(reference, error, request);
    const answered = page ?? pageOfStatus(500);
    const code = error instanceof DomainError ? error.code : `http-${answered.status}`;
    this.options.onError?.(reference === null ? code : 'unexpected', answered.status);
    if (page !== null && page.status >= 500 && error instanceof DomainError) {
      const causes = this.causes.report(error, `${request.method} ${routeOf(request)}`);
      if (causes !== null) this.options.onUnavailable?.(causes);
    }

    if (response.headersSent) {
      response.destroy(); // half an answer must not look like a whole one
      return;
    }
    const locale = localeOf(request);
    response.removeHeader('Content-Disposition');
    response.removeHeader('ETag');
    response.setHeader('Cache-Control', 'no-store');
    if (answered.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(answered.retryAfterSeconds));
    response.status(answered.status);
    if (isBelow(request.path, this.options.programPrefixes)) {
      response.type('application/problem+json').send(JSON.stringify(problemOfPage(answered, code, reference)));
      return;
    }
    const context = {
      title: translate(locale, `${answered.texts}.title` as TextKey),
      text: translate(locale, `${answered.texts}.text` as TextKey),
      reference,
      retryAt: retryAtOf(answered),
      goesOnAt: answered.texts === 'error.formExpired' ? goesOnAt(request) : null,
    };
    response.type('html');
    response.render('web-ui/errors/error-page', context, (failure: unknown, html?: string) => {
      if (failure == null) return void response.send(html);
      this.report(newReference(), failure, request); // the page itself is broken: plain words still get through
      response.type('text/plain').send(`${context.title}\n\n${context.text}\n`);
    });
  }

  private report(reference: string, error: unknown, request: Request): void {
    this.options.onUnexpected({ reference, method: request.method, route: routeOf(request), error });
  }

  /** A path that is there for another method is not "not found" (RFC 9110 §15.5.6). */
  private methodNotAllowed(request: Request, response: Response): ErrorPage | null {
    const methods = methodsAt(request);
    // Where it is among them, a handler ran and said itself that there is nothing.
    if (methods.length === 0 || methods.includes(request.method)) return null;
    response.setHeader('Allow', methods.join(', '));
    return pageOfStatus(405);
  }
}

/** When whoever asked too often may ask again: at the latest, as the header says it. */
function retryAtOf({ status, retryAfterSeconds }: ErrorPage): Instant | null {
  if (status !== 429 || retryAfterSeconds === undefined) return null;
  return instantOf(new Date(Date.now() + retryAfterSeconds * 1000));
}

/** The visitor's connection is gone before all of the request had come. */
function hasLeft(request: Request): boolean {
  return request.destroyed && !request.complete;
}

/** Where the form of a page that was too old leads on by GET: the same address, which goes to the page of the next step. */
function goesOnAt(request: Request): string | null {
  return methodsAt(request).includes('GET') && /^\/(?![/\\])/.test(request.path) ? request.path : null;
}

interface RouterLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

function methodsAt(request: Request): string[] {
  const { stack } = request.app.router as unknown as { stack: readonly RouterLayer[] };
  const methods = stack
    .filter((layer) => layer.route !== undefined && matches(layer, request.path))
    .flatMap((layer) => Object.keys(layer.route?.methods ?? {}))
    .map((method) => method.toUpperCase());
  return [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)]
    .filter((method) => method !== '_ALL')
    .sort();
}

function matches(layer: RouterLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false; // a path that cannot be decoded is nowhere
  }
}

/** The pattern of the route that a request took, for logs and metrics: a bounded set, and never an id. */
export function routeOf(request: Request): string {
  const { route } = request as { route?: { path?: unknown } };
  return typeof route?.path === 'string' ? route.path : 'none';
}

/** 10 characters of base32: enough to find one line in a log, short enough to read out. */
function newReference(): string {
  return base32Lower(randomBytes(6));
}

function localeOf(request: Request): Locale {
  try {
    return requestFacts(request).locale;
  } catch {
    return ENGLISH; // failed before the facts were gathered
  }
}
