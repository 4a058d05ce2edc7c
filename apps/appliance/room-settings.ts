import { Global, Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuditApiSettings, AuditClients } from '#libs/audit-api';
import { ConsoleSettings } from '#libs/console';
import { canaryStandingIn, hasCanary, hasRole, isShared, organisationProfile, readinessOf } from '#libs/installation';
import type { OpenedStores, Settings, SignInParts } from '#libs/installation';
import { PasscodeSettings } from '#libs/passcode';
import {
  BounceAddresses,
  CanaryInbox,
  InboundSettings,
  InboundWatch,
  PassingOnSettings,
  SealingClients,
  SubmissionSettings,
} from '#libs/gateway';
import { AccessTokens, OidcBridgeSettings } from '#libs/oidc-bridge';
import { IdentityProviderSettings, RecipientAccessSettings, VisitCounter } from '#libs/recipient-access';
import { ViewEngine } from '#libs/web-ui';
import { CanaryAtSmtp } from './canary.ts';
import { AuditorsWithTokens } from './auditors-with-tokens.ts';
import { inboundSettingsOf } from './mail-coming-in.ts';
import { officersNotices } from './officers-notices.ts';
import { passingOnSettingsOf } from './passing-on.ts';
import { ProgramsWithTokens } from './programs-with-tokens.ts';
import { SmtpWatch } from './smtp-watch.ts';
import { VERSION } from './version.ts';
import { CountedVisits } from './visits.ts';

/** 4/3 for base64, the line ends of a form (six characters in 988), and room for the rest of a carrier saved as .eml. */
const CARRIER_BYTES_PER_MAIL_BYTE = 1.36;
const CARRIER_ROOM_BYTES = 512 * 1024;

/** What each room gets of the configuration, in the room's own words. */
@Global()
@Module({})
export class RoomSettingsModule {
  /** @param ownAddress where this process listens; known once it does */
  static of(
    settings: Settings,
    stores: OpenedStores,
    views: ViewEngine,
    signIn: SignInParts,
    ownAddress: () => URL,
    log: Logger,
  ): DynamicModule {
    const publicUrl = new URL(settings.publicUrl);
    const { canary, epochs, telemetry, metrics } = stores;
    const organisation = organisationProfile(settings.organisation);
    const passcode: PasscodeSettings = {
      publicUrl,
      organisation,
      senderAddress: settings.passcode.sender,
      returnPath: '',
      limits: settings.passcode,
    };
    const recipientAccess: RecipientAccessSettings = {
      publicUrl,
      waitingSeconds: settings.portal.waitingSeconds,
      sessionIdleSeconds: settings.portal.sessionIdleSeconds,
      sessionMaxSeconds: settings.portal.sessionMaxSeconds,
      openingsAtOnce: settings.portal.openingsAtOnce,
      showsFiles: settings.portal.showFiles,
      openingsRecordedPerDay: settings.portal.openingsRecordedPerDay,
      recordNetworkAddress: settings.portal.recordNetworkAddress,
      maxCarrierBytes: Math.ceil(settings.sealing.maxMailBytes * CARRIER_BYTES_PER_MAIL_BYTE) + CARRIER_ROOM_BYTES,
      uploadsMaxBytes: settings.uploads.maxBytes,
      silenceSeconds: settings.uploads.silenceSeconds,
      timeZone: settings.organisation.timeZone,
      demonstration: settings.demonstration,
    };
    const bounceAddresses = new BounceAddresses(settings.gateway.bounceAddress ?? null, () =>
      stores.keyring.bounceKeys().map(({ bytes }) => bytes),
    );
    const submission: SubmissionSettings = {
      publicUrl,
      organisation,
      lifetimeSeconds: settings.sealing.lifetimeDays * 86_400,
      maxMailBytes: settings.sealing.maxMailBytes,
      unquotedDotsAt: settings.gateway.unquotedDotsAt,
      maxRecipients: settings.sealing.maxRecipients,
      recordMailSubject: settings.sealing.recordSubject,
      handOff: settings.sealing.handOff,
      submissionsAtOnce: settings.sealing.submissionsAtOnce,
      silenceSeconds: settings.uploads.silenceSeconds,
      senderOfCarrier: (messageId, author) => bounceAddresses.senderOf(messageId, author),
      ...(epochs !== null && { sealingRecipient: () => epochs.sealingRecipient() }),
    };
    const readiness = readinessOf(settings, stores, signIn.providers);
    const consoleSettings: ConsoleSettings = {
      client: signIn.consoleClient(stores.keyring, ownAddress),
      sessionIdleSeconds: settings.console.sessionIdleSeconds,
      sessionMaxSeconds: settings.console.sessionMaxSeconds,
      timeZone: settings.organisation.timeZone,
      ledgerDirectory: settings.ledger.directory ?? null,
      secondPerson: settings.console.secondPerson,
      scratchDirectory: settings.dataDir,
      notices: officersNotices(settings, stores, log),
      hasAccounts: signIn.hasAccountsWithRoles,
      seesSessions: hasRole(settings, 'portal') || isShared(settings.ephemeralStore),
      health: () => readiness.ask(),
      canary: canaryStanding(settings, stores),
    };
    const exportsTakeTwo = settings.console.secondPerson.includes('export');
    const auditApi: AuditApiSettings = { release: VERSION, exportsTakeTwo };
    const tokens = new AccessTokens(signIn.bridge, stores.keyring, stores.clock);
    const providers: Provider[] = [
      { provide: ViewEngine, useValue: views },
      { provide: PasscodeSettings, useValue: passcode },
      { provide: RecipientAccessSettings, useValue: recipientAccess },
      { provide: SubmissionSettings, useValue: submission },
      { provide: BounceAddresses, useValue: bounceAddresses },
      { provide: SealingClients, useValue: new ProgramsWithTokens(tokens, settings.signIn) },
      { provide: InboundSettings, useValue: inboundSettingsOf(settings) },
      { provide: PassingOnSettings, useValue: passingOnSettingsOf(settings, stores, log, bounceAddresses) },
      { provide: InboundWatch, useValue: new SmtpWatch(metrics, log) },
      { provide: AuditApiSettings, useValue: auditApi },
      { provide: AuditClients, useValue: new AuditorsWithTokens(tokens) },
      { provide: ConsoleSettings, useValue: consoleSettings },
      { provide: OidcBridgeSettings, useValue: signIn.bridge },
      { provide: IdentityProviderSettings, useValue: signIn.identityProvider(stores.keyring, ownAddress) },
    ];
    if (telemetry !== null)
      providers.push({ provide: VisitCounter, useValue: new CountedVisits(telemetry, metrics, canary?.personId) });
    if (canary !== null && settings.canary.address !== undefined)
      providers.push({ provide: CanaryInbox, useValue: new CanaryAtSmtp(canary.mailbox) });
    return { module: RoomSettingsModule, providers, exports: providers };
  }
}

/** As the console shows it: what the process that sent the last canary mail left in the store that it shares. */
function canaryStanding(settings: Settings, { ephemeralStore }: OpenedStores): ConsoleSettings['canary'] {
  if (!hasCanary(settings) || ephemeralStore === null) return null;
  return () => canaryStandingIn(ephemeralStore);
}
