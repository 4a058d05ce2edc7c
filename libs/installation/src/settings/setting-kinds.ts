import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { AddressRefused, parseWrittenAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';

/** An address of the organisation's own: ASCII, since mail from one that is not gets no further than servers that know SMTPUTF8. */
export const mailAddress = z.string().transform((text, context): MailAddress => {
  try {
    const address = parseWrittenAddress(text);
    if (/^\p{ASCII}*$/u.test(address)) return address;
    context.addIssue('has letters beyond ASCII before the @: many mail servers take no mail from it');
    return z.NEVER;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    context.addIssue(`is not one plain mail address (${error.refusal})`);
    return z.NEVER;
  }
});

export const yesOrNo = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A domain of mail addresses in its canonical form. */
export const mailDomain = z.string().transform((text, context) => {
  try {
    return parseWrittenAddress(`a@${text}`).slice('a@'.length);
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    context.addIssue('is no domain of mail addresses');
    return z.NEVER;
  }
});

/** A file of certificates of authorities: read once, each as PEM. */
export const authoritiesFile = z.string().transform((path, context): readonly string[] => {
  try {
    const found = readFileSync(resolve(path), 'latin1').match(PEM) ?? [];
    const faulty = found.findIndex((pem) => !isAuthority(pem));
    if (found.length > 0 && faulty < 0) return found;
    context.addIssue(
      found.length === 0
        ? 'holds no certificate (PEM)'
        : `holds a certificate that is of no certificate authority, or cannot be read: number ${faulty + 1}`,
    );
  } catch (error) {
    context.addIssue(`cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  return z.NEVER;
});

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
