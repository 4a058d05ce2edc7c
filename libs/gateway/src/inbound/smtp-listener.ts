import type { AddressInfo, Socket } from 'node:net';
import { constants } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerDataStream, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { SmtpAnswer } from '../outgoing-mail.ts';
import { ANSWERS } from './answers.ts';
import type { InboundSettings } from './inbound-settings.ts';
import type { InboundWatch } from './inbound-watch.ts';
import type { MailSpace } from './mail-space.ts';
import type { OwnMailboxes } from './own-mailboxes.ts';
import type { ServerCertificate } from './server-certificate.ts';
import type { SmtpAccounts } from './smtp-accounts.ts';
import { networkOf } from './smtp-clients.ts';
import type { SmtpClients } from './smtp-clients.ts';
import { SmtpSession } from './smtp-session.ts';

/** What both listeners of one intake share. */
export interface ListenerParts {
  readonly settings: InboundSettings;
  readonly clients: SmtpClients;
  readonly accounts: SmtpAccounts;
  readonly space: MailSpace;
  /** What is taken from strangers. */
  readonly ownMailboxes: OwnMailboxes;
  readonly watch: InboundWatch;
  /** Open connections by network, of both listeners. */
  readonly connectionsOf: Map<string, number>;
  /** Takes the mail of a session as it comes, and answers. Rejects never. */
  take(stream: SMTPServerDataStream, session: SmtpSession): Promise<SmtpAnswer>;
}

/** Of a handler of smtp-server: its message is sent as it stands, with our own enhanced code before the words. */
class Refusal extends Error {
  readonly responseCode: number;

  constructor({ code, enhanced, words }: SmtpAnswer) {
    super(`${enhanced} ${words}`);
    this.responseCode = code;
  }
}

/** 60 s: a handshake is two turns between machines, and whoever stops in it holds a place. */
const MAX_HANDSHAKE_SECONDS = 60;

/** One port. */
export class SmtpListener extends SMTPServer {
  readonly settings: InboundSettings;
  readonly clients: SmtpClients;
  readonly space: MailSpace;
  readonly ownMailboxes: OwnMailboxes;
  private readonly sessions = new WeakMap<SMTPServerSession, SmtpSession>();

  /** @param certificate null: no TLS here */
  constructor(
    private readonly parts: ListenerParts,
    certificate: ServerCertificate | null,
    isTlsFromTheStart: boolean,
  ) {
    super(optionsOf(parts, certificate, isTlsFromTheStart));
    ({ settings: this.settings, clients: this.clients, space: this.space, ownMailboxes: this.ownMailboxes } = parts);
    this.on('error', (error) => this.sayFailure(error));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  override connect(socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null): void {
    const session = new SmtpSession(this, socket, options);
    this.sessions.set(session.session, session);
    this.connections.add(session);
    session.on('error', (error: Error) => this.sayFailure(error));
    session.init();
  }

  /** Counted from the first packet on: who never ends a TLS handshake holds a place as well. */
  override _acceptSocket(socket: Socket, handshake: boolean): (() => void) | false {
    const refusal = this.refusalOfPlace(socket);
    if (refusal !== null) {
      socket.on('error', () => undefined);
      // Before TLS there is nothing that the client could read.
      if (!handshake) socket.write(`${refusal.code} ${refusal.enhanced} ${refusal.words}\r\n`);
      socket.destroySoon();
      return false;
    }
    return super._acceptSocket(socket, handshake);
  }

  override onConnect(session: SMTPServerSession, done: (error?: Error | null) => void): void {
    const { clients, watch } = this.parts;
    const own = this.sessionOf(session);
    own.client = clients.ofNetwork(session.remoteAddress);
    if (own.client === null && !this.ownMailboxes.areThere && !clients.havePasswords && !clients.haveCertificates) {
      watch.countConnection('not-a-client');
      return done(new Refusal(ANSWERS.notAClient));
    }
    watch.countConnection('taken');
    done();
  }

  override onSecure(
    socket: Socket | TLSSocket,
    session: SMTPServerSession,
    done: (error?: Error | null) => void,
  ): void {
    const own = this.sessionOf(session);
    own.client ??= this.parts.clients.ofNetwork(session.remoteAddress);
    if ('getPeerCertificate' in socket && this.parts.clients.haveCertificates) {
      const byCertificate = this.parts.clients.ofCertificate(socket.getPeerCertificate(), socket.authorized);
      own.client = byCertificate ?? own.client;
    }
    done();
  }

  override onAuth(
    auth: Parameters<SMTPServer['onAuth']>[0],
    session: SMTPServerSession,
    done: Parameters<SMTPServer['onAuth']>[2],
  ): void {
    const own = this.sessionOf(session);
    if (auth.authzid !== undefined && auth.authzid !== '' && auth.authzid !== auth.authcid)
      return done(new Refusal(own.hasFailedToLogIn(ANSWERS.authAsAnother)));
    const { accounts, watch } = this.parts;
    accounts.logIn(auth.username ?? '', auth.password ?? '', networkOf(session.remoteAddress)).then(
      (login) => {
        if ('refusal' in login) {
          const enhanced = login.refusal.enhanced;
          watch.say('warn', 'a login over SMTP was refused', { enhanced });
          return done(new Refusal(own.hasFailedToLogIn(login.refusal)));
        }
        own.client = login.client;
        done(null, { user: login.client.clientId });
      },
      (error: unknown) => {
        watch.say('warn', 'a login over SMTP could not be checked', { reason: String(error) });
        done(new Refusal(ANSWERS.failed));
      },
    );
  }

  override onData(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error?: Error | null, words?: string) => void,
  ): void {
    void this.parts.take(stream, this.sessionOf(session)).then((answer) => {
      if (answer.code === 250) done(null, `${answer.enhanced} ${answer.words}`);
      else done(new Refusal(answer));
    });
  }

  /** Of one connection: a client that went away is no news, one that does not like our certificate is. */
  private sayFailure({ code }: Error & { readonly code?: string }): void {
    if (code?.startsWith('ERR_SSL') !== true && code?.startsWith('ERR_TLS') !== true) return;
    this.parts.watch.countConnection('tls-failed');
    this.parts.watch.say('info', 'a TLS handshake over SMTP failed', { reason: code });
  }

  private sessionOf(session: SMTPServerSession): SmtpSession {
    const own = this.sessions.get(session);
    if (own === undefined) throw new Error('a session of no connection');
    return own;
  }

  private refusalOfPlace(socket: Socket): SmtpAnswer | null {
    const { settings, clients, connectionsOf, watch } = this.parts;
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) return ANSWERS.tooManyConnections; // gone already
    const network = networkOf(remoteAddress);
    const ofNetwork = connectionsOf.get(network) ?? 0;
    // Half of them are left to those who are known before they say a word.
    const isStranger = clients.haveNetworks && clients.ofNetwork(remoteAddress) === null;
    const places = isStranger ? Math.ceil(settings.connections / 2) : settings.connections;
    if (connectionsOf.values().reduce((all, some) => all + some, 0) >= places) {
      watch.countConnection('too-many');
      return ANSWERS.tooManyConnections;
    }
    if (ofNetwork >= settings.connectionsPerNetwork) {
      watch.countConnection('too-many-of-network');
      return ANSWERS.tooManyConnectionsOfNetwork;
    }
    connectionsOf.set(network, ofNetwork + 1);
    socket.once('close', () => {
      const left = (connectionsOf.get(network) ?? 1) - 1;
      if (left > 0) connectionsOf.set(network, left);
      else connectionsOf.delete(network);
    });
    return null;
  }
}

function optionsOf(
  { settings, clients }: ListenerParts,
  certificate: ServerCertificate | null,
  secure: boolean,
): SMTPServerOptions {
  const hasTls = certificate !== null;
  return {
    name: settings.name,
    banner: 'Segl',
    logger: false, // it writes addresses and user names
    secure,
    ...(hasTls && tlsOptionsOf(certificate)),
    ...(hasTls && clients.haveCertificates
      ? {
          requestCert: true,
          rejectUnauthorized: false, // judged by SmtpClients: a listed fingerprint needs no authority, and a network no certificate
          ...(settings.clientAuthorities.length > 0 && { ca: [...settings.clientAuthorities] }),
          // A resumed session shows no certificate: every connection makes its own.
          secureOptions: constants.SSL_OP_NO_TICKET,
        }
      : {}),
    disabledCommands: ['HELP', 'VRFY', 'WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD', ...(hasTls ? [] : ['STARTTLS'])],
    authMethods: ['PLAIN', 'LOGIN'],
    authOptional: true, // who may hand mail in is asked at MAIL, whichever way it is known
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    size: settings.maxMailBytes,
    maxRecipients: settings.maxRecipients,
    lenientAddressParsing: true, // addresses are read by envelope-paths.ts
    socketTimeout: Math.min(settings.silenceSeconds, MAX_HANDSHAKE_SECONDS) * 1000, // of a TLS handshake; the rest is Patience
  };
}

export function tlsOptionsOf({ cert, key }: ServerCertificate) {
  return { cert, key, minVersion: 'TLSv1.2' as const };
}
