import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { newPersonId, parseMailAddress } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { LoginAttempts, TooManySignIns } from './login-attempts.ts';

const anna = parseMailAddress('anna@example.com');
const portal = { clientId: 'portal', clientKind: 'portal' } as const;
const intranet = { clientId: 'intranet', clientKind: 'application' } as const;

describe('sign-ins begun', () => {
  let store: MemoryEphemeralStore;
  let attempts: LoginAttempts;
  beforeEach(() => {
    store = new MemoryEphemeralStore({ maxBytes: 8e6 });
    attempts = new LoginAttempts(store);
  });
  afterEach(() => store.close());

  /** Each in a /48 of its own. */
  const network = (index: number) =>
    `2001:${(0xdb8 + (index >> 16)).toString(16)}:${(index & 0xffff).toString(16)}::/64`;
  const begin = (
    client: typeof portal | typeof intranet,
    index: number,
    wantedAddress = anna,
    personId: PersonId | null = null,
  ) => attempts.countBegun({ ...client, wantedAddress, ...{ personId } }, network(index));
  const howMany = async (next: (turn: number) => Promise<void>): Promise<number> => {
    for (let turn = 0; ; turn++) {
      try {
        await next(turn);
      } catch (error) {
        expect(error).toBeInstanceOf(TooManySignIns);
        return turn;
      }
    }
  };

  it('for an address are 20 in an hour from one network, and 200 in all', async () => {
    expect(await howMany(() => begin(portal, 0))).toBe(20);
    for (let turn = 0; turn < 180; turn++) await begin(portal, 1 + turn);
    expect(await howMany(() => begin(portal, 500))).toBe(10); // the last resort, which strangers cannot spend for others
  });

  it('at an application take nothing of those at the portal: anybody can name an address to an application', async () => {
    expect(await howMany((turn) => begin(intranet, turn))).toBe(200);
    await begin(portal, 0);
  });

  it('at an application are as many for an address that the portal knows as for one that it does not (A12)', async () => {
    const known = newPersonId();
    const stranger = parseMailAddress('stranger@example.com');
    expect(await howMany(() => begin(intranet, 0, anna, known))).toBe(20);
    expect(await howMany(() => begin(intranet, 0, stranger, null))).toBe(20);
  });

  it('at an application are bounded over all addresses that are named to it', async () => {
    const named = (turn: number) => parseMailAddress(`a${turn}@example.com`);
    expect(await howMany((turn) => begin(intranet, 0, named(turn)))).toBe(200);
    expect(await howMany((turn) => begin(intranet, 1 + turn, named(turn)))).toBe(1800);
    await begin(portal, 0);
  });

  it('without an address are bounded for the client', async () => {
    const nobody = { ...intranet, wantedAddress: null, personId: null };
    expect(await howMany(() => attempts.countBegun(nobody, network(0)))).toBe(200);
    expect(await howMany((turn) => attempts.countBegun(nobody, network(1 + turn)))).toBe(1800);
  });

  it('are counted by this room alone, and the store’s keys name nobody', async () => {
    await begin(portal, 0);
    expect(await store.increment(`logins-begun:portal:${anna}`, { by: 0, ttlSeconds: 1 })).toBe(0);
  });
});
