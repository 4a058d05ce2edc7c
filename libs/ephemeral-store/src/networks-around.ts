import ipaddr from 'ipaddr.js';

/** `host`: one address of IPv4, /64 of IPv6. `site`: /56. `block`: /24 of IPv4, /48 of IPv6. */
export type NetworkSize = 'host' | 'site' | 'block';

export interface NetworkAround {
  readonly size: NetworkSize;
  /** `address/bits` */
  readonly prefix: string;
}

/** The networks that a visitor's lies in, the smallest first, itself among them. What is no network stands for itself alone. */
export function networksAround(prefix: string): readonly NetworkAround[] {
  const address = addressOf(prefix);
  if (address === null) return [{ size: 'host', prefix }];
  const text = address.toString();
  if (address.kind() === 'ipv4') {
    const block = ipaddr.IPv4.networkAddressFromCIDR(`${text}/24`);
    return [
      { size: 'host', prefix },
      { size: 'block', prefix: `${block.toString()}/24` },
    ];
  }
  const around = (bits: number) => `${ipaddr.IPv6.networkAddressFromCIDR(`${text}/${bits}`).toString()}/${bits}`;
  return [
    { size: 'host', prefix },
    { size: 'site', prefix: around(56) },
    { size: 'block', prefix: around(48) },
  ];
}

/** By its own kind at once: to have one kind refused is dear, since it is an error with the way to it, and each upload asks several times. */
function addressOf(prefix: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  try {
    const [address] = prefix.includes(':') ? ipaddr.IPv6.parseCIDR(prefix) : ipaddr.IPv4.parseCIDR(prefix);
    return address;
  } catch {
    return null;
  }
}
