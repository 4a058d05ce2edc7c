import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { passcodeStream, takeAddressProof } from '#libs/passcode';
import { EventStore } from '#libs/event-store';
import { parseMailAddress } from '#libs/vocabulary';
import { ScriptedUpstream } from '../testing/scripted-upstream.ts';
import { anna, bo, openSignInRoom, throughCode, throughProvider } from '../testing/sign-in-room.ts';
import type { SignInRoom } from '../testing/sign-in-room.ts';

const barred = parseMailAddress('support@nordlys.example');

describe('signing in with a code', () => {
  const google = new ScriptedUpstream('google', { method: 'google', name: 'Google' });
  let room: SignInRoom;
  let mails = 0;
  beforeAll(async () => {
    room = await openSignInRoom([google, new ScriptedUpstream('staff', { givesRoles: true })], {
      noPasscodeFor: [barred, '@tickets.example'],
    });
  });
  afterAll(() => room.close());
  beforeEach(() => {
    mails = room.mailCount();
  });
  const budgets = async (address = anna) => {
    const person = await room.persons.findOrCreate(address);
    const events = await Array.fromAsync(room.app.get(EventStore).readStream(passcodeStream(person.personId)));
    return events
      .filter(({ type }) => type === 'OtpIssued')
      .map(({ data }) => data as { budget: string; clientId?: string });
  };

  it('hands the client the address, the person as subject, and no roles', async () => {
    const signIn = await room.begin();
    const proven = await throughCode(room, signIn, mails + 1);
    expect(proven).toMatch(new RegExp(`^${signIn.path}/code\\?proof=[\\w-]{22}$`));
    expect(room.mailText(mails)).toContain(`To: ${anna}\r\n`);
    const claims = await signIn.end(proven);
    expect(claims).toMatchObject({
      email: anna,
      amr: ['otp'],
      segl_proof: { method: 'passcode', issuer: `${room.url}/oidc`, subject: room.annaId, long_code: false },
    });
    expect(claims).not.toHaveProperty('roles');
    expect((await budgets()).at(-1)).toMatchObject({ budget: 'message' });
  });

  it('reaches a client on another site from a page in between, since browsers hold form-action against redirects', async () => {
    const signIn = await room.begin({ client: 'intranet', hint: anna });
    const proven = await throughCode(room, signIn, mails + 1);
    const page = await signIn.browser.get(proven);
    expect(page.status).toBe(200);
    expect(page.text).toContain('You are being taken back to Nordlys Intranet.');
    const [, next = ''] = /^0; url=(.*)$/.exec(page.headers.get('refresh') ?? '') ?? [];
    expect(page.html).toContain(`href="${next.replaceAll('=', '&#x3D;')}"`);
    expect(await signIn.end(next)).toMatchObject({ email: anna });
    expect((await budgets()).at(-1)).toMatchObject({ budget: 'client', clientId: 'intranet' });
  });

  it('asks for the address where the client names none, takes one plain address and says clearly what else it was', async () => {
    const signIn = await room.begin({ client: 'intranet' });
    const page = await signIn.browser.get(signIn.path);
    expect(page.html).toMatch(/<input id="address" name="address" type="email" autocomplete="email"/);
    for (const [entered, words] of [
      ['', 'Enter the email address we should send the code to.'],
      ['bo@nordlys.example, eve@evil.example', 'Enter one email address, such as'],
      ['"bo@nordlys.example x"@evil.example', 'Enter one email address, such as'],
      ['bo\uff20nordlys.example', 'Enter one email address, such as'],
      [barred, 'We do not send codes to this address'],
    ] as const) {
      const refused = await signIn.browser.post(`${signIn.path}/code`, { address: entered });
      expect(refused.status).toBe(400);
      expect(refused.text).toContain(words);
      expect(refused.html).toMatch(/<title>Error: /);
      expect(refused.html).toMatch(/aria-describedby="address-hint address-error" aria-invalid="true"/);
    }
    expect(room.mailCount()).toBe(mails);
    const proven = await throughCode(room, signIn, mails + 1, { address: ' BO@Nordlys.Example ' });
    const next = (await signIn.browser.get(proven)).headers.get('refresh')?.slice('0; url='.length) ?? '';
    expect(await signIn.end(next)).toMatchObject({ email: bo });
  });

  it('A12: gives the same page, status and headers, no sooner than the same time, for known and unknown addresses', async () => {
    const answers = [];
    for (const address of ['anna@example.com', 'abba@example.com']) {
      const signIn = await room.begin({ client: 'intranet' });
      await signIn.browser.get(signIn.path);
      const startedAt = performance.now();
      const begun = await signIn.browser.post(`${signIn.path}/code`, { address });
      const tookMs = performance.now() - startedAt;
      const challenge = begun.headers.get('location') ?? '';
      const count = answers.length + mails + 1;
      await room.codeInMail(count); // so that both pages say that the mail was taken
      const page = await signIn.browser.get(challenge);
      const same = (html: string) =>
        html
          .replaceAll(/[a-z2-7]{26}/g, '<challenge>')
          .replaceAll(/name="csrf" value="[^"]*"/g, '')
          .replaceAll(/\/sign-in\/[\w-]+/g, '<page>')
          .replaceAll(/reference [A-Z2-7]{4}/g, '<reference>')
          .replaceAll(/\d\d:\d\d(:\d\d)?/g, '<time>');
      const headers = (of: typeof page) => [...of.headers.keys()].filter((name) => name !== 'set-cookie').sort();
      answers.push({
        ...{ status: begun.status, begun: headers(begun), page: headers(page), html: same(page.html) },
        isNoSooner: tookMs >= 295, // timers may be early by a moment
      });
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ status: 303, isNoSooner: true });
  });

  it('A10: never serves a console, also when it is forced by hand', async () => {
    const signIn = await room.begin({ client: 'console', hint: anna });
    await signIn.browser.get('/oidc/.well-known/openid-configuration');
    const page = await signIn.browser.get(signIn.path);
    expect(page.html).not.toContain('/code"');
    // a token from a page of the same browser that has a form
    const other = await room.begin({ browser: room.tabOf(signIn.browser) });
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec((await other.browser.get(other.path)).html) ?? [];
    const forced = await signIn.browser.post(`${signIn.path}/code`, { csrf });
    expect(forced.status).toBe(403);
    expect(forced.text).toContain('You need an account for this sign-in.');
    // nor with a proof made for somewhere else
    const proven = await throughCode(room, other, mails + 1);
    const taken = await signIn.browser.get(`${signIn.path}/code?${proven.split('?')[1]}`);
    expect(taken.headers.get('location')).toBe(`${signIn.path}?told=over`);
  });

  it('A16: sends no code to an address whose mail others see, also when it is forced by hand', async () => {
    for (const hint of [barred, 'anyone@tickets.example']) {
      const signIn = await room.begin({ client: 'intranet', hint });
      const page = await signIn.browser.get(signIn.path);
      expect(page.text).toContain('We do not send codes to this address because several people read its email.');
      expect(page.text).not.toContain('Send me a code');
      const other = await room.begin({ browser: room.tabOf(signIn.browser) });
      const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec((await other.browser.get(other.path)).html) ?? [];
      expect((await signIn.browser.post(`${signIn.path}/code`, { csrf })).status).toBe(403);
    }
    expect(room.mailCount()).toBe(mails);
  });

  it('A14: the right code in another browser is neither evaluated nor counted, and its proof is worth nothing there', async () => {
    const signIn = await room.begin();
    await signIn.browser.get(signIn.path);
    const challenge = (await signIn.browser.post(`${signIn.path}/code`)).headers.get('location') ?? '';
    const code = await room.codeInMail(mails + 1);
    const thief = await room.begin();
    await thief.browser.get(thief.path);
    expect((await thief.browser.post(challenge, { code })).status).toBe(404);
    await signIn.browser.get(challenge);
    const proven = (await signIn.browser.post(challenge, { code })).headers.get('location') ?? '';
    expect(proven).toContain('proof=');
    const before = (await room.failures()).length;
    expect((await thief.browser.get(`${thief.path}/code?${proven.split('?')[1]}`)).status).toBe(400);
    expect((await room.failures()).slice(before)).toMatchObject([{ reason: 'wrong-browser', method: 'passcode' }]);
    expect((await thief.browser.get(`${thief.path}/code?${proven.split('?')[1]}`)).status).toBe(400);
    expect(await room.failures()).toHaveLength(before + 1); // told once
    expect(await signIn.end(proven)).toMatchObject({ email: anna }); // and nothing was spent
  });

  it('A11: a hundred who bring one proof at once get one answer from it', async () => {
    room.elapse(3601);
    const signIn = await room.begin({ hint: bo });
    await room.persons.findOrCreate(bo);
    const proven = await throughCode(room, signIn, mails + 1);
    const answers = await Promise.all(Array.from({ length: 100 }, () => signIn.browser.get(proven)));
    const onward = answers.map(({ headers }) => headers.get('location') ?? '');
    expect(onward.filter((location) => !location.includes('told=over'))).toHaveLength(1);
    const owner = { browserId: 'any', returnTo: `${signIn.path}/code` };
    expect(await takeAddressProof(room.ephemeral, proven.split('proof=')[1] ?? '', owner)).toBeNull();
  });

  it('A4: the bridge keeps no session: who signed in by an account and comes again as someone else proves that anew', async () => {
    const first = await room.begin();
    google.answer = () => google.account(anna);
    const { callback } = await throughProvider(first, 'google');
    const back = await first.browser.get(callback);
    expect(await first.end(back.headers.get('location') ?? '')).toMatchObject({ email: anna });
    const eve = parseMailAddress('eve@example.org');
    await room.persons.findOrCreate(eve);
    const second = await room.begin({ browser: first.browser, hint: eve });
    const page = await second.browser.get(second.path);
    expect(page.text).toContain('Send me a code'); // nothing of before is good for this one
    const claims = await second.end(await throughCode(room, second, mails + 1));
    expect(claims).toMatchObject({ email: eve, amr: ['otp'] });
    expect(JSON.stringify(claims)).not.toContain(anna);
  });

  it('A17: what is mailed, proven and handed on is the same string, byte for byte', async () => {
    const signIn = await room.begin({ client: 'intranet' });
    const proven = await throughCode(room, signIn, mails + 1, { address: 'Anna.O\u2019Berg@example.com' }).catch(
      (error: Error) => error.message,
    );
    expect(proven).toContain('Enter one email address, such as'); // no quiet folding of look-alikes
    const plus = 'a.b+c@xn--bcher-kva.example';
    const other = await room.begin({ client: 'intranet' });
    const path = await throughCode(room, other, mails + 1, { address: 'A.B+C@Bücher.example' });
    expect(room.mailText(mails)).toContain(`To: ${plus}\r\n`);
    const next = (await other.browser.get(path)).headers.get('refresh')?.slice('0; url='.length) ?? '';
    expect(await other.end(next)).toMatchObject({ email: plus });
  });
});

describe('a client that has had its codes', () => {
  it('gets a clear page, makes nobody known any more, and leaves the recipients of messages alone', async () => {
    const room = await openSignInRoom([], { passcodesPerHour: 1 });
    try {
      const [one, two] = [await room.begin({ client: 'intranet' }), await room.begin({ client: 'intranet' })];
      await throughCode(room, one, 1, { address: 'first@example.org' });
      await two.browser.get(two.path);
      const second = parseMailAddress('second@example.org');
      const refused = await two.browser.post(`${two.path}/code`, { address: second });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600']);
      expect(refused.text).toContain('cannot have more codes sent this hour');
      expect(await room.persons.find(second)).toBeNull();
      const portal = await room.begin();
      expect(await portal.end(await throughCode(room, portal, 2))).toMatchObject({ email: anna });
    } finally {
      await room.close();
    }
  });
});
