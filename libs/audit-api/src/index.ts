export { AuditApiModule } from './audit-api.module.ts';
export { auditApi } from './openapi.ts';
export { AuditApiSettings, AuditClients, AuditNotAuthorised, type AuditScope } from './settings.ts';
