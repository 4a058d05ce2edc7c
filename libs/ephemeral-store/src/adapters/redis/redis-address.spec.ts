import { describe, expect, it } from '@jest/globals';
import { parseRedisUrl } from './redis-address.ts';

describe('the address of Redis', () => {
  it('is a host, a port, a user and a database', () => {
    expect(parseRedisUrl('redis://segl@cache.example.org:6380/3')).toMatchObject({
      host: 'cache.example.org',
      port: 6380,
      username: 'segl',
      database: 3,
      isTls: false,
    });
    expect(parseRedisUrl('rediss://[::1]')).toMatchObject({ host: '::1', port: 6379, database: 0, isTls: true });
  });

  it.each([
    'memory:',
    'http://host',
    'redis:',
    'redis://host/name',
    'redis://host/0/1',
    'redis://host?db=1',
    'redis://host:70000',
  ])('is not %s', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(TypeError);
  });

  it('holds no password, and the refusal repeats none', () => {
    expect(() => parseRedisUrl('redis://segl:hunter2@host')).toThrow(/in a file/);
    expect(() => parseRedisUrl('redis://segl:hunter2@host')).not.toThrow(/hunter2/);
  });

  it('has a CA file with TLS alone', () => {
    expect(() => parseRedisUrl('redis://host', { caFile: '/ca.pem' })).toThrow(TypeError);
    expect(parseRedisUrl('rediss://host', { caFile: '/ca.pem' }).caFile).toBe('/ca.pem');
  });
});
