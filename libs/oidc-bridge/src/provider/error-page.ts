import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { base32Lower } from '#libs/vocabulary';
import { ENGLISH, requestFacts, translate } from '#libs/web-ui';
import type { ErrorTexts, Locale, TextKey } from '#libs/web-ui';

/** A failure of the provider as a page like any other of ours. What the library says about it stays out of it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly texts: ErrorTexts;
  /** The log has it too; null where nobody will look. */
  readonly reference: string | null;
}

/** Why the browser gets a page instead of being sent back to its client. */
export function errorAnswerOf(kind: string, status: number, reference: () => string): ErrorAnswer {
  if (status >= 500 && kind !== 'temporarily_unavailable') {
    return { status: 500, texts: 'error.unexpected', reference: reference() };
  }
  if (kind === 'temporarily_unavailable') return { status: 503, texts: 'error.unavailable', reference: null };
  return { status: 400, texts: 'bridge.startAgain', reference: null };
}

/** @returns the page, or the same in plain words where pages cannot be made (no web-ui in front, a template that fails) */
export function renderAnswer(
  request: Request,
  response: Response,
  { texts, reference }: ErrorAnswer,
): Promise<{ readonly type: 'html' | 'text'; readonly body: string }> {
  const locale = localeOf(request);
  const title = translate(locale, `${texts}.title` as TextKey);
  const text = translate(locale, `${texts}.text` as TextKey);
  const plain = { type: 'text', body: `${title}\n\n${text}\n${reference === null ? '' : `\n${reference}\n`}` } as const;
  return new Promise((resolve) => {
    const done = (failure: unknown, html?: string) =>
      resolve(failure == null && html !== undefined ? { type: 'html', body: html } : plain);
    try {
      request.url = request.originalUrl; // the page's links to its other languages are made of it
      response.render('web-ui/errors/error-page', { title, text, reference }, done);
    } catch (failure) {
      done(failure);
    }
  });
}

/** 10 characters of base32, as web-ui has them on its own pages. */
export function newReference(): string {
  return base32Lower(randomBytes(6));
}

function localeOf(request: Request): Locale {
  try {
    return requestFacts(request).locale;
  } catch {
    return ENGLISH; // no web-ui in front
  }
}
