import type { MailAddress } from '#libs/vocabulary';

/** Whom a client may write as: an address, or every address of a domain (`@example.com`, its subdomains not). */
export interface Senders {
  readonly senders: readonly string[];
}

/** @param address in its canonical form */
export function mayWriteAs({ senders }: Senders, address: MailAddress): boolean {
  const domain = address.slice(address.lastIndexOf('@'));
  return senders.some((rule) => rule.toLowerCase() === address || rule.toLowerCase() === domain);
}
