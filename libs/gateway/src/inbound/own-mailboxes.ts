import type { BounceMailbox } from '../bounce-mailbox.ts';
import type { CanaryInbox } from '../canary-inbox.ts';
import type { SmtpAnswer, StoredMail } from '../outgoing-mail.ts';

/** 1 MiB: the canary's own mail, and its carrier, have some 60 KB. */
const MAX_CANARY_MAIL_BYTES = 1024 * 1024;
/** 4 MiB: mail servers give back the header of a mail, or some of it; those that give back a large one whole lose it (552). */
const MAX_BOUNCE_BYTES = 4 * 1024 * 1024;

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

  /** Largest mail that is taken there: anybody may send one. @param address one that `has` said yes to */
  maxBytesOf(address: string): number {
    return this.canary?.isCanaryAddress(address) === true ? MAX_CANARY_MAIL_BYTES : MAX_BOUNCE_BYTES;
  }

  /** @param address one that `has` said yes to */
  async receive(mail: StoredMail, address: string, signal: AbortSignal): Promise<SmtpAnswer> {
    if (this.canary?.isCanaryAddress(address) === true) return this.canary.receive(mail);
    if (this.bounces === null) throw new Error('a mail to one of our own addresses, and nobody for it');
    return this.bounces.receive(mail, address, signal);
  }
}
