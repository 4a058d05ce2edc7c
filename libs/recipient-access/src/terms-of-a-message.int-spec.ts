import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageStream } from '#libs/sealing';
import type { MessageTerm } from '#libs/sealing';
import type { MessageId } from '#libs/vocabulary';
import { TestBrowser } from '#libs/web-ui/testing';
import type { TestPortal } from '#libs/web-ui/testing';
import { openingsStream } from './access-events.ts';
import { portalOfMessages } from './testing/portal-of-messages.ts';
import { sealedMessagesHere } from './testing/sealed-message-here.ts';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const mail = [
  'From: bo@example.org',
  'Subject: Journal',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'SECRET WORDS',
  ...['one.png', 'two.png'].flatMap((name) => [
    '--b',
    `Content-Type: image/png; name="${name}"`,
    'Content-Transfer-Encoding: base64',
    `Content-Disposition: attachment; filename="${name}"`,
    '',
    PNG,
  ]),
  '--b--',
  '',
].join('\r\n');
const FILE = 1;

/** Every address by which a message, or some of it, leaves as a file or on paper. */
const DOWNLOADS: readonly (readonly [path: string, fields: Record<string, string>])[] = [
  ['original', {}],
  ['print', {}],
  [`attachments/${FILE}`, {}],
  ['attachments', { files: '1 2' }],
];

describe('what the terms of a message forbid', () => {
  let here: Awaited<ReturnType<typeof sealedMessagesHere>>;
  let portal: TestPortal;
  beforeAll(async () => {
    here = await sealedMessagesHere();
    portal = await portalOfMessages(here);
  });
  afterAll(async () => {
    await portal.close();
    await here.close();
  });

  async function waiting(...terms: MessageTerm[]): Promise<MessageId> {
    const { ciphertext } = await here.seal(mail, undefined, terms);
    return here.handIn(ciphertext);
  }
  async function signedIn(query = ''): Promise<TestBrowser> {
    const browser = new TestBrowser(portal.url);
    await browser.get(`/signed-in${query}`);
    return browser;
  }
  const recorded = (messageId: MessageId) => here.typesOf(messageStream(messageId));
  const denials = async (messageId: MessageId) => {
    const events = await Array.fromAsync(here.store.readStream(openingsStream(messageId)));
    return events.flatMap(({ type, data }) => (type === 'ViewDenied' ? [(data as { reason: string }).reason] : []));
  };

  it('is nothing for a message without terms', async () => {
    const messageId = await waiting();
    const browser = await signedIn();
    for (const [path, fields] of DOWNLOADS)
      expect([path, (await browser.post(`/m/${messageId}/${path}`, fields)).status]).toEqual([path, 200]);
    const page = await browser.post(`/m/${messageId}/view`);
    expect(page.text).toContain('Save as .eml');
    expect(page.html).not.toContain('off-paper');
  });

  it('no download: the page is shown, and no address gives a file or a print, whoever asks it directly', async () => {
    const messageId = await waiting('no-download');
    const browser = await signedIn('?by=organisation');
    const page = await browser.post(`/m/${messageId}/view`);
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('SECRET WORDS')]);
    expect(page.text).toContain('This message cannot be saved or printed');
    for (const offer of ['Save as .eml', 'Open to print', 'Download']) expect(page.text).not.toContain(offer);
    expect(page.html).toContain('class="wide off-paper"');
    expect(page.html).not.toMatch(/action="[^"]*\/(original|print|attachments(\/\d+)?)"/);

    for (const [path, fields] of DOWNLOADS) {
      const refused = await browser.post(`/m/${messageId}/${path}`, fields);
      expect([path, refused.status]).toEqual([path, 403]);
      expect(refused.text).toContain('This message cannot be saved or printed');
      expect(refused.headers.get('content-disposition')).toBeNull();
      for (const leaked of ['SECRET', PNG.slice(0, 20), 'PNG']) expect(refused.html).not.toContain(leaked);
      const fetched = await browser.get(`/m/${messageId}/${path}`);
      expect([path, fetched.status, fetched.headers.get('location')]).toEqual([path, 303, `/m/${messageId}`]);
      expect((await browser.head(`/m/${messageId}/${path}`)).headers.get('content-disposition')).toBeNull();
    }
    expect(await denials(messageId)).toEqual(Array(DOWNLOADS.length).fill('download-not-allowed'));
    expect(await recorded(messageId)).toEqual(['MessageSealed', 'MessageViewed']);

    const looked = await browser.post(`/m/${messageId}/attachments/${FILE}/view`); // shown is not saved
    expect([looked.status, looked.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(await recorded(messageId)).toEqual(['MessageSealed', 'MessageViewed', 'AttachmentViewed']);
  });

  it('says so in Danish as well', async () => {
    const messageId = await waiting('no-download', 'account');
    const browser = await signedIn();
    const page = await browser.get(`/m/${messageId}`, { 'Accept-Language': 'da' });
    expect(page.text).toContain('En kode på mail er ikke nok til denne besked');
    const refused = await (
      await signedIn('?by=google')
    ).post(`/m/${messageId}/original`, {}, { 'Accept-Language': 'da' });
    expect(refused.text).toContain('Beskeden kan ikke gemmes eller udskrives');
  });

  it('a passcode, where an account is asked for: every address leads to the page that says why, and each try is recorded', async () => {
    const messageId = await waiting('account');
    const browser = await signedIn();
    const page = await browser.get(`/m/${messageId}`);
    expect(page.text).toContain('You confirmed your address with a code. For this message, sign in with an account');
    expect(page.text).toContain('A code sent by email is not enough for this message');
    expect(page.html).toContain(`href="/m/${messageId}/prove"`);
    expect(page.text).not.toContain('Send me a code');
    const everything = [['view', {}], [`attachments/${FILE}/view`, {}], ...DOWNLOADS] as const;
    for (const [path, fields] of everything) {
      const refused = await browser.post(`/m/${messageId}/${path}`, fields);
      expect([path, refused.status, refused.headers.get('location')]).toEqual([path, 303, `/m/${messageId}`]);
      expect(refused.html).not.toContain('SECRET');
    }
    expect(await denials(messageId)).toEqual(everything.map(() => 'account-required'));
    expect(await recorded(messageId)).toEqual(['MessageSealed']);

    const withAccount = await signedIn('?by=microsoft');
    expect((await withAccount.post(`/m/${messageId}/view`)).text).toContain('SECRET WORDS');
  });

  it('to read a shared mailbox without saying who one is', async () => {
    const messageId = await waiting('shared-mailbox');
    const browser = await signedIn();
    expect((await browser.get(`/m/${messageId}`)).text).toContain('sign in again and say who is reading');
    const refused = await browser.post(`/m/${messageId}/view`);
    expect([refused.status, refused.headers.get('location')]).toEqual([303, `/m/${messageId}`]);
    expect(await denials(messageId)).toEqual(['reader-required']);
    const named = await signedIn('?reader=Anna');
    expect((await named.post(`/m/${messageId}/view`)).text).toContain('SECRET WORDS');
    const [, view] = await Array.fromAsync(here.store.readStream(messageStream(messageId)));
    expect(view).toMatchObject({ type: 'MessageViewed', data: { reader: expect.any(String) } });
  });

  it('tells a stranger nothing: what comes before a proof looks the same', async () => {
    const [free, termed] = [await waiting(), await waiting('account', 'no-download', 'shared-mailbox')];
    const browser = new TestBrowser(portal.url);
    const pages = [];
    for (const messageId of [free, termed]) {
      const { status, text } = await browser.get(`/m/${messageId}`);
      pages.push([status, text.replaceAll(messageId, '…')]);
    }
    expect(pages[0]).toEqual(pages[1]);
  });
});
