import ipaddr from 'ipaddr.js';

/** Where a request came from. */
export interface ClientNetwork {
  /** The address itself, IPv4 also where it came mapped into IPv6: personal data. */
  readonly address: string;
  /** The smallest network that is one visitor's: one address of IPv4 (/32), a /64 of IPv6. */
  readonly prefix: string;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Cidr = [Address, number];

/** @throws TypeError for what is neither an address nor `address/bits` */
export function parseTrustedProxies(entries: readonly string[]): Cidr[] {
  return entries.map((entry) => {
    try {
      if (entry.includes('/')) return ipaddr.parseCIDR(entry);
      const address = ipaddr.process(entry);
      return [address, address.kind() === 'ipv4' ? 32 : 128];
    } catch {
      throw new TypeError(`not an address or network: "${entry}"`);
    }
  });
}

/** Whether parseTrustedProxies takes it. */
export function isProxyRange(entry: string): boolean {
  try {
    parseTrustedProxies([entry]);
    return true;
  } catch {
    return false;
  }
}

/** Which header the proxies write: `X-Forwarded-For`, or `Forwarded` (RFC 7239). */
export const PROXY_HEADERS = ['x-forwarded-for', 'forwarded'] as const;
export type ProxyHeader = (typeof PROXY_HEADERS)[number];

/**
 * The nearest address that is not one of our own proxies, by the one header that they write, as far as trusted proxies wrote it. The
 * other header is never looked at: a proxy passes a visitor's own through, who would choose what the record says.
 */
export function clientNetworkOf(
  socketAddress: string | undefined,
  proxyHeader: { readonly name: ProxyHeader; readonly value: string | undefined },
  trusted: readonly Cidr[],
): ClientNetwork {
  const socket = parse(socketAddress ?? '');
  if (socket === null) return { address: 'unknown', prefix: 'unknown' };
  if (!isTrusted(socket, trusted)) return networkOf(socket);
  const chain = proxyHeader.name === 'forwarded' ? forwardedFor(proxyHeader.value) : xForwardedFor(proxyHeader.value);
  return networkOf(nearestUntrusted(socket, chain, trusted));
}

/** From the proxy nearest to us outwards: everything before the first stranger was written by a proxy of ours. */
function nearestUntrusted(socket: Address, chain: readonly string[], trusted: readonly Cidr[]): Address {
  let nearest = socket;
  for (const hop of chain.toReversed()) {
    const address = parse(hop);
    if (address === null) return nearest; // obfuscated or broken: the proxy that wrote it is the last we know
    nearest = address;
    if (!isTrusted(address, trusted)) return address;
  }
  return nearest;
}

function parse(text: string): Address | null {
  const bare = text.replace(/%.*$/, '');
  return ipaddr.IPv4.isValidFourPartDecimal(bare) || ipaddr.IPv6.isValid(bare) ? ipaddr.process(bare) : null;
}

function isTrusted(address: Address, trusted: readonly Cidr[]): boolean {
  return trusted.some(
    ([network, bits]) => network.kind() === address.kind() && address.match([network, bits] as never),
  );
}

function networkOf(address: Address): ClientNetwork {
  const text = address.toString();
  if (address.kind() === 'ipv4') return { address: text, prefix: `${text}/32` };
  return { address: text, prefix: `${ipaddr.IPv6.networkAddressFromCIDR(`${text}/64`).toString()}/64` };
}

function xForwardedFor(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((hop) => withoutPort(hop.trim()))
    .filter((hop) => hop !== '');
}

function forwardedFor(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .filter((element) => element.trim() !== '')
    .map((element) => {
      const pair = element.split(';').find((part) => /^\s*for=/i.test(part));
      return withoutPort(
        (pair ?? '')
          .trim()
          .slice('for='.length)
          .replace(/^"(.*)"$/, '$1'),
      );
    });
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(hop);
  if (bracketed) return bracketed[1] ?? '';
  return /^\d+\.\d+\.\d+\.\d+:\d+$/.test(hop) ? hop.replace(/:\d+$/, '') : hop;
}
