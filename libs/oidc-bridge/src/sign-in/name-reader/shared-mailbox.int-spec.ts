import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { UpstreamRefused } from '../../upstreams/upstream.ts';
import { ScriptedUpstream } from '../testing/scripted-upstream.ts';
import { openSignInRoom, throughCode, throughProvider } from '../testing/sign-in-room.ts';
import type { SignInRoom } from '../testing/sign-in-room.ts';

const stated = parseMailAddress('info@nordlys.example');
const bo = parseMailAddress('bo@example.com');
const byAccount = parseMailAddress('board@shared.example');

describe('a shared mailbox', () => {
  const google = new ScriptedUpstream('google', { method: 'google', name: 'Google' });
  let room: SignInRoom;
  let mails = 0;
  beforeAll(async () => {
    room = await openSignInRoom([google], {
      sharedMailboxes: [
        { mailboxes: [stated], reader: 'state' },
        { mailboxes: ['@shared.example'], reader: 'account' },
      ],
    });
    for (const address of [stated, byAccount]) await room.persons.findOrCreate(address);
  });
  afterAll(() => room.close());
  beforeEach(() => {
    mails = room.mailCount();
    room.elapse(3601);
    google.answer = () => google.account(null, { shownAs: 'bo@gmail.example' });
  });

  it('asks who reads, in their own words, and hands both on', async () => {
    const signIn = await room.begin({ hint: stated });
    const proven = await throughCode(room, signIn, mails + 1);
    const asked = await signIn.browser.get(proven);
    expect(asked.headers.get('location')).toBe(`${signIn.path}/reader`);
    const page = await signIn.browser.get(`${signIn.path}/reader`);
    expect(page.text).toContain('Several people read the email sent to i••••••@nordlys.example');
    for (const name of ['', '   ', 'x'.repeat(101), 'Bo\u0000', 'Bo\nEve', 'Bo \u202eevE']) {
      const refused = await signIn.browser.post(`${signIn.path}/reader`, { name });
      expect([name, refused.status]).toEqual([name, 400]);
      expect(refused.text).toContain('Enter your name. It can be up to 100 characters long.');
    }
    const taken = await signIn.browser.post(`${signIn.path}/reader`, { name: '  Bo Ærø <b>  ' });
    expect(await signIn.end(taken.headers.get('location') ?? '')).toMatchObject({
      email: stated,
      segl_proof: { method: 'passcode' },
      segl_reader: { kind: 'stated', name: 'Bo Ærø <b>' },
    });
  });

  it('asks for an account where the organisation wants one: any that shows an address of its own', async () => {
    google.answer = () => google.account(bo);
    const signIn = await room.begin({ hint: byAccount });
    await signIn.browser.get(await throughCode(room, signIn, mails + 1));
    const page = await signIn.browser.get(`${signIn.path}/reader`);
    expect(page.text).toContain('Sign in with Google');
    expect(page.html).not.toContain('name="name"');
    const forced = await signIn.browser.post(`${signIn.path}/reader`, { name: 'Somebody' });
    expect(forced.headers.get('location')).toBe(`${signIn.path}/reader`); // a typed name does not do
    const { callback } = await throughProvider(signIn, 'google', '/reader/with');
    expect(google.begun.at(-1)?.wantedAddress).toBeNull();
    const back = await signIn.browser.get(callback);
    expect(await signIn.end(back.headers.get('location') ?? '')).toMatchObject({
      email: byAccount,
      segl_proof: { method: 'passcode' },
      segl_reader: { kind: 'account', issuer: 'https://google.example', subject: 'google-subject', address: bo },
    });
  });

  it('asks for the name as well, of an account that shows no address: an opaque id says nothing to who reads the record', async () => {
    const signIn = await room.begin({ hint: byAccount });
    await signIn.browser.get(await throughCode(room, signIn, mails + 1));
    const { callback } = await throughProvider(signIn, 'google', '/reader/with');
    const page = await signIn.browser.follow(await signIn.browser.get(callback));
    expect(page.text).toContain('That account does not say who you are');
    expect(page.text).toContain('Sign in with Google'); // another account will do as well
    const empty = await signIn.browser.post(`${signIn.path}/reader`, { name: ' ' });
    expect(empty.status).toBe(400);
    const named = await signIn.browser.post(`${signIn.path}/reader`, { name: 'Bo Ærø' });
    expect(await signIn.end(named.headers.get('location') ?? '')).toMatchObject({
      email: byAccount,
      segl_reader: { kind: 'account', subject: 'google-subject', address: null, name: 'Bo Ærø' },
    });
  });

  it('keeps the proof while an account fails, and says so on its own page', async () => {
    const signIn = await room.begin({ hint: byAccount });
    await signIn.browser.get(await throughCode(room, signIn, mails + 1));
    google.answer = () => Promise.reject(new UpstreamRefused('cancelled'));
    const { callback } = await throughProvider(signIn, 'google', '/reader/with');
    const page = await signIn.browser.follow(await signIn.browser.get(callback));
    expect(page.text).toContain('You went back without signing in');
    expect(page.text).toContain('Who is reading?');
  });

  it('holds the proof for this browser and this sign-in alone, and not for ever', async () => {
    const signIn = await room.begin({ hint: stated });
    await signIn.browser.get(await throughCode(room, signIn, mails + 1));
    const other = await room.begin({ browser: room.tabOf(signIn.browser), hint: stated });
    expect((await other.browser.get(`${other.path}/reader`)).headers.get('location')).toBe(`${other.path}?told=over`);
    expect((await other.browser.get(`${other.path}/reader/with/google`)).headers.get('location')).toBe(
      `${other.path}?told=over`,
    );
    await signIn.browser.get(`${signIn.path}/reader`);
    room.elapse(421);
    const late = await signIn.browser.post(`${signIn.path}/reader`, { name: 'Bo' });
    expect(late.headers.get('location')).toBe(`${signIn.path}?told=over`);
  });

  it('takes one of a hundred answers at once', async () => {
    const signIn = await room.begin({ hint: stated });
    await signIn.browser.get(await throughCode(room, signIn, mails + 1));
    await signIn.browser.get(`${signIn.path}/reader`);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => signIn.browser.post(`${signIn.path}/reader`, { name: `Bo ${index}` })),
    );
    const onward = answers.filter(({ headers }) => headers.get('location')?.includes('/oidc/'));
    expect(onward).toHaveLength(1);
  });

  it('is asked for no name when an account proved its address', async () => {
    google.answer = () => google.account(stated);
    const signIn = await room.begin({ hint: stated });
    const { callback } = await throughProvider(signIn, 'google');
    const back = await signIn.browser.get(callback);
    const claims = await signIn.end(back.headers.get('location') ?? '');
    expect(claims).toMatchObject({ email: stated });
    expect(claims).not.toHaveProperty('segl_reader');
  });
});
