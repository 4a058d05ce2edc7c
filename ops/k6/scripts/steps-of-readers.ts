import { Browser, headingOf } from './browser.ts';
import type { Answer } from './browser.ts';
import { settings } from './settings.ts';
import { askSink } from './sink.ts';

/* What several journeys do on their way. */

const NOTE = 'A line of the note that goes with it.\r\n'.repeat(500);
const BOUNDARY = 'b-of-the-load';

/** A mail as offices send them: HTML, and a file of 20 KB. */
function mailTo(address: string): string {
  const lines = Array.from({ length: 40 }, (_, line) => `<p>Line ${line} of a letter to <b>${address}</b>.</p>`);
  return [
    ...[`From: ${settings.sender}`, `To: ${address}`, 'Subject: Your papers', 'MIME-Version: 1.0'],
    ...[`Content-Type: multipart/mixed; boundary=${BOUNDARY}`, '', `--${BOUNDARY}`],
    ...['Content-Type: text/html; charset=utf-8', '', `<html><body>${lines.join('\r\n')}</body></html>`],
    ...[
      `--${BOUNDARY}`,
      'Content-Type: text/plain; charset=utf-8',
      'Content-Disposition: attachment; filename=note.txt',
    ],
    ...['', `${NOTE}--${BOUNDARY}--`, ''],
  ].join('\r\n');
}

/** An address that nobody had before. */
export function newAddress(): string {
  return `reader-${Date.now().toString(36)}-${__VU}-${Math.random().toString(36).slice(2, 10)}@example.com`;
}

/** Sealed by the API. @param delivery whether the portal mails the carrier or hands it out */
export function seal(browser: Browser, address: string, delivery: 'mailed' | 'handed-out'): string {
  const path = `/api/v1/messages?from=${settings.sender}&to=${address}&deliver=${delivery === 'mailed'}`;
  return browser.call('POST', path, askSink('token?for=seal'), 'message/rfc822', mailTo(address)).body;
}

/** What a reader needs to begin: the field of a carrier to them. It is a program's work, and no part of a reader's journey. */
export function sealedFor(address: string): string {
  return fieldOf(seal(new Browser('preparation'), address, 'handed-out'));
}

/** What the button of a carrier's message.html sends: line ends of the field escaped, as browsers do. */
function fieldOf(carrier: string): string {
  const opening = 'name="m" value="';
  const start = carrier.indexOf(opening) + opening.length;
  return carrier.slice(start, carrier.indexOf('"', start)).split('\r\n').join('%0D%0A');
}

/** The page on which a reader chooses how to sign in. */
export function choiceOf(browser: Browser, message: string): Answer {
  browser.get(message);
  return browser.follow(browser.get(`${message}/prove`));
}

/** From the message's page to the one that asks for the confirming click, by the code that comes by mail. */
export function proveByCode(browser: Browser, message: string, address: string): Answer {
  const choice = choiceOf(browser, message);
  const asked = browser.submit(choice, matched(choice, /action="(\/sign-in\/[^"/]+\/code)"/));
  const entering = browser.get(asked.location);
  const code = encodeURIComponent(askSink(`code?to=${address}`));
  return browser.follow(browser.submit(entering, asked.location, `&code=${code}`));
}

/** The same at the organisation's provider, which asks its people nothing. */
export function proveByAccount(browser: Browser, message: string): Answer {
  const choice = choiceOf(browser, message);
  return browser.follow(browser.get(matched(choice, /href="(\/sign-in\/[^"]+\/with\/[^"]+)"/)));
}

/** What stands on a page, as an expression's first group. */
export function matched(page: Answer, expression: RegExp): string {
  const found = expression.exec(page.body)?.[1];
  if (found === undefined) throw new Error(`"${headingOf(page)}" (${page.status}) is without ${expression.source}`);
  return found.split('&amp;').join('&');
}

/** Where the first file of a message that is shown is to be had. */
export function fileOn(page: Answer): string {
  return matched(page, /action="(\/m\/[^"/]+\/attachments\/\d+)"/);
}

/** A reader with a message to them at hand and a session in the browser. */
export function signedIn(browser: Browser, address: string): string {
  const field = sealedFor(address);
  const message = browser.handIn(field).location;
  const confirm = proveByCode(browser, message, address);
  browser.submit(confirm, `${message}/finish`);
  return field;
}

/** The message's own page. @throws Error when something else comes */
export function view(browser: Browser, message: string, confirm: Answer): Answer {
  const page = browser.submit(confirm, `${message}/view`);
  if (!page.body.includes('<iframe')) throw new Error(`"${headingOf(page)}" instead of the message`);
  return page;
}
