import type { MailAddress } from '#libs/vocabulary';

/** The bytes of one mail as it came in, wherever they lie: in memory, or enciphered on a disk. */
export interface StoredMail {
  readonly bytes: number;
  /** From the first byte, each time it is called. CRLF line ends, no dot-stuffing, no bare CR, LF or NUL. */
  content(): AsyncIterable<Uint8Array>;
  /** Lets go of it. May be called twice; `content` is not called after it. By whoever stored it, never by `PassOnMail`. */
  release(): Promise<void>;
}

/** One mail on its way out, for all its recipients, as the organisation's mail server sent it. */
export interface OutgoingMail {
  /** Null: the null reverse-path of bounces (RFC 5321 §4.5.5). */
  readonly mailFrom: MailAddress | null;
  /** In the order of RCPT, each once; at least one. */
  readonly recipients: readonly MailAddress[];
  /** MAIL had SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8: boolean;
  /** MAIL had BODY=8BITMIME (RFC 6152). */
  readonly eightBit: boolean;
  /** Whose connection it came by: an account, a certificate's name or a network. Stands in events; never secret, never an address. */
  readonly client: string;
  /** Whom that client may write as (`mayWriteAs`): MAIL was held to it, the header is not yet. */
  readonly senders: readonly string[];
  /** What the Received line of a passed mail says of the session (RFC 5321 §4.4, RFC 3848). */
  readonly session: {
    /** Of EHLO, made safe. */
    readonly heloName: string;
    /** IPv4 or IPv6, as text. */
    readonly networkAddress: string;
    readonly protocol:
      'ESMTP' | 'ESMTPS' | 'ESMTPA' | 'ESMTPSA' | 'UTF8SMTP' | 'UTF8SMTPS' | 'UTF8SMTPA' | 'UTF8SMTPSA';
  };
  /** RFC 3461 of MAIL: what a report on this mail may give back. Null: not said. */
  readonly dsnReturn: 'full' | 'headers' | null;
  readonly mail: StoredMail;
}

/** What the sending server is answered after its data. */
export interface SmtpAnswer {
  /** 250, or 4yz or 5yz. */
  readonly code: number;
  /** RFC 3463: `2.0.0`; its first digit is that of the code. */
  readonly enhanced: string;
  /** ASCII, one line, safe to send. */
  readonly words: string;
}

/**
 * Does with a mail what policy says, and answers once it is known: 250 only after the next hop has every recipient's. There is
 * no queue behind it: after 4yz the sending server tries the same again. It never rejects; the signal (the server stops, the
 * sender is gone) is looked at between recipients, and what was recorded by then stays.
 */
export abstract class PassOnMail {
  abstract passOn(mail: OutgoingMail, signal: AbortSignal): Promise<SmtpAnswer>;
}
