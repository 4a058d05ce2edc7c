import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newPersonId, parseMailAddress } from '#libs/vocabulary';
import { UpstreamRefused, UpstreamUnreachable } from '../../upstreams/upstream.ts';
import { newSecret } from '#libs/vocabulary';
import { ScriptedUpstream } from '../testing/scripted-upstream.ts';
import { anna, bo, openSignInRoom, throughProvider } from '../testing/sign-in-room.ts';
import type { SignInRoom } from '../testing/sign-in-room.ts';

describe('signing in with an account', () => {
  const google = new ScriptedUpstream('google', { method: 'google', name: 'Google' });
  const microsoft = new ScriptedUpstream('microsoft', { method: 'microsoft', name: 'Microsoft' });
  const staff = new ScriptedUpstream('nordlys', { name: 'Nordlys', givesRoles: true });
  let room: SignInRoom;
  beforeAll(async () => {
    room = await openSignInRoom([google, microsoft, staff]);
  });
  afterAll(() => room.close());
  beforeEach(async () => {
    room.elapse(3601); // a fresh hour
    for (const upstream of [google, microsoft, staff]) {
      upstream.isUp = true;
      upstream.beginning = () => Promise.resolve();
      upstream.answer = () => upstream.account(anna);
      upstream.finished.length = 0;
    }
  });
  /** Failures since the last look. */
  const newFailures = (() => {
    const seen = new Map<string, number>();
    return async (clientId?: string) => {
      const all = await room.failures(room.annaId, clientId);
      const before = seen.get(clientId ?? '') ?? 0;
      seen.set(clientId ?? '', all.length);
      return all.slice(before);
    };
  })();

  it('hands the client the very address that was wanted, with who vouched for it', async () => {
    const signIn = await room.begin();
    const { toProvider, callback } = await throughProvider(signIn, 'google');
    expect(toProvider).toMatch(/^https:\/\/google\.example\/authorize\?state=[\w-]{43}$/);
    expect(google.begun.at(-1)).toMatchObject({
      wantedAddress: anna,
      redirectUri: `${room.url}/sign-in/callback/google`,
      locale: 'en',
    });
    const back = await signIn.browser.get(callback);
    expect([back.status, back.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(new RegExp(`^${signIn.path}/finish\\?outcome=[\\w-]{43}$`)),
    ]);
    const claims = await signIn.end(back.headers.get('location') ?? '');
    expect(claims).toMatchObject({
      email: anna,
      email_verified: true,
      amr: ['fed'],
      segl_proof: { method: 'google', issuer: 'https://google.example', subject: 'google-subject' },
    });
    expect(claims).not.toHaveProperty('roles');
    expect(await newFailures()).toEqual([]);
  });

  it('gives a client that wants no certain address the one that was proven', async () => {
    google.answer = () => google.account(bo);
    const signIn = await room.begin({ client: 'intranet' });
    const { callback } = await throughProvider(signIn, 'google');
    expect(google.begun.at(-1)?.wantedAddress).toBeNull();
    const back = await signIn.browser.get(callback);
    expect(await signIn.end(back.headers.get('location') ?? '')).toMatchObject({ email: bo });
  });

  it('shows whose account it was, to them alone, where it proves another address, and trusts nothing anyway', async () => {
    microsoft.answer = () => microsoft.account(bo);
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'microsoft');
    const location = (await signIn.browser.get(callback)).headers.get('location') ?? '';
    const page = await signIn.browser.get(location);
    expect(page.status).toBe(200);
    expect(page.text).toContain(`You are signed in to Microsoft as ${bo}.`);
    expect(page.text).toContain('You need to confirm the address a••••••@example.com');
    expect(page.text).toContain('Send me a code');
    expect(page.text).toContain('Sign in with Google');
    expect(page.html).toMatch(/<button type="submit">Send me a code/); // the best that is left to do
    expect(page.html).not.toContain(anna);
    expect(await newFailures()).toEqual([
      {
        ...{ personId: room.annaId, clientId: 'portal', method: 'microsoft', upstream: 'microsoft' },
        ...{ issuer: 'https://microsoft.example', reason: 'other-address', failedAt: expect.any(String) },
      },
    ]);
    expect(page.html).toContain(`${signIn.path}/with/microsoft?another&#x3D;account"`);
    expect(page.html).toContain(`${signIn.path}/with/google"`); // another provider has its account still to show
    await signIn.browser.get(`${signIn.path}/with/microsoft?another=account`);
    expect([microsoft.begun.at(-2)?.isForAnother, microsoft.begun.at(-1)?.isForAnother]).toEqual([false, true]);
    const again = await signIn.browser.get(location); // reload: whose account it was is kept nowhere
    expect(again.headers.get('location')).toBe(`${signIn.path}?told=over`);
    expect((await signIn.browser.get(`${signIn.path}?told=over`)).text).toContain('Nothing is lost');
  });

  it.each([
    ['address-unverified', null],
    ['guest-account', null],
  ] as const)('refuses an account whose address its provider does not prove: %s', async (unproven, address) => {
    google.answer = () => google.account(address, { unproven, shownAs: anna }); // as if it were hers
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'google');
    const page = await signIn.browser.follow(await signIn.browser.get(callback));
    expect(page.text).toContain('This account does not confirm your address');
    expect(page.text).not.toMatch(/unverified|guest/);
    expect((await newFailures()).map(({ reason }) => reason)).toEqual([unproven]);
  });

  it.each([
    'wrong-issuer',
    'wrong-tenant',
    'wrong-audience',
    'wrong-nonce',
    'token-signature',
    'token-invalid',
    'provider-error',
  ] as const)('shows one page without the reason, and records the reason once: %s', async (reason) => {
    google.answer = () => Promise.reject(new UpstreamRefused(reason));
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'google');
    const back = await signIn.browser.get(callback);
    expect(back.headers.get('location')).toBe(`${signIn.path}?told=refused`);
    const page = await signIn.browser.get(`${signIn.path}?told=refused`);
    expect(page.text).toContain('That sign-in was not accepted. Try again, or choose another way.');
    expect(page.text).toContain('Send me a code');
    expect((await newFailures()).map((failure) => failure.reason)).toEqual([reason]);
    await signIn.browser.get(callback); // and not again for the same attempt
    expect(await newFailures()).toEqual([]);
  });

  it('says after turning back at the provider what to do, and what it is when a provider cannot be reached', async () => {
    const signIn = await room.begin();
    google.answer = () => Promise.reject(new UpstreamRefused('cancelled'));
    const cancelled = await throughProvider(signIn, 'google');
    expect((await signIn.browser.follow(await signIn.browser.get(cancelled.callback))).text).toContain(
      'You went back without signing in',
    );
    google.answer = () => Promise.reject(new UpstreamUnreachable('late'));
    const late = await throughProvider(signIn, 'google');
    const page = await signIn.browser.follow(await signIn.browser.get(late.callback));
    expect(page.text).toContain('We cannot reach');
    google.beginning = () => Promise.reject(new UpstreamUnreachable('away'));
    const away = await signIn.browser.get(`${signIn.path}/with/google`);
    expect(away.headers.get('location')).toBe(`${signIn.path}?told=unreachable`);
    expect((await newFailures()).map(({ reason }) => reason)).toEqual([
      'cancelled',
      'provider-unreachable',
      'provider-unreachable',
    ]);
    // the same sign-in still ends well another way
    const { callback } = await throughProvider(signIn, 'microsoft');
    const back = await signIn.browser.get(callback);
    expect(await signIn.end(back.headers.get('location') ?? '')).toMatchObject({ email: anna });
  });

  it('asks nobody for a provider that rests, leaves the others untouched', async () => {
    google.isUp = false;
    const signIn = await room.begin();
    const { html, text } = await signIn.browser.get(signIn.path);
    expect(html).toMatch(/<button type="button" class="secondary" disabled>Sign in with Google<\/button>/);
    expect(text).toContain('We cannot reach Google right now.');
    expect(html).toContain(`href="${signIn.path}/with/microsoft"`);
    const begunBefore = google.begun.length;
    const typed = await signIn.browser.get(`${signIn.path}/with/google`);
    expect(typed.headers.get('location')).toBe(`${signIn.path}?told=unreachable`);
    expect(google.begun).toHaveLength(begunBefore);
    expect(await newFailures()).toEqual([]);
  });

  it('A5: a callback without the cookie, or in another browser, spends nothing; another browser is recorded once', async () => {
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'google');
    const page = await room.browser().get(callback);
    expect(page.status).toBe(400);
    expect(page.text).toContain('This sign-in cannot continue here');
    expect(page.html).not.toContain(signIn.path);
    expect(google.finished).toHaveLength(0);
    for (const browser of [room.browser(), signIn.browser]) {
      const head = await browser.head(callback); // a scanner, or a browser that looks ahead
      expect([head.status, head.headers.get('location')]).toEqual([200, null]);
    }
    expect(await newFailures()).toEqual([]); // nobody is blamed for it
    const other = await room.begin({ client: 'intranet' });
    for (let turn = 0; turn < 3; turn++) expect((await other.browser.get(callback)).status).toBe(400);
    expect((await newFailures()).map(({ reason }) => reason)).toEqual(['wrong-browser']);
    expect(google.finished).toHaveLength(0);
    // and the rightful browser signs in
    const location = (await signIn.browser.get(callback)).headers.get('location') ?? '';
    expect((await signIn.browser.head(location)).status).toBe(200);
    expect(await signIn.end(location)).toMatchObject({ email: anna });
    expect(google.finished).toHaveLength(1);
  });

  it('leads on whoever comes again after a failure of our own', async () => {
    google.answer = () => Promise.reject(new Error('a fault of ours'));
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'google');
    expect((await signIn.browser.get(callback)).status).toBe(500);
    expect((await signIn.browser.get(callback)).headers.get('location')).toBe(`${signIn.path}?told=over`);
    expect(google.finished).toHaveLength(1);
    expect(await newFailures()).toEqual([]);
  });

  it('A5: a callback that was used already is worth nothing elsewhere: recorded once as replayed', async () => {
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'google');
    const location = (await signIn.browser.get(callback)).headers.get('location') ?? '';
    const other = await room.begin({ client: 'intranet' });
    for (let turn = 0; turn < 5; turn++) expect((await other.browser.get(callback)).status).toBe(400);
    for (let turn = 0; turn < 5; turn++) expect((await room.browser().get(callback)).status).toBe(400);
    expect((await newFailures()).map(({ reason }) => reason)).toEqual(['replayed']);
    expect((await room.browser().get(location)).status).toBe(400);
    expect(await signIn.end(location)).toMatchObject({ email: anna });
    expect(google.finished).toHaveLength(1);
  });

  it('a reload in the same browser after its outcome was taken blames nobody, and leads to a page that goes on', async () => {
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'google');
    google.answer = () => google.account(anna);
    const location = (await signIn.browser.get(callback)).headers.get('location') ?? '';
    await signIn.browser.get(location);
    const page = await signIn.browser.follow(await signIn.browser.get(callback));
    expect(page.text).toMatch(/Nothing is lost/);
    expect(await newFailures()).toEqual([]);
    expect(google.finished).toHaveLength(1);
  });

  it('A6: what began at Google and is finished at Microsoft is refused, and the reverse', async () => {
    for (const [one, other] of [
      ['google', 'microsoft'],
      ['microsoft', 'google'],
    ] as const) {
      const signIn = await room.begin();
      const { callback } = await throughProvider(signIn, one);
      const page = await signIn.browser.follow(
        await signIn.browser.get(callback.replace(`/callback/${one}`, `/callback/${other}`)),
      );
      expect(page.text).toContain('That sign-in was not accepted.');
      expect(await newFailures()).toMatchObject([{ reason: 'wrong-provider', upstream: one, method: one }]);
      expect((await signIn.browser.get(callback)).headers.get('location')).toBe(`${signIn.path}?told=refused`);
    }
    expect([...google.finished, ...microsoft.finished]).toHaveLength(0);
  });

  it('A6: each provider has a redirect URI of its own', async () => {
    const signIn = await room.begin();
    for (const upstream of [google, microsoft, staff]) {
      await throughProvider(signIn, upstream.id);
      expect(upstream.begun.at(-1)?.redirectUri).toBe(`${room.url}/sign-in/callback/${upstream.id}`);
    }
  });

  it('records nothing for a state that nobody waits for, whatever it looks like', async () => {
    const { browser, path } = await room.begin();
    for (const query of ['', 'state=', `state=${newSecret()}`, 'state=a&state=b', `state=${'x'.repeat(9000)}`]) {
      const page = await browser.get(`/sign-in/callback/google?code=x&${query}`);
      expect(page.status).toBe(400);
      expect(page.text).toContain('Go back to where you came from');
    }
    expect((await browser.get(path)).status).toBe(200);
    expect([...(await newFailures()), ...(await newFailures('portal'))]).toEqual([]);
  });

  it('is over after ten minutes at the provider, with a page that says what to do', async () => {
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'google');
    room.elapse(601);
    expect((await signIn.browser.get(callback)).text).toContain('took too long');
    expect(google.finished).toHaveLength(0);
  });

  it('comes to exactly one outcome when the same callback arrives a hundred times at once', async () => {
    const signIn = await room.begin();
    const { callback } = await throughProvider(signIn, 'google');
    const gate = Promise.withResolvers<void>();
    google.answer = async () => {
      await gate.promise;
      return google.account(anna);
    };
    const answers = Array.from({ length: 100 }, () => signIn.browser.get(callback));
    while (google.finished.length === 0) await new Promise((resume) => setTimeout(resume, 5));
    gate.resolve();
    const places = new Set((await Promise.all(answers)).map(({ headers }) => headers.get('location')));
    expect(places.size).toBe(1);
    expect(google.finished).toHaveLength(1);
    expect(await signIn.end([...places][0] ?? '')).toMatchObject({ email: anna });
    expect(await newFailures()).toEqual([]);
  });

  it('lets two sign-ins of one browser end well, in any order, also as different persons', async () => {
    const first = await room.begin();
    const second = await room.begin({ browser: room.tabOf(first.browser), hint: bo });
    google.answer = () => google.account(anna);
    microsoft.answer = () => microsoft.account(bo);
    const one = await throughProvider(first, 'google');
    const other = await throughProvider(second, 'microsoft');
    const otherEnd = (await second.browser.get(other.callback)).headers.get('location') ?? '';
    const oneEnd = (await first.browser.get(one.callback)).headers.get('location') ?? '';
    expect(await second.end(otherEnd)).toMatchObject({ email: bo });
    expect(await first.end(oneEnd)).toMatchObject({ email: anna });
  });

  it('never takes an outcome into another sign-in of the same browser', async () => {
    const first = await room.begin();
    const second = await room.begin({ browser: room.tabOf(first.browser), hint: bo });
    const { callback } = await throughProvider(first, 'google');
    const outcome = (await first.browser.get(callback)).headers.get('location')?.split('?')[1] ?? '';
    const page = await second.browser.get(`${second.path}/finish?${outcome}`);
    expect(page.headers.get('location')).toBe(`${second.path}?told=over`);
  });

  it('serves a console with the organisation’s own providers alone, with their roles, also when another is forced', async () => {
    staff.answer = () => staff.account(bo, { roles: ['auditor'] });
    const signIn = await room.begin({ client: 'console' });
    const { html, text } = await signIn.browser.get(signIn.path);
    expect(text).toContain('Sign in to Nordlys Compliance');
    expect(html).not.toContain('/with/google');
    expect(text).not.toContain('code');
    expect((await signIn.browser.get(`${signIn.path}/with/google`)).status).toBe(404);
    const { callback } = await throughProvider(signIn, 'nordlys');
    const back = await signIn.browser.get(callback);
    expect(await signIn.end(back.headers.get('location') ?? '')).toMatchObject({ email: bo, roles: ['auditor'] });
  });

  it('bounds what a stranger can write into the record: 20 attempts an hour for a person from one network', async () => {
    const signIn = await room.begin();
    google.answer = () => Promise.reject(new UpstreamRefused('token-invalid'));
    for (let turn = 0; turn < 20; turn++) {
      const { callback } = await throughProvider(signIn, 'google');
      await signIn.browser.get(callback);
    }
    const over = await signIn.browser.get(`${signIn.path}/with/google`);
    expect(over.headers.get('location')).toBe(`${signIn.path}?told=too-many`);
    expect((await signIn.browser.get(`${signIn.path}?told=too-many`)).text).toContain('too many attempts');
    expect(await newFailures()).toHaveLength(20);
    const elsewhere = await signIn.browser.get(`${signIn.path}/with/google`, { 'x-forwarded-for': '203.0.113.7' });
    expect(elsewhere.headers.get('location')).toMatch(/^https:\/\/google/);
  });

  it('goes back to the client with an error when the reader gives up, recorded as cancelled', async () => {
    const signIn = await room.begin();
    expect(await signIn.end(`${signIn.path}/cancel`)).toEqual({ error: 'access_denied' });
    expect(await newFailures()).toMatchObject([{ reason: 'cancelled', clientId: 'portal' }]);
    const nobody = parseMailAddress('nobody.knows@example.net');
    const unknown = await room.begin({ client: 'intranet', hint: nobody });
    expect(await unknown.end(`${unknown.path}/cancel`)).toEqual({ error: 'access_denied' });
    expect(await newFailures('intranet')).toMatchObject([{ reason: 'cancelled', clientId: 'intranet' }]);
    expect(await room.failures(newPersonId())).toEqual([]);
  });

  it('is nobody else’s page: another browser, another sign-in and one that has ended get words that say what to do', async () => {
    const signIn = await room.begin();
    const stranger = await room.begin({ hint: bo });
    for (const path of ['', '/with/google', '/finish?outcome=x', '/code?proof=x', '/reader', '/cancel']) {
      const page = await stranger.browser.get(`${signIn.path}${path}`);
      expect([path, page.status]).toEqual([path, 400]);
      expect(page.text).toContain('This sign-in cannot continue here');
    }
    const { callback } = await throughProvider(signIn, 'google');
    const back = await signIn.browser.get(callback);
    await signIn.end(back.headers.get('location') ?? '');
    expect((await signIn.browser.get(signIn.path)).status).toBe(400);
    expect((await signIn.browser.get('/sign-in/made-up')).status).toBe(400);
    expect(await newFailures()).toEqual([]);
  });
});
