import { Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { EphemeralStore } from '#libs/ephemeral-store';
import { EventStore } from '#libs/event-store';
import { Keyring, PersonDirectory } from '#libs/keyring';
import { Upstream } from '#libs/oidc-bridge';
import { MailReader } from '#libs/mail';
import { Clock } from '#libs/vocabulary';
import { AnswersUnderWay } from './answers-under-way.ts';
import { AuthenticateController } from './authenticate/authenticate.controller.ts';
import { AuthenticateHandler } from './authenticate/authenticate.ts';
import { IdentityProvider } from './authenticate/identity-provider.ts';
import { BeginSignInHandler } from './authenticate/begin-sign-in.ts';
import { OtherIssuer } from './authenticate/other-issuer.ts';
import { OwnBridge } from './authenticate/own-bridge.ts';
import { SignInAttempts } from './authenticate/sign-in-attempts.ts';
import { DecryptViewController } from './decrypt-view/decrypt-view.controller.ts';
import { DecryptViewHandler } from './decrypt-view/decrypt-view.ts';
import { DownloadAttachmentController } from './download-attachment/download-attachment.controller.ts';
import { DownloadAttachmentHandler } from './download-attachment/download-attachment.ts';
import { DownloadFilesHandler } from './download-attachment/download-files.ts';
import { FinishReadingController } from './finish-reading/finish-reading.controller.ts';
import { IdentityProviderSettings } from './identity-provider-settings.ts';
import { HandInTimes } from './hand-in-times.ts';
import { JourneyController } from './journey/journey.controller.ts';
import { MessageFiles } from './message-files.ts';
import { MessageForReader } from './message-for-reader.ts';
import { MovedController } from './open-carrier/moved.controller.ts';
import { OpenCarrierController } from './open-carrier/open-carrier.controller.ts';
import { OpenCarrierHandler } from './open-carrier/open-carrier.ts';
import { WaitingCiphertext } from './waiting-ciphertext.ts';
import { OpeningTurns } from './opening-turns.ts';
import { OpeningsRecord } from './openings-record.ts';
import { PortalSessions } from './portal-session.ts';
import { RecipientAccessSettings } from './settings.ts';
import { SignOutController } from './sign-out/sign-out.controller.ts';
import { ViewAttachmentController } from './view-attachment/view-attachment.controller.ts';
import { ViewAttachmentHandler } from './view-attachment/view-attachment.ts';

/** Needs of the app: the stores, the keyring, a MailReader, a Clock, a VisitCounter, RecipientAccessSettings and IdentityProviderSettings. */
@Module({
  imports: [CqrsModule],
  controllers: [
    OpenCarrierController,
    MovedController,
    JourneyController,
    AuthenticateController,
    DecryptViewController,
    DownloadAttachmentController,
    ViewAttachmentController,
    FinishReadingController,
    SignOutController,
  ],
  providers: [
    OpenCarrierHandler,
    AuthenticateHandler,
    BeginSignInHandler,
    DecryptViewHandler,
    DownloadAttachmentHandler,
    DownloadFilesHandler,
    ViewAttachmentHandler,
    AnswersUnderWay,
    HandInTimes,
    {
      provide: WaitingCiphertext,
      useFactory: (store: EphemeralStore, settings: RecipientAccessSettings) => new WaitingCiphertext(store, settings),
      inject: [EphemeralStore, RecipientAccessSettings],
    },
    {
      provide: IdentityProvider,
      useFactory: ({ provider, clientId, redirectUri }: IdentityProviderSettings) =>
        provider instanceof Upstream
          ? new OtherIssuer(provider, clientId, redirectUri)
          : new OwnBridge(provider, clientId, redirectUri),
      inject: [IdentityProviderSettings],
    },
    {
      provide: SignInAttempts,
      useFactory: (store: EphemeralStore) => new SignInAttempts(store),
      inject: [EphemeralStore],
    },
    {
      provide: PortalSessions,
      useFactory: (store: EphemeralStore, settings: RecipientAccessSettings) => new PortalSessions(store, settings),
      inject: [EphemeralStore, RecipientAccessSettings],
    },
    {
      provide: OpeningsRecord,
      useFactory: (store: EventStore, ephemeral: EphemeralStore, clock: Clock, settings: RecipientAccessSettings) =>
        new OpeningsRecord(store, ephemeral, clock, { maxPerDay: settings.openingsRecordedPerDay }),
      inject: [EventStore, EphemeralStore, Clock, RecipientAccessSettings],
    },
    {
      provide: OpeningTurns,
      useFactory: (settings: RecipientAccessSettings) => new OpeningTurns(settings.openingsAtOnce),
      inject: [RecipientAccessSettings],
    },
    {
      provide: MessageFiles,
      useFactory: (...rooms: ConstructorParameters<typeof MessageFiles>) => new MessageFiles(...rooms),
      inject: [MessageForReader, MailReader, WaitingCiphertext],
    },
    {
      provide: MessageForReader,
      useFactory: (...rooms: ConstructorParameters<typeof MessageForReader>) => new MessageForReader(...rooms),
      inject: [
        EventStore,
        PersonDirectory,
        Keyring,
        WaitingCiphertext,
        PortalSessions,
        OpeningsRecord,
        Clock,
        RecipientAccessSettings,
      ],
    },
  ],
})
export class RecipientAccessModule implements OnApplicationShutdown {
  constructor(private readonly openings: OpeningsRecord) {}

  async onApplicationShutdown(): Promise<void> {
    await this.openings.tellExcess();
  }
}
