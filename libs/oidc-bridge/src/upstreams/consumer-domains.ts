import type { MailAddress } from '#libs/vocabulary';
import { domainOf } from './token-claims.ts';

/** Mail services of Microsoft for everybody: outlook.com, hotmail.co.uk, live.dk … */
const MICROSOFT_MAIL = /^(outlook|hotmail|live|msn|windowslive)\.([a-z]{2,3}|(co|com)\.[a-z]{2})$/;
const GOOGLE_MAIL = /^(gmail|googlemail)\.com$/;
/** Where private persons have their mail and no organisation manages accounts: the larger ones suffice, this only orders buttons. */
const OTHER_MAIL = new Set([
  'aol.com',
  'fastmail.com',
  'gmx.com',
  'gmx.de',
  'gmx.net',
  'icloud.com',
  'mac.com',
  'mail.dk',
  'me.com',
  'proton.me',
  'protonmail.com',
  'stofanet.dk',
  'web.de',
  'yahoo.com',
  'yahoo.dk',
]);

/** Who runs the mail of this address, when it is one of the services for everybody. */
export function consumerMailOf(address: MailAddress): 'microsoft' | 'google' | 'other' | null {
  const domain = domainOf(address);
  if (MICROSOFT_MAIL.test(domain)) return 'microsoft';
  if (GOOGLE_MAIL.test(domain)) return 'google';
  return OTHER_MAIL.has(domain) ? 'other' : null;
}
