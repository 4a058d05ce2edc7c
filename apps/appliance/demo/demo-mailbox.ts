import { MailRelay, RelayRefused, RelayUnavailable } from '#libs/mail';
import type { OutgoingMail, RelayReceipt } from '#libs/mail';
import type { Clock, Instant, MailAddress } from '#libs/vocabulary';

/** A mail as it lies in the demonstration's mailbox. */
export interface DemoMail {
  /** `1`, `2`, … in the order of arrival. */
  readonly id: string;
  readonly receivedAt: Instant;
  readonly rcptTo: MailAddress;
  readonly content: Buffer;
}

export interface DemoMailboxOptions {
  readonly clock: Clock;
  /** The oldest mails make room. Default 100. */
  readonly maxMails?: number;
  /** Over all mails. Default 128 MiB. */
  readonly maxBytes?: number;
}

const MIB = 1024 * 1024;

/**
 * Where the mail of a demonstration goes instead of to a next hop: into memory, for `/demo/mailbox` to show. Everybody's mail
 * in one box, newest first; bounded; gone at the end. Exists in demonstration mode only.
 */
export class DemoMailbox extends MailRelay {
  private readonly clock: Clock;
  private readonly maxMails: number;
  private readonly maxBytes: number;
  private mails: DemoMail[] = [];
  private received = 0;
  private isClosed = false;

  constructor({ clock, maxMails = 100, maxBytes = 128 * MIB }: DemoMailboxOptions) {
    super();
    this.clock = clock;
    this.maxMails = maxMails;
    this.maxBytes = maxBytes;
  }

  /** Newest first. */
  list(): readonly DemoMail[] {
    return this.mails;
  }

  /** @returns null when there never was such a mail, or it has made room for others */
  find(id: string): DemoMail | null {
    return this.mails.find((mail) => mail.id === id) ?? null;
  }

  override async checkReachable(): Promise<void> {
    if (this.isClosed) throw new RelayUnavailable('the demonstration has ended', 0);
  }

  override async send({ rcptTo, content }: OutgoingMail): Promise<RelayReceipt> {
    const bytes = await this.taken(content);
    if (this.isClosed) throw new RelayUnavailable('the demonstration has ended', 0);
    this.received += 1;
    const mail = { id: String(this.received), receivedAt: this.clock.now(), rcptTo, content: bytes };
    this.mails = this.withinBounds([mail, ...this.mails]);
    return { acceptedAt: mail.receivedAt, reply: '250 taken by the mailbox of the demonstration' };
  }

  override close(): Promise<void> {
    this.isClosed = true;
    this.mails = [];
    return Promise.resolve();
  }

  private async taken(content: OutgoingMail['content']): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of typeof content === 'function' ? content() : [content]) {
      size += piece.length;
      if (size > this.maxBytes) throw new RelayRefused('552 larger than the whole mailbox of the demonstration', 552);
      pieces.push(Buffer.from(piece)); // a copy: the sender may use its buffer again
    }
    return Buffer.concat(pieces);
  }

  private withinBounds(newestFirst: readonly DemoMail[]): DemoMail[] {
    let bytes = 0;
    return newestFirst.slice(0, this.maxMails).filter((mail) => (bytes += mail.content.length) <= this.maxBytes);
  }
}
