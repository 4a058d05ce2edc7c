import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#libs/vocabulary';
import type { DomainEvent, Fold } from '../domain-event.ts';
import { given } from './given.ts';

type DoorEvent = DomainEvent<'Opened', { by: string }> | DomainEvent<'Closed', { by?: string | undefined }>;
const door: Fold<'open' | 'closed', DoorEvent> = {
  initialState: () => 'closed',
  evolve: (_, { type }) => (type === 'Opened' ? 'open' : 'closed'),
};
const opened: DoorEvent = { type: 'Opened', data: { by: 'anna' } };
const closed: DoorEvent = { type: 'Closed', data: {} };

function open(state: 'open' | 'closed'): DoorEvent[] {
  if (state === 'open') throw new DomainError('door-is-open');
  return [opened];
}

describe('given', () => {
  it('passes in one expression', () => given(door, opened, closed).when(open).then(opened));
  it('passes when nothing happens', () =>
    given(door)
      .when(() => [])
      .then());
  it('passes when the rule is broken', () => given(door, opened).when(open).thenThrows('door-is-open'));
  it('takes an undefined property for one that is not there', () =>
    given(door)
      .when(() => [{ type: 'Closed', data: { by: undefined } }])
      .then(closed));

  it('fails when other events are decided, more, fewer, or in another order', () => {
    const decision = given(door).when(() => [opened, closed]);
    for (const expected of [[opened], [opened, closed, opened], [closed, opened], []]) {
      expect(() => decision.then(...expected)).toThrow();
    }
  });

  it('fails when another rule is broken, or none', () => {
    expect(() => given(door, opened).when(open).thenThrows('door-is-stuck')).toThrow();
    expect(() => given(door).when(open).thenThrows('door-is-open')).toThrow('nothing was thrown');
  });
});
