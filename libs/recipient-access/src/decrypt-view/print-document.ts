import { LINK_NOTE_STYLE } from '#libs/mail';
import type { ReadableMail } from '#libs/mail';
import { directionOf, formatInstant, translate } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';

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

const STYLE = [
  LINK_NOTE_STYLE, // before anything that a mail brings
  ':root{color-scheme:only light;background:#fff}',
  'body{margin:24px;background:#fff;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}',
  'img{max-width:100%;height:auto}',
  'pre{white-space:pre-wrap;font:inherit}',
  'dl{display:grid;grid-template-columns:max-content 1fr;gap:0 16px;border-bottom:1px solid #888;padding-bottom:16px}',
  'dt{font-weight:600}dd{margin:0}',
  'body>h1{font-size:24px;line-height:1.25}.nested{margin-top:24px;border-top:1px solid #888}',
  '@media(max-width:480px){body{margin:16px}dl{grid-template-columns:1fr}dd{margin-bottom:8px}}',
  '@media print{body{margin:0}h1,h2,dl,tr,img{break-inside:avoid}h1,h2{break-after:avoid}}',
].join('');

/**
 * A mail alone, as one document that prints whole: its header fields, then each body in a section of its own.
 * @param timeZone IANA name of the zone in which times are told
 */
export function printDocument(mail: ReadableMail, locale: Locale, timeZone: string): string {
  const title = mail.mailSubject === '' ? translate(locale, 'read.noSubject') : mail.mailSubject;
  return (
    `<!doctype html><html lang="${locale}"${directionOf(locale) === 'rtl' ? ' dir="rtl"' : ''}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${escapeText(title)}</title><style>${STYLE}</style></head><body>${mailAsHtml(mail, { locale, timeZone }, 1)}</body></html>`
  );
}

function mailAsHtml(mail: ReadableMail, reader: { locale: Locale; timeZone: string }, level: number): string {
  const { locale, timeZone } = reader;
  const field = (label: string, value: string) =>
    value === '' ? '' : `<dt>${escapeText(label)}</dt><dd>${escapeText(value)}</dd>`;
  const heading = `h${Math.min(level, 6)}`;
  const subject = mail.mailSubject === '' ? translate(locale, 'read.noSubject') : mail.mailSubject;
  const bodies = mail.html === null ? [`<pre>${escapeText(mail.text ?? '')}</pre>`] : [mail.html, ...mail.moreHtml];
  return [
    `<${heading}>${escapeText(subject)}</${heading}><dl>`,
    field(translate(locale, 'read.from'), mail.from),
    field(translate(locale, 'read.to'), mail.to),
    field(translate(locale, 'read.cc'), mail.cc),
    mail.date === null ? '' : field(translate(locale, 'read.date'), formatInstant(locale, mail.date, 'full', timeZone)),
    field(translate(locale, 'read.files'), mail.attachments.map(({ filename }) => filename).join(', ')),
    '</dl>',
    ...bodies.map((body) => `<section>${body}</section>`),
    ...mail.nested.map((inner) => `<section class="nested">${mailAsHtml(inner.mail, reader, level + 1)}</section>`),
  ].join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
