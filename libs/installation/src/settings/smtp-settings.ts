import { resolve } from 'node:path';
import { z } from 'zod';
import { readServerCertificate, ServerCertificateFault } from '#libs/gateway';
import type { CertificateFiles } from '#libs/gateway';
import { isProxyRange } from '#libs/web-ui';
import { hasRole } from '../roles.ts';
import { isLoopback } from './loopback.ts';
import { authoritiesFile, yesOrNo } from './setting-kinds.ts';
import type { Settings } from './settings.ts';
import { addressRule } from './sign-in-settings.ts';
import { nameOf } from './variables.ts';

const MEBIBYTE = 1024 * 1024;
const port = z.coerce.number().int().min(0).max(65535);
const count = z.coerce.number().int().positive();
const file = z.string().transform((path) => resolve(path));

const network = z
  .string()
  .refine(isProxyRange, 'is neither an address nor a network such as 10.0.0.0/8')
  .refine((entry) => !/\/0+$/.test(entry), 'is everybody: that would be an open relay');

const client = z.object({
  clientId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'is not 1 to 64 letters, digits, dots, hyphens and underscores')
    .describe('a name for the mail server or program; its user name, where it logs in. It stands in the record'),
  networks: z.array(network).default([]).describe('addresses and networks (CIDR) that it connects from'),
  passwordHash: z
    .string()
    .regex(
      /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,2}\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}$/,
      'is not an Argon2 hash such as $argon2id$v=19$…',
    )
    .optional()
    .describe('its password, hashed with Argon2 (ops/runbooks/postfix.md); it logs in under TLS alone'),
  certificateNames: z
    .array(z.string().transform((name) => name.toLowerCase()))
    .default([])
    .describe('DNS names of client certificates that `smtp.clientAuthoritiesFile` issued'),
  certificateFingerprints: z
    .array(
      z
        .string()
        .transform((text) => text.replaceAll(':', '').toLowerCase())
        .refine((text) => /^[0-9a-f]{64}$/.test(text), 'is no SHA-256 fingerprint'),
    )
    .default([])
    .describe('SHA-256 fingerprints of client certificates, whoever issued them'),
  senders: z
    .array(addressRule)
    .min(1)
    .describe('whom it may write as: addresses, or whole domains such as `@example.com`'),
});

/** Mail coming in over SMTP. Without clients nothing is listened on. */
export const smtpSchema = z
  .object({
    host: z.string().default('0.0.0.0').describe('the address to listen on for mail'),
    port: port.default(2525).describe('the port that mail comes in by; STARTTLS where there is a certificate'),
    tlsPort: port.optional().describe('a second port, with TLS from the first byte; default: none'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9.-]+$/, 'is no host name')
      .optional()
      .describe('what the server calls itself; default: the host of `publicUrl`'),
    certificateFile: file
      .optional()
      .describe('path of its certificate (PEM), with those between it and its authority; looked at again every 10 s'),
    privateKeyFile: file.optional().describe('path of the certificate’s private key (PEM)'),
    clientAuthoritiesFile: authoritiesFile
      .default([])
      .describe('path of a file: certificate authorities (PEM) of client certificates'),
    withoutTls: yesOrNo
      .default(false)
      .describe(
        'whether mail is taken without TLS too: you answer for every line between the mail server and Segl. On loopback it is, where there is no certificate',
      ),
    clients: z
      .array(client)
      .default([])
      .describe(
        'mail servers and programs that hand mail in, each known by network, login or certificate; with none, nothing is listened on',
      ),
    connections: count.max(10_000).default(200).describe('connections at the same time'),
    connectionsPerNetwork: count
      .max(10_000)
      .default(50)
      .describe('connections at the same time of one IPv4 address, or one /64 of IPv6'),
    maxBytesUnderWay: count
      .default(512 * MEBIBYTE)
      .describe(
        'bytes of mails that are being passed on, all together; past 256 KiB, a mail lies enciphered in the data directory',
      ),
    silenceSeconds: z.coerce
      .number()
      .min(1)
      .max(600)
      .default(300)
      .describe(
        'seconds that a client has for its next command, or without a byte of a mail (RFC 5321 §4.5.3.2.7 wants 300); a mail slower than 16 KB/s counts as silence',
      ),
  })
  .prefault({});

export type SmtpSettings = z.output<typeof smtpSchema>;

/** Whether a process of these settings listens for mail. */
export function listensForMail(settings: Pick<Settings, 'roles' | 'smtp'>): boolean {
  return hasRole(settings, 'gateway') && settings.smtp.clients.length > 0;
}

/** Null where there is none, or half of one. */
export function certificateFilesOf({ certificateFile, privateKeyFile }: SmtpSettings): CertificateFiles | null {
  if (certificateFile === undefined || privateKeyFile === undefined) return null;
  return { certificateFile, privateKeyFile };
}

/** What is wrong with settings that are each well in themselves. */
export function smtpContradictions(settings: Settings): string[] {
  if (!listensForMail(settings)) return [];
  const { smtp } = settings;
  return [...tlsFaults(smtp), ...clientFaults(smtp), ...placeFaults(settings)];
}

function tlsFaults(smtp: SmtpSettings): string[] {
  const { certificateFile, privateKeyFile, withoutTls, host, tlsPort } = smtp;
  if ((certificateFile === undefined) !== (privateKeyFile === undefined))
    return [`${nameOf('smtp.certificateFile')}: a certificate and its key (smtp.privateKeyFile) go together`];
  const files = certificateFilesOf(smtp);
  if (files !== null) return certificateFaults(files);
  const faults: string[] = [];
  if (!withoutTls && !isLoopback(host))
    faults.push(
      `${nameOf('smtp.certificateFile')}: is missing; mail comes in under TLS, unless smtp.withoutTls says that you answer for the network`,
    );
  if (tlsPort !== undefined) faults.push(`${nameOf('smtp.tlsPort')}: needs a certificate (smtp.certificateFile)`);
  return faults;
}

function certificateFaults(files: CertificateFiles): string[] {
  try {
    readServerCertificate(files);
    return [];
  } catch (error) {
    if (!(error instanceof ServerCertificateFault)) throw error;
    return [`${nameOf('smtp.certificateFile')}: ${error.message}`];
  }
}

function clientFaults({ clients, clientAuthoritiesFile, ...smtp }: SmtpSettings): string[] {
  const hasCertificate = certificateFilesOf({ clients, clientAuthoritiesFile, ...smtp }) !== null;
  const ids = clients.map(({ clientId }) => clientId);
  const twice = [...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))];
  const faults = twice.map((id) => `smtp.clients: ${id} stands twice`);
  for (const { clientId, networks, passwordHash, certificateNames, certificateFingerprints } of clients) {
    const hasName = certificateNames.length > 0;
    const needsTls = passwordHash !== undefined || hasName || certificateFingerprints.length > 0;
    if (networks.length === 0 && !needsTls)
      faults.push(`smtp.clients: ${clientId} cannot be known: it needs networks, a passwordHash or a certificate`);
    if (needsTls && !hasCertificate)
      faults.push(
        `smtp.clients: ${clientId} logs in or shows a certificate under TLS alone: smtp.certificateFile is missing`,
      );
    if (hasName && clientAuthoritiesFile.length === 0)
      faults.push(
        `smtp.clients: ${clientId} has certificateNames, and no smtp.clientAuthoritiesFile vouches for a name`,
      );
  }
  return faults;
}

function placeFaults({ smtp, sealing, httpPort, managementPort, demonstration }: Settings): string[] {
  const faults: string[] = [];
  const ports = [smtp.port, smtp.tlsPort, httpPort, managementPort].filter((each) => each !== undefined && each !== 0);
  if (new Set(ports).size < ports.length)
    faults.push(
      `${nameOf('smtp.port')}: is another listener’s port already (smtp, smtp.tlsPort, httpPort, managementPort)`,
    );
  if (smtp.maxBytesUnderWay < sealing.maxMailBytes)
    faults.push(
      `smtp.maxBytesUnderWay: must hold at least one mail of the largest size (${sealing.maxMailBytes} bytes)`,
    );
  if (demonstration && !isLoopback(smtp.host))
    faults.push(`${nameOf('smtp.host')}: a demonstration listens on loopback only`);
  return faults;
}
