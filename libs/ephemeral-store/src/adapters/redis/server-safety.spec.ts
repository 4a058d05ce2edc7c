import { describe, expect, it } from '@jest/globals';
import { reasonsAgainst, takenOnTrust, warningsAbout } from './server-safety.ts';
import { VOUCHED_FACTS } from './vouched-facts.ts';

const info = new Map(
  Object.entries({
    redis_version: '7.2.4',
    role: 'master',
    connected_slaves: '0',
    cluster_enabled: '0',
    aof_enabled: '0',
    rdb_bgsave_in_progress: '0',
    aof_rewrite_in_progress: '0',
  }),
);
const config = new Map(
  Object.entries({ save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', maxmemory: '1000000000' }),
);

describe('whether a server is safe to use', () => {
  it('it is when it stands alone, keeps nothing and evicts nothing', () => {
    expect(reasonsAgainst({ info, config })).toEqual([]);
  });

  it.each([...info.keys()])('it is not when it does not say %s', (name) => {
    const silent = new Map(info);
    silent.delete(name);
    expect(reasonsAgainst({ info: silent, config })).toHaveLength(1);
  });

  it.each(['save', 'appendonly', 'maxmemory-policy'])('it is not when it does not say its setting %s', (name) => {
    const silent = new Map(config);
    silent.delete(name);
    expect(reasonsAgainst({ info, config: silent })).toHaveLength(1);
  });

  it.each([
    ['redis_version', '6.2.14'],
    ['role', 'slave'],
    ['connected_slaves', '1'],
    ['cluster_enabled', '1'],
    ['aof_enabled', '1'],
    ['rdb_bgsave_in_progress', '1'],
  ])('it is not with %s %s', (name, value) => {
    expect(reasonsAgainst({ info: new Map(info).set(name, value), config })).toHaveLength(1);
  });

  it('it is not when it may not be asked, and both are told at once', () => {
    expect(reasonsAgainst({ info: null, config: null })).toEqual([
      expect.stringContaining('+info'),
      expect.stringContaining('+config|get'),
    ]);
  });

  it('it is when a managed server is silent and its operator vouches for the rest', () => {
    const ofConfig = new Set(['no-append-file', 'no-snapshots', 'no-eviction'] as const);
    expect(reasonsAgainst({ info, config: null }, ofConfig)).toEqual([]);
    expect(takenOnTrust({ info, config: null }, ofConfig)).toEqual(['no-snapshots', 'no-append-file', 'no-eviction']);
    expect(reasonsAgainst({ info, config: null }, new Set(['no-snapshots'] as const))).toEqual([
      expect.stringMatching(/vouch .*: no-append-file, no-eviction\)$/),
    ]);
    expect(reasonsAgainst({ info: null, config: null }, new Set(VOUCHED_FACTS))).toEqual([]);
  });

  it('it is not when the server says otherwise than its operator', () => {
    const all = new Set(VOUCHED_FACTS);
    expect(reasonsAgainst({ info: new Map(info).set('connected_slaves', '1'), config: null }, all)).toHaveLength(1);
    expect(reasonsAgainst({ info, config: new Map(config).set('save', '60 1') }, all)).toHaveLength(1);
    expect(takenOnTrust({ info, config }, all)).toEqual([]);
  });

  it('memory that is not bounded, or less than the bound, is a warning', () => {
    expect(warningsAbout({ info, config }, 500_000_000)).toEqual([]);
    expect(warningsAbout({ info, config }, 999_000_000)).toHaveLength(1);
    expect(warningsAbout({ info, config: new Map(config).set('maxmemory', '0') }, 1)).toHaveLength(1);
  });
});
