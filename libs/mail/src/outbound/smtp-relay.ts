import { SystemClock, parseMailAddress } from '#libs/vocabulary';
import type { Clock, MailAddress } from '#libs/vocabulary';
import { MailRelay, notTakenBy, RelayRefused, RelayUnavailable, takenBy } from './mail-relay.ts';
import type { MailToSeveral, OutgoingMail, RelayOutcome, RelayReceipt } from './mail-relay.ts';
import { NextHops, placeOf } from './next-hops.ts';
import type { ResolveMx } from './next-hops.ts';
import { readRelayAccess } from './relay-access.ts';
import type { RelayFiles } from './relay-access.ts';
import { parseRelayUrls } from './relay-url.ts';
import type { RelayAddress } from './relay-url.ts';
import { isAboutTheHop, relayError } from './smtp-failure.ts';
import { SmtpSession } from './smtp-session.ts';
import type { Answers, Progress, Transmission } from './smtp-session.ts';

export interface SmtpRelayOptions extends RelayFiles {
  /** Connections at once, at least 2. Others leave one of them to passcodes, which people wait for. Default 10. */
  readonly maxConnections?: number;
  /** From look-up to the end of STARTTLS. Default 30 s. */
  readonly connectionTimeoutMs?: number;
  /** Silence of the relay in a session. Default 5 min: RFC 5321 §4.5.3.2. */
  readonly replyTimeoutMs?: number;
  /** A transaction of a passcode, whose reader waits. Default 60 s. */
  readonly passcodeTimeoutMs?: number;
  /** A transaction of any other mail. Default 30 min. */
  readonly carrierTimeoutMs?: number;
  /** How long an unused connection is kept. Default 10 s. */
  readonly idleConnectionMs?: number;
  /** How long `close` waits for what is being sent. Default 5 s. */
  readonly closeGraceMs?: number;
  /** What EHLO says: the portal's host name. Default: this machine's name. */
  readonly heloName?: string;
  readonly resolveMx?: ResolveMx;
  /** Once for each hop that fails while it was thought to be well: others take its mail, and somebody should know. */
  readonly onHopFailed?: (hop: { readonly host: string; readonly port: number; readonly reason: string }) => void;
  readonly clock?: Clock;
}

/** 100 mails, then a new connection: some relays end a session that goes on for long. */
const MAX_MAILS_PER_CONNECTION = 100;

type Lane = 'passcode' | 'other';

interface Turn {
  readonly lane: Lane;
  readonly take: () => void;
  readonly giveUp: (error: RelayUnavailable) => void;
}

/**
 * The next hop over SMTP (RFC 5321): a small pool of kept connections, hops in the order of `parseRelayUrls`, TLS as each URL has
 * it. The next hop is asked where one cannot be reached, greets with a failure or goes away, as long as nothing of the content had
 * left; what one says about the mail itself counts. The envelope is canonical addresses, checked again here and handed over as an
 * array. Content goes out dot-stuffed, and whatever line ends it has become CRLF, so that nothing can be smuggled past the end of
 * the data (threats.md A36). A kept connection that the relay has meanwhile closed is replaced without the caller noticing.
 */
export class SmtpRelay extends MailRelay {
  private readonly hops: NextHops;
  private readonly options: Required<
    Omit<SmtpRelayOptions, keyof RelayFiles | 'heloName' | 'resolveMx' | 'onHopFailed'>
  > &
    Pick<SmtpRelayOptions, keyof RelayFiles | 'heloName' | 'onHopFailed'>;
  private readonly idle: SmtpSession[] = [];
  private readonly open = new Set<SmtpSession>();
  private readonly turns: Turn[] = [];
  private readonly busy = { passcode: 0, other: 0 };
  private isClosed = false;
  private whenIdle: (() => void) | null = null;
  private reaching: Promise<void> | null = null;

  /** @param urls see `parseRelayUrls`. @throws RelayUrlRefused */
  constructor(urls: string, { resolveMx, ...options }: SmtpRelayOptions = {}) {
    super();
    this.hops = new NextHops(parseRelayUrls(urls), resolveMx);
    this.options = {
      maxConnections: 10,
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

  override async send({ rcptTo, ...mail }: OutgoingMail): Promise<RelayReceipt> {
    const recipient = parseMailAddress(rcptTo);
    const answer = (await this.transact(mail, [recipient])).get(recipient);
    if (typeof answer !== 'string') throw answer ?? new RelayUnavailable('nothing was said of the recipient', 0);
    return { acceptedAt: this.options.clock.now(), reply: answer };
  }

  /** One transaction. @throws AddressRefused, RangeError for a recipient named twice or none */
  override async sendToAll({ recipients: given, ...mail }: MailToSeveral): Promise<readonly RelayOutcome[]> {
    const recipients = given.map((recipient) => parseMailAddress(recipient));
    if (recipients.length === 0 || new Set(recipients).size < recipients.length)
      throw new RangeError('recipients must be at least one, and none twice');
    let answers: Answers;
    try {
      answers = await this.transact(mail, recipients);
    } catch (error) {
      if (!(error instanceof RelayRefused || error instanceof RelayUnavailable)) throw error;
      return recipients.map((recipient) => notTakenBy(recipient, error));
    }
    return recipients.map((recipient) => {
      const answer = answers.get(recipient) ?? new RelayUnavailable('nothing was said of the recipient', 0);
      return typeof answer === 'string' ? takenBy(recipient, answer) : notTakenBy(recipient, answer);
    });
  }

  /** A connection that is open is enough; where there is none, one is made, for all who ask meanwhile, and kept for the next mail. */
  override checkReachable(): Promise<void> {
    if (this.open.size > 0) return Promise.resolve();
    this.reaching ??= this.inTurn('other', undefined, () => this.reachHop()).finally(() => (this.reaching = null));
    return this.reaching;
  }

  override async close(): Promise<void> {
    this.isClosed = true;
    for (const turn of this.turns.splice(0)) turn.giveUp(new RelayUnavailable('the relay is being closed', 0));
    if (this.busy.passcode + this.busy.other > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
        timer = setTimeout(resolve, this.options.closeGraceMs);
      });
      clearTimeout(timer);
    }
    for (const session of [...this.open]) this.end(session, this.idle.includes(session));
  }

  /** @throws RelayRefused, RelayUnavailable where the same holds for all */
  private async transact(mail: Transmission, recipients: readonly MailAddress[]): Promise<Answers> {
    const checked = { ...mail, mailFrom: mail.mailFrom === '' ? ('' as const) : parseMailAddress(mail.mailFrom) };
    const lane = mail.kind === 'passcode' ? 'passcode' : 'other';
    return this.inTurn(lane, mail.signal, () => this.tryHops(checked, recipients));
  }

  private async inTurn<Result>(
    lane: Lane,
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    await this.takeTurn(lane, signal);
    try {
      return await work();
    } finally {
      this.busy[lane]--;
      this.giveTurns();
      if (this.busy.passcode + this.busy.other === 0) this.whenIdle?.();
    }
  }

  private takeTurn(lane: Lane, signal: AbortSignal | undefined): Promise<void> {
    if (this.isClosed) return Promise.reject(new RelayUnavailable('the relay is closed', 0));
    if (signal?.aborted) return Promise.reject(new RelayUnavailable('given up before it began', 0));
    return new Promise((resolve, reject) => {
      const turn: Turn = { lane, take: resolve, giveUp: reject };
      const onAbort = () => {
        const index = this.turns.indexOf(turn);
        if (index >= 0) this.turns.splice(index, 1)[0]?.giveUp(new RelayUnavailable('given up while it waited', 0));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.turns.push(turn);
      this.giveTurns();
    });
  }

  /** Passcodes first; and others never take the last connection. */
  private giveTurns(): void {
    for (;;) {
      const free = this.options.maxConnections - this.busy.passcode - this.busy.other;
      if (free <= 0) return;
      let index = this.turns.findIndex((turn) => turn.lane === 'passcode');
      if (index < 0 && this.busy.other < this.options.maxConnections - 1) index = this.turns.length > 0 ? 0 : -1;
      const [turn] = index < 0 ? [] : this.turns.splice(index, 1);
      if (!turn) return;
      this.busy[turn.lane]++;
      turn.take();
    }
  }

  private async tryHops(mail: Transmission, recipients: readonly MailAddress[]): Promise<Answers> {
    let failure: unknown;
    for (const address of await this.hops.inOrder()) {
      const progress = { contentBegun: false };
      try {
        const answers = await this.tryHop(address, mail, recipients, progress);
        this.hops.reached(address);
        return answers;
      } catch (error) {
        if (progress.contentBegun || mail.signal?.aborted || !isAboutTheHop(error)) throw relayError(error);
        this.noteFailed(address, error);
        failure ??= error;
        if (this.isClosed) break;
      }
    }
    throw relayError(failure);
  }

  private async reachHop(): Promise<void> {
    let failure: unknown;
    for (const address of await this.hops.inOrder()) {
      try {
        this.keep(await this.connect(address, undefined));
        return this.hops.reached(address);
      } catch (error) {
        this.noteFailed(address, error);
        failure ??= error;
        if (this.isClosed) break;
      }
    }
    throw relayError(failure, 'RelayUnavailable');
  }

  private noteFailed(address: RelayAddress, error: unknown): void {
    if (this.hops.failed(address)) this.options.onHopFailed?.({ ...placeIn(address), reason: reasonIn(error) });
  }

  /** Throws as nodemailer does, or what `relayError` gives. */
  private async tryHop(
    address: RelayAddress,
    mail: Transmission,
    recipients: readonly MailAddress[],
    progress: Progress,
  ): Promise<Answers> {
    const { passcodeTimeoutMs, carrierTimeoutMs } = this.options;
    for (;;) {
      const kept = this.takeIdle(address);
      const session = kept ?? (await this.connect(address, mail.signal));
      try {
        const timeoutMs = mail.kind === 'passcode' ? passcodeTimeoutMs : carrierTimeoutMs;
        const answers = await session.transmit(mail, recipients, timeoutMs, progress);
        this.keep(session);
        return answers;
      } catch (error) {
        this.end(session, false);
        const isStale = kept !== undefined && !progress.contentBegun && isAboutTheHop(error);
        if (!isStale || this.isClosed || mail.signal?.aborted) throw error;
      }
    }
  }

  private takeIdle(address: RelayAddress): SmtpSession | undefined {
    const index = this.idle.findLastIndex((session) => placeOf(session.address) === placeOf(address));
    const [session] = index < 0 ? [] : this.idle.splice(index, 1);
    if (session?.idleTimer) clearTimeout(session.idleTimer);
    return session;
  }

  private async connect(address: RelayAddress, signal: AbortSignal | undefined): Promise<SmtpSession> {
    const access = await readRelayAccess(this.options, address);
    // What waits idle at another hop would go beyond the bound.
    const [spare] = this.open.size >= this.options.maxConnections ? this.idle : [];
    if (spare) this.end(spare, true);
    const { session, ready } = SmtpSession.begin(address, { ...this.options, ...access }, (ended) =>
      this.end(ended, false),
    );
    this.open.add(session);
    const onAbort = () => this.end(session, false);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await ready;
      return session;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private keep(session: SmtpSession): void {
    session.mails++;
    if (this.isClosed || session.mails >= MAX_MAILS_PER_CONNECTION || session.isOver) return this.end(session, true);
    session.idleTimer = setTimeout(() => this.end(session, true), this.options.idleConnectionMs);
    session.idleTimer.unref();
    this.idle.push(session);
  }

  private end(session: SmtpSession, politely: boolean): void {
    if (session.idleTimer) clearTimeout(session.idleTimer);
    const index = this.idle.indexOf(session);
    if (index >= 0) this.idle.splice(index, 1);
    if (!this.open.delete(session)) return;
    if (politely) session.quit();
    else session.abort();
  }
}

function placeIn({ host, port }: RelayAddress): { host: string; port: number } {
  return { host, port };
}

/** Fit for a log: what a hop says may name people. */
function reasonIn(error: unknown): string {
  const { replyCode, reply } = relayError(error);
  return replyCode === 0 ? reply : `it replied ${replyCode}`;
}
