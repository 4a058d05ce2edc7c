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
  if (!ipaddr.isValidCIDR(prefix)) return [{ size: 'host', prefix }];
  const [address] = ipaddr.parseCIDR(prefix);
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
