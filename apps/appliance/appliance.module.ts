import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Logger } from 'pino';
import { AuditApiModule } from '#libs/audit-api';
import { ConsoleModule } from '#libs/console';
import { BouncesModule, InboundModule, PassingOnModule, SubmissionModule } from '#libs/gateway';
import { listensForMail, takesBounces } from '#libs/installation';
import type { OpenedStores, Role, Settings, SignInParts } from '#libs/installation';
import { OidcBridgeModule } from '#libs/oidc-bridge';
import { PasscodeModule } from '#libs/passcode';
import { RecipientAccessModule } from '#libs/recipient-access';
import { HelpController, PrivacyController } from '#libs/web-ui';
import type { ViewEngine } from '#libs/web-ui';
import { ApiDocumentController } from './api-document.controller.ts';
import { DemoConsoleController } from './demo/demo-console.controller.ts';
import { DemoMailboxController } from './demo/demo-mailbox.controller.ts';
import { DemoMailbox } from './demo/demo-mailbox.ts';
import { HealthController } from './health.controller.ts';
import { RoomSettingsModule } from './room-settings.ts';
import { StoresModule } from './stores.module.ts';

/** The rooms of each role; which stores they find, which keys and which paths are theirs stands in roles.ts. */
export const ROOMS: Readonly<Record<Role, readonly Type[]>> = {
  portal: [PasscodeModule, OidcBridgeModule, RecipientAccessModule],
  gateway: [SubmissionModule],
  console: [AuditApiModule, ConsoleModule],
};
export const CONTROLLERS: Readonly<Record<Role, readonly Type[]>> = {
  portal: [HelpController, PrivacyController],
  gateway: [ApiDocumentController],
  console: [],
};

/** SMTP in, and what is done with a mail: a gateway whose settings name no clients has neither. */
function roomsForMailComingIn(settings: Settings): readonly Type[] {
  if (!listensForMail(settings)) return [];
  return [InboundModule, PassingOnModule, ...(takesBounces(settings) ? [BouncesModule] : [])];
}

/** The appliance: a list of rooms, one line for each adapter (stores.module.ts) and one for the settings of the rooms (room-settings.ts). */
@Module({})
export class ApplianceModule {
  static of(
    settings: Settings,
    stores: OpenedStores,
    views: ViewEngine,
    signIn: SignInParts,
    ownAddress: () => URL,
    log: Logger,
  ): DynamicModule {
    const demonstration: Type[] =
      stores.relay instanceof DemoMailbox ? [DemoMailboxController, DemoConsoleController] : [];
    return {
      module: ApplianceModule,
      imports: [
        CqrsModule.forRoot(),
        StoresModule.of(stores),
        RoomSettingsModule.of(settings, stores, views, signIn, ownAddress, log),
        ...settings.roles.flatMap((role) => ROOMS[role]),
        ...roomsForMailComingIn(settings),
      ],
      controllers: [HealthController, ...settings.roles.flatMap((role) => CONTROLLERS[role]), ...demonstration],
      providers: stores.relay instanceof DemoMailbox ? [{ provide: DemoMailbox, useValue: stores.relay }] : [],
    };
  }
}
