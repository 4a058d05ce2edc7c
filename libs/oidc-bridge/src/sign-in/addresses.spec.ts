import { describe, expect, it } from '@jest/globals';
import { linksOf, pathTo, uidInPath } from './addresses.ts';

describe('the addresses of a sign-in', () => {
  it('are filled in from the one table', () => {
    expect(pathTo('withUpstream', { uid: 'u1', upstream: 'google' })).toBe('/sign-in/u1/with/google');
    expect(pathTo('page', { uid: 'u1' }, { told: 'over' })).toBe('/sign-in/u1?told=over');
    expect(pathTo('page', { uid: 'u1' }, { told: null })).toBe('/sign-in/u1');
    expect(pathTo('page', { uid: '../m?x' })).toBe('/sign-in/..%2Fm%3Fx');
    expect(linksOf('u1').cancel).toBe('/sign-in/u1/cancel');
  });

  it('name their sign-in', () => {
    expect(uidInPath('/sign-in/u1/code?proof=x')).toBe('u1');
    expect(uidInPath('/sign-in/u1?told=over')).toBe('u1');
    expect(uidInPath('/m/u1')).toBeNull();
  });
});
