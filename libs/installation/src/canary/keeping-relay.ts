import { MailRelay, RelayUnavailable } from '#libs/mail';
import type { OutgoingMail, RelayOutcome, RelayReceipt } from '#libs/mail';
import type { Clock } from '#libs/vocabulary';
import type { CanaryMailbox } from './canary-mailbox.ts';

/**
 * The last place before the wire, where the canary has no mailbox of its own: its mails go no further, and all others pass.
 * What is not tried then is a mail through the next hop and the way back; whether anybody is there is asked as ever.
 */
export class KeepingRelay extends MailRelay {
  constructor(
    private readonly relay: MailRelay,
    private readonly mailbox: CanaryMailbox,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async send(mail: OutgoingMail): Promise<RelayReceipt> {
    if (mail.rcptTo !== this.mailbox.address) return this.relay.send(mail);
    try {
      await this.mailbox.put(piecesOf(mail.content));
    } catch (cause) {
      throw new RelayUnavailable('the mailbox of the canary cannot be used', 0, { cause });
    }
    return { acceptedAt: this.clock.now(), reply: '250 kept for the canary' };
  }

  override sendToAll(mail: Parameters<MailRelay['sendToAll']>[0]): Promise<readonly RelayOutcome[]> {
    return mail.recipients.includes(this.mailbox.address) ? super.sendToAll(mail) : this.relay.sendToAll(mail);
  }

  override checkReachable(): Promise<void> {
    return this.relay.checkReachable();
  }

  override close(): Promise<void> {
    return this.relay.close();
  }
}

async function* piecesOf(content: OutgoingMail['content']): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content;
  else yield* content();
}
