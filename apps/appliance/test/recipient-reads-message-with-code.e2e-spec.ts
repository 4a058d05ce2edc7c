import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { Reader } from './reader.ts';
import { runSegl, startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

interface Row {
  readonly type: string;
  readonly eventId: string;
}

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('a recipient reads a sealed message with a code, in a real browser', () => {
  let portal: RunningProcess;
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser.close());
  // A portal for each story: an address is sent three codes an hour and no more.
  beforeEach(async () => {
    portal = await startProcess();
  }, 60_000);
  afterEach(async () => {
    expect(await portal.stop()).toBe(0);
    await portal.cleanUp();
  });

  /** A browser of somebody's own, English unless said otherwise. */
  async function someone(
    options: Parameters<Browser['newContext']>[0] = {},
  ): Promise<{ reader: Reader; context: BrowserContext }> {
    const context = await browser.newContext({ locale: 'en-GB', acceptDownloads: true, ...options });
    return { context, reader: new Reader(await context.newPage(), portal.url) };
  }

  it.each([
    ['with script on', true],
    ['with script off', false],
  ])('from the mailbox to the message, %s', async (_, javaScriptEnabled) => {
    const { reader, context } = await someone({ javaScriptEnabled });
    await reader.opensNewestSealedMail();
    expect(await reader.seesOnThePage()).toContain('message.html');
    await reader.opensAttachment();
    await reader.pressesTheButtonInTheAttachment();

    // Before sign-in: who sent it and to which address, masked. Nothing of the message.
    expect(await reader.seesOnThePage()).toContain('mette.holm@nordlys.example');
    expect(await reader.seesOnThePage()).toContain('a••••••@example.com');
    expect(await reader.page.content()).not.toContain('anna.berg@example.com');
    expect(await reader.page.content()).not.toContain('412,500');

    await reader.signsInWithACode();
    expect(await reader.seesOnThePage()).toContain('anna.berg@example.com');
    expect(await reader.page.content()).not.toContain('412,500');
    await reader.confirms();
    expect(await reader.seesOnThePage()).toContain('Your settlement, draft 3');
    const frame = reader.page.frameLocator('iframe').first();
    expect(await frame.locator('body').innerText()).toContain('DKK 412,500');

    // The image that came inside the message shows; nothing was asked of anyone else.
    const image = frame.locator('img');
    expect(await image.getAttribute('src')).toMatch(/^data:image\/png;base64,/);
    expect((await image.boundingBox())?.width).toBe(320);
    expect(reader.strangers).toEqual([]);
    await context.close();

    // What the record says of it rests on that sign-in, and the sign-in on that code.
    const asked = runSegl(
      ...['audit', 'timeline', '--person', 'anna.berg@example.com', '--json'],
      ...['--demonstration', '--data-dir', portal.dataDir],
    );
    const { entries } = JSON.parse(asked) as { entries: { row: Row; signIn: Row | null; challenge: Row[] }[] };
    const viewed = entries.find(({ row }) => row.type === 'MessageViewed');
    const signedIn = entries.find(({ row }) => row.type === 'RecipientAuthenticated');
    expect(viewed?.signIn).toMatchObject({ eventId: signedIn?.row.eventId, method: 'passcode' });
    expect(viewed?.challenge.map(({ type }) => type)).toEqual(['OtpIssued', 'OtpDelivered', 'OtpAccepted']);
  });

  it('sees before signing in whose portal it is and who wrote, and finds help', async () => {
    const { reader, context } = await someone();
    await reader.opensNewestSealedMail();
    await reader.opensAttachment();
    expect(await reader.page.locator('img').getAttribute('src')).toMatch(/^data:image\/png;base64,/);
    await reader.pressesTheButtonInTheAttachment();
    const seen = await reader.seesOnThePage();
    expect(seen).toContain('A sealed message from Mette Holm at Nordlys Advokater');
    expect(await reader.page.locator('footer').innerText()).toContain('Is this really Nordlys Advokater? Ring us');
    await reader.page.getByRole('link', { name: 'Help' }).click();
    expect(await reader.seesOnThePage()).toContain('Is the email genuine?');
    expect(reader.strangers).toEqual([]);
    await context.close();
  });

  it('saves an attachment under its own name, and the whole mail as it was sealed', async () => {
    const { reader, context } = await someone();
    await reader.opensNewestSealedMail();
    await reader.opensAttachment();
    await reader.pressesTheButtonInTheAttachment();
    await reader.signsInWithACode();
    await reader.confirms();

    const [attachment] = await Promise.all([
      reader.page.waitForEvent('download'),
      reader.page.getByRole('button', { name: 'Download settlement-draft-3.txt' }).click(),
    ]);
    expect(attachment.suggestedFilename()).toBe('settlement-draft-3.txt');
    expect(await readFile(await attachment.path(), 'utf8')).toContain('The buyer pays DKK 412,500');

    const [original] = await Promise.all([
      reader.page.waitForEvent('download'),
      reader.page.getByRole('button', { name: 'Save as .eml' }).click(),
    ]);
    const sample = await readFile(join(import.meta.dirname, '..', 'demo', 'sample.eml'));
    expect((await readFile(await original.path())).equals(sample)).toBe(true);

    const [printPage] = await Promise.all([
      context.waitForEvent('page'),
      reader.page.getByRole('button', { name: 'Open to print' }).click(),
    ]);
    await printPage.waitForLoadState();
    expect(await printPage.locator('body').innerText()).toContain('each side its own');

    // Done: what waited is forgotten, and going back shows nothing again: the browser kept no copy either.
    await reader.page.getByRole('button', { name: 'Finish and remove it from here' }).click();
    await reader.page.waitForURL(/\/finished$/);
    await reader.page.goBack(); // to the page of the next step: the message is shown in the answer to a click, and never again
    expect(await reader.seesOnThePage()).toContain('We cannot show this message right now');
    expect(reader.strangers).toEqual([]);
    await context.close();
  });

  it('signed in once, a reader opens the message again with the confirming click alone; after signing out it takes a code', async () => {
    const { reader, context } = await someone();
    await reader.opensNewestSealedMail();
    await reader.opensAttachment();
    await reader.pressesTheButtonInTheAttachment();
    await reader.signsInWithACode();
    await reader.opensNewestSealedMail();
    await reader.opensAttachment();
    await reader.pressesTheButtonInTheAttachment();
    expect(await reader.seesOnThePage()).toContain('You have confirmed that anna.berg@example.com is your address');
    await reader.page.getByRole('button', { name: 'Sign out' }).click();
    await reader.page.waitForURL(/\/signed-out$/);
    await reader.opensNewestSealedMail();
    await reader.opensAttachment();
    await reader.pressesTheButtonInTheAttachment();
    expect(await reader.seesOnThePage()).toContain('Send me a code');
    await context.close();
  });

  it('a second browser at the same address sees nothing until it has signed in itself', async () => {
    const { reader, context } = await someone();
    await reader.opensNewestSealedMail();
    await reader.opensAttachment();
    await reader.pressesTheButtonInTheAttachment();
    const address = reader.page.url();
    await reader.signsInWithACode();
    await reader.confirms();

    const { reader: other, context: otherContext } = await someone();
    await other.page.goto(address);
    expect(await other.seesOnThePage()).toContain('Open the attachment to read your message');
    expect(await other.seesOnThePage()).not.toMatch(/Show the message|example\.com/);
    await other.opensNewestSealedMail();
    await other.opensAttachment();
    await other.pressesTheButtonInTheAttachment();
    expect(other.page.url()).toBe(address);
    expect(await other.seesOnThePage()).toContain('a••••••@example.com');
    expect(await other.seesOnThePage()).not.toContain('Show the message');
    await context.close();
    await otherContext.close();
  });

  it('opens a carrier file from disk, as a saved attachment is opened', async () => {
    const { reader, context } = await someone();
    await reader.opensNewestSealedMail();
    const attachment = new URL((await reader.page.locator('a.attachment').getAttribute('href')) ?? '', portal.url);
    const file = join(portal.dataDir, '..', `message-${process.pid}.html`);
    await writeFile(file, await (await fetch(attachment)).text());
    await reader.page.goto(pathToFileURL(file).href);
    await reader.pressesTheButtonInTheAttachment();
    await reader.signsInWithACode();
    await reader.confirms();
    expect(await reader.page.frameLocator('iframe').first().locator('body').innerText()).toContain('DKK 412,500');
    expect(reader.strangers).toEqual([]);
    await context.close();
  });

  it('uploads the file, or the whole mail, at the portal’s own page where forms in files do not work', async () => {
    const { reader, context } = await someone();
    await reader.opensNewestSealedMail();
    const mailAddress = reader.page.url();
    for (const [part, name] of [
      ['message.html', 'message.html'],
      ['mail.eml', 'sealed.eml'],
    ] as const) {
      const content = Buffer.from(await (await fetch(`${mailAddress}/${part}`)).arrayBuffer());
      await reader.page.goto(portal.url.href);
      await reader.page
        .locator('#carrier')
        .setInputFiles({ name, mimeType: 'application/octet-stream', buffer: content });
      await reader.page.getByRole('button', { name: 'Upload and continue' }).click();
      await reader.page.waitForURL(/\/m\/[a-z2-7]{32}$/);
      expect(await reader.seesOnThePage()).toContain('mette.holm@nordlys.example');
    }
    await context.close();
  });

  it('speaks Danish to who prefers it', async () => {
    const { reader, context } = await someone({ locale: 'da-DK' });
    await reader.page.goto(portal.url.href);
    expect(await reader.seesOnThePage()).toContain('Åbn en forseglet besked');
    await context.close();
  });
});
