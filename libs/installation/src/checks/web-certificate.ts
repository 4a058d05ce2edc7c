import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { instantOf, secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/** 14 days: what renews certificates by itself does it 30 days before their end, and somebody has to look at it by then. */
const WARN_SECONDS = 14 * 86_400;
const TIMEOUT_MS = 5000;

/**
 * Whether the certificate of an https address ends soon. Whether it is believed at all is said by whoever asks for a page there.
 * @returns what is wrong, in an operator's words; empty when all is well, for http, and where nothing answers
 */
export async function faultsOfWebCertificate(url: string, now: Instant): Promise<string[]> {
  const { protocol, hostname, port, host } = new URL(url);
  if (protocol !== 'https:') return [];
  const endsAt = await endOfCertificate(hostname.replace(/^\[|\]$/g, ''), Number(port || 443));
  if (endsAt === null || secondsBetween(now, endsAt) >= WARN_SECONDS) return [];
  return [`the certificate of ${host} ${endsAt <= now ? 'ended' : 'ends'} at ${endsAt}: see why it is not renewed`];
}

function endOfCertificate(host: string, port: number): Promise<Instant | null> {
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host, port, ALPNProtocols: ['http/1.1'], ...(isIP(host) === 0 && { servername: host }) },
      rejectUnauthorized: false, // its date is looked at, nothing is said or believed
    });
    const end = (endsAt: Instant | null) => {
      socket.destroy();
      resolve(endsAt);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(null));
    socket.once('error', () => end(null));
    socket.once('secureConnect', () => {
      const until = Date.parse(socket.getPeerCertificate().valid_to);
      end(Number.isNaN(until) ? null : instantOf(new Date(until)));
    });
  });
}
