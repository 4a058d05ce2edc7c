import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { followSignIn, startFakeProvider } from '../../testing/index.ts';
import type { Breakage, FakeBehaviour, FakeProvider } from '../../testing/index.ts';
import { googleUpstream } from '../../upstreams/google/google-upstream.ts';
import { microsoftUpstream } from '../../upstreams/microsoft/microsoft-upstream.ts';
import { organisationUpstream } from '../../upstreams/organisation/organisation-upstream.ts';
import { anna, openSignInRoom } from '../testing/sign-in-room.ts';
import type { BegunSignIn, SignInRoom } from '../testing/sign-in-room.ts';

const EVERY: readonly FakeBehaviour[] = ['microsoft', 'google', 'organisation'];

describe('a whole sign-in at providers that speak OpenID Connect', () => {
  const fakes = new Map<FakeBehaviour, FakeProvider>();
  let room: SignInRoom;
  beforeAll(async () => {
    for (const behaves of EVERY) fakes.set(behaves, await startFakeProvider({ behaves }));
    const egress = new Egress();
    const of = (behaves: FakeBehaviour) => {
      const { clientId, secret, issuer, url } = fake(behaves);
      return {
        id: behaves,
        name: behaves,
        clientId,
        credential: { secret },
        privateAddresses: ['127.0.0.1'],
        issuer,
        url,
      };
    };
    room = await openSignInRoom([
      microsoftUpstream({ ...of('microsoft'), accounts: 'both', authority: of('microsoft').url }, egress),
      googleUpstream(of('google'), egress),
      organisationUpstream({ ...of('organisation'), domains: ['example.com'] }, egress),
    ]);
  });
  afterAll(async () => {
    await room.close();
    for (const provider of fakes.values()) await provider.close();
  });

  function fake(behaves: FakeBehaviour): FakeProvider {
    const started = fakes.get(behaves);
    if (started === undefined) throw new Error('not started');
    return started;
  }

  /** From the button through the provider's own pages. @returns the address that it sends the browser back to */
  async function through({ browser, path }: BegunSignIn, behaves: FakeBehaviour, breakage: Breakage | null = null) {
    fake(behaves).signInAs({ email: anna });
    fake(behaves).breakWith(breakage);
    const toProvider = new URL((await browser.get(`${path}/with/${behaves}`)).headers.get('location') ?? '');
    return followSignIn(toProvider, `${room.url}/sign-in/callback/`);
  }

  it.each(EVERY)('hands on the address that %s proves', async (behaves) => {
    const signIn = await room.begin();
    const callback = await through(signIn, behaves);
    const back = await signIn.browser.get(callback.href);
    expect(await signIn.end(back.headers.get('location') ?? '')).toMatchObject({
      email: anna,
      amr: ['fed'],
      segl_proof: { method: behaves },
    });
    const query = fake(behaves).authorizationRequests.at(-1);
    expect(query?.get('login_hint')).toBe(anna);
    expect(query?.get('code_challenge_method')).toBe('S256');
  });

  it.each([
    ['wrong-issuer', 'refused'],
    ['wrong-audience', 'refused'],
    ['wrong-nonce', 'refused'],
    ['alg-none', 'refused'],
    ['hs256-with-public-key', 'refused'],
    ['expired', 'refused'],
    ['provider-error', 'refused'],
    ['cancelled', 'cancelled'],
  ] as const)('%s: one failure in the record, one page without the reason', async (breakage, told) => {
    for (const behaves of EVERY) {
      const before = (await room.failures()).length;
      const signIn = await room.begin();
      const callback = await through(signIn, behaves, breakage);
      const back = await signIn.browser.get(callback.href);
      expect(back.headers.get('location')).toBe(`${signIn.path}?told=${told}`);
      expect((await signIn.browser.follow(back)).text).toContain('Send me a code');
      const after = await room.failures();
      expect(after).toHaveLength(before + 1);
      expect(after.at(-1)).toMatchObject({ method: behaves, upstream: behaves, clientId: 'portal' });
      room.elapse(3601); // a fresh hour for as many attempts
    }
  });

  it('A6: the code of one provider is worth nothing at another, in either direction', async () => {
    for (const [one, other] of [
      ['google', 'microsoft'],
      ['microsoft', 'google'],
    ] as const) {
      const signIn = await room.begin();
      const code = (await through(signIn, other)).searchParams.get('code') ?? '';
      const callback = await through(signIn, one);
      callback.searchParams.set('code', code);
      const before = (await room.failures()).length;
      const back = await signIn.browser.get(callback.href);
      expect(back.headers.get('location')).toBe(`${signIn.path}?told=refused`);
      expect(await room.failures()).toHaveLength(before + 1);
    }
  });
});
