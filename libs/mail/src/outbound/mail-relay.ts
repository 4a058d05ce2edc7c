import { DomainError } from '#libs/vocabulary';
import type { Instant, MailAddress } from '#libs/vocabulary';
import { enhancedStatusOf } from './enhanced-status.ts';

/** What the next hop is given, whoever it is for: content (RFC 5322, CRLF line ends) and what SMTP says of it. */
interface MailContent {
  /** The reverse path; '' is the null path `<>` of notifications (RFC 5321 §4.5.5). */
  readonly mailFrom: MailAddress | '';
  /** Bytes, or a function that begins the same content anew each time it is called: a try is repeated, and a signer reads it first. */
  readonly content: Uint8Array | (() => AsyncIterable<Uint8Array>);
  /** Length of a streamed content where it is known: announced as SIZE (RFC 1870), so that a relay can refuse at once. */
  readonly contentBytes?: number;
  /** Whether its header holds UTF-8 (RFC 6532). A hop without SMTPUTF8 (RFC 6531) does not get it: 5.6.7. */
  readonly smtpUtf8?: boolean;
  /** Whether its body holds 8-bit octets. A hop without 8BITMIME (RFC 6152) does not get it, since nothing is converted: 5.6.3. */
  readonly eightBit?: boolean;
  /** Aborted before the hop's last answer: the connection is destroyed, and it is unavailable. Nothing is sent after it. */
  readonly signal?: AbortSignal;
  /** What it is, for counts and turns: never shown to anyone outside. */
  readonly kind: 'carrier' | 'passcode' | 'passed' | 'report';
}

/** One mail to exactly one mailbox. */
export interface OutgoingMail extends MailContent {
  /** The one forward path, sent as it stands: it never goes through an address-list parser (threats.md A17). */
  readonly rcptTo: MailAddress;
}

/** One mail to several mailboxes, in one transaction. */
export interface MailToSeveral extends MailContent {
  /** At least one, none twice, in the order of their RCPT commands. */
  readonly recipients: readonly MailAddress[];
}

export interface RelayReceipt {
  /** When the relay took the responsibility (its 250 after the content, RFC 5321 §6.1). */
  readonly acceptedAt: Instant;
  /** The relay's reply: printable ASCII, one line, at most 500 characters. */
  readonly reply: string;
}

/** What became of one recipient of a transaction. */
export interface RelayOutcome {
  readonly recipient: MailAddress;
  /** `refused`: for good. `unavailable`: not now; the same may be taken later. */
  readonly status: 'taken' | 'refused' | 'unavailable';
  /** 0 where the relay said nothing: no connection, a time limit, or we did not ask (5.6.7, 5.6.3, 5.3.4). */
  readonly replyCode: number;
  /** RFC 3463: the relay's own, or what stands nearest. Its first digit always agrees with `status`. */
  readonly enhancedStatus: string;
  /** As `RelayReceipt.reply`. May name people: not for logs. */
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

  /**
   * The same mail for several, each with an outcome of its own, in their order: never rejects for what a relay says or does not
   * say. A relay that knows transactions uses one (`SmtpRelay`); this sends to one after the other.
   */
  async sendToAll({ recipients, ...content }: MailToSeveral): Promise<readonly RelayOutcome[]> {
    const outcomes: RelayOutcome[] = [];
    for (const recipient of recipients) {
      try {
        const { reply } = await this.send({ ...content, rcptTo: recipient });
        outcomes.push(takenBy(recipient, reply));
      } catch (error) {
        if (!(error instanceof RelayRefused || error instanceof RelayUnavailable)) throw error;
        outcomes.push(notTakenBy(recipient, error));
      }
    }
    return outcomes;
  }

  /**
   * Whether somebody would take a mail now, as far as that can be known without one: so that nothing need be recorded of a try that cannot
   * come to anything. Sends nothing. A relay in front of another asks that one. @throws RelayUnavailable
   */
  abstract checkReachable(): Promise<void>;

  abstract close(): Promise<void>;
}

/** The relay will not take this mail, now or later (55y, RFC 5321 §4.2.3). Trying the same again is useless. */
export class RelayRefused extends DomainError {
  readonly permanent = true;
  /** What the relay said: printable ASCII, one line, at most 500 characters. May name the recipient: not for logs in clear. */
  readonly reply: string;
  /** The reply code, 0 when the mail was refused on our side (larger than the relay's SIZE, or of a kind that it cannot carry). */
  readonly replyCode: number;
  /** RFC 3463, always 5.y.z. */
  readonly enhancedStatus: string;

  constructor(reply: string, replyCode: number, options: ErrorOptions & { readonly enhancedStatus?: string } = {}) {
    super('relay-refused', `the relay refused the mail for good (${replyCode})`, options);
    this.reply = reply;
    this.replyCode = replyCode;
    this.enhancedStatus = options.enhancedStatus ?? enhancedStatusOf(reply, 5) ?? '5.0.0';
  }
}

/** Not now: no connection, no TLS, a time limit, a 4yz reply, or a relay set up wrongly (50y, 53y). The same mail may be taken later. */
export class RelayUnavailable extends DomainError {
  readonly permanent = false;
  /** What the relay said, or what went wrong with the connection: printable ASCII, one line, at most 500 characters. */
  readonly reply: string;
  /** The reply code, 0 when there was no reply. */
  readonly replyCode: number;
  /** RFC 3463, always 4.y.z: 4.4.1 where there was no reply. */
  readonly enhancedStatus: string;

  constructor(reply: string, replyCode: number, options?: ErrorOptions) {
    super('relay-unavailable', `the relay cannot take the mail now (${replyCode})`, options);
    this.reply = reply;
    this.replyCode = replyCode;
    this.enhancedStatus = enhancedStatusOf(reply, 4) ?? (replyCode === 0 ? '4.4.1' : '4.0.0');
  }
}

export function takenBy(recipient: MailAddress, reply: string): RelayOutcome {
  const enhancedStatus = enhancedStatusOf(reply, 2) ?? '2.0.0';
  return { recipient, status: 'taken', replyCode: 250, enhancedStatus, reply };
}

export function notTakenBy(recipient: MailAddress, error: RelayRefused | RelayUnavailable): RelayOutcome {
  const { permanent, replyCode, enhancedStatus, reply } = error;
  return { recipient, status: permanent ? 'refused' : 'unavailable', replyCode, enhancedStatus, reply };
}
