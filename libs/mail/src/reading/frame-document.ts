import { LINK_NOTE_STYLE } from './links/link-notes.ts';
import { NARROW_STYLE } from './narrow-screens.ts';

/** The policy of the frame itself, besides the one it inherits from the page: nothing loads but the images of the mail. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

/** Mails are written for white paper: their own colours assume it, so the frame stays light whatever the reader prefers. */
const STYLE = [
  LINK_NOTE_STYLE, // before anything that a mail brings
  NARROW_STYLE,
  ':root{color-scheme:only light;background:#ffffff}',
  // margin and height of lines as browsers begin with: a mail was laid out upon that
  'body{margin:8px;background:#ffffff;color:#1a1a1a;font:16px system-ui,sans-serif;overflow-wrap:break-word}',
  'img{max-width:100%;height:auto}',
  'pre{white-space:pre-wrap}',
  'blockquote{margin:0 0 0 8px;padding-left:8px;border-left:2px solid #b0b0b0}',
  '@media print{body{margin:0}}',
].join('');

/**
 * The document for `srcdoc` of `<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer">`: one
 * sanitised body (`ReadableMail.html`, or one of `moreHtml`), self-contained. The template escapes it as any attribute.
 * @param locale of the page, for a screen reader's voice where the mail does not name its own language.
 */
export function frameDocument(html: string, locale?: string): string {
  const lang = locale && /^[a-z]{2,8}(?:-[a-zA-Z0-9]{1,8}){0,3}$/.test(locale) ? ` lang="${locale}"` : '';
  return (
    `<!doctype html><html${lang} dir="auto"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">` +
    '<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">' +
    `<style>${STYLE}</style></head><body dir="auto">${html}</body></html>`
  );
}
