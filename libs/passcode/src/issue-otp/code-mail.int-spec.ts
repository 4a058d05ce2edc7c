import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import type { ParsedMail } from 'mailparser';
import { parseMailAddress } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { ViewEngine } from '#libs/web-ui';
import { newChallengeId } from '../passcode.ts';
import { PasscodeSettings } from '../settings.ts';
import { anna, codeOf, openPasscodeRoom, wish } from '../testing/index.ts';
import type { PasscodeRoom } from '../testing/index.ts';
import { browserFamily, composeCodeMail } from './code-mail.ts';
import { IssueOtp } from '../issue-otp-command.ts';

describe('a code mail, as a real mail server gets it', () => {
  let room: PasscodeRoom;
  let code: string;
  let raw: string;
  let mail: ParsedMail;
  let asked: ParsedMail;

  beforeAll(async () => {
    room = await openPasscodeRoom();
    await wish(room, { 'user-agent': 'Mozilla/5.0 attacker-chosen', 'x-forwarded-for': '203.0.113.7' });
    code = await room.codeInMail(1);
    raw = room.mails[0]?.content.toString() ?? '';
    mail = await simpleParser(raw);
  });
  afterAll(() => room.close());
  beforeAll(async () => {
    const challengeId = await room.challenges.begin({
      ...{
        browserId: 'a Firefox',
        person: room.person,
        address: anna,
        returnTo: '/m',
        locale: 'en',
        networkPrefix: '192.0.2.1/32',
      },
    });
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
    await room.commands.execute(new IssueOtp(challengeId, '198.51.100.0/24', firefox));
    await room.codeInMail(2);
    asked = await simpleParser(room.mails[1]?.content ?? '');
  });

  it('goes from the null path to the very address that is proven', () => {
    expect(room.mails[0]).toMatchObject({ mailFrom: '', rcptTo: [anna] });
    expect(raw).toContain(`To: ${anna}\r\n`);
    expect(mail.from?.value).toEqual([{ name: 'Nordlys Advokater', address: 'no-reply@nordlys.example' }]);
  });

  it('is marked as automatic, so that nothing answers it (A16)', () => {
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.headers.get('x-auto-response-suppress')).toBe('All');
    expect(mail.messageId).toMatch(/^<[0-9a-f-]{36}@nordlys\.example>$/);
    expect(mail.date?.toISOString()).toBe('2026-11-25T10:03:00.000Z');
  });

  it('holds the code in text and HTML, and not in the subject nor any other header', () => {
    expect(mail.text).toContain(code);
    expect(mail.html).toContain(code);
    const headers = raw.slice(0, raw.indexOf('\r\n\r\n'));
    expect(headers).not.toContain(code);
    expect(headers).not.toContain(code.replace(' ', ''));
    expect(mail.subject).toMatch(/^Your code for sealed messages from Nordlys Advokater \([A-Z2-7]{4}\)$/);
  });

  it('says where the code belongs, when it was asked for, how long it is good, and links to the privacy page alone', () => {
    for (const text of [mail.text ?? '', (mail.html || '').replace(/<[^>]*>/g, '')]) {
      expect(text).toContain('On 25 November 2026 at 10:03 UTC, someone asked for a code at post.nordlys.example');
      expect(text).toContain('10 minutes');
      expect(text).toContain('https://post.nordlys.example/privacy');
    }
    const links = [...(mail.html || '').matchAll(/(?:href|src|action|url)\s*[=(]\s*"?([^")]*)/g)].map(
      ([, link]) => link,
    );
    expect(links).toEqual(['https://post.nordlys.example/privacy']);
    expect(mail.html).not.toMatch(/<(img|script|form|iframe|link)\b/);
    expect(mail.attachments).toEqual([]);
  });

  it('shows whose it is as carriers do: name and colour, how to check, and whom to ring', async () => {
    expect(mail.html).toContain('border-left:6px solid #1f4e79');
    for (const text of [mail.text ?? '', (mail.html || '').replace(/<[^>]*>/g, '')]) {
      expect(text).toContain('Is this really Nordlys Advokater? Ring us on the number in your letter.');
      expect(text.replaceAll('\u00a0', ' ')).toContain('Phone Nordlys Advokater: +45 00 00 00 00');
    }
  });

  it('holds nothing that a visitor chose (A13)', () => {
    expect(raw).not.toContain('attacker');
    expect(raw).not.toContain('Mozilla');
    expect(raw).not.toContain('203.0.113');
  });

  it('names portal host, time and browser family, and never what was sent as a user agent (A15)', () => {
    const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
    expect(browserFamily(firefox)).toBe('Firefox');
    expect(browserFamily(`${firefox} attacker-chosen`)).toBe('Firefox');
    expect(browserFamily('call +45 12345678 now')).toBeNull();
    expect(browserFamily(undefined)).toBeNull();
    for (const text of [asked.text ?? '', (asked.html || '').replace(/<[^>]*>/g, '')]) {
      expect(text.replace(/\s+/g, ' ')).toContain(
        'On 25 November 2026 at 10:03 UTC, someone using the browser Firefox asked for a code at post.nordlys.example',
      );
    }
  });

  it('is plain CRLF mail with short lines', () => {
    expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(78);
  });

  it('reaches the mailbox whatever its name is made of', async () => {
    const address = parseMailAddress("#$&'*+/=?^_`{|}~-@example.com");
    const person = await room.persons.findOrCreate(address);
    const challengeId = await room.challenges.begin({
      browserId: 'x',
      person,
      address,
      returnTo: '/m',
      locale: 'da',
      networkPrefix: '192.0.2.1/32',
    });
    await room.commands.execute(new IssueOtp(challengeId, '192.0.2.0/24'));
    await room.codeInMail(3);
    const danish = room.mails[2]?.content.toString() ?? '';
    expect(room.mails[2]?.rcptTo).toEqual([address]);
    expect(danish).toContain(`To: ${address}\r\n`);
    expect((await simpleParser(danish)).text).toContain(
      'Den 25. november 2026 kl. 10.03 UTC blev der bestilt en kode på post.nordlys.example',
    );
  });

  it.each(['"a..b."@docomo.ne.jp', 'åse@xn--blbr-roah.example', 'אבג@example.il'])('reaches %s', async (text) => {
    const address = parseMailAddress(text);
    const person = await room.persons.findOrCreate(address);
    const before = room.mails.length;
    await room.begin('x', '192.0.2.0/24', { person, address });
    await room.codeInMail(before + 1);
    const sent = room.mails.at(-1);
    expect(sent?.rcptTo).toEqual([address.replace('xn--blbr-roah', 'blåbær')]); // as the sink shows a domain
    const [, to = ''] = /^To: <?(.*?)>?\r\n/m.exec(sent?.content.toString() ?? '') ?? [];
    expect(parseMailAddress(to)).toBe(address);
  });

  it('keeps a domain of another script in the form that is proven', async () => {
    const address = parseMailAddress('anna@bücher.example');
    const facts = {
      challengeId: newChallengeId(),
      codeNumber: 1,
      address,
      locale: 'en' as const,
      code: codeOf('12345678'),
      issuedAt: '2026-11-25T10:03:00.000Z' as Instant,
      browser: null,
    };
    const composed = await composeCodeMail(
      facts,
      room.portal.app.get(PasscodeSettings),
      room.portal.app.get(ViewEngine),
    );
    expect(composed.toString()).toContain('To: anna@xn--bcher-kva.example\r\n');
    // It goes out as it was composed: what has to be changed on the way is a copy of the code more.
    expect(composed.toString().replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });
});
