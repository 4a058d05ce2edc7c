export { AuditApiModule } from './audit-api.module.ts';
export { AuditApiBusy, AuditRequestRefused } from './door/audit-request-refused.ts';
export { askedFor, understood, type Question } from './door/question.ts';
export { ApprovedExports } from './export/approved-exports.ts';
export { isBulk, questionForRecord } from './export/bulk-export.ts';
export { LedgerExports } from './export/ledger-exports.ts';
export { auditApi } from './openapi.ts';
export { AuditApiSettings, AuditClients, AuditNotAuthorised, type AuditScope } from './settings.ts';
