import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { carrierFieldOf, HttpReader, mailIdsIn, newCode, newestCarrierField } from './http-reader.ts';
import type { Answer } from './http-reader.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const PATIENCE_MS = 300_000;

/** What differs between two answers to the same question and tells nothing. */
const same = ({ status, body }: Answer, messagePath: string) => [
  status,
  body.replaceAll(messagePath, '/m/…').replace(/name="csrf" value="[^"]*"/g, ''),
];

describe('strangers at a reader’s door', () => {
  let portal: RunningProcess;
  let field: string;
  beforeAll(async () => {
    portal = await startProcess();
    field = await newestCarrierField(portal.url);
  }, PATIENCE_MS);
  afterAll(async () => {
    await portal.stop();
    await portal.cleanUp();
  });

  async function handedIn() {
    const reader = new HttpReader(portal.url);
    const { location } = await reader.handIn(field);
    return { reader, path: location };
  }

  it('see the same at a message’s address whether it waits, was read, or never was', async () => {
    const { reader, path } = await handedIn();
    const made = `/m/${'abcdefghijklmnopqrstuvwxyz234567'.slice(randomBytes(1)[0]! % 4)}`.padEnd(35, 'a');
    const waiting = same(await new HttpReader(portal.url).get(path), path);
    expect(waiting[0]).toBe(200);
    expect(waiting[1]).not.toMatch(/example\.com|nordlys\.example"|mette/);
    expect(same(await new HttpReader(portal.url).get(made), made)).toEqual(waiting);
    expect((await reader.get(path)).body).toContain('a••••••@example.com'); // the browser that opened it sees whose it is

    const confirm = await reader.signInFor(path);
    expect(same(await new HttpReader(portal.url).get(path), path)).toEqual(waiting);
    expect((await reader.submit(confirm, `${path}/finish`)).location).toBe('/finished');
    expect((await reader.get('/finished')).body).toContain('You are still signed in');
    expect((await new HttpReader(portal.url).get('/finished')).body).not.toContain('You are still signed in');
    expect(same(await new HttpReader(portal.url).get(path), path)).toEqual(waiting);
    // nor does a sign-in begin for who has not opened it, so that none turns from impossible to possible
    const stranger = new HttpReader(portal.url);
    for (const at of [path, made]) {
      for (const below of ['prove', 'view', 'original', 'finish']) {
        const answer = await stranger.get(`${at}/${below}`);
        expect([below, answer.status, answer.location]).toEqual([below, 303, at]);
      }
    }
  });

  it('and phones find no dead end: what only takes a form answers a GET by going on', async () => {
    const { reader, path } = await handedIn();
    for (const below of ['view', 'print', 'original', 'attachments/1', 'finish']) {
      const answer = await reader.get(`${path}/${below}`);
      expect([below, answer.status, answer.location]).toEqual([below, 303, path]);
    }
    expect((await reader.get('/sign-out')).location).toBe('/');
  });

  it('spend no sign-in by looking at where it comes back, and nobody is led into one that somebody else began', async () => {
    const { reader, path } = await handedIn();
    const victim = new HttpReader(portal.url);
    await victim.get((await handedIn()).path);
    const sent = await reader.get(`${path}/prove`); // the attacker’s own link, sent to a person who can prove the address
    const refused = await victim.follow(await victim.get(sent.location));
    expect([refused.status, refused.body]).toEqual([400, expect.stringContaining('This sign-in cannot')]);

    const before = await mailIdsIn(portal.url);
    const asked = await reader.asksForACode(path);
    const code = await newCode(portal.url, before);
    const entered = await reader.submit(await reader.get(asked.location), asked.location, { code });
    const back = await reader.follow(entered, ({ pathname }) => pathname === '/authenticate');
    expect(new URL(back.location).pathname).toBe('/authenticate');
    const scanner = new HttpReader(portal.url);
    expect((await scanner.head(back.location)).status).toBe(200);
    expect((await scanner.get(back.location)).status).toBe(400);
    expect((await reader.head(back.location)).status).toBe(200);
    const other = await victim.get(back.location);
    expect(other.location).toBe(`${path}?again=proof`); // another browser: not led anywhere, and nothing is spent
    const shown = await reader.follow(await reader.get(back.location));
    expect(shown.body).toContain('Show the message');
    // the way back goes on
    for (const place of [back.location, entered.location, asked.location]) {
      expect(new URL((await reader.follow(await reader.get(place))).at).pathname).toBe(path);
    }
  });

  it('and a reader who presses the button again goes on with the code that was sent', async () => {
    const { reader, path } = await handedIn();
    const before = await mailIdsIn(portal.url);
    const first = await reader.asksForACode(path);
    const code = await newCode(portal.url, before);
    const mails = (await mailIdsIn(portal.url)).length;
    for (let press = 0; press < 4; press++) {
      await reader.handIn(field);
      expect((await reader.asksForACode(path)).location).toBe(first.location);
    }
    expect(await mailIdsIn(portal.url)).toHaveLength(mails);
    const page = await reader.get(first.location);
    expect(page.body).toMatch(/accepted by the mail server at|We have sent a code to/);
    expect(page.body).toMatch(/The code works until [^<(]*\(\d+ more minutes\)/);
    const arabic = code.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)));
    const shown = await reader.follow(await reader.submit(page, first.location, { code: `\u200f${arabic}` }));
    expect(shown.body).toContain('Show the message');
    expect((await new HttpReader(portal.url).get(first.location)).body).toContain('This page cannot be used here');
  });

  it('and a wrong upload says that it is no sealed message, with a reference and whom to ask', async () => {
    const form = new FormData();
    form.set('carrier', new Blob(['<p>minutes of a meeting</p>']), 'minutes.html');
    const answer = await fetch(new URL('/open', portal.url), { method: 'POST', body: form });
    const body = await answer.text();
    expect([answer.status, body]).toEqual([422, expect.stringContaining('This file is not a sealed message')]);
    expect(body).toMatch(/write to \S+@\S+ and give the reference [a-z2-7]{10}\b/);
  });

  (chromiumPath() === null ? it.skip : it)(
    'on a phone without script, from the file to the message and back, no page ends',
    async () => {
      const browser = await launchChromium();
      try {
        const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 320, height: 640 } });
        const page = await context.newPage();
        const mail = (await mailIdsIn(portal.url)).at(-1) ?? '';
        const carrier = await (await fetch(new URL(`/demo/mailbox/${mail}/message.html`, portal.url))).text();
        expect(carrierFieldOf(carrier)).not.toBe('');
        await page.goto(new URL(`/demo/mailbox/${mail}/message.html`, portal.url).href);
        await page.getByRole('button', { name: 'Read the message' }).click();
        await page.waitForURL(/\/m\/[a-z2-7]{32}$/);
        const path = new URL(page.url()).pathname;
        expect(await page.locator('main').innerText()).toContain('a••••••@example.com'); // the mark came with the upload
        const before = await mailIdsIn(portal.url);
        await page.getByRole('button', { name: 'Send me a code' }).click();
        await page.locator('#code').fill(await newCode(portal.url, before));
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.getByRole('button', { name: 'Show the message' }).waitFor();
        await page.goBack(); // the way back after signing in
        await page.getByRole('button', { name: 'Show the message' }).waitFor();
        expect(new URL(page.url()).pathname).toBe(path);
        await page.goto(new URL(`${path}/view`, portal.url).href); // a tab that was dropped
        await page.getByRole('button', { name: 'Show the message' }).waitFor();
        await context.close();
      } finally {
        await browser.close();
      }
    },
    PATIENCE_MS,
  );
});
