import { Module } from '@nestjs/common';
import { AuditDoor } from './door/audit-door.ts';
import { ApprovedExports } from './export/approved-exports.ts';
import { AuditExportController } from './export/export.controller.ts';
import { ExportRequestsController } from './export/export-requests.controller.ts';
import { LedgerExports } from './export/ledger-exports.ts';
import { AuditFeedController } from './feed/feed.controller.ts';
import { AuditProofController } from './prove/prove.controller.ts';
import { AuditSearchController } from './search/search.controller.ts';

/**
 * `/api/v1/audit`. The app provides, from a global module: EventStore, ReadModels, ProjectionRunner, AuditTrailThread, LedgerKeeper,
 * PersonDirectory, Clock, AuditClients and AuditApiSettings.
 */
@Module({
  controllers: [
    ...[AuditSearchController, AuditFeedController, AuditExportController, ExportRequestsController],
    AuditProofController,
  ],
  providers: [AuditDoor, LedgerExports, ApprovedExports],
})
export class AuditApiModule {}
