import { DomainError } from '#libs/vocabulary';
import type { UnexpectedError } from './error-filter.ts';

/** What looks like an address, a code, or a token: errors of libraries quote what they choked on (threats.md A43). */
const PRIVATE = /[^\s<>"'()]+@[^\s<>"'()]+|\b[A-Za-z0-9_-]{24,}\b|\b\d[\d ]{4,}\d\b/g;
const MAX_MESSAGE_CHARACTERS = 1000;

/** What may be logged of a failure that nobody foresaw: kind, place in the code, words without what may be personal. */
export function logFieldsOf({ reference, method, route, error }: UnexpectedError): object {
  const failure = Error.isError(error) ? error : new Error(`thrown: ${typeof error}`);
  const code = error instanceof DomainError ? error.code : (failure as { code?: unknown }).code;
  const stack = (failure.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
  return {
    event: 'unexpected-error',
    reference,
    method,
    route,
    error: failure.name,
    code: typeof code === 'string' ? code : undefined,
    message: withoutPrivate(failure.message),
    cause: Error.isError(failure.cause) ? withoutPrivate(failure.cause.message) : undefined,
    stack: stack.slice(0, 12),
  };
}

export function withoutPrivate(text: string): string {
  return text.slice(0, MAX_MESSAGE_CHARACTERS).replace(PRIVATE, '[…]');
}
