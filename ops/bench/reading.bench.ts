import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { simpleParser } from 'mailparser';
import sanitizeHtml from 'sanitize-html';
import { sanitiseMailHtml } from '../../libs/mail/src/reading/html-sanitiser.ts';
import { scanHtml } from '../../libs/mail/src/reading/html-scan.ts';
import { MailReader } from '../../libs/mail/src/reading/mail-reader.ts';
import { readAttachments, readMail } from '../../libs/mail/src/reading/read-mail.ts';
import { READING_LIMITS } from '../../libs/mail/src/reading/reading-limits.ts';

/*
 * Reading, from a mail's bytes to what may be shown, beside mailparser's simpleParser (which sanitises nothing); the sanitiser
 * beside sanitize-html with its own style filter. Interleaved; a ratio is the median over the
 * rounds of reference time / our time, unless the detail says otherwise.
 */

interface Measured {
  readonly name: string;
  readonly ratio: number;
  readonly aim: string;
  readonly detail: string;
}

const MIB = 1024 * 1024;
const silent = { parsed: () => {}, sanitising: () => {} };

function lines(content: Buffer): string {
  return content.toString('base64').replace(/.{76}/g, '$&\r\n');
}

function withAttachment(bytes: number): Buffer {
  const fields =
    'From: a@b.example\r\nSubject: Large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n';
  const text = '--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>See the <b>file</b>.</p>\r\n';
  const file = `--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines(randomBytes((bytes * 57) / 78))}\r\n--b--\r\n`;
  return Buffer.from(fields + text + file);
}

/** As a newsletter is written: tables in tables, a style on everything, links with long addresses. */
function newsletter(bytes: number): string {
  const row =
    '<tr><td valign="top" style="padding:10px 20px;font-family:Arial,sans-serif;font-size:14px;line-height:1.5;color:#333333"><h2 style="margin:0 0 8px">Offer</h2>' +
    '<p style="margin:0;mso-line-height-rule:exactly">Some words about it, and <a href="https://click.example.com/track?id=0123456789abcdef&amp;u=1" style="color:#0055aa;text-decoration:none">a link</a>.</p>' +
    '<img src="https://img.example.com/p.gif" width="1" height="1" alt=""></td></tr>';
  return `<html><body bgcolor="#ffffff"><table width="600" cellpadding="0">${row.repeat(Math.ceil(bytes / row.length))}</table></body></html>`;
}

async function compare(
  rounds: number,
  reference: () => unknown,
  ours: () => unknown,
): Promise<{ ratio: number; detail: string }> {
  const ratios: number[] = [];
  const ownTimes: number[] = [];
  await reference();
  await ours();
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await reference();
    const between = performance.now();
    await ours();
    const ended = performance.now();
    ratios.push((between - started) / (ended - between));
    ownTimes.push(ended - between);
  }
  return { ratio: median(ratios), detail: `${median(ownTimes).toFixed(1)} ms, ${rounds} rounds` };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;
}

/** Whole, through the thread: what it costs the process that serves pages. */
async function memoryAndStall(mail: Buffer): Promise<Measured[]> {
  const reader = new MailReader({ workers: 1 });
  await reader.read(Buffer.from('Subject: warm\r\nContent-Type: text/html\r\n\r\n<p>x'));
  const held = Buffer.allocUnsafeSlow(mail.length);
  mail.copy(held);
  globalThis.gc?.();
  const idle = process.memoryUsage.rss() - held.length; // the mail itself counts as part of what opening costs
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 2);
  delay.enable();
  await reader.read(held);
  delay.disable();
  clearInterval(watch);
  await reader.close();
  return [
    {
      name: 'read 25 MB in a thread: peak / message',
      ratio: (peak - idle) / mail.length,
      aim: '<= 3 x',
      detail: `+${((peak - idle) / MIB).toFixed(0)} MiB over idle`,
    },
    {
      name: 'read 25 MB in a thread: longest stall, ms',
      ratio: delay.max / 1e6,
      aim: '<= 50 ms',
      detail: 'of the thread that serves pages',
    },
  ];
}

export async function bench(): Promise<Measured[]> {
  const large = withAttachment(25_000_000);
  const memory = await memoryAndStall(large); // first: what follows leaves garbage behind
  const html100 = newsletter(100_000);
  const newsletterMail = Buffer.from(
    `Subject: News\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${newsletter(1_000_000)}`,
  );
  const index = readMail(Buffer.from(large), READING_LIMITS, silent).attachments[0]?.index ?? -1;
  const library = (): string =>
    sanitizeHtml(html100, {
      allowedAttributes: { '*': ['style', 'width', 'valign', 'bgcolor', 'cellpadding'], a: ['href'] },
      allowedStyles: { '*': { color: [/^#[0-9a-f]+$/], padding: [/^[\d px]+$/], 'font-size': [/^\d+px$/] } },
    });
  return [
    {
      name: '25 MB with an attachment, vs mailparser',
      aim: '>= 5 x',
      ...(await compare(
        7,
        () => simpleParser(large),
        () => readMail(large, READING_LIMITS, silent),
      )),
    },
    {
      name: 'its attachment cut out, vs mailparser',
      aim: '>= 2 x',
      ...(await compare(
        5,
        () => simpleParser(large),
        () => readAttachments(large, [index], READING_LIMITS)[0],
      )),
    },
    {
      name: '1 MB newsletter parsed and sanitised, vs mailparser',
      aim: '>= 0.5 x',
      ...(await compare(
        5,
        () => simpleParser(newsletterMail),
        () => readMail(newsletterMail, READING_LIMITS, silent),
      )),
    },
    {
      name: 'sanitiser 100 KB, vs sanitize-html with styles',
      aim: '>= 0.5',
      ...(await compare(15, library, () => sanitiseMailHtml(html100, () => null))),
    },
    {
      name: 'complexity check and text of 100 KB, vs sanitize-html',
      aim: '>= 2 x',
      ...(await compare(15, library, () => scanHtml(html100, READING_LIMITS))),
    },
    ...memory,
  ];
}
