import { describe, expect, it } from '@jest/globals';
import { clientNetworkOf, parseTrustedProxies } from './client-network.ts';

const trusted = parseTrustedProxies(['10.0.0.0/8', '127.0.0.1', 'fd00::/8']);
const of = (
  socket: string | undefined,
  { forwarded, xForwardedFor }: { forwarded?: string; xForwardedFor?: string } = {},
) => {
  const header = forwarded === undefined ? 'x-forwarded-for' : 'forwarded';
  return clientNetworkOf(socket, { name: header, value: forwarded ?? xForwardedFor }, trusted).address;
};

describe('where a request came from', () => {
  it('is the socket, whatever a stranger says of himself', () => {
    expect(of('203.0.113.9', { xForwardedFor: '198.51.100.1' })).toBe('203.0.113.9');
    expect(of('203.0.113.9', { forwarded: 'for=198.51.100.2' })).toBe('203.0.113.9');
    expect(of('::ffff:203.0.113.9')).toBe('203.0.113.9');
  });

  it('is the nearest stranger before our own proxies', () => {
    expect(of('10.1.1.1', { xForwardedFor: '198.51.100.66, 203.0.113.9, 10.2.2.2' })).toBe('203.0.113.9');
    expect(of('::ffff:10.1.1.1', { xForwardedFor: '203.0.113.9:5123' })).toBe('203.0.113.9');
    expect(of('fd00::1', { forwarded: 'for="[2001:db8::7]:443";proto=https, for=10.0.0.3' })).toBe('2001:db8::7');
    expect(of('10.1.1.1', { xForwardedFor: '10.9.9.9' })).toBe('10.9.9.9');
  });

  it('is the proxy itself where it says nothing that can be believed', () => {
    expect(of('10.1.1.1')).toBe('10.1.1.1');
    expect(of('10.1.1.1', { xForwardedFor: 'unknown' })).toBe('10.1.1.1');
    expect(of('10.1.1.1', { forwarded: 'for=_hidden, for=10.0.0.2' })).toBe('10.0.0.2');
  });

  it('has a network by which limits are counted', () => {
    expect(clientNetworkOf('203.0.113.9', { name: 'x-forwarded-for', value: undefined }, []).prefix).toBe(
      '203.0.113.9/32',
    );
    expect(clientNetworkOf('2001:db8:1:2:3:4:5:6', { name: 'x-forwarded-for', value: undefined }, []).prefix).toBe(
      '2001:db8:1:2::/64',
    );
    expect(clientNetworkOf('fe80::1%eth0', { name: 'x-forwarded-for', value: undefined }, []).prefix).toBe('fe80::/64');
    expect(clientNetworkOf(undefined, { name: 'x-forwarded-for', value: undefined }, [])).toEqual({
      address: 'unknown',
      prefix: 'unknown',
    });
  });

  it('trusts only what is an address or a network', () => {
    expect(() => parseTrustedProxies(['10.0.0.0/33'])).toThrow('"10.0.0.0/33"');
    expect(() => parseTrustedProxies(['loopback'])).toThrow(TypeError);
  });
});
