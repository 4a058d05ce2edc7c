import { z } from 'zod';
import { parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { hasRole, isShared } from '../roles.ts';
import { mailAddress } from './setting-kinds.ts';
import { listensForMail } from './smtp-settings.ts';
import type { Settings } from './settings.ts';

/** `.invalid` is nobody's (RFC 2606 §2): a mail to it that got out would reach no one. */
const WITHOUT_MAILBOX = parseMailAddress('canary@segl.invalid');
/** 10 minutes: one address gets some nine codes an hour from one network (passcode). */
const MIN_SECONDS_BETWEEN_RUNS = 600;

/** Mails that the installation sends to itself (canary/). */
export const canarySchema = z
  .object({
    everySeconds: z.coerce
      .number()
      .int()
      .max(86_400)
      .refine(
        (seconds) => seconds === 0 || seconds >= MIN_SECONDS_BETWEEN_RUNS,
        `is neither 0 (off) nor ${MIN_SECONDS_BETWEEN_RUNS} at least`,
      )
      .meta({ anyOf: [{ const: 0 }, { minimum: MIN_SECONDS_BETWEEN_RUNS }] }) // the same for JSON Schema, which Helm asks
      .default(0)
      .describe(
        'seconds between two canary mails: the installation seals a mail to itself, has it relayed, opens it at `publicUrl`, proves the address by a code and reads it; 600 to 86400, 900 is a good choice; 0: none. Each leaves nine events of 5 KB together in the record (at 900 s 320 thousand and 160 MB a year), which searches and charts leave out',
      ),
    address: mailAddress
      .optional()
      .describe(
        'the canary’s own address, used by nobody else and hard to guess, such as `canary-7f3k2q@mail.example.com`, whose domain’s mail must come to this gateway’s SMTP port. Default: none, and canary mails are kept just before the wire: the next hop and the way back are not tried',
      ),
  })
  .prefault({});

export function hasCanary({ canary }: Pick<Settings, 'canary'>): boolean {
  return canary.everySeconds > 0;
}

export function canaryAddress({ canary }: Pick<Settings, 'canary'>): MailAddress {
  return canary.address ?? WITHOUT_MAILBOX;
}

/** What is wrong with settings that are each well in themselves. */
export function canaryContradictions(settings: Settings): string[] {
  if (!hasCanary(settings)) return [];
  const [isPortal, isGateway] = [hasRole(settings, 'portal'), hasRole(settings, 'gateway')];
  const faults: string[] = [];
  if (settings.demonstration) faults.push('canary.everySeconds: a demonstration sends no mail; leave it out');
  if (settings.signIn.otherIssuer !== undefined)
    faults.push('canary.everySeconds: the canary proves its address by a code, and signIn.otherIssuer has none');
  if (isPortal !== isGateway && !isShared(settings.ephemeralStore))
    faults.push(
      'canary.everySeconds: portals and gateways that are processes of their own need an ephemeralStore that they share',
    );
  if (settings.canary.address !== undefined && isGateway && !listensForMail(settings))
    faults.push('canary.address: its mail comes in over SMTP, and smtp.clients names nobody: nothing is listened on');
  return faults;
}
