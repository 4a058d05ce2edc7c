import { LINK_NOTE_STYLE } from '#libs/mail';
import type { ReadableMail } from '#libs/mail';
import type { MailAddress } from '#libs/vocabulary';
import { directionOf, EscapedText, formatInstant, translate } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';
import { explained } from './explained.ts';
import { namesSender, noteText } from './shown-message.ts';

/**
 * The policy of the print page: no origin, no script, no form, nothing from elsewhere. It is no template of ours because it
 * holds the mail's own markup, sanitised, which no template may ever put out unescaped.
 */
export const PRINT_POLICY = [
  'sandbox allow-popups allow-popups-to-escape-sandbox',
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Header fields and notes have classes that no mail can have, and stand outside of the box around its content. */
const STYLE = [
  LINK_NOTE_STYLE, // before anything that a mail brings
  ':root{color-scheme:only light;background:#fff}',
  'body{margin:24px;background:#fff;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}',
  'img{max-width:100%;height:auto}',
  'pre{white-space:pre-wrap;font:inherit}',
  '.segl-fields{display:grid;grid-template-columns:max-content 1fr;gap:0 16px}',
  '.segl-fields>dt{font-weight:600}.segl-fields>dd{margin:0}',
  '.segl-subject{margin:0 0 8px;font-size:24px;line-height:1.25}',
  '.segl-warning{padding:8px 12px;border:2px solid #7a4a00;font-weight:600}',
  '.segl-content{margin:16px 0;border:1px solid #666}',
  '.segl-content>p:first-child{margin:0;padding:2px 12px;border-bottom:1px solid #666;font-size:14px}',
  '.segl-content>div{padding:12px;overflow:hidden}',
  '.segl-nested{margin-top:24px;border-top:3px solid #666;padding-top:16px}',
  '@media(max-width:480px){body{margin:16px}.segl-fields{grid-template-columns:1fr}.segl-fields>dd{margin-bottom:8px}}',
  '@media print{body{margin:0}h1,h2,.segl-fields,tr,img{break-inside:avoid}h1,h2{break-after:avoid}}',
].join('');

/** What is shown besides the mail itself. */
export interface PrintedFor {
  readonly locale: Locale;
  /** IANA name of the zone in which times are shown. */
  readonly timeZone: string;
  /** As the seal vouches for it. */
  readonly sender: MailAddress;
  readonly recipient: MailAddress;
}

/**
 * A mail alone, as one document that prints whole: who sealed it, its header fields and notes, then each body in a box of its own.
 * In pieces, since it may be many megabytes: others have their turn while it is made.
 */
export async function printDocument(mail: ReadableMail, reader: PrintedFor): Promise<Buffer[]> {
  const { locale, sender, recipient } = reader;
  const pieces = new Pieces();
  const direction = directionOf(locale) === 'rtl' ? ' dir="rtl"' : '';
  pieces.markup(
    `<!doctype html><html lang="${locale}"${direction}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>`,
  );
  await pieces.text(subjectOf(mail, locale));
  pieces.markup(`</title><style>${STYLE}</style></head><body>`);
  await addSubject(pieces, mail, locale, 1);
  await pieces.element('p', translate(locale, 'read.sealedBy', { sender, recipient }));
  if (!namesSender(mail.author, sender))
    await pieces.element('p class="segl-warning"', translate(locale, 'read.senderDiffers', { sender }));
  await addMail(pieces, mail, reader, 1);
  pieces.markup('</body></html>');
  return pieces.all;
}

async function addMail(pieces: Pieces, mail: ReadableMail, reader: PrintedFor, level: number): Promise<void> {
  const { locale, timeZone } = reader;
  const written = mail.date === null ? '' : formatInstant(locale, mail.date, 'full', timeZone);
  pieces.markup('<dl class="segl-fields">');
  for (const [label, value] of [
    ['read.from', mail.from],
    ['read.replyTo', mail.replyTo],
    ['read.to', mail.to],
    ['read.cc', mail.cc],
    ['read.date', written],
    ['read.files', mail.attachments.map(({ filename }) => `\u2068${filename}\u2069`).join(', ')],
  ] as const) {
    if (value === '') continue;
    await pieces.element('dt', translate(locale, label));
    await pieces.element('dd dir="auto"', value);
  }
  pieces.markup('</dl>');
  for (const { sentences, facts } of explained(mail, reader)) {
    for (const sentence of sentences) await pieces.element('p dir="auto"', sentence);
    if (facts.length > 0) pieces.markup('<dl class="segl-fields">');
    for (const { name, value } of facts) {
      await pieces.element('dt', name);
      await pieces.element('dd dir="auto"', value);
    }
    if (facts.length > 0) pieces.markup('</dl>');
  }
  if (mail.notes.length > 0) {
    await pieces.element('p', translate(locale, 'read.notes.title'));
    pieces.markup('<ul>');
    for (const note of mail.notes) await pieces.element('li', noteText(note, locale));
    pieces.markup('</ul>');
  }
  const label = translate(locale, 'read.frameLabel');
  for (const body of mail.html === null ? [null] : [mail.html, ...mail.moreHtml]) {
    pieces.markup('<section class="segl-content">');
    await pieces.element('p', label);
    pieces.markup('<div dir="auto">');
    if (body === null) await pieces.element('pre dir="auto"', mail.text ?? translate(locale, 'read.noContent'));
    else pieces.markup(body);
    pieces.markup('</div></section>');
  }
  for (const inner of mail.nested) {
    pieces.markup('<section class="segl-nested">');
    await addSubject(pieces, inner.mail, locale, level + 1);
    await addMail(pieces, inner.mail, reader, level + 1);
    pieces.markup('</section>');
  }
}

function addSubject(pieces: Pieces, mail: ReadableMail, locale: Locale, level: number): Promise<void> {
  return pieces.element(`h${Math.min(level, 6)} class="segl-subject" dir="auto"`, subjectOf(mail, locale));
}

function subjectOf(mail: ReadableMail, locale: Locale): string {
  return mail.mailSubject === '' ? translate(locale, 'read.noSubject') : mail.mailSubject;
}

/** A document as it grows; text is escaped in turns. */
class Pieces {
  readonly all: Buffer[] = [];

  markup(html: string): void {
    this.all.push(Buffer.from(html));
  }

  async text(text: string): Promise<void> {
    this.markup((await EscapedText.of(text)).toHTML());
  }

  /** @param tag its name and attributes */
  async element(tag: string, text: string): Promise<void> {
    this.markup(`<${tag}>`);
    await this.text(text);
    this.markup(`</${tag.split(' ', 1)[0]}>`);
  }
}
