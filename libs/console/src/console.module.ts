import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { OpenCaseController } from './case/open-case.controller.ts';
import { ConsoleGuard } from './door/console-guard.ts';
import { ConsoleSessions } from './door/console-session.ts';
import { RefusedAtConsole } from './door/refused-at-console.ts';
import { RoutesHaveRoles } from './door/routes-have-roles.ts';
import { OverviewController } from './overview/overview.controller.ts';
import { StateOfRecord } from './overview/state-of-record.ts';
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
  controllers: [ConsoleSignInController, OverviewController, OpenCaseController],
  providers: [
    ...[ConsoleSessions, ConsoleGuard, RefusedAtConsole, RoutesHaveRoles],
    ...[ConsoleSignIns, BridgeOfConsole, EnterConsole],
    ...[AskTrail, StateOfRecord],
  ],
})
export class ConsoleModule {}
