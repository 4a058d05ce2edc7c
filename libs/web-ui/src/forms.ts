import express from 'express';
import type { Request, RequestHandler } from 'express';
import { PageError } from './error-pages.ts';
import { requestFacts } from './request-facts.ts';

/** 16 KiB: our longest form holds a code, an address and a token. */
const MAX_FORM_BYTES = 16 * 1024;
/** The longest form, the console's search, has a box for each type of event. */
const MAX_FIELDS = 96;

/** Whether a path is a prefix itself or lies below it. `/open` covers `/open/x`, not `/opened`. */
export function isBelow(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`));
}

/**
 * Reads the forms of our own pages and takes them only with the token of the browser that got them (threats.md A5, A18).
 * Everything that changes something goes through here but what is below `except`, which reads its own body as a stream.
 */
export function forms(except: readonly string[]): RequestHandler[] {
  const parse = express.urlencoded({
    extended: false,
    inflate: false,
    limit: MAX_FORM_BYTES,
    parameterLimit: MAX_FIELDS,
  });
  const isForm = (request: Request) =>
    !['GET', 'HEAD', 'OPTIONS'].includes(request.method) && !isBelow(request.path, except);
  return [
    (request, response, next) => {
      if (!isForm(request)) return next();
      const encoding = request.get('content-encoding');
      if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return next(new PageError(415));
      if (request.is('application/x-www-form-urlencoded') === false) return next(new PageError(415));
      parse(request, response, next);
    },
    (request, _response, next) => {
      if (!isForm(request)) return next();
      const fields = Object.entries((request.body as Record<string, unknown> | undefined) ?? {});
      // A field given twice is read by one side as the first and by the other as the last.
      if (fields.some(([, value]) => typeof value !== 'string')) return next(new PageError(400));
      if (!requestFacts(request).isCsrfToken(fields.find(([name]) => name === 'csrf')?.[1])) {
        return next(new PageError(403, 'error.formExpired'));
      }
      next();
    },
  ];
}
