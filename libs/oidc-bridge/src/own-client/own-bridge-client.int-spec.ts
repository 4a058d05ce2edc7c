import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { destroyKey, rotateKey } from '#libs/keyring';
import { FixedClock, newSecret, SystemClock } from '#libs/vocabulary';
import { proveAs, StrangerHouse } from '../testing/stranger-client-house.ts';
import { proofOf, PUBLIC_URL } from '../testing/stranger-client-portal.ts';
import { PORTAL_CLIENT_ID, portalSigningKey } from '../provider/clients.ts';
import { OwnBridgeClient } from './own-bridge-client.ts';
import type { OwnBridgeClientSettings } from './own-bridge-client.ts';

describe('a room of ours at our own bridge', () => {
  let house: StrangerHouse;
  let clock: FixedClock;
  let asked: string[];
  beforeEach(async () => {
    asked = [];
    clock = new FixedClock(new SystemClock().now());
    house = await StrangerHouse.open({ clock, proofs: (who) => proofOf(who, { provenAt: clock.now() }) });
  });
  afterEach(() => house.close());

  function client(bridgeKeys?: OwnBridgeClientSettings['bridgeKeys']): OwnBridgeClient {
    return new OwnBridgeClient({
      issuer: new URL('/oidc', PUBLIC_URL),
      clientId: PORTAL_CLIENT_ID,
      redirectUri: house.settings.portalRedirectUri,
      clientKeys: () => [portalSigningKey(house.keys.keyring, clock.now())].filter((key) => key !== null),
      ...(bridgeKeys && { bridgeKeys }),
      fetch: (url, options) => {
        asked.push(new URL(url).pathname);
        return house.portal.transport(new URL(url), options);
      },
    });
  }
  const keysOfTheRing = () => house.keys.keyring.oidcPublicKeys();

  async function emailBy(ours: OwnBridgeClient): Promise<unknown> {
    const kept = { state: newSecret(), nonce: newSecret(), codeVerifier: newSecret() };
    const browser = house.browser();
    const { location } = await browser.get(await ours.begin(kept, {}));
    const back = await proveAs(browser, location?.pathname ?? '', 'anna');
    return (await ours.finish(back.location?.searchParams ?? new URLSearchParams(), kept))?.['email'];
  }

  async function anotherKeyAlone(): Promise<void> {
    await rotateKey(house.keys.directory, 'oidc', { now: clock.now() });
    await destroyKey(house.keys.directory, 'oidc-1', { now: clock.now() });
    house.keys.keyring.refresh();
  }

  it('believes what the keyring of this process says of its keys, and asks nobody for them', async () => {
    const ours = client(keysOfTheRing);
    for (const _ of [1, 2]) expect(await emailBy(ours)).toMatch(/^anna@/);
    await anotherKeyAlone();
    expect(await emailBy(ours)).toMatch(/^anna@/);
    expect(asked).not.toContain('/oidc/jwks');
  });

  it('believes nothing that a key signed which is in the keyring no more', async () => {
    let keys = keysOfTheRing();
    const ours = client(() => keys);
    expect(await emailBy(ours)).toMatch(/^anna@/);
    await rotateKey(house.keys.directory, 'oidc', { now: clock.now() });
    house.keys.keyring.refresh();
    keys = keysOfTheRing().filter(({ keyId }) => keyId !== 'oidc-1'); // as after its destruction elsewhere
    await expect(emailBy(ours)).rejects.toThrow();
  });

  it('asks for the keys at each answer where another process is the bridge, so that a change of them is met', async () => {
    const ours = client();
    expect(await emailBy(ours)).toMatch(/^anna@/);
    await anotherKeyAlone();
    expect(await emailBy(ours)).toMatch(/^anna@/);
    expect(asked.filter((path) => path === '/oidc/jwks')).toHaveLength(2);
  });
});
