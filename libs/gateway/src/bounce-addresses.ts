import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { base32Lower, parseMailAddress, parseMessageId } from '#libs/vocabulary';
import type { MailAddress, MessageId } from '#libs/vocabulary';

/** 10 bytes: 80 bits that somebody would have to guess over SMTP, for one message that they would have to name. */
const MAC_BYTES = 10;
/** 48 characters: a message id, and 16 that nobody can make who has not the key. */
const TOKEN = /^([a-z2-7]{32})([a-z2-7]{16})$/;
/** A local part has 64 octets at most (RFC 5321 §4.5.3.1.1): this for the base, 49 for `+` and the token. */
export const MAX_BOUNCE_LOCAL_PART = 15;

/**
 * The envelope senders of carriers (VERP): `bounces+<token>@mail.example.com`, whose token names the message and proves that this
 * installation gave the address out. So a bounce names its message itself, and nobody can make one up for another. Letters of one case
 * alone: servers change it. The class is its own injection token.
 */
export class BounceAddresses {
  /**
   * @param base null: carriers are sent from who wrote, and nothing comes back here
   * @param keys newest first; asked anew for each use. The first makes, all are known
   */
  constructor(
    private readonly base: MailAddress | null,
    private readonly keys: () => readonly Uint8Array[],
  ) {}

  /** The envelope sender of a carrier. */
  senderOf(messageId: MessageId, author: MailAddress): MailAddress {
    const [key] = this.base === null ? [] : this.keys();
    if (this.base === null || key === undefined) return author;
    const at = this.base.lastIndexOf('@');
    const token = messageId + base32Lower(macOf(messageId, key));
    return parseMailAddress(`${this.base.slice(0, at)}+${token}${this.base.slice(at)}`);
  }

  /** Null for an address that this installation gave to no carrier. */
  messageOf(address: string): MessageId | null {
    if (this.base === null) return null;
    const at = this.base.lastIndexOf('@');
    const [front, back] = [`${this.base.slice(0, at)}+`, this.base.slice(at)];
    const given = address.toLowerCase();
    if (!given.startsWith(front) || !given.endsWith(back)) return null;
    const [, name = '', mac = ''] = TOKEN.exec(given.slice(front.length, -back.length)) ?? [];
    const messageId = parseMessageId(name);
    if (messageId === null) return null;
    const isOurs = this.keys().some((key) =>
      timingSafeEqual(Buffer.from(base32Lower(macOf(messageId, key))), Buffer.from(mac)),
    );
    return isOurs ? messageId : null;
  }
}

function macOf(messageId: MessageId, key: Uint8Array): Buffer {
  const mac = createHmac('sha256', createSecretKey(key)).update('segl bounce address\0').update(messageId);
  return mac.digest().subarray(0, MAC_BYTES);
}
