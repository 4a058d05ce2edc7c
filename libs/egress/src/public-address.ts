import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.process>;
type Range = readonly [Address, number];

/** Global unicast, the only part of IPv6 that the Internet routes (RFC 4291 §2.4, IANA registry). */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Azure's host agent: a public number that reaches the machine's own hypervisor. */
const AZURE_HOST_AGENT = '168.63.129.16';

/**
 * Whether the whole Internet reaches this address: not loopback, private, link-local (with the metadata services of clouds),
 * ULA, CGNAT, documentation, multicast, reserved, nor IPv6 that only wraps an IPv4 address (mapped, compatible, NAT64, 6to4,
 * Teredo). False for what is no address.
 */
export function isPublicAddress(text: string): boolean {
  const address = parse(text);
  if (address === null || address.range() !== 'unicast') return false;
  if (address.kind() === 'ipv4') return address.toString() !== AZURE_HOST_AGENT;
  return address.match(GLOBAL_IPV6);
}

/** Single addresses and ranges in CIDR form. @throws RangeError for what is neither */
export class AddressList {
  private readonly ranges: readonly Range[];

  constructor(entries: readonly string[]) {
    this.ranges = entries.map((entry) => {
      try {
        if (entry.includes('/')) return ipaddr.parseCIDR(entry) as Range;
        const address = ipaddr.process(entry);
        return [address, address.kind() === 'ipv4' ? 32 : 128] as const;
      } catch {
        throw new RangeError(`neither an address nor a range like 10.0.0.0/8: ${entry}`);
      }
    });
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  has(text: string): boolean {
    const address = parse(text);
    return (
      address !== null &&
      this.ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base as never, bits))
    );
  }
}

/** An IPv4-mapped IPv6 address comes back as the IPv4 address that it is. */
function parse(text: string): Address | null {
  try {
    return ipaddr.process(text);
  } catch {
    return null;
  }
}
