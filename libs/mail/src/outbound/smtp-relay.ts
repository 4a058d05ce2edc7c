import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { SystemClock, parseMailAddress } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import { MailRelay, RelayRefused, RelayUnavailable } from './mail-relay.ts';
import type { OutgoingMail, RelayReceipt } from './mail-relay.ts';
import { parseRelayUrl } from './relay-url.ts';
import type { RelayAddress } from './relay-url.ts';

export interface SmtpRelayOptions {
  /** Connections at once, at least 2. Carriers leave one of them to passcodes, which people wait for. Default 4. */
  readonly maxConnections?: number;
  /** From look-up to the end of STARTTLS. Default 30 s. */
  readonly connectionTimeoutMs?: number;
  /** Silence of the relay in a session. Default 5 min: RFC 5321 §4.5.3.2. */
  readonly replyTimeoutMs?: number;
  /** Whole try of a passcode, whose reader waits. Default 60 s. */
  readonly passcodeTimeoutMs?: number;
  /** Whole try of a carrier. Default 30 min. */
  readonly carrierTimeoutMs?: number;
  /** How long an unused connection is kept. Default 10 s. */
  readonly idleConnectionMs?: number;
  /** How long `close` waits for what is being sent. Default 5 s. */
  readonly closeGraceMs?: number;
  /** PEM certificates to trust instead of the public ones, for a relay with the organisation's own certificate authority. */
  readonly certificateAuthorities?: string;
  /** What EHLO says: the portal's host name. Default: this machine's name. */
  readonly heloName?: string;
  readonly clock?: Clock;
}

/** 100 mails, then a new connection: some relays end a session that goes on for long. */
const MAX_MAILS_PER_CONNECTION = 100;
/** 500 characters: enough for any reply that means something to an operator. */
const MAX_REPLY_CHARACTERS = 500;
/** 64 KiB: one write to the socket, so that a large mail does not hold up the event loop. */
const PIECE_BYTES = 64 * 1024;

interface Session {
  readonly connection: SMTPConnection;
  mails: number;
  idleTimer: NodeJS.Timeout | null;
}

interface Turn {
  readonly kind: OutgoingMail['kind'];
  readonly take: () => void;
  readonly giveUp: (error: RelayUnavailable) => void;
}

/**
 * The next hop over SMTP (RFC 5321): a small pool of kept connections, TLS as `parseRelayUrl` has it. The envelope is one
 * canonical address, checked again here and handed over as an array of one. Content goes out dot-stuffed, and whatever line
 * ends it has become CRLF, so that nothing can be smuggled past the end of the data (threats.md A36). A kept connection that
 * the relay has meanwhile closed is replaced without the caller noticing, as long as nothing of the content had been sent.
 */
export class SmtpRelay extends MailRelay {
  private readonly address: RelayAddress;
  private readonly options: Required<Omit<SmtpRelayOptions, 'certificateAuthorities' | 'heloName'>> &
    Pick<SmtpRelayOptions, 'certificateAuthorities' | 'heloName'>;
  private readonly idle: Session[] = [];
  private readonly open = new Set<Session>();
  private readonly turns: Turn[] = [];
  private readonly busy = { carrier: 0, passcode: 0 };
  private isClosed = false;
  private whenIdle: (() => void) | null = null;

  /** @throws RelayUrlRefused */
  constructor(url: string, options: SmtpRelayOptions = {}) {
    super();
    this.address = parseRelayUrl(url);
    this.options = {
      maxConnections: 4,
      connectionTimeoutMs: 30_000,
      replyTimeoutMs: 5 * 60_000,
      passcodeTimeoutMs: 60_000,
      carrierTimeoutMs: 30 * 60_000,
      idleConnectionMs: 10_000,
      closeGraceMs: 5_000,
      clock: new SystemClock(),
      ...options,
    };
    if (!(this.options.maxConnections >= 2)) throw new RangeError('maxConnections must be at least 2');
  }

  override async send(mail: OutgoingMail): Promise<RelayReceipt> {
    const envelope = {
      from: mail.mailFrom === '' ? '' : parseMailAddress(mail.mailFrom),
      to: [parseMailAddress(mail.rcptTo)],
    };
    await this.takeTurn(mail.kind);
    try {
      return await this.trySession(mail, envelope);
    } finally {
      this.busy[mail.kind]--;
      this.giveTurns();
      if (this.busy.carrier + this.busy.passcode === 0) this.whenIdle?.();
    }
  }

  override async close(): Promise<void> {
    this.isClosed = true;
    for (const turn of this.turns.splice(0)) turn.giveUp(new RelayUnavailable('the relay is being closed', 0));
    if (this.busy.carrier + this.busy.passcode > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
        timer = setTimeout(resolve, this.options.closeGraceMs);
      });
      clearTimeout(timer);
    }
    for (const session of [...this.open]) this.end(session, this.idle.includes(session));
  }

  private takeTurn(kind: OutgoingMail['kind']): Promise<void> {
    if (this.isClosed) return Promise.reject(new RelayUnavailable('the relay is closed', 0));
    return new Promise((resolve, reject) => {
      this.turns.push({ kind, take: resolve, giveUp: reject });
      this.giveTurns();
    });
  }

  /** Passcodes first; and carriers never take the last connection. */
  private giveTurns(): void {
    for (;;) {
      const free = this.options.maxConnections - this.busy.carrier - this.busy.passcode;
      if (free <= 0) return;
      let index = this.turns.findIndex((turn) => turn.kind === 'passcode');
      if (index < 0 && this.busy.carrier < this.options.maxConnections - 1) index = this.turns.length > 0 ? 0 : -1;
      const [turn] = index < 0 ? [] : this.turns.splice(index, 1);
      if (!turn) return;
      this.busy[turn.kind]++;
      turn.take();
    }
  }

  private async trySession(mail: OutgoingMail, envelope: { from: string; to: string[] }): Promise<RelayReceipt> {
    for (;;) {
      const kept = this.idle.pop();
      const session = kept ?? (await this.connect());
      if (session.idleTimer) clearTimeout(session.idleTimer);
      const progress = { contentBegun: false };
      try {
        const reply = await this.transmit(session.connection, mail, envelope, progress);
        this.keep(session);
        return { acceptedAt: this.options.clock.now(), reply };
      } catch (error) {
        this.end(session, false);
        const staleConnection =
          kept !== undefined && !progress.contentBegun && replyCodeOf(error) === 0 && !isOversize(error);
        if (!staleConnection || this.isClosed) throw relayError(error);
      }
    }
  }

  private connect(): Promise<Session> {
    const { host, port, tls, credentials } = this.address;
    const connection = new SMTPConnection({
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      connectionTimeout: this.options.connectionTimeoutMs,
      greetingTimeout: this.options.connectionTimeoutMs,
      dnsTimeout: this.options.connectionTimeoutMs,
      socketTimeout: this.options.replyTimeoutMs,
      maxResponseSize: 64 * 1024,
      tls: {
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        ...(this.options.certificateAuthorities !== undefined && { ca: this.options.certificateAuthorities }),
      },
      ...(this.options.heloName !== undefined && { name: this.options.heloName }),
    });
    const session: Session = { connection, mails: 0, idleTimer: null };
    this.open.add(session);
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        reject(relayError(error, 'RelayUnavailable')); // first: ending the session tells of an end, which is no reason
        this.end(session, false);
      };
      // Listens for the life of the connection: an error without a listener would end the process.
      connection.on('error', fail);
      connection.once('end', () => fail(new Error('the relay closed the connection')));
      connection.connect((error) => {
        if (error) return fail(error);
        if (!credentials) return resolve(session);
        connection.login({ user: credentials.user, pass: credentials.password }, (loginError) =>
          loginError ? fail(loginError) : resolve(session),
        );
      });
    });
  }

  private transmit(
    connection: SMTPConnection,
    mail: OutgoingMail,
    envelope: { from: string; to: string[] },
    progress: { contentBegun: boolean },
  ): Promise<string> {
    const bytes = mail.content instanceof Uint8Array ? mail.content.byteLength : mail.contentBytes;
    const content = Readable.from(pieces(mail.content, progress), { objectMode: false, highWaterMark: PIECE_BYTES });
    // A content that cannot be read must not look like the relay's fault to a stream nobody listens to.
    finished(content).catch(() => undefined);
    return new Promise((resolve, reject) => {
      const timeoutMs = mail.kind === 'passcode' ? this.options.passcodeTimeoutMs : this.options.carrierTimeoutMs;
      const timer = setTimeout(() => {
        reject(new Error(`not taken within ${timeoutMs} ms`));
        connection.close();
      }, timeoutMs);
      connection.send(
        { ...envelope, use8BitMime: true, ...(bytes !== undefined && { size: bytes }) },
        content,
        (error, info) => {
          clearTimeout(timer);
          content.destroy();
          if (error) reject(error);
          else resolve(cleanReply(info?.response ?? ''));
        },
      );
    });
  }

  private keep(session: Session): void {
    session.mails++;
    if (this.isClosed || session.mails >= MAX_MAILS_PER_CONNECTION || session.connection.destroyed)
      return this.end(session, true);
    session.idleTimer = setTimeout(() => this.end(session, true), this.options.idleConnectionMs);
    session.idleTimer.unref();
    this.idle.push(session);
  }

  private end(session: Session, politely: boolean): void {
    if (session.idleTimer) clearTimeout(session.idleTimer);
    const index = this.idle.indexOf(session);
    if (index >= 0) this.idle.splice(index, 1);
    if (!this.open.delete(session)) return;
    if (politely && !session.connection.destroyed) session.connection.quit();
    else session.connection.close();
  }
}

async function* pieces(content: OutgoingMail['content'], progress: { contentBegun: boolean }): AsyncGenerator<Buffer> {
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

interface SmtpFailure {
  readonly message?: string;
  readonly response?: unknown;
  readonly responseCode?: unknown;
  readonly code?: unknown;
  readonly command?: unknown;
}

/**
 * One word for what went wrong. For good is only a 55y answer to this very mail (RFC 5321 §4.2.3: mailbox, size, policy); trouble
 * with the session never is, nor 50y and 53y, which say that the two sides are set up wrongly: no mail must be lost for that.
 */
function relayError(error: unknown, atMost?: 'RelayUnavailable'): RelayRefused | RelayUnavailable {
  if (error instanceof RelayRefused || error instanceof RelayUnavailable) return error;
  const { message, response } = error as SmtpFailure;
  const code = replyCodeOf(error);
  const reply = cleanReply(typeof response === 'string' ? response : (message ?? 'unknown failure'));
  const aboutThisMail = ['MAIL FROM', 'RCPT TO', 'DATA'].includes(String((error as SmtpFailure).command));
  if (atMost === undefined && aboutThisMail && (isOversize(error) || (code >= 550 && code <= 559))) {
    return new RelayRefused(reply, code, { cause: error });
  }
  return new RelayUnavailable(reply, code, { cause: error });
}

function replyCodeOf(error: unknown): number {
  const { responseCode } = error as SmtpFailure;
  return typeof responseCode === 'number' && responseCode >= 200 && responseCode <= 599 ? responseCode : 0;
}

/** nodemailer compares with the relay's SIZE before it sends anything. */
function isOversize(error: unknown): boolean {
  const { code, command } = error as SmtpFailure;
  return code === 'EMESSAGE' && command === 'MAIL FROM' && replyCodeOf(error) === 0;
}

/** Printable, one line, bounded: a relay's text ends up in files and on operators' screens. */
function cleanReply(text: string): string {
  return text
    .slice(0, 4 * MAX_REPLY_CHARACTERS)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_REPLY_CHARACTERS);
}
