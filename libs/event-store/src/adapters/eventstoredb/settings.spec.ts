import { describe, expect, it } from '@jest/globals';
import { EventStoreMisconfigured, parseClusterUrl } from './settings.ts';

describe('the address of EventStoreDB', () => {
  it.each([
    ['esdb://db', { seeds: [{ address: 'db', port: 2113 }], isCluster: false, isTls: true }],
    ['esdb://db:2114/?tls=false', { seeds: [{ address: 'db', port: 2114 }], isCluster: false, isTls: false }],
    ['esdb://[::1]:2113?tls=true', { seeds: [{ address: '[::1]', port: 2113 }], isCluster: false, isTls: true }],
    ['esdb+discover://db', { seeds: [{ address: 'db', port: 2113 }], isCluster: true, isTls: true }],
    [
      'esdb://a,b:1,c',
      {
        seeds: [
          { address: 'a', port: 2113 },
          { address: 'b', port: 1 },
          { address: 'c', port: 2113 },
        ],
        isCluster: true,
        isTls: true,
      },
    ],
  ])('reads %s', (url, wanted) => {
    expect(parseClusterUrl(url)).toEqual(wanted);
  });

  it.each([
    'http://db:2113',
    'kurrentdb://db',
    'esdb://',
    'esdb://db:0',
    'esdb://db:70000',
    'esdb://db,,other',
    'esdb://db:2113/path',
    'esdb://admin:geheim@db',
    'esdb+discover://a,b',
    'esdb://db?tls=yes',
    'esdb://db?tls=false&password=geheim',
    'esdb://db?nodePreference=follower',
  ])('refuses %s, and does not repeat it', (url) => {
    expect(() => parseClusterUrl(url)).toThrow(EventStoreMisconfigured);
    expect(() => parseClusterUrl(url)).not.toThrow(/geheim/);
  });
});
