import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { newPersonId, parseMailAddress } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { Challenges, ClientCodesSpent, TooManyChallenges } from './challenges.ts';
import { MESSAGE_BUDGET } from './passcode.ts';
import type { OtpBudget } from './passcode.ts';

const HOUR_MS = 3_600_000;
const NETWORK = '192.0.2.0/24';

describe('challenges of made-up browsers', () => {
  let milliseconds: number;
  let store: MemoryEphemeralStore;
  let challenges: Challenges;
  let browsers = 0;

  beforeEach(() => {
    milliseconds = 0;
    store = new MemoryEphemeralStore({ maxBytes: 1e6, clock: () => milliseconds });
    challenges = new Challenges(store);
  });
  afterEach(() => store.close());

  const anna = newPersonId();
  const begin = (networkPrefix?: string, personId: PersonId = anna, budget: OtpBudget = MESSAGE_BUDGET) =>
    challenges.begin({
      browserId: `browser-${++browsers}`,
      person: { personId },
      address: parseMailAddress('anna@example.com'),
      returnTo: '/somewhere',
      locale: 'en',
      budget,
      ...(networkPrefix === undefined ? {} : { networkPrefix }),
    });
  async function times(count: number, networkOf: (index: number) => string): Promise<void> {
    for (let index = 0; index < count; index++) await begin(networkOf(index));
  }

  it('from one network are 20 for a person in an hour, whatever other networks and persons do', async () => {
    await times(20, () => '192.0.2.0/24');
    await expect(begin('192.0.2.0/24')).rejects.toBeInstanceOf(TooManyChallenges);
    await begin('198.51.100.0/24');
    await begin('192.0.2.0/24', newPersonId());
    milliseconds += HOUR_MS;
    await begin('192.0.2.0/24');
  });

  it('are 200 for a person in an hour from all networks, so that they never fill the store', async () => {
    await times(200, (index) => `2001:db8:0:${index.toString(16)}::/64`);
    await expect(begin('2001:db8:1::/64')).rejects.toBeInstanceOf(TooManyChallenges);
    await expect(begin()).rejects.toBeInstanceOf(TooManyChallenges);
    const { usedBytes } = await store.usage();
    expect(usedBytes).toBeLessThan(500_000);
    milliseconds += HOUR_MS;
    await begin('2001:db8:1::/64');
  });

  it('from one network do not use up what there is for all', async () => {
    await times(20, () => '192.0.2.0/24');
    for (let index = 0; index < 500; index++) await begin('192.0.2.0/24').catch(() => undefined);
    await times(170, (index) => `2001:db8:0:${index.toString(16)}::/64`);
  });

  it('for an address that a client chose are counted apart: they never take a recipient’s own', async () => {
    const intranet = { of: 'client', clientId: 'intranet', codesPerHour: 3 } as const;
    for (let index = 0; index < 20; index++) await begin('192.0.2.0/24', anna, intranet);
    await expect(begin('192.0.2.0/24', anna, intranet)).rejects.toBeInstanceOf(TooManyChallenges);
    await begin('192.0.2.0/24');
  });

  it('of a client give it so many codes in an hour, over all addresses, and those not made come back', async () => {
    const intranet = { of: 'client', clientId: 'intranet', codesPerHour: 3 } as const;
    const claims = await Promise.all(Array.from({ length: 20 }, () => challenges.claimCode(intranet, NETWORK)));
    expect(claims.filter((isGiven) => isGiven)).toHaveLength(3);
    await expect(challenges.checkBudget(intranet, NETWORK)).rejects.toBeInstanceOf(ClientCodesSpent);
    await challenges.checkBudget({ ...intranet, clientId: 'another' }, NETWORK);
    await challenges.checkBudget({ of: 'message' }, NETWORK);
    milliseconds += HOUR_MS;
    expect(await challenges.claimCode(intranet, NETWORK)).toBe(true);
    await challenges.giveCodeBack(intranet, NETWORK);
    for (let turn = 0; turn < 3; turn++) expect(await challenges.claimCode(intranet, NETWORK)).toBe(true);
    expect(await challenges.claimCode({ of: 'message' }, NETWORK)).toBe(true);
  });

  it('A13: of a client give one network a quarter of its codes and no more, however many addresses it names', async () => {
    const intranet = { of: 'client', clientId: 'intranet', codesPerHour: 100 } as const;
    const claimed = async (network: string, times: number) => {
      const claims = await Promise.all(Array.from({ length: times }, () => challenges.claimCode(intranet, network)));
      return claims.filter((isGiven) => isGiven).length;
    };
    expect(await claimed(NETWORK, 500)).toBe(25);
    await expect(challenges.checkBudget(intranet, NETWORK)).rejects.toBeInstanceOf(ClientCodesSpent);
    await challenges.checkBudget(intranet, '203.0.113.0/24');
    expect(await claimed('203.0.113.0/24', 500)).toBe(25);
    expect(await claimed('2001:db8::/64', 500)).toBe(25);
    expect(await claimed('2001:db8:1::/64', 500)).toBe(25);
    expect(await claimed('2001:db8:2::/64', 1)).toBe(0);
  });

  it('keep no network: what is counted is a digest', async () => {
    await begin('192.0.2.0/24');
    expect(await store.increment(`challenges-begun:${anna}`, { by: 0, ttlSeconds: 1 })).toBe(1);
    await expect(store.increment(`challenges-begun:${anna}:192.0.2.0/24`, { ttlSeconds: 1 })).resolves.toBe(1);
  });
});
