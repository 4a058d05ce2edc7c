import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { parseRelayUrls, RelayUrlRefused } from '#libs/mail';
import { mailDomain } from './setting-kinds.ts';
import { nameOf } from './variables.ts';

const file = (meaning: string) =>
  z
    .string()
    .transform((path) => resolve(path))
    .optional()
    .describe(`path of a file: ${meaning}; read again for each connection`);

/** Who we are to the next hops, and whom we believe. The names are those of `RelayFiles` in #libs/mail. */
export const relaySchema = z
  .object({
    credentialsFile: file(
      '`user:password` for the next hop, on one line, for each relay URL without credentials of its own',
    ),
    clientCertificateFile: file('certificate (PEM) that is shown to the next hop'),
    clientKeyFile: file('its private key (PEM)'),
    authoritiesFile: file('certificate authorities (PEM) believed for the next hop instead of the public ones'),
  })
  .prefault({});

/** What is wrong with the next hop and its files, each with the setting's name. */
export function relayFaults(relayUrl: string, files: z.output<typeof relaySchema>): string[] {
  const faults: string[] = [];
  try {
    const targets = parseRelayUrls(relayUrl);
    if (files.credentialsFile !== undefined && targets.every(({ credentials }) => credentials !== null))
      faults.push('relay.credentialsFile: has no use: each relay URL has credentials of its own');
    const needsTls = ['clientCertificateFile', 'clientKeyFile', 'authoritiesFile'] as const;
    for (const setting of needsTls) {
      if (files[setting] !== undefined && targets.every(({ tls }) => tls === 'none'))
        faults.push(`relay.${setting}: has no use: no connection to a next hop is encrypted`);
    }
  } catch (error) {
    if (!(error instanceof RelayUrlRefused)) throw error;
    faults.push(`${nameOf('relayUrl')}: ${error.message}`);
  }
  if ((files.clientCertificateFile === undefined) !== (files.clientKeyFile === undefined))
    faults.push('relay.clientCertificateFile: a certificate and its key (relay.clientKeyFile) go together');
  for (const [setting, path] of Object.entries(files)) {
    if (path === undefined) continue;
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      faults.push(
        `relay.${setting}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      );
    }
  }
  return faults;
}

/** By which our own mail is signed for its domain. The keys are in the keyring. */
export const dkimSchema = z
  .object({
    domains: z
      .array(mailDomain)
      .default([])
      .describe(
        'domains, each with all below it, for which carriers and code mails are signed where From is of them; none: nothing is signed. `segl dkim record` prints their DNS records',
      ),
    selector: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'is no selector: 1 to 32 of a–z 0–9 -')
      .default('segl')
      .describe(
        'first part of the selectors, which go on with kind and version of the key: `segl-rsa-1`, `segl-ed25519-1`',
      ),
    keyVersion: z.coerce
      .number()
      .int()
      .min(1)
      .default(1)
      .describe(
        'version of the keys `dkim-rsa` and `dkim-eddsa` that sign: raise it once the records of newer ones are published',
      ),
  })
  .prefault({});
