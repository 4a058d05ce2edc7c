import { describe, expect, it } from '@jest/globals';
import { AddressList, isPublicAddress } from './public-address.ts';

describe('an address that the whole Internet reaches', () => {
  it.each(['8.8.8.8', '20.190.128.1', '2603:1006:2000::1', '2a00:1450:400f:80d::200d', '::ffff:8.8.8.8'])(
    '%s is one',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['this network', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback, elsewhere in its range', '127.255.255.254'],
    ['loopback in a short form', '127.1'],
    ['loopback as one number', '2130706433'],
    ['loopback in hexadecimal', '0x7f000001'],
    ['loopback in octal', '0177.0.0.1'],
    ['private 10/8', '10.0.0.1'],
    ['private 172.16/12', '172.31.255.255'],
    ['private 192.168/16', '192.168.1.1'],
    ['CGNAT', '100.64.0.1'],
    ['CGNAT, with a metadata service in it', '100.100.100.200'],
    ['link-local with the metadata service', '169.254.169.254'],
    ['the host agent of Azure', '168.63.129.16'],
    ['protocol assignments', '192.0.0.192'],
    ['benchmarking', '198.18.0.1'],
    ['documentation', '192.0.2.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified IPv6', '::'],
    ['loopback IPv6', '::1'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped metadata, in hexadecimal', '::ffff:a9fe:a9fe'],
    ['IPv4-compatible loopback', '::7f00:1'],
    ['NAT64 of loopback', '64:ff9b::7f00:1'],
    ['NAT64 of a local prefix', '64:ff9b:1::a00:1'],
    ['6to4 of a private address', '2002:a00:1::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['ULA', 'fd00:ec2::254'],
    ['ULA, first half', 'fc00::1'],
    ['link-local IPv6', 'fe80::1'],
    ['link-local IPv6 with a zone', 'fe80::1%eth0'],
    ['site-local, deprecated', 'fec0::1'],
    ['multicast IPv6', 'ff02::1'],
    ['documentation IPv6', '2001:db8::1'],
    ['discard', '100::1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('%s is none: %s', (_, address) => expect(isPublicAddress(address)).toBe(false));
});

describe('a list of addresses', () => {
  const list = new AddressList(['127.0.0.1', '10.20.0.0/16', 'fd12::/32']);

  it.each(['127.0.0.1', '::ffff:127.0.0.1', '10.20.255.1', 'fd12::7'])('holds %s', (address) =>
    expect(list.has(address)).toBe(true),
  );

  it.each(['127.0.0.2', '10.21.0.1', 'fd13::7', '::1', 'x'])('does not hold %s', (address) =>
    expect(list.has(address)).toBe(false),
  );

  it('refuses what is no address', () => expect(() => new AddressList(['intranet'])).toThrow(RangeError));
});
