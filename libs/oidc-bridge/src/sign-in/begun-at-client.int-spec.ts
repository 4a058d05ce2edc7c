import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestBrowser } from '#libs/web-ui/testing';
import { ScriptedUpstream } from './testing/scripted-upstream.ts';
import { anna, openSignInRoom, throughCode, throughProvider } from './testing/sign-in-room.ts';
import type { AuthorizationWish, SignInRoom } from './testing/sign-in-room.ts';
import { parseMailAddress } from '#libs/vocabulary';

const barred = parseMailAddress('support@nordlys.example');

/** As the portal knows a browser: by the first part of its cookie. */
const idOf = (browser: TestBrowser) => browser.cookies.get('segl')?.split('.')[0] ?? '';

describe('a sign-in that the portal began for one browser', () => {
  const google = new ScriptedUpstream('google', { method: 'google', name: 'Google' });
  let room: SignInRoom;
  beforeAll(async () => {
    google.answer = () => google.account(anna);
    room = await openSignInRoom([google], { noPasscodeFor: [barred] });
  });
  afterAll(() => room.close());

  /** A browser that was here before, as every browser was that comes from `/m/…`. */
  async function visitor(): Promise<TestBrowser> {
    const browser = room.browser();
    await browser.get((await room.authorize()).url);
    return browser;
  }

  it('is not for whoever its link is sent to: they prove nothing for somebody else', async () => {
    const attacker = await visitor();
    const { url } = await room.authorize({ begun: { browserId: idOf(attacker), path: '/m/abc' } });
    for (const victim of [room.browser(), await visitor()]) {
      const sent = await victim.get(url);
      const page = await victim.follow(sent);
      expect([page.status, page.text]).toEqual([400, expect.stringContaining('This sign-in cannot continue here')]);
      const path = sent.headers.get('location') ?? '';
      for (const below of ['/with/google', '/code?proof=x', '/finish?outcome=x', '/cancel']) {
        expect((await victim.get(`${path}${below}`)).status).toBe(400);
      }
    }
  });

  it('ends well in that browser', async () => {
    const browser = await visitor();
    const signIn = await room.begin({ browser, begun: { browserId: idOf(browser), path: '/m/abc' } });
    const { callback } = await throughProvider(signIn, 'google');
    const back = await browser.get(callback);
    expect(await signIn.end(back.headers.get('location') ?? '')).toMatchObject({ email: anna });
  });

  it('goes on where it began when the browser comes back to it afterwards, or too late', async () => {
    const browser = await visitor();
    const signIn = await room.begin({ browser, begun: { browserId: idOf(browser), path: '/m/abc' } });
    const proven = await throughCode(room, signIn, room.mailCount() + 1);
    expect(await signIn.end(proven)).toMatchObject({ email: anna });
    for (const path of [signIn.path, proven, `${signIn.path}/reader`, `${signIn.path}/finish?outcome=x`]) {
      const page = await browser.get(path);
      expect([page.status, page.headers.get('location')]).toEqual([303, '/m/abc']);
    }
    const late = await room.begin({ browser, begun: { browserId: idOf(browser), path: '/m/abc' } });
    room.elapse(15 * 60 + 1);
    expect((await browser.get(late.path)).headers.get('location')).toBe('/m/abc');
    expect((await room.browser().get(late.path)).status).toBe(400); // nobody else learns where
  });

  it('sends a code at once, and once, where its reader pressed a button for that', async () => {
    const browser = await visitor();
    const mails = room.mailCount();
    const begun = { browserId: idOf(browser), path: '/m/abc', wantsCode: true };
    const { url } = await room.authorize({ begun });
    const code = (await browser.get(url)).headers.get('location') ?? '';
    expect(new URL(code, url).pathname).toMatch(/^\/sign-in\/[^/]+\/code$/);
    expect((await browser.head(code)).headers.get('location')).toBeNull();
    expect((await room.browser().get(code)).status).toBe(400); // nobody else has one sent
    expect(room.mailCount()).toBe(mails);
    const entering = (await browser.get(code)).headers.get('location') ?? '';
    expect(entering).toMatch(/^\/prove\/code\//);
    await room.codeInMail(mails + 1);
    expect((await browser.get(code)).headers.get('location')).toBe(entering); // reloaded: the same code
    expect(room.mailCount()).toBe(mails + 1);
  });

  it('shows the ways there are where no code may be sent, and where an application says that it wants one', async () => {
    const browser = await visitor();
    const mails = room.mailCount();
    const begun = { browserId: idOf(browser), path: '/m/abc', wantsCode: true };
    const pageOf = async (wish: AuthorizationWish) => {
      const sent = await browser.get((await room.authorize({ ...wish, begun })).url);
      return browser.follow(sent);
    };
    expect((await pageOf({ hint: barred })).text).toContain('We do not send codes to this address');
    expect((await pageOf({ client: 'intranet', hint: anna })).text).toContain('Send me a code');
    expect(room.mailCount()).toBe(mails);
  });

  it('offers and takes no passcode where the portal says that the message asks for an account', async () => {
    const browser = await visitor();
    const mails = room.mailCount();
    const begun = { browserId: idOf(browser), path: '/m/abc', asks: ['account' as const] };
    const signIn = await room.begin({ browser, begun });
    const page = await browser.get(signIn.path);
    expect(page.text).toContain('A code sent by email is not enough for this message');
    expect(page.text).not.toContain('Send me a code');
    expect((await browser.post(`${signIn.path}/code`, {})).status).toBe(403);
    const { callback } = await throughProvider(signIn, 'google');
    const back = await browser.get(callback);
    expect(await signIn.end(back.headers.get('location') ?? '')).toMatchObject({ segl_proof: { method: 'google' } });
    const { url } = await room.authorize({ begun: { ...begun, wantsCode: true } }); // as an older page may still ask
    expect((await browser.follow(await browser.get(url))).text).not.toContain('Send me a code');
    expect(room.mailCount()).toBe(mails);
  });

  it('takes a code proven beforehand for nothing where the message asks for an account', async () => {
    room.elapse(3601); // for another code
    const browser = await visitor();
    const asking = { browserId: idOf(browser), path: '/m/abc', asks: ['account' as const] };
    const signIn = await room.begin({ browser, begun: { browserId: idOf(browser), path: '/m/abc' } });
    const proven = await throughCode(room, signIn, room.mailCount() + 1);
    const other = await room.begin({ browser, begun: asking });
    const forced = await browser.get(proven.replace(signIn.path, other.path));
    expect(forced.headers.get('location')).toBe(`${other.path}?told=over`);
  });

  it('asks who reads where the portal says that several read the mail of the address', async () => {
    const office = parseMailAddress('office@example.com');
    await room.persons.findOrCreate(office);
    const browser = await visitor();
    const begun = { browserId: idOf(browser), path: '/m/abc', asks: ['reader' as const] };
    const signIn = await room.begin({ browser, hint: office, begun });
    const proven = await throughCode(room, signIn, room.mailCount() + 1);
    expect((await browser.get(proven)).headers.get('location')).toBe(`${signIn.path}/reader`);
    expect((await browser.get(`${signIn.path}/reader`)).text).toContain('Who is reading?');
    const named = await browser.post(`${signIn.path}/reader`, { name: 'Anna Berg' });
    expect(await signIn.end(named.headers.get('location') ?? '')).toMatchObject({
      email: office,
      segl_reader: { kind: 'stated', name: 'Anna Berg' },
    });
  });

  it('asks nothing more because an application says so', async () => {
    const browser = await visitor();
    const begun = { browserId: idOf(browser), path: '/m/abc', asks: ['account', 'reader'] as const };
    const signIn = await room.begin({ browser, client: 'intranet', hint: anna, begun });
    expect((await browser.get(signIn.path)).text).toContain('Send me a code');
  });

  it('never leads to another host, nor where an application says', async () => {
    const browser = await visitor();
    for (const [client, path] of [
      ['portal', '//evil.example'],
      ['portal', 'https://evil.example/'],
      ['portal', '/\\evil.example'],
      ['intranet', '/m/abc'],
    ] as const) {
      const signIn = await room.begin({ browser, client, begun: { browserId: idOf(browser), path } });
      expect(await signIn.end(`${signIn.path}/cancel`)).toEqual({ error: 'access_denied' });
      expect((await browser.get(signIn.path)).status).toBe(400);
    }
  });
});
