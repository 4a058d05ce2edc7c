import { Module } from '@nestjs/common';
import { AuditDoor } from './door/audit-door.ts';
import { AuditExportController } from './export/export.controller.ts';
import { LedgerExports } from './export/ledger-exports.ts';
import { AuditFeedController } from './feed/feed.controller.ts';
import { AuditProofController } from './prove/prove.controller.ts';
import { AuditSearchController } from './search/search.controller.ts';

/**
 * `/api/v1/audit`. The app provides, from a global module: EventStore, ReadModels, ProjectionRunner, AuditTrailThread, LedgerKeeper,
 * PersonDirectory, Clock, AuditClients and AuditApiSettings.
 */
@Module({
  controllers: [AuditSearchController, AuditFeedController, AuditExportController, AuditProofController],
  providers: [AuditDoor, LedgerExports],
})
export class AuditApiModule {}
