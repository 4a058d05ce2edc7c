import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseRelayUrl } from '#libs/mail';
import { DomainError } from '#libs/vocabulary';

/** The next hop does not take mail now. */
export class RelayUnavailable extends DomainError {
  constructor(message: string) {
    super('relay-unavailable', message);
  }
}

/** 10 s: a relay that needs longer to greet would hold up a code mail. */
const GREETING_TIMEOUT_MS = 10_000;

/**
 * Connects to the next hop, waits for its greeting (RFC 5321 §4.2: 220) and leaves. Sends no credentials and no mail.
 * @returns who greeted. @throws RelayUnavailable, RelayUrlRefused
 */
export async function greetRelay(url: string): Promise<string> {
  const { host, port, tls } = parseRelayUrl(url);
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = tls === 'implicit' ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new RelayUnavailable(`${where} ${reason}`));
    };
    let greeting = '';
    socket.setTimeout(GREETING_TIMEOUT_MS, () => fail('does not answer within 10 s'));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(`cannot be reached (${error.code ?? error.message})`));
    socket.on('close', () => fail('closed the connection without a greeting'));
    socket.on('data', (piece: Buffer) => {
      greeting += piece.toString('latin1');
      if (!greeting.includes('\n') && greeting.length < 1000) return;
      const line =
        greeting
          .split(/\r?\n/)[0]
          ?.replace(/[^ -~]/g, '?')
          .slice(0, 200) ?? '';
      if (!/^220[ -]/.test(line)) return fail(`is no mail server, or refuses us: ${line}`);
      socket.end('QUIT\r\n');
      socket.destroySoon();
      resolve(`${where} greets: ${line}`);
    });
  });
}
