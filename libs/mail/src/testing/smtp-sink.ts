import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';

/** A mail as the sink took it. */
export interface SunkMail {
  readonly mailFrom: string;
  readonly rcptTo: readonly string[];
  /** After the sink took the dot-stuffing off. */
  readonly content: Buffer;
  readonly secure: boolean;
  readonly user: string | null;
}

export interface SmtpSink {
  readonly port: number;
  readonly mails: SunkMail[];
  /** Connections opened so far. */
  readonly connections: () => number;
  /** Ends every connection, as a relay does with idle ones. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** A real SMTP server on loopback that keeps what it is given. Options go to smtp-server: no STARTTLS nor login unless asked for. */
export async function startSmtpSink(options: SMTPServerOptions = {}, port = 0): Promise<SmtpSink> {
  const mails: SunkMail[] = [];
  const sockets = new Set<{ destroy(): void }>();
  let connections = 0;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    hideENHANCEDSTATUSCODES: false,
    authOptional: true,
    disableReverseLookup: true,
    lenientAddressParsing: true, // otherwise it refuses dots that stand in quotes
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          mailFrom: mailFrom === false ? '' : mailFrom.address,
          rcptTo: rcptTo.map(({ address }) => address),
          content: Buffer.concat(pieces),
          secure: session.secure,
          user: session.user ?? null,
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined); // a client that goes away is what many tests are about
  server.server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    connections: () => connections,
    dropConnections: () => sockets.forEach((socket) => socket.destroy()),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        sockets.forEach((socket) => socket.destroy());
      }),
  };
}

/** For `localhost` and 127.0.0.1, made for these tests; the key is public by being here, so nothing but a test may trust it. */
export const LOOPBACK_CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgakJLxbDx0fRy+jHO
9BS/fPuN2+2rJ1tWKI3iYy9dckuhRANCAAS2aWdP9c1HEmJHMaPNGO1bf0SiVVZw
EFAEWtOMjIKc9oxkaBSOKwHxo7aLZaQLCNY3WjP7IB8HpxzpjhCDEExb
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUe7VRPnRzVppYDkqy1pS2UpqLixwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjIwMTE1M1oYDzIxMjYxMDI5
MjAxMTUzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS2aWdP9c1HEmJHMaPNGO1bf0SiVVZwEFAEWtOMjIKc9oxkaBSOKwHx
o7aLZaQLCNY3WjP7IB8HpxzpjhCDEExbo28wbTAdBgNVHQ4EFgQUKX6de609RmnE
m7AARHT7GV8e/vEwHwYDVR0jBBgwFoAUKX6de609RmnEm7AARHT7GV8e/vEwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgCSloiW/SH0Ep+Offqwfxa9b3y4hCDbIFtnLMnNFplxgCIEb1
85Uidyjleiv7LBHqlDIR3k8jgc+P/SRE3RK29Qjw
-----END CERTIFICATE-----
`,
};
