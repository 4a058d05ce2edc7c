import type { Logger } from 'pino';
import type { BounceAddresses, PassingOnSettings, RelayingNotice } from '#libs/gateway';
import { organisationProfile } from '#libs/installation';
import type { OpenedStores, Settings } from '#libs/installation';
import { parseMailAddress } from '#libs/vocabulary';

/** What is done with mail that came in, in the room's own words, with its counts and its log. */
export function passingOnSettingsOf(
  settings: Settings,
  { epochs, metrics }: Pick<OpenedStores, 'epochs' | 'metrics'>,
  log: Logger,
  bounceAddresses: BounceAddresses,
): PassingOnSettings {
  const publicUrl = new URL(settings.publicUrl);
  return {
    publicUrl,
    organisation: organisationProfile(settings.organisation),
    lifetimeSeconds: settings.sealing.lifetimeDays * 86_400,
    maxMailBytes: settings.sealing.maxMailBytes,
    recordMailSubject: settings.sealing.recordSubject,
    attemptSeconds: settings.gateway.attemptSeconds,
    reportsFrom: settings.gateway.reportsFrom ?? mailerDaemonAt(publicUrl.hostname),
    senderOfCarrier: (messageId, author) => bounceAddresses.senderOf(messageId, author),
    ...(epochs !== null && { sealingRecipient: () => epochs.sealingRecipient() }),
    onNotice: (notice: RelayingNotice) => {
      metrics.countRelaying(notice.treatment, notice.outcome);
      log[notice.outcome === 'refused' ? 'warn' : 'info'](notice, 'a mail was tried for a recipient');
    },
    onFault: (error) => log.error({ error: wordsOf(error) }, 'a mail could not be passed on; its sender tries again'),
  };
}

/** A host that is no mail domain (loopback, a bare name) still needs an address that reads as one. */
function mailerDaemonAt(host: string) {
  const domain = /^(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*$/i.test(host)
    ? host
    : `${host.replace(/[^a-z0-9-]/gi, '') || 'segl'}.invalid`;
  return parseMailAddress(`mailer-daemon@${domain}`);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
