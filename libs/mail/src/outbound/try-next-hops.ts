import { NextHops } from './next-hops.ts';
import { readRelayAccess } from './relay-access.ts';
import type { RelayFiles } from './relay-access.ts';
import { parseRelayUrls } from './relay-url.ts';
import type { RelayAddress } from './relay-url.ts';
import { relayError } from './smtp-failure.ts';
import { SmtpSession } from './smtp-session.ts';

export interface TriedHop {
  /** `host:port`. */
  readonly where: string;
  readonly isReady: boolean;
  /** For operators: how the connection stands, or what went wrong. Holds no credentials. */
  readonly said: string;
}

/** 10 s for each step: a hop that needs longer would hold up a code mail. */
const STEP_TIMEOUT_MS = 10_000;

/**
 * A dry handshake with every next hop, as before a mail: connects, EHLO, verified TLS, logs in where there are credentials, leaves. No mail is
 * begun. A hop that fails is an answer, never an exception. @throws RelayUrlRefused; RelayUnavailable where the MX of a name cannot be looked up
 */
export async function tryNextHops(
  urls: string,
  options: RelayFiles & { readonly heloName?: string | undefined } = {},
): Promise<readonly TriedHop[]> {
  const hops = await new NextHops(parseRelayUrls(urls)).inOrder();
  return Promise.all(hops.map((hop) => tryHop(hop, options)));
}

async function tryHop(
  address: RelayAddress,
  options: RelayFiles & { readonly heloName?: string | undefined },
): Promise<TriedHop> {
  const where = `${address.host}:${address.port}`;
  let session: SmtpSession | undefined;
  try {
    const access = await readRelayAccess(options, address);
    const timeouts = { connectionTimeoutMs: STEP_TIMEOUT_MS, replyTimeoutMs: STEP_TIMEOUT_MS };
    const begun = SmtpSession.begin(address, { heloName: options.heloName, ...timeouts, ...access }, (ended) =>
      ended.abort(),
    );
    session = begun.session;
    await begun.ready;
    const login = access.credentials === null ? [] : ['logged in'];
    return { where, isReady: true, said: [session.encryption ?? 'no TLS', ...login].join(', ') };
  } catch (error) {
    const { replyCode, reply, cause } = relayError(error, 'RelayUnavailable');
    const command = String((cause as { command?: unknown } | undefined)?.command ?? '');
    const said = replyCode === 0 ? reply : `it replied ${reply}${command === '' ? '' : ` to ${command}`}`;
    return { where, isReady: false, said };
  } finally {
    session?.quit();
  }
}
