import { DomainError } from '#libs/vocabulary';
import type { TextKey } from './locales/translate.ts';

/** A group of texts that can stand on an error page: it has a `title` and a `text`, neither with parameters. */
export type ErrorTexts = {
  [Key in TextKey]: Key extends `${infer Group}.title` ? (`${Group}.text` extends TextKey ? Group : never) : never;
}[TextKey];

export interface ErrorPage {
  readonly status: number;
  readonly texts: ErrorTexts;
  /** Seconds, for the header of the same name. */
  readonly retryAfterSeconds?: number;
}

/** What a page says for each code of a DomainError. A room gives its own table to installWebUi. */
export type ErrorPages = { readonly [code: string]: ErrorPage };

/** Ends a request with an error page: for what only the web knows, such as a form that is too old. */
export class PageError extends DomainError {
  readonly page: ErrorPage;

  /** @param texts default: those that stand for the status */
  constructor(status: number, texts?: ErrorTexts, retryAfterSeconds?: number) {
    const page = pageOfStatus(status);
    super(`http-${status}`);
    this.page = {
      ...page,
      texts: texts ?? page.texts,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }
}

const unavailable: ErrorPage = { status: 503, texts: 'error.unavailable', retryAfterSeconds: 60 };

/** The codes of the rooms below web-ui. */
export const STORE_ERRORS: ErrorPages = {
  'address-refused': { status: 400, texts: 'error.addressRefused' },
  'event-store-unavailable': unavailable,
  'person-directory-unavailable': unavailable,
  'ephemeral-store-unavailable': unavailable,
  'too-much-contention': unavailable,
  'ephemeral-contention': unavailable,
  'ephemeral-store-full': { status: 503, texts: 'error.busy', retryAfterSeconds: 60 },
  'too-many-bytes': { status: 413, texts: 'error.tooLarge' },
};

const PAGES_OF_STATUS = new Map<number, ErrorTexts>([
  [400, 'error.badRequest'],
  [403, 'error.forbidden'],
  [404, 'error.notFound'],
  [405, 'error.methodNotAllowed'],
  [413, 'error.tooLarge'],
  [415, 'error.unsupportedMediaType'],
  [421, 'error.moved'],
  [429, 'error.tooManyRequests'],
  [503, 'error.unavailable'],
]);

export function pageOfStatus(status: number): ErrorPage {
  const texts =
    PAGES_OF_STATUS.get(status) ?? (status >= 400 && status < 500 ? 'error.badRequest' : 'error.unexpected');
  return { status, texts };
}

/**
 * What to answer for a failure, or null when nobody foresaw it. The status of an error from the framework or the body parser
 * is kept when it blames the request; its words never are.
 */
export function pageOfError(error: unknown, table: ErrorPages): ErrorPage | null {
  if (error instanceof PageError) return error.page;
  if (error instanceof DomainError) return Object.hasOwn(table, error.code) ? (table[error.code] ?? null) : null;
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500 ? pageOfStatus(status) : null;
}
