import { DomainError } from '#libs/vocabulary';
import type { Instant, MailAddress } from '#libs/vocabulary';

/** One mail to exactly one mailbox: its SMTP envelope (RFC 5321) and its content (RFC 5322, CRLF line ends). */
export interface OutgoingMail {
  /** The reverse path; '' is the null path `<>` of notifications (RFC 5321 §4.5.5). */
  readonly mailFrom: MailAddress | '';
  /** The one forward path, sent as it stands: it never goes through an address-list parser (threats.md A17). */
  readonly rcptTo: MailAddress;
  /** Bytes, or a function that begins the content anew each time it is called, so that a try can be repeated. */
  readonly content: Uint8Array | (() => AsyncIterable<Uint8Array>);
  /** Length of a streamed content where it is known: announced as SIZE (RFC 1870), so that a relay can refuse at once. */
  readonly contentBytes?: number;
  /** What it is, for counts: never shown to anyone outside. */
  readonly kind: 'carrier' | 'passcode';
}

export interface RelayReceipt {
  /** When the relay took the responsibility (its 250 after the content, RFC 5321 §6.1). */
  readonly acceptedAt: Instant;
  /** The relay's reply: printable, one line, at most 500 characters. */
  readonly reply: string;
}

/**
 * The next hop for mail. `send` resolves once the relay has acknowledged the mail, and rejects with `RelayRefused` or
 * `RelayUnavailable` and nothing else. It may be called many times at once; more calls than connections wait their turn.
 * It tries once: who wants retries uses the `Outbox`, or asks again. `close` lets what is being sent finish for a short while,
 * may be called twice, and is called by whoever made the relay; `send` after it rejects with `RelayUnavailable`.
 */
export abstract class MailRelay {
  abstract send(mail: OutgoingMail): Promise<RelayReceipt>;
  abstract close(): Promise<void>;
}

/** The relay will not take this mail, now or later (55y, RFC 5321 §4.2.3). Trying the same again is useless. */
export class RelayRefused extends DomainError {
  readonly permanent = true;
  /** What the relay said: printable, one line, at most 500 characters. May name the recipient: not for logs in clear. */
  readonly reply: string;
  /** The reply code, 0 when the mail was refused on our side (larger than the relay's SIZE, RFC 1870). */
  readonly replyCode: number;

  constructor(reply: string, replyCode: number, options?: ErrorOptions) {
    super('relay-refused', `the relay refused the mail for good (${replyCode})`, options);
    this.reply = reply;
    this.replyCode = replyCode;
  }
}

/** Not now: no connection, no TLS, a time limit, a 4yz reply, or a relay set up wrongly (50y, 53y). The same mail may be taken later. */
export class RelayUnavailable extends DomainError {
  readonly permanent = false;
  /** What the relay said, or what went wrong with the connection: printable, one line, at most 500 characters. */
  readonly reply: string;
  /** The reply code, 0 when there was no reply. */
  readonly replyCode: number;

  constructor(reply: string, replyCode: number, options?: ErrorOptions) {
    super('relay-unavailable', `the relay cannot take the mail now (${replyCode})`, options);
    this.reply = reply;
    this.replyCode = replyCode;
  }
}
