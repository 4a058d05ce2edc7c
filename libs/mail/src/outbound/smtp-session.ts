import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import type { MailAddress } from '#libs/vocabulary';
import { RelayRefused, RelayUnavailable } from './mail-relay.ts';
import type { MailToSeveral } from './mail-relay.ts';
import type { RelayAddress } from './relay-url.ts';
import { cleanReply, isAboutTheHop, relayError } from './smtp-failure.ts';
import { passWholePieces } from './whole-lines.ts';
import type { DotStuffing } from './whole-lines.ts';

/** 64 KiB: one write to the socket, so that a large mail does not hold up the event loop. */
const PIECE_BYTES = 64 * 1024;

export interface SmtpSessionOptions {
  readonly connectionTimeoutMs: number;
  readonly replyTimeoutMs: number;
  readonly heloName?: string | undefined;
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

interface Rejection {
  readonly recipient?: string | undefined;
}

/** How far a transaction came. */
export interface Progress {
  contentBegun: boolean;
}

/** One mail of a transaction, without those it is for. */
export type Transmission = Omit<MailToSeveral, 'recipients'>;

/** What each recipient of a transaction was answered: the reply that took the mail for them, or why it did not. */
export type Answers = ReadonlyMap<MailAddress, string | RelayRefused | RelayUnavailable>;

/** One connection to one hop, greeted, under TLS where it must be, and logged in. Takes one mail after the other. */
export class SmtpSession {
  mails = 0;
  idleTimer: NodeJS.Timeout | null = null;
  private mayTakeMore = true;
  /** Upper case, as EHLO listed them last. */
  private extensions: ReadonlySet<string> = new Set();
  /** Of the passcode's mail under way: its sender wipes the mail, and nobody else these. */
  private copiesToWipe: Buffer[] | null = null;

  readonly address: RelayAddress;
  private readonly connection: SMTPConnection;

  private constructor(address: RelayAddress, connection: SMTPConnection) {
    this.address = address;
    this.connection = connection;
  }

  /**
   * @param onEnd is called when the connection ends, whoever ended it
   * @returns a session, and the promise that it is ready. It rejects with `RelayUnavailable`
   */
  static begin(
    address: RelayAddress,
    options: SmtpSessionOptions,
    onEnd: (session: SmtpSession) => void,
  ): { session: SmtpSession; ready: Promise<void> } {
    const { host, port, tls } = address;
    const connection = new SMTPConnection({
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      connectionTimeout: options.connectionTimeoutMs,
      greetingTimeout: options.connectionTimeoutMs,
      dnsTimeout: options.connectionTimeoutMs,
      socketTimeout: options.replyTimeoutMs,
      maxResponseSize: 64 * 1024,
      tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...options.tls },
      ...(options.heloName !== undefined && { name: options.heloName }),
    });
    const session = new SmtpSession(address, connection);
    withQuickDotStuffing(connection, (copy) => session.copiesToWipe?.push(copy));
    const ready = new Promise<void>((resolve, reject) => {
      const fail = (error: unknown) => {
        reject(relayError(error, 'RelayUnavailable')); // first: ending the session tells of an end, which is no reason
        onEnd(session);
      };
      // Listens for the life of the connection: an error without a listener would end the process.
      connection.on('error', fail);
      connection.once('end', () => fail(new Error('the relay closed the connection')));
      connection.connect((error) => {
        if (error) return fail(error);
        session.extensions = extensionsIn(connection.lastServerResponse);
        const { credentials } = options;
        if (!credentials) return resolve();
        connection.login({ user: credentials.user, pass: credentials.password }, (loginError) =>
          loginError ? fail(loginError) : resolve(),
        );
      });
    });
    return { session, ready };
  }

  /** `TLSv1.3`, as Node names it; null where nothing is encrypted. */
  get encryption(): string | null {
    const { _socket: socket } = this.connection as unknown as { readonly _socket?: Partial<TLSSocket> | null };
    return socket?.getProtocol?.() ?? null;
  }

  get isOver(): boolean {
    return this.connection.destroyed || !this.mayTakeMore;
  }

  /**
   * One transaction. Rejects, as nodemailer does, with what holds for all; resolves with an answer for each recipient.
   * @throws RelayRefused for what this hop cannot carry, before anything is said
   */
  async transmit(
    mail: Transmission,
    recipients: readonly MailAddress[],
    timeoutMs: number,
    progress: Progress,
  ): Promise<Answers> {
    const parameters = this.parametersFor(mail, recipients);
    const bytes = mail.content instanceof Uint8Array ? mail.content.byteLength : mail.contentBytes;
    const content = Readable.from(pieces(mail.content, progress), { objectMode: false, highWaterMark: PIECE_BYTES });
    const { connection } = this;
    withMailParameters(connection, parameters);
    const copies: Buffer[] | null = mail.kind === 'passcode' ? [] : null;
    this.copiesToWipe = copies;
    return new Promise<Answers>((resolve, reject) => {
      const giveUp = (error: Error) => {
        reject(error);
        connection.close();
      };
      const timer = setTimeout(() => giveUp(new Error(`not taken within ${timeoutMs} ms`)), timeoutMs);
      const onAbort = () => giveUp(new RelayUnavailable('given up before the relay answered', 0));
      mail.signal?.addEventListener('abort', onAbort, { once: true });
      // What cannot be read is not the relay's fault, and no other hop could do better.
      content.once('error', (cause) => {
        progress.contentBegun = true;
        giveUp(new RelayUnavailable('the content of the mail cannot be read', 0, { cause }));
      });
      const envelope = { from: mail.mailFrom, to: [...recipients], ...(bytes !== undefined && { size: bytes }) };
      connection.send(envelope, content, (error, info) => {
        clearTimeout(timer);
        mail.signal?.removeEventListener('abort', onAbort);
        content.destroy();
        // Nobody was taken, each for a reason of their own: the session is still within that transaction.
        const refusedAll =
          error && !isAboutTheHop(error) ? (error as { rejectedErrors?: Rejection[] }).rejectedErrors : null;
        if (error && !refusedAll) return reject(error);
        const rejections: readonly Rejection[] = refusedAll ?? info.rejectedErrors ?? [];
        const refusals = new Map(rejections.map((each) => [each.recipient, relayError(each)]));
        const answerTo = (recipient: MailAddress) => refusals.get(recipient) ?? cleanReply(info.response);
        this.mayTakeMore = !refusedAll;
        resolve(new Map(recipients.map((recipient) => [recipient, answerTo(recipient)])));
      });
    }).finally(() => copies?.forEach((copy) => copy.fill(0)));
  }

  quit(): void {
    if (this.connection.destroyed) this.connection.close();
    else this.connection.quit();
  }

  abort(): void {
    this.connection.close();
  }

  private parametersFor({ mailFrom, smtpUtf8, eightBit }: Transmission, recipients: readonly MailAddress[]): string[] {
    const isInternationalised = smtpUtf8 === true || /\P{ASCII}/u.test([mailFrom, ...recipients].join(''));
    if (isInternationalised && !this.extensions.has('SMTPUTF8')) {
      const reply = 'the next hop cannot carry internationalised mail (SMTPUTF8)';
      throw new RelayRefused(reply, 0, { enhancedStatus: '5.6.7' });
    }
    if (eightBit === true && !this.extensions.has('8BITMIME')) {
      const reply = 'the next hop cannot carry 8-bit mail (8BITMIME), and it is not converted';
      throw new RelayRefused(reply, 0, { enhancedStatus: '5.6.3' });
    }
    return [...(isInternationalised ? ['SMTPUTF8'] : []), ...(eightBit === true ? ['BODY=8BITMIME'] : [])];
  }
}

/** The keywords of an EHLO reply (RFC 5321 §4.1.1.1); its first line is the greeting. */
function extensionsIn(reply: string | false): ReadonlySet<string> {
  const lines = reply === false ? [] : reply.split(/\r?\n/).slice(1);
  return new Set(lines.map((line) => line.slice(4).trim().split(/\s/)[0]?.toUpperCase() ?? ''));
}

/**
 * nodemailer says SMTPUTF8 only where an address of the envelope is not ASCII (a header can be UTF-8 without that, RFC 6532), and
 * BODY=8BITMIME quietly or not at all. So both are added to its MAIL command here; smtp-relay.int-spec.ts sees them arrive.
 */
function withMailParameters(connection: SMTPConnection, parameters: readonly string[]): void {
  const patched = connection as unknown as { _sendCommand: (command: string) => void };
  const plain = Object.getPrototypeOf(connection) as typeof patched;
  patched._sendCommand = (command) => {
    const isMail = command.startsWith('MAIL FROM:<');
    const missing = isMail ? parameters.filter((parameter) => !command.includes(`> ${parameter}`)) : [];
    plain._sendCommand.call(connection, [command, ...missing].join(' '));
  };
}

/** nodemailer looks at every octet in JavaScript; most pieces of a mail go out as they are, which is seen 20 × faster. */
function withQuickDotStuffing(connection: SMTPConnection, onCopy: (copy: Buffer) => void): void {
  const patched = connection as unknown as { _createSendStream: (...given: unknown[]) => DotStuffing };
  const plain = Object.getPrototypeOf(connection) as typeof patched;
  patched._createSendStream = (...given) => passWholePieces(plain._createSendStream.apply(connection, given), onCopy);
}

async function* pieces(content: MailToSeveral['content'], progress: Progress): AsyncGenerator<Buffer> {
  if (!(content instanceof Uint8Array)) {
    for await (const piece of content()) {
      progress.contentBegun = true;
      yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    }
    return;
  }
  for (let start = 0; start < content.byteLength; start += PIECE_BYTES) {
    progress.contentBegun = true;
    const piece = content.subarray(start, start + PIECE_BYTES);
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  }
}
