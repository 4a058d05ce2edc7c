import type { ErrorPages } from '#libs/web-ui';

/** What pages say for the errors of this room; goes into installWebUi. */
export const PASSCODE_ERRORS: ErrorPages = {
  'passcode-busy': { status: 503, texts: 'passcode.busy', retryAfterSeconds: 10 },
  'too-many-challenges': { status: 429, texts: 'error.tooManyRequests', retryAfterSeconds: 3600 },
  'client-codes-spent': { status: 429, texts: 'passcode.clientSpent', retryAfterSeconds: 3600 },
  'challenge-not-here': { status: 404, texts: 'error.notFound' },
};
