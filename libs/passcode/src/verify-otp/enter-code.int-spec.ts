import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeIn, openPasscodeRoom, wish } from '../testing/index.ts';
import type { PasscodeRoom } from '../testing/index.ts';

const wrongFor = (code: string) => (code.startsWith('0') ? '1111 1111' : '0000 0000');

describe('the page of a code', () => {
  let room: PasscodeRoom;
  beforeEach(async () => {
    room = await openPasscodeRoom();
  });
  afterEach(() => room.close());

  it('says that the mail server took the mail, at what time, and leads a right code onward', async () => {
    const { browser, path, page } = await wish(room);
    expect(page.status).toBe(200);
    expect(page.text).toContain('Enter the code from your email');
    expect(page.text).toContain('We have sent a code to a••••••@example.com');
    expect(page.text).toContain('was accepted by the mail server at 10:03:00');
    expect(page.text).not.toContain('Check again');
    expect(page.html).toMatch(/<input[^>]*id="code"[^>]*autocomplete="one-time-code"[^>]*inputmode="numeric"/);
    expect(page.html).toMatch(/<label for="code">Code<\/label>/);

    const answer = await browser.post(path, { code: await room.codeInMail(1) });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toMatch(/^\/m\/abc\/authenticate\?proof=[A-Za-z0-9_-]{22}$/);
  });

  it('leads a second click, and a reader who comes back, to the same proof', async () => {
    const { browser, path } = await wish(room);
    const code = await room.codeInMail(1);
    const [one, other] = await Promise.all([browser.post(path, { code }), browser.post(path, { code })]);
    const back = await browser.get(path);
    expect(back.status).toBe(303);
    const places = [one, other, back].map(({ headers }) => headers.get('location'));
    expect(places).toContain(back.headers.get('location'));
    expect(back.headers.get('location')).toMatch(/\?proof=/);
  });

  it('carries the reference of its mail', async () => {
    const { page } = await wish(room);
    await room.codeInMail(1);
    const [, reference = 'none'] = /reference ([A-Z2-7]{4})/.exec(page.text) ?? [];
    expect(room.mails[0]?.content.toString()).toContain(reference);
  });

  it('names the error at the field and in a summary that leads there, and in the title', async () => {
    const { browser, path } = await wish(room);
    const code = await room.codeInMail(1);
    const answer = await browser.post(path, { code: wrongFor(code) });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, path]);
    const page = await browser.get(path);
    expect(page.text).toContain('The code is not correct.');
    expect(page.text).toContain('You have 4 attempts left.');
    expect(page.html).toMatch(/<title>Error: /);
    expect(page.html).toMatch(/role="alert">.*<a href="#code">/s);
    expect(page.html).toMatch(/<p class="error" id="code-error">/);
    expect(page.html).toMatch(/aria-describedby="code-hint code-error" aria-invalid="true"/);
    expect(page.html).not.toContain(wrongFor(code)); // nothing that was entered is shown again
  });

  it('takes an empty field for what it is', async () => {
    const { browser, path } = await wish(room);
    const page = await browser.follow(await browser.post(path));
    expect(page.text).toContain('Enter the 8 digits of the code. This did not count as an attempt.');
  });

  it('shows nothing to another browser, not even that it exists', async () => {
    const { browser, path } = await wish(room);
    const code = await room.codeInMail(1);
    const stranger = (await wish(room, { 'x-forwarded-for': '203.0.113.9' })).browser;
    const nowhere = `/prove/code/${'a'.repeat(26)}`;
    for (const place of [path, nowhere, '/prove/code/%00', '/prove/code/..%2f']) {
      for (const answer of [
        await stranger.get(place),
        await stranger.post(place, { code }),
        await stranger.post(`${place}/another`),
      ]) {
        expect([answer.status, answer.headers.get('location')]).toEqual([404, null]);
        expect(answer.text).toContain('This page cannot be used here');
      }
    }
    const answer = await browser.post(path, { code });
    expect(answer.headers.get('location')).toMatch(/proof=/);
  });

  it('is over after five wrong codes, and says what to do', async () => {
    const { browser, path } = await wish(room);
    const code = await room.codeInMail(1);
    for (let turn = 0; turn < 5; turn++) await browser.post(path, { code: wrongFor(code) });
    const page = await browser.get(path);
    expect(page.text).toContain('Too many wrong codes');
    expect(page.html).toMatch(/<a class="button" href="\/m\/abc">Start again<\/a>/);
    expect(page.html).not.toContain('<form');
    const late = await browser.follow(await browser.post(path, { code }));
    expect(late.text).toContain('Too many wrong codes');
  });

  it('sends a new code when asked, and says when it will not', async () => {
    const { browser, path } = await wish(room);
    for (let turn = 2; turn <= 3; turn++) {
      room.elapse(30);
      const answer = await browser.post(`${path}/another`);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, path]);
      await room.codeInMail(turn);
    }
    room.elapse(30);
    const page = await browser.follow(await browser.post(`${path}/another`));
    expect(page.text).toContain(
      'We cannot send more codes to this address this hour. You can get another one from 11:03:00',
    );
    expect(page.html).toContain('id="code"'); // the last one is still good
    const answer = await browser.post(path, { code: codeIn(room.mails.at(-1)?.content ?? Buffer.alloc(0)) });
    expect(answer.headers.get('location')).toMatch(/proof=/);
  });

  it('offers a new code in place of an expired one', async () => {
    const { browser, path } = await wish(room);
    room.elapse(601);
    const page = await browser.get(path);
    expect(page.text).toContain('You need a new code');
    expect(page.text).toContain('The code is more than 10 minutes old');
    expect(page.html).not.toContain('id="code"');
    expect((await browser.follow(await browser.post(`${path}/another`))).html).toContain('id="code"');
  });

  it('says that the mail server refused the mail', async () => {
    room.refuseWith(550);
    const { page } = await wish(room);
    expect(page.text).toContain('The mail server rejected the email with the code at 10:03:00');
    const events = await room.events();
    expect(events.at(-1)).toMatchObject({ type: 'OtpDeliveryFailed', data: { failure: 'refused', tries: 1 } });
  });

  it('says that it tries again, and when, with a link to look again', async () => {
    room.refuseWith(451);
    const { page, path } = await wish(room);
    expect(page.text).toContain('has not accepted the email with the code yet. We will try again at 10:03:15');
    expect(page.html).toContain(`<a href="${path}">Check again</a>`);
  });

  it('speaks Danish', async () => {
    const { page } = await wish(room, { 'accept-language': 'da' });
    expect(page.html).toContain('<html lang="da">');
    expect(page.text).toContain('Indtast koden fra din mail');
    await room.codeInMail(1);
    expect(room.mails[0]?.content.toString()).toContain('Content-Language: da');
  });

  it('takes no form without its token', async () => {
    const { browser, path } = await wish(room);
    const answer = await browser.post(path, { code: await room.codeInMail(1), csrf: 'forged' });
    expect(answer.status).toBe(403);
    expect((await room.events()).map(({ type }) => type)).not.toContain('OtpAccepted');
  });

  it('says kindly that there are too many at once', async () => {
    const { browser, path } = await wish(room);
    const { HashingTurns } = await import('../hashing-turns.ts');
    const turns = room.portal.app.get(HashingTurns);
    Object.defineProperty(turns, 'isFull', { get: () => true });
    const page = await browser.post(path, { code: await room.codeInMail(1) });
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBe('10');
    expect(page.text).toContain('This did not count as an attempt');
  });
});
