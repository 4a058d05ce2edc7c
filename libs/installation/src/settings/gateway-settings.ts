import { resolve } from 'node:path';
import { z } from 'zod';
import { MAX_BOUNCE_LOCAL_PART } from '#libs/gateway';
import { hasRole } from '../roles.ts';
import { mailAddress, mailDomain } from './setting-kinds.ts';
import { listensForMail } from './smtp-settings.ts';
import type { Settings } from './settings.ts';

/** What is done with mail that came in over SMTP (smtp-settings.ts). */
export const gatewaySchema = z
  .object({
    policyFile: z
      .string()
      .transform((path) => resolve(path))
      .optional()
      .describe(
        'path of the policy (YAML): what is sealed, passed or refused, and on which terms; read again on SIGHUP. Default: every mail is sealed, but for what machines must be able to read',
      ),
    attemptSeconds: z.coerce
      .number()
      .min(1)
      .max(285)
      .default(240)
      .describe(
        'seconds from the end of a mail to its answer, at most; as long as this and 15 s, no other gateway tries what a crashed one had begun. The clocks of all gateways must agree within 15 s',
      ),
    reportsFrom: mailAddress
      .optional()
      .describe(
        'whom reports on mails are from that only some recipients got; default: mailer-daemon at the host of `publicUrl`',
      ),
    unquotedDotsAt: z
      .union([z.literal('everywhere'), z.array(mailDomain)])
      .default([])
      .describe(
        'domains (a list, or `everywhere`) at which mail and API requests may name mailboxes with a dot at an end or two in a row as they are, such as `a..b.@docomo.ne.jp`. In quotes (`"a..b."@docomo.ne.jp`) they are always taken, and it is the same person. Default: in quotes only',
      ),
    bounceAddress: mailAddress
      .optional()
      .describe(
        'address that bounces of carriers go to, such as `bounces@mail.example.com`, whose domain’s mail must come to this gateway’s SMTP port; carriers are then sent from `bounces+…@`, what failed is recorded, and who wrote gets the report. Default: they are sent from who wrote, who alone learns of it',
      ),
  })
  .prefault({});

/** Whether carriers are sent from addresses of ours, and their bounces come in. */
export function takesBounces(settings: Pick<Settings, 'roles' | 'gateway'>): boolean {
  return hasRole(settings, 'gateway') && settings.gateway.bounceAddress !== undefined;
}

/** What is wrong with settings that are each well in themselves. */
export function gatewayContradictions(settings: Settings): string[] {
  const { bounceAddress } = settings.gateway;
  if (bounceAddress === undefined || !hasRole(settings, 'gateway')) return [];
  const localPart = bounceAddress.slice(0, bounceAddress.lastIndexOf('@'));
  const faults: string[] = [];
  if (localPart.length > MAX_BOUNCE_LOCAL_PART || /[+"]/.test(localPart))
    faults.push(
      `gateway.bounceAddress: has more than ${MAX_BOUNCE_LOCAL_PART} characters before the @, a + or quotes: a + and 48 characters are added there`,
    );
  if (!listensForMail(settings))
    faults.push(
      'gateway.bounceAddress: bounces come in over SMTP, and smtp.clients names nobody: nothing is listened on',
    );
  return faults;
}
