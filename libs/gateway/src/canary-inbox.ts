import type { SmtpAnswer, StoredMail } from './outgoing-mail.ts';

/** Where mail to the canary comes in: the installation's mail to itself, by whatever way mail takes. Anybody may write there; it leads nowhere else. */
export abstract class CanaryInbox {
  abstract isCanaryAddress(address: string): boolean;
  /** Never rejects. The mail stays the caller's to release. */
  abstract receive(mail: StoredMail): Promise<SmtpAnswer>;
}
