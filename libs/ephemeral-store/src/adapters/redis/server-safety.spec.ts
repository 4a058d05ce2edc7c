import { describe, expect, it } from '@jest/globals';
import { reasonsAgainst, warningsAbout } from './server-safety.ts';

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

  it('memory that is not bounded, or less than the bound, is a warning', () => {
    expect(warningsAbout({ info, config }, 500_000_000)).toEqual([]);
    expect(warningsAbout({ info, config }, 999_000_000)).toHaveLength(1);
    expect(warningsAbout({ info, config: new Map(config).set('maxmemory', '0') }, 1)).toHaveLength(1);
  });
});
