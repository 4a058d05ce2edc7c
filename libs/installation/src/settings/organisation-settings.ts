import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { colourFault, LOCALES, LogoRefused, logoOf } from '#libs/web-ui';
import type { Logo } from '#libs/web-ui';
import { mailAddress, yesOrNo } from './setting-kinds.ts';

const locale = z.enum(LOCALES);
const perLocale = z.partialRecord(locale, z.string());

/** `#rrggbb`, that can be read on every ground of its setting. */
function colour(setting: 'light' | 'dark') {
  return z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'is no colour such as #1f4e79')
    .superRefine((text, context) => {
      const fault = /^#[0-9a-f]{6}$/i.test(text) ? colourFault(text, setting) : null;
      if (fault !== null) context.addIssue(fault);
    })
    .optional();
}

const logoFile = z
  .string()
  .transform((path, context): Logo => {
    try {
      return logoOf(readFileSync(resolve(path)));
    } catch (error) {
      const reason =
        error instanceof LogoRefused ? error.message : `cannot be read (${(error as NodeJS.ErrnoException).code})`;
      context.addIssue(reason);
      return z.NEVER;
    }
  })
  .optional();

/** Whether it is the name of a zone that times can be shown in. */
export function isTimeZone(name: string): boolean {
  try {
    return name !== '' && new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** Who seals, as readers see and recognise them. */
export const organisationSchema = z
  .object({
    name: z.string().min(1).max(100).describe('the name readers know'),
    locales: z
      .array(locale)
      .min(1)
      .default(['en', 'da'])
      .describe('languages of pages, carriers and code mails, in order'),
    postalAddress: z.string().min(1).describe('postal address of who is responsible, for the privacy page'),
    contactMail: mailAddress.describe('mail address of who is responsible, for the privacy page'),
    privacyContact: mailAddress
      .optional()
      .describe('mail address of who answers about privacy; default: the contact address'),
    telephone: z
      .string()
      .regex(/^\+?[0-9][0-9 ()/.-]{3,29}$/, 'is no telephone number such as +45 33 12 34 56')
      .optional()
      .describe('telephone number on every page and in carriers'),
    howToCheck: perLocale
      .default({})
      .describe(
        'by language, for every language of `locales` or none: how a reader finds out that this is really you, on every page and in carriers; 300 bytes',
      ),
    logoFile: logoFile.describe(
      'path of a PNG, JPEG or WebP of at most 16384 bytes, 16 to 2000 pixels each way: on every page and in every carrier',
    ),
    colour: colour('light').describe(
      '#rrggbb of links and buttons on light pages; needs a contrast of 4.5:1; default: our own',
    ),
    colourInDark: colour('dark').describe('the same on dark pages; default: our own'),
    showSenderName: yesOrNo
      .default(false)
      .describe(
        'whether readers see the sender by name before they sign in; the name is then recorded with each seal, under the sender’s key',
      ),
    carrierSubject: perLocale
      .default({})
      .describe('subject of carriers by language (`en`, `da`, …), in place of our own'),
    carrierText: perLocale.default({}).describe('first paragraph of carriers by language, in place of our own'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'is no IANA name of a time zone such as Europe/Copenhagen')
      .describe('IANA name of the zone that all times are shown in, such as `Europe/Copenhagen`'),
  })
  .describe('the organisation that seals');
