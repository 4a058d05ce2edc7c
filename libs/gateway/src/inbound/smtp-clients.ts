import type { PeerCertificate } from 'node:tls';
import ipaddr from 'ipaddr.js';
import type { SmtpClient } from './inbound-settings.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Which client a connection is, by where it comes from or by the certificate that it showed. */
export class SmtpClients {
  private readonly networks: readonly { readonly client: SmtpClient; readonly range: [Address, number] }[];

  constructor(readonly all: readonly SmtpClient[]) {
    this.networks = all.flatMap((client) => client.networks.map((entry) => ({ client, range: rangeOf(entry) })));
  }

  /** The one whose network is the narrowest around the address; null: nobody's. */
  ofNetwork(networkAddress: string): SmtpClient | null {
    const address = ipaddr.process(networkAddress);
    const around = this.networks.filter(
      ({ range }) => range[0].kind() === address.kind() && address.match(range as [ipaddr.IPv4 & ipaddr.IPv6, number]),
    );
    return around.toSorted((one, other) => other.range[1] - one.range[1])[0]?.client ?? null;
  }

  /** @param isIssuedByAuthority whether one of the client authorities stands behind it; a listed fingerprint needs none */
  ofCertificate(certificate: PeerCertificate, isIssuedByAuthority: boolean): SmtpClient | null {
    const fingerprint = (certificate.fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
    const names = isIssuedByAuthority ? namesIn(certificate) : [];
    return (
      this.all.find(
        ({ certificateFingerprints, certificateNames }) =>
          certificateFingerprints.includes(fingerprint) || certificateNames.some((name) => names.includes(name)),
      ) ?? null
    );
  }

  get haveNetworks(): boolean {
    return this.networks.length > 0;
  }

  get haveCertificates(): boolean {
    return this.all.some((client) => client.certificateNames.length > 0 || client.certificateFingerprints.length > 0);
  }

  get havePasswords(): boolean {
    return this.all.some(({ passwordHash }) => passwordHash !== null);
  }
}

/** One IPv4 address or one /64 of IPv6: what is one machine's, for counting. */
export function networkOf(networkAddress: string): string {
  const address = ipaddr.process(networkAddress);
  if (address.kind() === 'ipv4') return address.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`).toString()}/64`;
}

/** RFC 6125 §6.4.4: the common name counts where there is no alternative name. Names alone: no wildcard is any client's. */
function namesIn({ subject, subjectaltname }: PeerCertificate): readonly string[] {
  if (subjectaltname === undefined) return [subject?.CN ?? ''].flat().map((name) => name.toLowerCase());
  const entries = subjectaltname.split(', ').filter((entry) => entry.startsWith('DNS:'));
  return entries.map((entry) => entry.slice('DNS:'.length).toLowerCase());
}

function rangeOf(entry: string): [Address, number] {
  if (entry.includes('/')) return ipaddr.parseCIDR(entry);
  const address = ipaddr.process(entry);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
