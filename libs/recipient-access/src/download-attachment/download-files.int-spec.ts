import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageStream } from '#libs/sealing';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { portalOfMessages } from '../testing/portal-of-messages.ts';
import { sealedMessagesHere } from '../testing/sealed-message-here.ts';

/** Another program's reading: Python's own, the names as they are. */
const LIST = `import sys, zipfile, json
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, z.read(i).decode()] for i in z.infolist()]))`;

const NAMES = ['Årsplan 日本.txt', 'årsplan 日本.TXT', '../../passwd', 'نص.txt'];
const mail = Buffer.from(
  `From: bo@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHere.\r\n${NAMES.map(
    (name, at) =>
      `--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(name)}\r\n\r\nfile ${at}\r\n`,
  ).join('')}--b--\r\n`,
);
const FILES = [
  ['Årsplan 日本.txt', 'file 0'],
  ['årsplan 日本 (2).TXT', 'file 1'],
  ['passwd', 'file 2'],
  ['نص.txt', 'file 3'],
];

describe('all files of a message as ZIP', () => {
  let here: Awaited<ReturnType<typeof sealedMessagesHere>>;
  let portal: TestPortal;
  let folder: string;
  beforeAll(async () => {
    here = await sealedMessagesHere();
    portal = await portalOfMessages(here);
    folder = await mkdtemp(join(tmpdir(), 'segl-zip-'));
  });
  afterAll(async () => {
    await portal.close();
    await here.close();
    await rm(folder, { recursive: true });
  });

  it('has them under their names, streams, and leaves one record for each', async () => {
    const messageId = await here.handIn((await here.seal(mail)).ciphertext);
    const browser = portal.browser();
    await browser.get('/signed-in');
    const refused = await browser.post(`/m/${messageId}/attachments`, { files: '1 99' });
    expect(refused.status).toBe(404);
    const { status, headers, html } = await browser.post(`/m/${messageId}/attachments`, { files: '1 2 3 4 ' });
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="files-${messageId.slice(0, 8)}.zip"; filename*=UTF-8''files-${messageId.slice(0, 8)}.zip`,
    );
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(html).toMatch(/^PK/);
    const events = await Array.fromAsync(here.store.readStream(messageStream(messageId)));
    expect(events.map(({ type, data }) => [type, (data as { attachmentIndex?: number }).attachmentIndex])).toEqual([
      ['MessageSealed', undefined],
      ...[1, 2, 3, 4].map((index) => ['AttachmentDownloaded', index]),
    ]);
  });

  (chromiumPath() === null ? it.skip : it)(
    'is saved by a real browser from the page of the message (skipped where there is no Chromium)',
    async () => {
      const messageId = await here.handIn((await here.seal(mail)).ciphertext);
      const chromium = await launchChromium();
      const page = await chromium.newPage();
      await page.goto(`${portal.url}/signed-in`);
      await page.goto(`${portal.url}/m/${messageId}`);
      await page.locator('main form button[type=submit]').first().click();
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Download all as ZIP' }).click();
      const file = join(folder, 'all.zip');
      const download = await saved;
      expect(download.suggestedFilename()).toBe(`files-${messageId.slice(0, 8)}.zip`);
      await download.saveAs(file);
      await chromium.close();
      const { stdout } = await promisify(execFile)('python3', ['-c', LIST, file]);
      expect(JSON.parse(stdout)).toEqual(FILES);
      const types = await here.typesOf(messageStream(messageId));
      expect(types.filter((type) => type === 'AttachmentDownloaded')).toHaveLength(4);
    },
    60_000,
  );
});
