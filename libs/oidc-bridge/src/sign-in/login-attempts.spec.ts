import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { newPersonId } from '#libs/vocabulary';
import { LoginAttempts, TooManySignIns } from './login-attempts.ts';

describe('sign-ins begun for a person', () => {
  let store: MemoryEphemeralStore;
  let attempts: LoginAttempts;
  beforeEach(() => {
    store = new MemoryEphemeralStore({ maxBytes: 1e6 });
    attempts = new LoginAttempts(store);
  });
  afterEach(() => store.close());

  const personId = newPersonId();
  const network = (index: number) => `2001:db8:0:${index.toString(16)}::/64`;
  const begin = (clientId: string, index: number) => attempts.countBegun({ personId, clientId }, network(index));

  it('are 200 in an hour over all networks', async () => {
    for (let index = 0; index < 200; index++) await begin('portal', index);
    await expect(begin('portal', 999)).rejects.toBeInstanceOf(TooManySignIns);
  });

  it('at an application take nothing of those at the portal: anybody can name an address to an application', async () => {
    for (let index = 0; index < 200; index++) await begin('intranet', index);
    await expect(begin('intranet', 999)).rejects.toBeInstanceOf(TooManySignIns);
    await begin('portal', 0);
  });

  it('are counted by this room alone: the portal counts its own, of the same person, under another name', async () => {
    for (let index = 0; index < 5; index++) await begin('portal', 0);
    expect(await store.increment(`sign-ins-begun:${personId}`, { by: 0, ttlSeconds: 1 })).toBe(0);
  });
});
