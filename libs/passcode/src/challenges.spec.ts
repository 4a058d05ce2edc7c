import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { newPersonId, parseMailAddress } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { Challenges, ClientCodesSpent, TooManyChallenges } from './challenges.ts';
import { DEFAULT_PASSCODE_LIMITS, MESSAGE_BUDGET } from './passcode.ts';
import type { OtpBudget } from './passcode.ts';

const HOUR_MS = 3_600_000;
const NETWORK = '192.0.2.1/32';

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
  const begin = (networkPrefix: string, personId: PersonId = anna, budget: OtpBudget = MESSAGE_BUDGET) =>
    challenges.begin({
      browserId: `browser-${++browsers}`,
      person: { personId },
      address: parseMailAddress('anna@example.com'),
      returnTo: '/somewhere',
      locale: 'en',
      budget,
      networkPrefix,
    });
  async function times(count: number, networkOf: (index: number) => string): Promise<void> {
    for (let index = 0; index < count; index++) await begin(networkOf(index));
  }

  it('from one network are 20 for a person in an hour, whatever other networks and persons do', async () => {
    await times(20, () => '192.0.2.1/32');
    await expect(begin('192.0.2.1/32')).rejects.toBeInstanceOf(TooManyChallenges);
    await begin('198.51.100.1/32');
    await begin('192.0.2.1/32', newPersonId());
    milliseconds += HOUR_MS;
    await begin('192.0.2.1/32');
  });

  it('are 200 for a person in an hour from all networks, and then the last ten of each, so that they never fill the store', async () => {
    await times(200, (index) => `2001:db8:${index.toString(16)}::/64`);
    await times(10, () => '2001:db8:ffff::/64'); // what each network still has, so that strangers keep nobody out
    await expect(begin('2001:db8:ffff::/64')).rejects.toBeInstanceOf(TooManyChallenges);
    await expect(begin('2001:db8:0::/64')).resolves.toBeDefined();
    const { usedBytes } = await store.usage();
    expect(usedBytes).toBeLessThan(500_000);
    milliseconds += HOUR_MS;
    await begin('2001:db8:ffff::/64');
  });

  it('from one network do not use up what there is for all', async () => {
    await times(20, () => '192.0.2.1/32');
    for (let index = 0; index < 500; index++) await begin('192.0.2.1/32').catch(() => undefined);
    await times(170, (index) => `2001:db8:${index.toString(16)}::/64`);
  });

  it('for an address that a client chose are counted apart: they never take a recipient’s own', async () => {
    const intranet = { of: 'client', clientId: 'intranet', codesPerHour: 3 } as const;
    for (let index = 0; index < 20; index++) await begin('192.0.2.1/32', anna, intranet);
    await expect(begin('192.0.2.1/32', anna, intranet)).rejects.toBeInstanceOf(TooManyChallenges);
    await begin('192.0.2.1/32');
  });

  const claim = (budget: OtpBudget, networkPrefix: string) =>
    challenges.claimCode({ personId: anna, browserDigest: 'x', budget }, networkPrefix, DEFAULT_PASSCODE_LIMITS);
  const claimed = async (budget: OtpBudget, network: string, count: number) => {
    const claims = await Promise.all(Array.from({ length: count }, () => claim(budget, network)));
    return claims.filter(({ standing }) => standing === 'within').length;
  };

  it('of a client give it so many codes in an hour, over all addresses, and those not made come back', async () => {
    const intranet = { of: 'client', clientId: 'intranet', codesPerHour: 3 } as const;
    expect(await claimed(intranet, NETWORK, 20)).toBe(3);
    await expect(challenges.checkBudget(intranet, NETWORK)).rejects.toBeInstanceOf(ClientCodesSpent);
    await challenges.checkBudget({ ...intranet, clientId: 'another' }, NETWORK);
    await challenges.checkBudget({ of: 'message' }, NETWORK);
    milliseconds += HOUR_MS;
    await (await claim(intranet, NETWORK)).giveBack();
    expect(await claimed(intranet, NETWORK, 3)).toBe(3);
    expect(await claimed({ of: 'message' }, NETWORK, 1)).toBe(1);
  });

  it('A13: of a client give one network a quarter of its codes and no more, however many addresses it names', async () => {
    const intranet = { of: 'client', clientId: 'intranet', codesPerHour: 100 } as const;
    expect(await claimed(intranet, NETWORK, 500)).toBe(25);
    await expect(challenges.checkBudget(intranet, NETWORK)).rejects.toBeInstanceOf(ClientCodesSpent);
    await challenges.checkBudget(intranet, '203.0.113.1/32');
    expect(await claimed(intranet, '203.0.113.1/32', 500)).toBe(25);
    expect(await claimed(intranet, '2001:db8::/64', 500)).toBe(25);
    expect(await claimed(intranet, '2001:db8:1::/64', 500)).toBe(25);
    expect(await claimed(intranet, '2001:db8:2::/64', 1)).toBe(0);
  });

  it('keep no network: what is counted is a digest', async () => {
    await begin('192.0.2.1/32');
    expect(await store.increment(`challenges-begun:${anna}`, { by: 0, ttlSeconds: 1 })).toBe(1);
    await expect(store.increment(`challenges-begun:${anna}:192.0.2.1/32`, { ttlSeconds: 1 })).resolves.toBe(1);
  });
});
