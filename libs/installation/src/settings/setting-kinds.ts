import { z } from 'zod';
import { AddressRefused, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';

export const mailAddress = z.string().transform((text, context): MailAddress => {
  try {
    return parseMailAddress(text);
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    context.addIssue(`is not one plain mail address (${error.refusal})`);
    return z.NEVER;
  }
});

export const yesOrNo = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
