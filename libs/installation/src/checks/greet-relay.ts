import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { NextHops, parseRelayUrls, readRelayAccess } from '#libs/mail';
import type { RelayAddress, RelayFiles } from '#libs/mail';
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
 * Connects to each next hop, waits for its greeting (RFC 5321 §4.2: 220) and leaves. Sends no credentials and no mail. One is enough.
 * @returns who greeted, and who did not. @throws RelayUnavailable where nobody did, RelayUrlRefused
 */
export async function greetRelay(urls: string, files: RelayFiles): Promise<string> {
  const hops = await new NextHops(parseRelayUrls(urls)).inOrder();
  const greetings = await Promise.allSettled(hops.map((hop) => greet(hop, files)));
  const said = greetings.map((greeting) =>
    greeting.status === 'fulfilled' ? greeting.value : (greeting.reason as Error).message,
  );
  if (greetings.every(({ status }) => status === 'rejected')) throw new RelayUnavailable(said.join('; '));
  return said.join('; ');
}

async function greet(address: RelayAddress, files: RelayFiles): Promise<string> {
  const { host, port, tls } = address;
  const { tls: ours } = await readRelayAccess(files, address);
  const where = `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket =
      tls === 'implicit'
        ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ours })
        : connectPlain({ host, port });
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
