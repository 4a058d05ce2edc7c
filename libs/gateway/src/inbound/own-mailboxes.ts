import type { BounceMailbox } from '../bounce-mailbox.ts';
import type { CanaryInbox } from '../canary-inbox.ts';
import type { SmtpAnswer, StoredMail } from '../outgoing-mail.ts';

/** The addresses of our own that strangers may write to: nothing that comes to them is passed on. */
export class OwnMailboxes {
  constructor(
    private readonly bounces: BounceMailbox | null,
    private readonly canary: CanaryInbox | null,
  ) {}

  get areThere(): boolean {
    return this.bounces !== null || this.canary !== null;
  }

  /** Whether a stranger may begin such a mail: bounces have no sender, the canary's mail comes as any other. What it is for is asked at RCPT. */
  mayBegin(hasSender: boolean): boolean {
    return this.canary !== null || (this.bounces !== null && !hasSender);
  }

  has(address: string): boolean {
    return this.bounces?.isBounceAddress(address) === true || this.canary?.isCanaryAddress(address) === true;
  }

  /** @param address one that `has` said yes to */
  async receive(mail: StoredMail, address: string, signal: AbortSignal): Promise<SmtpAnswer> {
    if (this.canary?.isCanaryAddress(address) === true) return this.canary.receive(mail);
    if (this.bounces === null) throw new Error('a mail to one of our own addresses, and nobody for it');
    return this.bounces.receive(mail, address, signal);
  }
}
