import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import type { SmtpClient } from './inbound-settings.ts';
import { networkOf, SmtpClients } from './smtp-clients.ts';

const nobody = { passwordHash: null, networks: [], certificateNames: [], certificateFingerprints: [], senders: [] };
const client = (clientId: string, more: Partial<SmtpClient>): SmtpClient => ({ ...nobody, clientId, ...more });

describe('by network', () => {
  const clients = new SmtpClients([
    client('all', { networks: ['10.0.0.0/8', '2001:db8::/32'] }),
    client('exchange', { networks: ['10.1.2.3', '2001:db8:1::5'] }),
  ]);
  it.each([
    ['10.1.2.3', 'exchange'],
    ['::ffff:10.1.2.3', 'exchange'],
    ['10.1.2.4', 'all'],
    ['2001:db8:1:0::5', 'exchange'],
    ['2001:db8:ffff::1', 'all'],
    ['192.0.2.1', undefined],
    ['2001:db9::1', undefined],
    ['::1', undefined],
  ])('%s is %s', (address, clientId) => expect(clients.ofNetwork(address)?.clientId).toBe(clientId));
});

describe('by certificate', () => {
  const clients = new SmtpClients([
    client('named', { certificateNames: ['mail.nordlys.example'] }),
    client('printed', { certificateFingerprints: ['abcd12'] }),
  ]);
  const certificate = (fields: object) => ({ fingerprint256: 'FF:FF', subject: {}, ...fields }) as PeerCertificate;
  const named = certificate({ subjectaltname: 'DNS:Mail.Nordlys.Example, DNS:other.example' });

  it('takes a name from an authority alone', () => {
    expect(clients.ofCertificate(named, true)?.clientId).toBe('named');
    expect(clients.ofCertificate(named, false)).toBeNull();
  });
  it('takes the common name where there is no other', () => {
    const common = { subject: { CN: 'mail.nordlys.example' } };
    expect(clients.ofCertificate(certificate(common), true)?.clientId).toBe('named');
    expect(clients.ofCertificate(certificate({ ...common, subjectaltname: 'DNS:x.example' }), true)).toBeNull();
  });
  it('reads no name out of another kind of name', () => {
    const address = certificate({ subjectaltname: 'URI:x, email:DNS:mail.nordlys.example, DNS:*.nordlys.example' });
    expect(clients.ofCertificate(address, true)).toBeNull();
  });
  it('takes a fingerprint from nobody but itself', () => {
    expect(clients.ofCertificate(certificate({ fingerprint256: 'AB:CD:12' }), false)?.clientId).toBe('printed');
    expect(clients.ofCertificate(certificate({}), false)).toBeNull();
  });
  it('takes nobody who showed none', () => expect(clients.ofCertificate({} as PeerCertificate, false)).toBeNull());
});

it('counts one address of IPv4 and a /64 of IPv6 as one machine', () => {
  expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(networkOf('2001:db8:1:2:3::4')).toBe('2001:db8:1:2::/64');
});
