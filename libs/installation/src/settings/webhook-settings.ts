import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { readWebhookSecrets } from '#libs/webhooks';
import type { WebhookSettings } from '#libs/webhooks';
import { SignInFiles } from '../sign-in/sign-in-files.ts';
import { ConfigurationFault } from './configuration-fault.ts';
import type { Settings } from './settings.ts';

const file = z.string().transform((path) => resolve(path));

/** Where what becomes of a program's messages is sent (Standard Webhooks). */
export const webhookSchema = z.object({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((text) => !URL.canParse(text) || new URL(text).username === '', 'has a user or a password in it')
    .describe('where messages are posted; https, or http to `privateAddresses`'),
  secretFile: file.describe(
    'path of a file with the secret of their signatures, `whsec_` and the base64 of 24 to 64 bytes; several, one a line, while they are changed. Read again as it changes',
  ),
  views: z.boolean().default(false).describe('whether the first view of a message is reported as well'),
  privateAddresses: z
    .array(z.string())
    .default([])
    .describe('addresses or ranges outside the Internet that the receiver may have'),
  caFile: file.optional().describe('path of a PEM file of further certification authorities'),
});

type Client = Settings['signIn']['clients'][number];

/** What is wrong with settings that are each well in themselves. */
export function webhookContradictions(clients: readonly Client[]): string[] {
  return clients.flatMap(({ clientId, scopes, webhook }) => {
    if (webhook === undefined) return [];
    const name = `signIn.clients: ${clientId}: webhook`;
    const faults: string[] = [];
    if (!scopes.includes('messages:seal')) faults.push(`${name} is for programs with messages:seal`);
    if (webhook.url.startsWith('http:') && webhook.privateAddresses.length === 0)
      faults.push(`${name}: http is spoken to privateAddresses alone, and none is listed`);
    return faults;
  });
}

/** With the files that they name read once. @throws ConfigurationFault with every fault of those */
export function webhooksOf({ signIn }: Pick<Settings, 'signIn'>): WebhookSettings[] {
  const files = new SignInFiles();
  const found = signIn.clients.flatMap(({ clientId, webhook }): WebhookSettings[] => {
    if (webhook === undefined) return [];
    const { url, secretFile, views, privateAddresses, caFile } = webhook;
    const name = `signIn.clients: ${clientId}: webhook`;
    const secrets = () => readWebhookSecrets(readFileSync(secretFile, 'utf8'));
    const text = files.secret(`${name}: secretFile`, secretFile);
    if (text !== '') {
      try {
        readWebhookSecrets(text);
      } catch (error) {
        files.faults.push(`${name}: secretFile: ${secretFile} ${(error as Error).message}`);
      }
    }
    const certificateAuthorities = caFile === undefined ? undefined : files.authorities(`${name}: caFile`, caFile);
    return [
      {
        ...{ clientId, url: new URL(url), includesViews: views, secrets, privateAddresses },
        ...(certificateAuthorities !== undefined && { certificateAuthorities }),
      },
    ];
  });
  if (files.faults.length > 0) throw new ConfigurationFault(files.faults);
  return found;
}
