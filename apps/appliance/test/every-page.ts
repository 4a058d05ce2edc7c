import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { mailIdsIn, newCode } from './http-reader.ts';
import type { RunningProcess } from './running-process.ts';

/** A mail with everything that makes a page long: a nested mail, notes, wide tables, names without a place to break. */
export function mailOfManyParts(to: string): string {
  const name = `agreement-with-every-signature-and-no-place-to-break-${'x'.repeat(60)}.pdf`;
  return [
    'From: Mette Holm <mette.holm@nordlys.example>',
    'Reply-To: office@nordlys.example',
    `To: ${to}`,
    `Cc: "A Very Long Title, Partner" <${'a-name-that-fills-a-line.'.repeat(2)}x@nordlys.example>`,
    `Subject: Forwarded ${'and-a-word-without-an-end-'.repeat(3)}`,
    'Date: Sun, 22 Nov 2026 09:14:00 +0100',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=outer',
    '',
    '--outer',
    'Content-Type: text/html; charset=utf-8',
    '',
    '<h1>A heading</h1><table width="900"><tr><td>wide</td><td>wider</td></tr></table><img src="https://tracker.example/x.png">',
    '--outer',
    `Content-Type: application/pdf`,
    `Content-Disposition: attachment; filename="${name}"`,
    '',
    'not read by anyone',
    '--outer',
    'Content-Type: message/rfc822',
    '',
    'From: Someone <someone@example.org>',
    'Subject: The mail within',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=inner',
    '',
    '--inner',
    'Content-Type: text/plain; charset=utf-8',
    '',
    `https://example.com/${'without-end/'.repeat(12)}`,
    '--inner',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Disposition: attachment; filename="inside.txt"',
    '',
    'from within',
    '--inner--',
    '--outer--',
    '',
  ].join('\r\n');
}

/**
 * Goes through every page that a reader may meet, in the order in which they come, for a recipient whose newest sealed mail lies in
 * the demonstration's mailbox. Finds its way by forms and addresses, never by words, so that it goes in every language.
 * @param visit called on each page by its name
 */
export async function visitEveryPage(
  page: Page,
  { url, dataDir }: RunningProcess,
  recipient: string,
  visit: (name: string, page: Page) => Promise<void>,
): Promise<void> {
  const go = (path: string) => page.goto(new URL(path, url).href);
  const press = (form: string) => page.locator(`form[action$="${form}"] button`).click();

  for (const [name, path] of [
    ['start', '/'],
    ['privacy', '/privacy'],
    ['help', '/help'],
    ['no such message', '/m/x'],
    ['no such page', '/no-such-page'],
  ] as const) {
    await go(path);
    await visit(name, page);
  }
  await go('/');
  await page.locator('#carrier').setInputFiles({ name: 'x.html', mimeType: 'text/html', buffer: Buffer.from('hello') });
  await press('/open');
  await page.waitForURL(/\/open$/);
  await visit('a file that is no carrier', page);
  await page.goto(new URL(`/m/${'a'.repeat(32)}`, url).href);
  await visit('a message opened elsewhere', page);
  await page.goto(new URL(`/prove/code/${'a'.repeat(26)}`, url).href);
  await visit('a code of another browser', page);

  await go('/demo/mailbox');
  await visit('mailbox', page);
  const sealed = page.locator('ul.mails li', { hasText: recipient }).filter({ has: page.locator('.attachments') });
  await sealed.first().locator('a').click();
  await visit('sealed mail', page);
  // From disk, as a saved attachment is opened.
  const attachment = new URL((await page.locator('a.attachment').getAttribute('href')) ?? '', url);
  const file = join(dataDir, '..', `message-${recipient}-${process.pid}.html`);
  await writeFile(file, await (await fetch(attachment)).text());
  await page.goto(pathToFileURL(file).href);
  await visit('attachment', page);
  await page.getByRole('button').first().click();
  await page.waitForURL(/\/m\/[a-z2-7]{32}$/);
  await visit('show that it is for you', page);

  const before = await mailIdsIn(url);
  const message = page.url();
  await page.goto(`${message}/prove`);
  await page.waitForURL(/\/sign-in\//);
  await visit('choose how to sign in', page);
  await page.goto(message);
  await press('/prove');
  await page.waitForURL(/\/prove\/code\//);
  await visit('enter the code', page);
  const code = await newCode(url, before);
  const enter = async (text: string) => {
    await page.locator('#code').fill(text);
    await page.locator('form:has(#code) button').click();
  };
  await enter('12');
  await page.waitForSelector('#code-error');
  await visit('half a code', page);
  await enter(code === '0000 0000' ? '1111 1111' : '0000 0000');
  await page.waitForSelector('#code-error');
  await visit('a wrong code', page);
  const entering = page.url();
  await go('/demo/mailbox');
  await page.locator('ul.mails li', { hasText: recipient }).first().locator('a').click();
  await visit('code mail', page);
  await page.goto(entering);
  await enter(code);
  await page.waitForURL(/\/m\/[a-z2-7]{32}$/);
  await visit('confirm', page);

  await press('/view');
  await page.waitForURL(/\/view$/);
  await visit('message', page);
  const opened = page.context().waitForEvent('page');
  await press('/print');
  const printPage = await opened;
  await printPage.waitForLoadState();
  await visit('print', printPage);
  await printPage.close();
  await press('/finish');
  await page.waitForURL(/\/finished$/);
  await visit('finished', page);
  await press('/sign-out');
  await page.waitForURL(/\/signed-out$/);
  await visit('signed out', page);
}
