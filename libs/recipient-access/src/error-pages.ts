import type { ErrorPages } from '#libs/web-ui';

/** What pages say for this room's errors; CannotBeShown has a page of its own (journey/cannot-be-shown.hbs). */
export const RECIPIENT_ACCESS_ERRORS: ErrorPages = {
  'reading-busy': { status: 503, texts: 'error.busy', retryAfterSeconds: 60 },
  'reading-unavailable': { status: 503, texts: 'error.unavailable', retryAfterSeconds: 60 },
  'too-many-openings': { status: 503, texts: 'error.busy', retryAfterSeconds: 60 },
  'download-not-allowed': { status: 403, texts: 'read.notAllowed' },
  'file-not-shown': { status: 422, texts: 'read.notShown' },
  'no-such-attachment': { status: 404, texts: 'error.notFound' },
  'uploads-busy': { status: 503, texts: 'error.busy', retryAfterSeconds: 10 },
  'body-too-large': { status: 413, texts: 'error.tooLarge' },
  'body-too-slow': { status: 408, texts: 'error.tooSlow' },
  'body-malformed': { status: 400, texts: 'error.badRequest' },
  'unsupported-body': { status: 415, texts: 'error.unsupportedMediaType' },
  'too-many-sign-ins': { status: 429, texts: 'error.tooManySignIns', retryAfterSeconds: 3600 },
  'identity-provider-unavailable': { status: 503, texts: 'open.providerAway', retryAfterSeconds: 30 },
};
