import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Optional } from '@nestjs/common';
import type { SMTPServerDataStream } from 'smtp-server';
import { EphemeralStore } from '#libs/ephemeral-store';
import { BounceMailbox } from '../bounce-mailbox.ts';
import { CanaryInbox } from '../canary-inbox.ts';
import type { OutgoingMail, SmtpAnswer } from '../outgoing-mail.ts';
import { PassOnMail } from '../outgoing-mail.ts';
import { ANSWERS } from './answers.ts';
import { GuessPace } from './guess-pace.ts';
import { InboundSettings } from './inbound-settings.ts';
import { InboundWatch } from './inbound-watch.ts';
import { MailScan } from './mail-scan.ts';
import { MailSpace, NoMailSpace } from './mail-space.ts';
import type { IncomingMail } from './mail-space.ts';
import { OwnMailboxes } from './own-mailboxes.ts';
import { readServerCertificate, watchServerCertificate } from './server-certificate.ts';
import type { ServerCertificate, ServerCertificateFault } from './server-certificate.ts';
import { SmtpAccounts } from './smtp-accounts.ts';
import { SmtpClients } from './smtp-clients.ts';
import { SmtpListener, tlsOptionsOf } from './smtp-listener.ts';
import type { ListenerParts } from './smtp-listener.ts';
import type { SmtpSession } from './smtp-session.ts';

/** 5 minutes: the sending server waits 10 for the answer to its data (RFC 5321 §4.5.3.2.6), and must hear it. */
const PASSING_ON_SECONDS = 300;
/** Seconds that mails under way have at a stop, before their senders are told to try again; the whole process has ten. */
const DRAIN_SECONDS = 3;
/** Seconds after that for what passes mails on to come to a place where it can be left. */
const SETTLE_SECONDS = 1.5;

/**
 * SMTP in: takes mail of the organisation's own clients and answers 250 only once `PassOnMail` says so. Not started: `listen`.
 * It keeps no queue: what is not answered with 250 is the sending server's to try again.
 */
@Injectable()
export class SmtpIntake {
  private readonly parts: ListenerParts;
  private readonly underWay = new Set<Promise<unknown>>();
  private listeners: SmtpListener[] = [];
  private certificateTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: InboundSettings,
    private readonly passing: PassOnMail,
    private readonly watch: InboundWatch,
    @Optional() bounces?: BounceMailbox,
    @Optional() ephemeral?: EphemeralStore,
    @Optional() canary?: CanaryInbox,
  ) {
    this.parts = {
      settings,
      watch,
      ownMailboxes: new OwnMailboxes(bounces ?? null, canary ?? null),
      clients: new SmtpClients(settings.clients),
      accounts: new SmtpAccounts(settings.clients, new GuessPace(ephemeral ?? null)),
      space: new MailSpace(settings.directory, settings.mailsMaxBytes),
      connectionsOf: new Map(),
      take: (stream, session) => this.take(stream, session),
    };
  }

  /** Ports in the order of the settings: that which begins in clear first. */
  get ports(): readonly number[] {
    return this.listeners.map(({ port }) => port);
  }

  get isListening(): boolean {
    return this.listeners.length > 0 && this.listeners.every(({ server }) => server.listening);
  }

  /** @throws ServerCertificateFault; what the system says of a port that cannot be listened on */
  async listen(): Promise<void> {
    const { certificate: files, host, port, tlsPort } = this.settings;
    const certificate = files === null ? null : readServerCertificate(files);
    if (port !== null) await this.open(new SmtpListener(this.parts, certificate, false), port, host);
    if (tlsPort !== null && certificate !== null)
      await this.open(new SmtpListener(this.parts, certificate, true), tlsPort, host);
    if (files !== null && certificate !== null) {
      const heard = {
        renewed: (renewed: ServerCertificate) => this.renew(renewed),
        faulty: ({ message }: ServerCertificateFault) =>
          this.watch.say('warn', 'the new certificate for SMTP cannot be used; the old one stays', { reason: message }),
      };
      const { certificateLookMilliseconds } = this.settings;
      this.certificateTimer = watchServerCertificate(files, certificate, heard, certificateLookMilliseconds);
    }
  }

  /** Takes no new connection, answers what is under way, and 421 to the rest. May be called twice. */
  async stop(): Promise<void> {
    clearInterval(this.certificateTimer);
    const listeners = this.listeners.splice(0);
    for (const { server } of listeners) server.close();
    const sessions = () => listeners.flatMap(({ connections }) => [...connections] as SmtpSession[]);
    for (const { _pendingSockets } of listeners) for (const socket of _pendingSockets.values()) socket.destroy();
    for (const session of sessions()) session.leave();
    await within(DRAIN_SECONDS, async (isOver) => {
      while ((sessions().length > 0 || this.underWay.size > 0) && !isOver()) await pause(20);
    });
    for (const session of sessions()) session.leaveNow();
    await within(SETTLE_SECONDS, () => Promise.all(this.underWay));
  }

  private async open(listener: SmtpListener, port: number, host: string): Promise<void> {
    this.listeners.push(listener);
    await new Promise<void>((resolve, reject) => {
      listener.server.once('error', reject);
      listener.listen(port, host, resolve);
    });
  }

  private renew(certificate: ServerCertificate): void {
    for (const listener of this.listeners) listener.updateSecureContext(tlsOptionsOf(certificate));
    this.watch.say('info', 'a new certificate for SMTP is in use', { endsAt: certificate.endsAt.toISOString() });
  }

  private take(stream: SMTPServerDataStream, session: SmtpSession): Promise<SmtpAnswer> {
    const mail = this.parts.space.begin(session.ownAddress === null ? 'client' : 'stranger');
    const answer = this.receive(stream, session, mail)
      .catch((error: unknown) => {
        if (session.signal.aborted) return null; // gone in the middle of its mail
        this.watch.say('warn', 'a mail over SMTP could not be taken', { reason: String(error) });
        return ANSWERS.failed;
      })
      .finally(() => mail.release());
    this.underWay.add(answer);
    return answer.then((given) => {
      this.underWay.delete(answer);
      this.watch.countMail(given?.code ?? 0);
      return given ?? ANSWERS.failed;
    });
  }

  private async receive(stream: SMTPServerDataStream, session: SmtpSession, mail: IncomingMail): Promise<SmtpAnswer> {
    const { ownAddress } = session;
    const envelope = ownAddress === null ? envelopeOf(session) : null;
    const refusal = await this.read(stream, session, mail);
    if (refusal !== null) return refusal;
    const signal = AbortSignal.any([session.signal, AbortSignal.timeout(PASSING_ON_SECONDS * 1000)]);
    if (ownAddress !== null) return this.parts.ownMailboxes.receive(mail, ownAddress, signal);
    if (envelope === null) throw new Error('a mail that nobody is to take');
    return this.passing.passOn({ ...envelope, mail }, signal);
  }

  private maxBytesOf({ ownAddress }: SmtpSession): number {
    const { maxMailBytes } = this.settings;
    return ownAddress === null ? maxMailBytes : Math.min(maxMailBytes, this.parts.ownMailboxes.maxBytesOf(ownAddress));
  }

  /** To the very end, whatever is found: the answer to a mail comes after it (RFC 5321 §4.1.1.4). */
  private async read(
    stream: SMTPServerDataStream,
    session: SmtpSession,
    mail: IncomingMail,
  ): Promise<SmtpAnswer | null> {
    const maxBytes = this.maxBytesOf(session);
    const scan = new MailScan();
    let refusal: SmtpAnswer | null = null;
    let bytes = 0;
    for await (const piece of stream as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > 2 * maxBytes) session.sayAndLeave(ANSWERS.tooLarge); // it was told the size, and has no end
      if (refusal !== null) continue;
      refusal = bytes > maxBytes ? ANSWERS.tooLarge : scan.take(piece);
      refusal ??= await keep(mail, piece);
      if (refusal !== null) await mail.release();
    }
    return refusal ?? scan.end();
  }
}

async function keep(mail: IncomingMail, piece: Buffer): Promise<SmtpAnswer | null> {
  try {
    await mail.write(piece);
    return null;
  } catch (error) {
    if (error instanceof NoMailSpace) return ANSWERS.noSpace;
    throw error;
  }
}

/** As it is now: the session begins anew after each mail. */
function envelopeOf({ session, client, reversePath, forwardPaths, secure }: SmtpSession): Omit<OutgoingMail, 'mail'> {
  if (client === null) throw new Error('a mail of nobody');
  const { smtpUtf8 = false, bodyType } = session.envelope;
  const protocol = `${smtpUtf8 ? 'UTF8SMTP' : 'ESMTP'}${secure ? 'S' : ''}${session.user ? 'A' : ''}` as const;
  return {
    mailFrom: reversePath,
    recipients: [...forwardPaths],
    smtpUtf8,
    eightBit: bodyType === '8bitmime',
    client: client.clientId,
    senders: client.senders,
    session: {
      heloName: String(session.hostNameAppearsAs)
        .replace(/[^A-Za-z0-9.:_[\]-]/g, '?')
        .slice(0, 255),
      networkAddress: session.remoteAddress,
      protocol,
    },
    dsnReturn: null,
  };
}

async function within(seconds: number, work: (isOver: () => boolean) => Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const over = pause(seconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
  let isOver = false;
  await Promise.race([work(() => isOver), over]);
  isOver = true;
  stop.abort();
}
