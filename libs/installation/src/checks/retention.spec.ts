import { describe, expect, it } from '@jest/globals';
import type { Settings } from '../settings/settings.ts';
import { CHECKS_OF_RETENTION } from './retention.ts';

/** What these checks look at. */
function settingsWith(given: { days?: number; eventStore?: string; roles?: string[] }): Settings {
  const { days, eventStore = 'sqlite:/var/lib/segl/events.sqlite', roles = ['portal', 'gateway', 'console'] } = given;
  return { retention: { codesDays: days }, eventStore, roles } as unknown as Settings;
}

describe('whether retention runs', () => {
  const of = (settings: Settings) => {
    const asked = (asker: 'readiness' | 'doctor') =>
      CHECKS_OF_RETENTION.filter((check) => check.askers.includes(asker) && check.concerns(settings, asker));
    return { readyz: asked('readiness').map(({ part }) => part), doctor: asked('doctor').map(({ part }) => part) };
  };

  it('is asked where it is set, by the process that does it', () => {
    expect(of(settingsWith({ days: 30 }))).toEqual({ readyz: ['retention'], doctor: ['retention'] });
    expect(of(settingsWith({}))).toEqual({ readyz: [], doctor: [] });
    expect(of(settingsWith({ days: 30, roles: ['portal'] }))).toEqual({ readyz: [], doctor: [] });
  });

  it('is advice of the doctor where the store changes no event', () => {
    const settings = settingsWith({ days: 30, eventStore: 'esdb://events.example:2113' });
    expect(of(settings)).toEqual({ readyz: [], doctor: ['retention on EventStoreDB'] });
    expect(CHECKS_OF_RETENTION.filter(({ onlyAdvises }) => onlyAdvises).map(({ part }) => part)).toEqual([
      'retention on EventStoreDB',
    ]);
  });
});
