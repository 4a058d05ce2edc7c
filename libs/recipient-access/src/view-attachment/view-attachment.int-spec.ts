import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { decryptPersonalData } from '#libs/keyring';
import { activePdfs, pdfOf, pdfScript } from '#libs/mail/testing';
import { messageStream } from '#libs/sealing';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import type { EncryptedPersonalData, MessageId, PersonId } from '#libs/vocabulary';
import { sealedMessagesHere, settings } from '../testing/sealed-message-here.ts';
import { portalOfMessages } from '../testing/portal-of-messages.ts';
import { ViewAttachment, ViewAttachmentHandler } from './view-attachment.ts';

/** 1 × 1, blue. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC',
  'base64',
);
const SCRIPT = "<script>alert('CANARY')</script>";
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${SCRIPT}</svg>`;

interface File {
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
}

/** A file may claim what it likes: index 1 is the first of them, since the text is part 0. */
function mailWith(...files: readonly File[]): Buffer {
  const part = ({ name, type, content }: File) =>
    `--b\r\nContent-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n${content.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`;
  return Buffer.from(
    `From: bo@example.org\r\nSubject: Files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHere.\r\n${files.map(part).join('')}--b--\r\n`,
  );
}

describe('looking at a file of a message', () => {
  let here: Awaited<ReturnType<typeof sealedMessagesHere>>;
  let handler: ViewAttachmentHandler;
  beforeAll(async () => {
    here = await sealedMessagesHere();
    handler = new ViewAttachmentHandler(here.messages, here.files, here.reader, here.turns, settings);
  });
  afterAll(() => here.close());

  const waiting = async (...files: readonly File[]): Promise<MessageId> =>
    here.handIn((await here.seal(mailWith(...files))).ciphertext);

  it('is recorded for each, with which one and as what it was shown, before it is given', async () => {
    const messageId = await waiting(
      { name: '../a.txt', type: 'text/plain', content: PNG },
      { name: 'plan.pdf', type: 'application/pdf', content: pdfOf() },
    );
    const asking = await here.signIn();
    const image = await handler.execute(new ViewAttachment(messageId, 1, asking));
    expect(image).toMatchObject({ filename: 'a.txt', type: 'image/png' });
    expect(PNG.equals(image.content)).toBe(true);
    expect(await handler.execute(new ViewAttachment(messageId, 2, asking))).toMatchObject({ type: 'application/pdf' });
    const events = await Array.fromAsync(here.store.readStream(messageStream(messageId)));
    expect(events.slice(1).map(({ type, data }) => ({ type, ...data }))).toEqual([
      expect.objectContaining({ type: 'AttachmentViewed', attachmentIndex: 1, kind: 'image', method: 'passcode' }),
      expect.objectContaining({ type: 'AttachmentViewed', attachmentIndex: 2, kind: 'pdf' }),
    ]);
    const { id, data } = events[1] as (typeof events)[number];
    const { fileName, recipientId } = data as { fileName: EncryptedPersonalData; recipientId: PersonId };
    const person = await here.persons.findById(recipientId);
    expect(person && decryptPersonalData(person, id, 'fileName', fileName)).toBe('a.txt');
  });

  it.each<[string, File]>([
    ['SVG, whatever it is called', { name: 'a.png', type: 'image/png', content: Buffer.from(SVG) }],
    ['a page', { name: 'a.pdf', type: 'application/pdf', content: Buffer.from(`${SCRIPT}%PDF-1.7`) }],
    ['a damaged PDF', { name: 'a.pdf', type: 'application/pdf', content: Buffer.from('%PDF-1.7 gone') }],
    ['nothing', { name: 'a.png', type: 'image/png', content: Buffer.alloc(0) }],
  ])('is not possible for %s, and leaves no record', async (_, file) => {
    const messageId = await waiting(file);
    const asking = await here.signIn();
    await expect(handler.execute(new ViewAttachment(messageId, 1, asking))).rejects.toMatchObject({
      code: 'file-not-shown',
    });
    expect(await here.typesOf(messageStream(messageId))).toEqual(['MessageSealed']);
  });

  it('is not possible where the organisation wants files to be saved, nor after a revocation', async () => {
    const messageId = await waiting({ name: 'a.png', type: 'image/png', content: PNG });
    const asking = await here.signIn();
    const saving = new ViewAttachmentHandler(here.messages, here.files, here.reader, here.turns, {
      ...settings,
      showsFiles: false,
    });
    await expect(saving.execute(new ViewAttachment(messageId, 1, asking))).rejects.toMatchObject({
      code: 'file-not-shown',
    });
    await here.revoke(messageId);
    await expect(handler.execute(new ViewAttachment(messageId, 1, asking))).rejects.toMatchObject({
      reason: 'revoked',
    });
  });
});

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('files in a real browser (skipped where there is no Chromium)', () => {
  let here: Awaited<ReturnType<typeof sealedMessagesHere>>;
  let portal: TestPortal;
  let chromium: Browser;
  let elsewhere: Server;
  let address: string;
  const asked: string[] = [];
  beforeAll(async () => {
    elsewhere = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/seen`;
    here = await sealedMessagesHere();
    portal = await portalOfMessages(here);
    chromium = await launchChromium();
  });
  afterAll(async () => {
    await chromium.close();
    await portal.close();
    await here.close();
    elsewhere.closeAllConnections();
    elsewhere.close();
  });

  /** The page of the message, as its reader sees it after the click. */
  async function open(context: BrowserContext, files: readonly File[]): Promise<{ page: Page; messageId: MessageId }> {
    const messageId = await here.handIn((await here.seal(mailWith(...files))).ciphertext);
    const page = await context.newPage();
    await page.goto(`${portal.url}/signed-in`);
    await page.goto(`${portal.url}/m/${messageId}`);
    await page.locator('main form button[type=submit]').first().click();
    await page.locator('ul.files li').first().waitFor();
    return { page, messageId };
  }

  async function watched(): Promise<{ context: BrowserContext; dialogs: string[] }> {
    const context = await chromium.newContext({ viewport: { width: 500, height: 500 } });
    const dialogs: string[] = [];
    context.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    return { context, dialogs };
  }

  /** In the middle of what a page looks like; none while Chromium can show nothing, as before its PDF viewer has come. */
  async function colourOf(page: Page): Promise<string | null> {
    const picture = await page.screenshot().then(
      (image) => image.toString('base64'),
      () => null,
    );
    if (picture === null) return null;
    const reader = await page.context().newPage();
    const colour = await reader.evaluate<string>(`(async () => {
      const image = new Image();
      image.src = 'data:image/png;base64,${picture}';
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
      canvas.drawImage(image, 0, 0);
      return [...canvas.getImageData(image.width / 2, image.height / 2, 1, 1).data].join(',');
    })()`);
    await reader.close();
    return colour;
  }

  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('it never came to hold');
  }

  async function look(page: Page, nth: number): Promise<Page> {
    const opened = page.context().waitForEvent('page');
    await page.getByRole('button', { name: /^View/ }).nth(nth).click();
    return opened;
  }

  it('are shown in a tab of their own: a PDF by the viewer of the browser, an image as it is', async () => {
    const { context } = await watched();
    const { page, messageId } = await open(context, [
      { name: 'plan.pdf', type: 'application/pdf', content: pdfOf() },
      { name: 'a.png', type: 'image/png', content: PNG },
      { name: 'a.docx', type: 'application/octet-stream', content: Buffer.from('PK') },
    ]);
    expect(await page.getByRole('button', { name: /^View/ }).count()).toBe(2);
    const pdf = await look(page, 0);
    await until(async () => (await colourOf(pdf)) === '255,0,0,255');
    const image = await look(page, 1);
    expect(await image.evaluate('document.images[0].naturalWidth')).toBe(1);
    expect(await image.evaluate('self.origin')).toBe('null');
    expect(await here.typesOf(messageStream(messageId))).toEqual([
      'MessageSealed',
      'MessageViewed',
      'AttachmentViewed',
      'AttachmentViewed',
    ]);
    await context.close();
  }, 120_000);

  /** Each is one thing by its first bytes, and another to whoever looks further. */
  const twoFaced = (): (File & { readonly as: string })[] => {
    const page = `<html><body>${SCRIPT}<img src="${address}"></body></html>`;
    const script = `app.alert("CANARY")`;
    return [
      { name: 'a.png', type: 'text/html', as: 'text/html', content: Buffer.concat([PNG, Buffer.from(page)]) },
      { name: 'a.gif', type: 'text/html', as: 'text/html', content: Buffer.from(`GIF89a${page}`) },
      { name: 'a.jpg', type: 'image/svg+xml', as: 'text/html', content: Buffer.from(`\xff\xd8\xff${page}`, 'latin1') },
      { name: 'a.html', type: 'text/html', as: 'text/html', content: Buffer.concat([pdfOf(), Buffer.from(page)]) },
      ...activePdfs(script, address).map(({ pdf }) => ({
        name: 'a.pdf',
        type: 'application/pdf',
        as: 'application/pdf',
        content: pdf,
      })),
    ];
  };

  it('would run and ask if they could: the control, with nothing in the way', async () => {
    const files = twoFaced();
    const bare = createServer(({ url = '' }, response) => {
      const file = files[Number(url.slice(1))];
      response.setHeader('Content-Type', file?.as ?? 'text/plain');
      response.end(file?.content);
    });
    await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
    const { context, dialogs } = await watched();
    const { port } = bare.address() as AddressInfo;
    for (const at of files.keys()) {
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${port}/${at}`, { waitUntil: 'commit' });
    }
    await until(() => dialogs.length >= 6 && asked.length >= 4);
    await context.close();
    bare.closeAllConnections();
    bare.close();
    asked.length = 0;
  }, 120_000);

  it('run nothing and ask for nothing, whatever they are besides', async () => {
    const files = twoFaced();
    const shown = [
      ...files,
      {
        name: 'z.pdf',
        type: '',
        as: '',
        content: pdfOf({ catalog: `/OpenAction ${pdfScript('app.alert("CANARY")')}` }),
      },
    ];
    const { context, dialogs } = await watched();
    const { page } = await open(context, shown);
    const count = await page.getByRole('button', { name: /^View/ }).count();
    expect(count).toBe(shown.length);
    let last = page;
    for (let at = 0; at < count; at++) last = await look(page, at);
    await until(async () => (await colourOf(last)) === '255,0,0,255'); // it is drawn: what would run has run
    expect(dialogs).toEqual([]);
    expect(asked).toEqual([]);
    await context.close();
  }, 180_000);
});
