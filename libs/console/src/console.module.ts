import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ApprovedExports, LedgerExports } from '#libs/audit-api';
import { ChartsController } from './charts/charts.controller.ts';
import { CountsController } from './counts/counts.controller.ts';
import { DeliveriesController } from './deliveries/deliveries.controller.ts';
import { EraseController } from './erase/erase.controller.ts';
import { ReachOfConsole } from './erase/reach-of-console.ts';
import { ConsoleHealthController } from './health/health.controller.ts';
import { HoldsController } from './holds/holds.controller.ts';
import { KeysController } from './keys/keys.controller.ts';
import { NamesOfPeople } from './people/names-of-people.ts';
import { ActsForTwo } from './proposals/acts-for-two.ts';
import { ProposalsController } from './proposals/proposals.controller.ts';
import { FindMessages } from './revoke/find-messages.ts';
import { RevokeController } from './revoke/revoke.controller.ts';
import { SessionsController } from './sessions/sessions.controller.ts';
import { OpenCaseController } from './case/open-case.controller.ts';
import { ConsoleGuard } from './door/console-guard.ts';
import { ConsoleSessions } from './door/console-session.ts';
import { RefusedAtConsole } from './door/refused-at-console.ts';
import { RoutesHaveRoles } from './door/routes-have-roles.ts';
import { OverviewController } from './overview/overview.controller.ts';
import { ExportController } from './export/export.controller.ts';
import { ExportsForTwo } from './export/exports-for-two.ts';
import { SendLines } from './export/send-lines.ts';
import { ExposureController } from './exposure/exposure.controller.ts';
import { ExposureReports } from './exposure/exposure-reports.ts';
import { VerifyController } from './verify/verify.controller.ts';
import { StateOfRecord } from './overview/state-of-record.ts';
import { PersonController } from './person/person.controller.ts';
import { SearchController } from './search/search.controller.ts';
import { MessageController } from './message/message.controller.ts';
import { BridgeOfConsole } from './sign-in/bridge-client.ts';
import { ConsoleSignIns } from './sign-in/console-sign-ins.ts';
import { EnterConsole } from './sign-in/enter-console.ts';
import { ConsoleSignInController } from './sign-in/sign-in.controller.ts';
import { AskTrail } from './trail/ask-trail.ts';

/**
 * `/console`. The app provides, from a global module: EventStore, EphemeralStore, ReadModels, ProjectionRunner, AuditTrailThread,
 * LedgerKeeper, PersonDirectory, Clock and ConsoleSettings, and hands CONSOLE_ERRORS to installWebUi.
 */
@Module({
  imports: [DiscoveryModule],
  controllers: [
    ConsoleSignInController,
    OverviewController,
    OpenCaseController,
    SearchController,
    MessageController,
    PersonController,
    ExportController,
    ExposureController,
    VerifyController,
    ...[ChartsController, RevokeController, EraseController, HoldsController, SessionsController, ProposalsController],
    ...[DeliveriesController, KeysController, ConsoleHealthController, CountsController],
  ],
  providers: [
    ...[ConsoleSessions, ConsoleGuard, RefusedAtConsole, RoutesHaveRoles],
    ...[ConsoleSignIns, BridgeOfConsole, EnterConsole],
    ...[AskTrail, StateOfRecord, LedgerExports, ApprovedExports, SendLines, ExportsForTwo, ExposureReports],
    ...[NamesOfPeople, FindMessages, ReachOfConsole, ActsForTwo],
  ],
  exports: [EnterConsole],
})
export class ConsoleModule {}
