import type { SmtpAnswer, StoredMail } from './outgoing-mail.ts';

/** Where bounces of carriers come in: addresses of our own that anybody may write to, and that lead to nobody's mailbox. */
export abstract class BounceMailbox {
  /** Whether it is an address that this installation gave to one of its carriers. Anything else is refused at RCPT. */
  abstract isBounceAddress(address: string): boolean;
  /** Never rejects. The mail stays the caller's to release. */
  abstract receive(mail: StoredMail, address: string, signal: AbortSignal): Promise<SmtpAnswer>;
}
