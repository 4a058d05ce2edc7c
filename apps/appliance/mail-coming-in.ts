import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { ServerCertificateFault, SmtpIntake } from '#libs/gateway';
import type { InboundSettings } from '#libs/gateway';
import { CannotListen, certificateFilesOf, ConfigurationFault, listensForMail } from '#libs/installation';
import type { Settings } from '#libs/installation';

/** SMTP in, in the room's own words. */
export function inboundSettingsOf({ smtp, sealing, gateway, dataDir, publicUrl }: Settings): InboundSettings {
  const certificate = certificateFilesOf(smtp);
  return {
    name: smtp.name ?? new URL(publicUrl).hostname,
    host: smtp.host,
    port: smtp.port,
    tlsPort: smtp.tlsPort ?? null,
    certificate,
    clientAuthorities: smtp.clientAuthoritiesFile,
    requiresTls: certificate !== null && !smtp.withoutTls,
    clients: smtp.clients.map(({ passwordHash = null, ...client }) => ({ ...client, passwordHash })),
    unquotedDotsAt: gateway.unquotedDotsAt,
    maxMailBytes: sealing.maxMailBytes,
    maxRecipients: sealing.maxRecipients,
    connections: smtp.connections,
    connectionsPerNetwork: smtp.connectionsPerNetwork,
    mailsMaxBytes: smtp.maxBytesUnderWay,
    silenceSeconds: smtp.silenceSeconds,
    directory: join(dataDir, 'incoming'),
  };
}

/**
 * Listens for mail where the settings say so.
 * @returns null where they do not
 * @throws CannotListen, ConfigurationFault for a certificate that went bad since it was checked
 */
export async function listenForMail(app: INestApplicationContext, settings: Settings): Promise<SmtpIntake | null> {
  if (!listensForMail(settings)) return null;
  const intake = app.get(SmtpIntake);
  try {
    await intake.listen();
    return intake;
  } catch (error) {
    await intake.stop();
    if (error instanceof ServerCertificateFault) throw new ConfigurationFault([error.message]);
    throw new CannotListen('SEGL_SMTP', error as Error);
  }
}
