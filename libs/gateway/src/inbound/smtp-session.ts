import type { Socket } from 'node:net';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { MailAddress } from '#libs/vocabulary';
import type { SmtpAnswer } from '../outgoing-mail.ts';
import { ANSWERS } from './answers.ts';
import { CommandLines } from './command-lines.ts';
import { forwardPathOf, reversePathOf } from './envelope-paths.ts';
import type { SmtpClient } from './inbound-settings.ts';
import { Patience } from './patience.ts';
import { mayWriteAs } from '../senders.ts';
import type { SmtpListener } from './smtp-listener.ts';

/** Replies 5yz that a session may get; the next one ends it. A mail server makes none. */
const MAX_ERRORS = 20;
/** Commands without a mail, beside two for each recipient that one may have; the next one ends the session. */
const MAX_IDLE_COMMANDS = 100;
const MAX_FAILED_LOGINS = 3;
/** Of an answer that brings its enhanced code (RFC 2034 §4) in its words. */
const HAS_ENHANCED_CODE = /^[245]\.\d{1,3}\.\d{1,3} /;

/**
 * One connection. smtp-server keeps the order of the commands, the extensions and the replies; what stands here comes before it:
 * who this is, whole lines, addresses in their canonical form, and limits that smtp-server has not.
 */
export class SmtpSession extends SMTPConnection {
  /** Whose connection this is; null as long as that is not known. */
  client: SmtpClient | null = null;
  /** Of the mail that is being handed in. */
  reversePath: MailAddress | null = null;
  readonly forwardPaths = new Set<MailAddress>();
  /** An address of our own (a bounce's, the canary's), which is the one recipient then. */
  ownAddress: MailAddress | null = null;
  private readonly gone = new AbortController();
  private readonly patience: Patience;
  private lastCode = 0;
  private errors = 0;
  private idleCommands = 0;
  private failedLogins = 0;
  private isLeaving = false;

  constructor(
    private readonly listener: SmtpListener,
    socket: Socket,
    options?: SMTPConnectionOptions | null,
  ) {
    super(listener, socket, options);
    this.patience = new Patience(
      listener.settings.silenceSeconds,
      () => this.isOurTurn,
      () => this.waitedLongEnough(),
    );
  }

  /** Aborted once the client is gone: nobody hears the answer any more. */
  get signal(): AbortSignal {
    return this.gone.signal;
  }

  /** At once, without smtp-server's 100 ms of waiting for who talks too soon: our clients are known, and come often. */
  override init(): void {
    this._setListeners(() => this.connectionReady());
  }

  override _createParser(): CommandLines {
    const parser = new CommandLines({
      brokenLine: (fault) => this.sayAndLeave(fault === 'too-long' ? ANSWERS.lineTooLong : ANSWERS.brokenLine),
      dataBytes: (bytes) => this.patience.hasSentData(bytes),
    });
    parser.oncommand = (command, next) => this._onCommand(command, next);
    parser.on('error', () => this.sayAndLeave(ANSWERS.brokenLine));
    return parser;
  }

  /** The time that a client has is counted by `patience`. */
  override _armTimeout(): void {}

  override send(code: number, words?: string | string[] | null, context?: string | false): void {
    this.lastCode = code;
    if (code >= 500) this.errors += 1;
    const hasOwn = typeof words === 'string' && HAS_ENHANCED_CODE.test(words);
    super.send(code, words, hasOwn ? false : context);
    this.patience?.hasReplied({ dataFollows: code === 354 }); // not there yet while the base class is made
    if (code === 421 || code === 354 || code === 334) return;
    if (this.errors > MAX_ERRORS) this.answer(ANSWERS.tooManyErrors);
    else if (this.isLeaving) setImmediate(() => this.leave());
  }

  answer({ code, enhanced, words }: SmtpAnswer): void {
    this.send(code, `${enhanced} ${words}`, false);
  }

  /** What is under way is answered first; then, or now, 421 (RFC 5321 §3.8). */
  leave(): void {
    this.isLeaving = true;
    if (this.isOurTurn || this.isReadingMail || this._closing || this._closed) return;
    if (this._upgrading) this.close();
    else this.answer(ANSWERS.stopping);
  }

  /** Without waiting any longer for what is under way. */
  leaveNow(): void {
    this.gone.abort();
    this.answer(ANSWERS.stopping);
    this.close();
  }

  override _onCommand(command: Buffer, next?: () => void): void {
    const done = next ?? (() => undefined);
    const name = (/^[A-Za-z]*/.exec(command.subarray(0, 16).toString('latin1'))?.[0] ?? '').toUpperCase();
    if (this._upgrading || this._nextHandler !== false) return super._onCommand(command, done);
    if (this.isLeaving) return this.answer(ANSWERS.stopping);
    if (name === 'AUTH' && !this.secure && this.listener.clients.havePasswords) {
      this.answer(ANSWERS.authNeedsTls);
      return void setImmediate(done);
    }
    if (name === 'AUTH' && this.session.envelope?.mailFrom) {
      this.answer(ANSWERS.authWithinMail); // whom MAIL was held to would be somebody else
      return void setImmediate(done);
    }
    this.idleCommands = name === 'DATA' ? 0 : this.idleCommands + 1;
    if (this.idleCommands > MAX_IDLE_COMMANDS + 2 * this.listener.settings.maxRecipients)
      return this.answer(ANSWERS.tooManyIdleCommands);
    super._onCommand(command, done);
  }

  /** A password goes over TLS alone: before it, there is no such command to be found. */
  override _isDisabled(command: string): boolean {
    return super._isDisabled(command) || (command === 'AUTH' && (!this.secure || !this.listener.clients.havePasswords));
  }

  override _resetSession(): void {
    super._resetSession();
    this.reversePath = null;
    this.ownAddress = null;
    this.forwardPaths?.clear(); // not there yet while the base class is made
  }

  override handler_STARTTLS(command: Buffer, done: () => void): void {
    if (this._parser instanceof CommandLines && this._parser.hasMore) {
      this.sayAndLeave(ANSWERS.afterStartTls);
      return done();
    }
    super.handler_STARTTLS(command, done);
  }

  override handler_MAIL(command: Buffer, done: () => void): void {
    const path = reversePathOf(command, this.listener.settings.unquotedDotsAt);
    // Anybody may write to an address of our own: whether it is one is asked at RCPT.
    const mayBegin = path !== null && 'address' in path && this.listener.ownMailboxes.mayBegin(path.address !== null);
    const refusal =
      (mayBegin ? null : this.refusalOfSession()) ?? (path === null ? null : 'refusal' in path ? path.refusal : null);
    if (refusal !== null) return this.refuse(refusal, done);
    const address = path !== null && 'address' in path ? path.address : null;
    // A null path is a bounce's or a receipt's: who writes it stands in its header.
    if (!mayBegin && this.isNotTheirSender(address)) return this.refuse(ANSWERS.notYourSender, done);
    const announced = /\bSIZE=(\d{1,20})\b/i.exec(command.toString('latin1'))?.[1] ?? '0';
    if (Number(announced) <= this.listener.settings.maxMailBytes && !this.listener.space.hasRoomFor(Number(announced)))
      return this.refuse(ANSWERS.noSpace, done);
    super.handler_MAIL(command, () => {
      if (this.lastCode === 250) this.reversePath = address;
      done();
    });
  }

  override handler_RCPT(command: Buffer, done: () => void): void {
    const { unquotedDotsAt } = this.listener.settings;
    const path = forwardPathOf(command, { isUtf8Asked: this.session.envelope.smtpUtf8 ?? false, unquotedDotsAt });
    if (path !== null && 'refusal' in path) return this.refuse(path.refusal, done);
    const address = path?.address ?? null;
    const isOwn = address !== null && this.listener.ownMailboxes.has(address);
    const refusal = this.refusalOfRecipient(isOwn);
    if (address !== null && refusal !== null) return this.refuse(refusal, done);
    super.handler_RCPT(command, () => {
      if (this.lastCode === 250 && address !== null) {
        this.forwardPaths.add(address);
        if (isOwn) this.ownAddress = address;
      }
      done();
    });
  }

  override handler_DATA(command: Buffer, done: () => void): void {
    if (command.toString('latin1').trim().length > 'DATA'.length) {
      this.send(501, 'Error: syntax: DATA');
      return done();
    }
    const isRoom = this.listener.space.hasRoomFor(1, this.ownAddress === null ? 'client' : 'stranger');
    if (this.forwardPaths.size > 0 && !isRoom) return this.refuse(ANSWERS.noSpace, done);
    super.handler_DATA(command, done);
  }

  override _onClose(): void {
    this.patience.stop();
    this.gone.abort();
    super._onClose();
  }

  /** Three wrong passwords end a session. @returns what the client is answered */
  hasFailedToLogIn(refusal: SmtpAnswer): SmtpAnswer {
    this.failedLogins += 1;
    return this.failedLogins < MAX_FAILED_LOGINS ? refusal : ANSWERS.authFailedTooOften;
  }

  /** An answer after which nothing is read any more. */
  sayAndLeave(refusal: SmtpAnswer): void {
    this.answer(refusal);
    this.close();
  }

  private refuse(refusal: SmtpAnswer, done: () => void): void {
    this.answer(refusal);
    done();
  }

  /** What comes to an address of our own is no mail that is passed on, and has no other recipient. */
  private refusalOfRecipient(isOwn: boolean): SmtpAnswer | null {
    if (isOwn) return this.forwardPaths.size === 0 ? null : ANSWERS.bounceByItself;
    if (this.ownAddress !== null) return ANSWERS.bounceByItself;
    if (this.isNotTheirSender(this.reversePath)) return ANSWERS.notYourSender;
    const refusal = this.refusalOfSession();
    return refusal === ANSWERS.notAClient ? ANSWERS.notOursToRelay : refusal;
  }

  private isNotTheirSender(address: MailAddress | null): boolean {
    return address !== null && this.client !== null && !mayWriteAs(this.client, address);
  }

  private refusalOfSession(): SmtpAnswer | null {
    const { settings, clients } = this.listener;
    if (settings.requiresTls && !this.secure) return ANSWERS.tlsRequired;
    if (this.client !== null) return null;
    return clients.havePasswords ? ANSWERS.notAClientYet : ANSWERS.notAClient;
  }

  /** Whether the client waits for us: a command is being handled, or a mail that is whole. */
  private get isOurTurn(): boolean {
    return this._handlerPending || (Boolean(this._dataStream) && !this.isReadingMail);
  }

  private get isReadingMail(): boolean {
    return this._parser !== false && this._parser._dataMode;
  }

  private waitedLongEnough(): void {
    if (this._closing || this._closed) return;
    if (this._upgrading) this._socket.destroy();
    else this.answer(ANSWERS.tooSlow);
  }
}
