import express from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { isBelow } from './compared-paths.ts';
import { PageError } from './error-pages.ts';
import { readFormFields } from './form-fields.ts';
import type { FormFields } from './form-fields.ts';
import { requestFacts } from './request-facts.ts';

/** 16 KiB: our longest form holds a code, an address and a token. */
const MAX_FORM_BYTES = 16 * 1024;
/** The longest form, the console's search, has a box for each type of event. */
const MAX_FIELDS = 96;
/** Browsers name none; any other than this would be read wrongly. */
const OTHER_CHARSET = /charset\s*=\s*"?(?!utf-8)/i;

/**
 * Reads the forms of our own pages and takes them only with the token of the browser that got them (threats.md A5, A18).
 * Everything that changes something goes through here but what is below `except`, which reads its own body as a stream.
 */
export function forms(except: readonly string[]): RequestHandler[] {
  const isForm = (request: Request) =>
    !['GET', 'HEAD', 'OPTIONS'].includes(request.method) && !isBelow(request.path, except);
  return [
    (request, response, next) => {
      if (!isForm(request)) return next();
      const encoding = request.get('content-encoding');
      if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return next(new PageError(415));
      if (request.is('application/x-www-form-urlencoded') === false) return next(new PageError(415));
      if (OTHER_CHARSET.test(request.get('content-type') ?? '')) return next(new PageError(415));
      readForm(request, response, next);
    },
    (request, _response, next) => {
      if (!isForm(request)) return next();
      const { csrf } = (request.body ?? {}) as Partial<FormFields>;
      if (!requestFacts(request).isCsrfToken(csrf)) return next(new PageError(403, 'error.formExpired'));
      next();
    },
  ];
}

const readBody = express.raw({ type: () => true, inflate: false, limit: MAX_FORM_BYTES });

/** What came in pieces is wiped as soon as it is one, and that as soon as it is read: a code is in its field alone then. */
function readForm(request: Request, response: Response, next: NextFunction): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= MAX_FORM_BYTES) pieces.push(piece); // of what is too large the rest goes by, so that an answer can be read
  });
  readBody(request, response, (error?: unknown) => {
    for (const piece of pieces) piece.fill(0);
    if (error !== undefined) return next(error);
    const form = readFormFields(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), MAX_FIELDS);
    // A field given twice is read by one side as the first and by the other as the last.
    if ('fault' in form) return next(new PageError(form.fault === 'field-twice' ? 400 : 413));
    request.body = form.fields;
    response.once('close', () => form.secrets.forEach((secret) => secret.fill(0)));
    next();
  });
}
