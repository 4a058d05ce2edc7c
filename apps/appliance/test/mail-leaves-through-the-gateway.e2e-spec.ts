import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import type { Browser } from 'playwright-core';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { GatewayStory } from './gateway-story.ts';
import { noPostfixBecause } from './postfix-instance.ts';
import { Reader } from './reader.ts';
import type { RunningProcess } from './running-process.ts';

const anna = 'anna@example.com';
const partner = 'per@partner.example';
const office = 'office@nordlys.example';
const policy = (more = '') => `
rules:
  - name: blocked
    when: { recipient: ["@blocked.example"] }
    refuse: no mail to this domain
  - name: partners
    when: { recipient: ["@partner.example"] }
    pass: true
${more}
otherwise: { seal: { lifetimeDays: 7 } }
`;
const mailTo = (to: string, subject: string, text: string) =>
  `From: Kontoret <${office}>\nTo: ${to}\nSubject: ${subject}\nMessage-ID: <${subject.replace(/\W/g, '-')}@nordlys.example>\n` +
  `Date: Mon, 30 Nov 2026 10:00:00 +0100\n\n${text}\n`;

const noPostfix = noPostfixBecause();
const withPostfix = noPostfix === null ? describe : describe.skip;

withPostfix(`mail leaves through the gateway, from Postfix to Postfix${noPostfix ? ` (${noPostfix})` : ''}`, () => {
  let story: GatewayStory;
  let gateway: RunningProcess;

  beforeAll(async () => {
    story = await GatewayStory.start({ addresses: [anna, partner, office], policy: policy() });
    gateway = await story.startGateway();
  }, 120_000);
  afterAll(() => story?.end(), 60_000);

  function mailSaying(words: string, address: string): Promise<Buffer> {
    return story.eventually(`a mail to ${address} that says ${words}`, async () =>
      (await story.behind.mailsTo(address)).find((mail) => mail.includes(words)),
    );
  }

  (chromiumPath() === null ? it.skip : it)(
    'is sealed on its way, opened in a browser, and read',
    async () => {
      await story.inFront.sendmail(office, [anna], mailTo(anna, 'The offer', 'We offer 412,500.'));
      const carrier = await mailSaying('<The-offer@nordlys.example>', anna);
      expect(carrier.includes('412,500')).toBe(false);
      expect(carrier.includes('The offer')).toBe(false);
      const { attachments } = await simpleParser(carrier);
      const page = join(story.directory, 'message.html');
      await writeFile(page, attachments[0]?.content ?? '');
      const browser: Browser = await launchChromium();
      try {
        const context = await browser.newContext({ locale: 'en-GB' });
        const reader = new Reader(await context.newPage(), story.url);
        await reader.page.goto(pathToFileURL(page).href);
        await reader.pressesTheButtonInTheAttachment();
        expect(await reader.seesOnThePage()).toContain(office);
        await reader.asksForACode();
        const code = await story.eventually('the code', async () => {
          const mails = await Promise.all((await story.behind.mailsTo(anna)).map((mail) => simpleParser(mail)));
          const [found] = mails.filter(({ subject = '' }) => /code/i.test(subject));
          return /\b\d{4} \d{4}\b/.exec(found?.text ?? '')?.[0];
        });
        await reader.enters(code);
        await reader.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
        await reader.confirms();
        expect(await reader.seesOnThePage()).toContain('The offer');
        expect(await reader.page.content()).toContain('412,500');
        expect(reader.strangers).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    200_000,
  );

  it('arrives as it was where policy passes it, but for the Received lines', async () => {
    await story.inFront.sendmail(office, [partner], mailTo(partner, 'In clear', '.\nFrom here on\n..\nblåbær'));
    const mail = await mailSaying('<In-clear@nordlys.example>', partner);
    const text = mail.toString('utf8').replaceAll('\r\n', '\n');
    expect(text).toContain('\n\n.\nFrom here on\n..\nblåbær\n');
    expect(text.match(/^Received: /gm)).toHaveLength(3); // one of each server: in front, the gateway, behind
    expect(gateway.output()).not.toMatch(/partner\.example|In clear/);
  });

  it('comes back to its writer where policy refuses it, with the reason', async () => {
    const to = 'x@blocked.example';
    await story.inFront.sendmail(office, [to], mailTo(to, 'Never', 'Secret words of this mail'));
    const bounce = await mailSaying('no mail to this domain', office);
    expect(bounce.toString()).toContain('5.7.1');
  });

  it('is decided by another policy from one mail to the next, and by the old one while the new one is faulty', async () => {
    const readiness = async () => (await fetch(new URL('/readyz', gateway.managementUrl))).text();
    const answers = async () =>
      (await (await fetch(new URL('/metrics', gateway.managementUrl))).text()).match(/^segl_policy_faults .*/m)?.[0];
    expect(await answers()).toBe('segl_policy_faults 0');
    await story.sayPolicy(policy('  - name: B AD\n    seal: maybe\n'));
    gateway.signal('SIGHUP');
    await story.eventually('the faults in the log', async () =>
      gateway.output().includes('the policy was not taken') ? true : undefined,
    );
    // it looks once a second at most
    await story.eventually('a warning of the policy', async () =>
      (await readiness()).includes('policy') ? true : undefined,
    );
    expect(await answers()).toMatch(/segl_policy_faults [1-9]/);
    await story.inFront.sendmail(office, [partner], mailTo(partner, 'Still the old one', 'words in clear'));
    expect((await mailSaying('<Still-the-old-one@nordlys.example>', partner)).includes('words in clear')).toBe(true);

    const held = await heldMail(story.ports[0]?.smtp ?? 0, office, partner);
    await held.says(mailTo(partner, 'Held', 'half of it').replaceAll('\n', '\r\n'));
    await story.sayPolicy(policy().replace('    pass: true', '    seal: true'));
    gateway.signal('SIGHUP');
    await story.eventually('the new policy', async () =>
      gateway.output().includes('another policy is in force') ? true : undefined,
    );
    expect(await answers()).toBe('segl_policy_faults 0');
    await story.inFront.sendmail(office, [partner], mailTo(partner, 'The new one', 'words that are sealed'));
    expect((await mailSaying('<The-new-one@nordlys.example>', partner)).includes('words that are sealed')).toBe(false);

    // A connection in the middle of a mail is not dropped, and the mail is decided by the policy of its end.
    expect(await held.says('and the other half\r\n.\r\n', /^\d{3} /m)).toMatch(/^250 /);
    expect((await mailSaying('<Held@nordlys.example>', partner)).includes('half of it')).toBe(false);
    expect(await held.says('NOOP\r\n', /^\d{3} /m)).toMatch(/^250 /);
    held.ends();
  });
});

/** A mail over a connection of its own, up to where its content begins. */
async function heldMail(port: number, from: string, to: string) {
  const socket = connect({ port, host: '127.0.0.1' });
  const replies = createInterface({ input: socket })[Symbol.asyncIterator]();
  /** @returns the line that fits; without a pattern nothing is waited for */
  const says = async (text: string, awaited?: RegExp): Promise<string> => {
    socket.write(text);
    for (;;) {
      if (awaited === undefined) return '';
      const { value, done } = await replies.next();
      if (done === true) throw new Error('the connection was dropped');
      if (awaited.test(String(value))) return String(value);
    }
  };
  await says('', /^220 /);
  await says('EHLO held.nordlys.example\r\n', /^250 /);
  await says(`MAIL FROM:<${from}>\r\n`, /^250 /);
  await says(`RCPT TO:<${to}>\r\n`, /^250 /);
  await says('DATA\r\n', /^354 /);
  return { says, ends: () => socket.destroy() };
}
