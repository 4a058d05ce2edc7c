import type { ErrorPages } from '#libs/web-ui';

/** What pages say for this room's errors; goes into installWebUi. */
export const CONSOLE_ERRORS: ErrorPages = {
  'own-bridge-unavailable': { status: 503, texts: 'console.bridgeAway', retryAfterSeconds: 30 },
  'too-many-console-sign-ins': { status: 429, texts: 'error.tooManyRequests' },
  'audit-api-busy': { status: 503, texts: 'console.export.busy', retryAfterSeconds: 60 },
  'audit-request-refused': { status: 400, texts: 'error.badRequest' },
  'bad-audit-query': { status: 400, texts: 'error.badRequest' },
  'read-models-busy': { status: 503, texts: 'error.busy', retryAfterSeconds: 30 },
  'ledger-contradicted': { status: 503, texts: 'console.ledgerContradicted' },
};
