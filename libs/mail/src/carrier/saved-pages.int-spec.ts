import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chromiumPath, launchChromium } from '#libs/web-ui/testing';
import { carrierOf } from '../testing/carrier-of.ts';
import { CarrierReader } from './carrier-reader.ts';

type Chromium = Awaited<ReturnType<typeof launchChromium>>;

const ciphertext = Buffer.concat([Buffer.from('age-encryption.org/v1\n'), randomBytes(20_000)]);
const carrier = carrierOf(Buffer.from('From: a@b.example\r\nSubject: x\r\n\r\n'), ciphertext).toString('latin1');
const page = carrier.slice(carrier.lastIndexOf('<!DOCTYPE'), carrier.lastIndexOf('</html>') + 7);

function read(file: string): Buffer {
  const reader = new CarrierReader();
  return Buffer.concat([reader.push(Buffer.from(file)), reader.end()]);
}

const withBrowser = chromiumPath() === null ? describe.skip : describe;

withBrowser('a page that a browser saved (skipped where there is no Chromium)', () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await launchChromium();
  });
  afterAll(() => chromium.close());

  async function saved(html: string): Promise<{ mhtml: string; written: string }> {
    const tab = await chromium.newPage();
    await tab.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await tab.goto('http://mail.test/message.html');
    const session = await tab.context().newCDPSession(tab);
    const { data } = await session.send('Page.captureSnapshot', { format: 'mhtml' });
    const written = await tab.content();
    await tab.close();
    return { mhtml: data, written };
  }

  it('is read as it was written anew', async () => {
    expect(read((await saved(page)).written).equals(ciphertext)).toBe(true);
  });

  it('is told apart as MHTML, in which Chromium leaves hidden fields out', async () => {
    const { mhtml } = await saved(page);
    expect(mhtml).not.toContain(ciphertext.toString('base64url').slice(0, 60));
    expect(() => read(mhtml)).toThrow(expect.objectContaining({ reason: 'no-carrier', file: 'saved-page' }));
  });

  it('is read as MHTML of a program that keeps them', async () => {
    const shown = page.replace('type="hidden"', 'type="text" style="display:none"'); // what Chromium does keep
    expect(read((await saved(shown)).mhtml).equals(ciphertext)).toBe(true);
  });
});
