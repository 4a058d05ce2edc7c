import type { Clock } from '#libs/vocabulary';
import { authorField } from '../syntax/author.ts';
import { MailHeader } from '../syntax/header-fields.ts';
import { dkimSignature, SimpleBodyHash } from './dkim-signature.ts';
import type { DkimKey } from './dkim-signature.ts';
import { MailRelay, RelayUnavailable } from './mail-relay.ts';
import type { MailToSeveral, OutgoingMail, RelayOutcome, RelayReceipt } from './mail-relay.ts';

export interface DkimOptions {
  /** That sign for themselves and for all below them, lower case; a mail is signed by the longest that its From falls under. */
  readonly domains: readonly string[];
  /** Asked anew for each mail: one signature for each. */
  readonly keys: () => readonly DkimKey[];
  readonly clock: Clock;
}

type Content = Pick<MailToSeveral, 'content' | 'contentBytes' | 'kind'>;

/** 256 KiB: no header of a mail that we write comes near it. */
const MAX_HEADER_BYTES = 256 * 1024;

/**
 * Signs on their way out the mails that we write ourselves, carriers and codes (RFC 6376), where their From is of a signing domain. A passed
 * mail is its server's to sign, and stays byte for byte what it was. A content is gone through twice, once for its hash and once to be sent, and
 * never held or written anywhere: it must be the same both times.
 */
export class DkimRelay extends MailRelay {
  constructor(
    private readonly relay: MailRelay,
    private readonly options: DkimOptions,
  ) {
    super();
  }

  override async send(mail: OutgoingMail): Promise<RelayReceipt> {
    return this.relay.send(await this.signed(mail));
  }

  override async sendToAll(mail: MailToSeveral): Promise<readonly RelayOutcome[]> {
    return this.relay.sendToAll(await this.signed(mail));
  }

  override checkReachable(): Promise<void> {
    return this.relay.checkReachable();
  }

  override close(): Promise<void> {
    return this.relay.close();
  }

  private async signed<Mail extends Content>(mail: Mail): Promise<Mail> {
    if (mail.kind !== 'carrier' && mail.kind !== 'passcode') return mail;
    const { header, bodyHash } = await readThrough(mail.content);
    const domain = this.signingDomainOf(header);
    if (domain === null) return mail;
    const keys = this.options.keys();
    // It would arrive as one that its domain does not vouch for.
    if (keys.length === 0) throw new RelayUnavailable('the keyring has no DKIM key to sign with', 0);
    const signedAtMs = Date.parse(this.options.clock.now());
    const signatures = keys.map((key) => dkimSignature(header.fields, bodyHash, domain, key, signedAtMs)).join('');
    const front = Buffer.from(signatures, 'latin1');
    const { content } = mail;
    const contentBytes = content instanceof Uint8Array ? content.length : mail.contentBytes;
    return {
      ...mail,
      content: () => after(front, content instanceof Uint8Array ? [content] : content()), // no copy: a code would stay in it
      ...(contentBytes !== undefined && { contentBytes: front.length + contentBytes }),
    };
  }

  private signingDomainOf(header: MailHeader): string | null {
    const from = authorField(header, 'from');
    if (from.kind !== 'one') return null;
    const domain = from.author.address.slice(from.author.address.lastIndexOf('@') + 1);
    const fitting = this.options.domains.filter((each) => domain === each || domain.endsWith(`.${each}`));
    return fitting.sort((one, other) => other.length - one.length)[0] ?? null;
  }
}

async function* after(
  front: Buffer,
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield front;
  yield* content;
}

/** @throws RelayUnavailable where the content cannot be read, with why */
async function readThrough(content: Content['content']): Promise<{ header: MailHeader; bodyHash: string }> {
  const hash = new SimpleBodyHash();
  let head: Buffer = Buffer.alloc(0);
  let isInBody = false;
  try {
    for await (const piece of content instanceof Uint8Array ? [content] : content()) {
      if (isInBody) {
        hash.update(piece);
        continue;
      }
      head = head.length === 0 ? viewOf(piece) : Buffer.concat([head, piece]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length > MAX_HEADER_BYTES) break;
      if (end < 0) continue;
      isInBody = true;
      hash.update(head.subarray(end + 4));
      head = head.subarray(0, end + 4);
    }
  } catch (cause) {
    throw new RelayUnavailable('the content of the mail cannot be read', 0, { cause });
  }
  return { header: new MailHeader(head), bodyHash: hash.digest() };
}

function viewOf(piece: Uint8Array): Buffer {
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}
