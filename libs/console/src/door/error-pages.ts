import type { ErrorPages } from '#libs/web-ui';

/** What pages say for this room's errors; goes into installWebUi. */
export const CONSOLE_ERRORS: ErrorPages = {
  'own-bridge-unavailable': { status: 503, texts: 'console.bridgeAway', retryAfterSeconds: 30 },
  'too-many-console-sign-ins': { status: 429, texts: 'error.tooManyRequests', retryAfterSeconds: 3600 },
  'audit-api-busy': { status: 503, texts: 'console.export.busy', retryAfterSeconds: 60 },
  'audit-request-refused': { status: 400, texts: 'error.badRequest' },
  'bad-audit-query': { status: 400, texts: 'error.badRequest' },
  'read-models-busy': { status: 503, texts: 'error.busy', retryAfterSeconds: 30 },
  'not-open-to-confirm': { status: 409, texts: 'console.notOpenToConfirm' },
  'export-not-approved': { status: 409, texts: 'console.exportNotApproved' },
  'same-person-confirms': { status: 403, texts: 'console.samePerson' },
  'under-legal-hold': { status: 409, texts: 'console.underHold' },
  'subject-is-erased': { status: 409, texts: 'console.subjectErased' },
  'nobody-to-hold': { status: 400, texts: 'console.nobody' },
  'no-such-hold': { status: 409, texts: 'console.noSuchHold' },
  'carriers-under-way': { status: 503, texts: 'console.carriersUnderWay', retryAfterSeconds: 60 },
  'projections-behind': { status: 503, texts: 'console.trailBehind', retryAfterSeconds: 30 },
  'ledger-contradicted': { status: 503, texts: 'console.ledgerContradicted' },
};
