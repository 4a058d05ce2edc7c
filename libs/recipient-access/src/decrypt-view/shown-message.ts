import { frameDocument } from '#libs/mail';
import type { AuthorField, ListedAttachment, MailLink, ReadableMail } from '#libs/mail';
import { EscapedText, isTextKey, translate } from '#libs/web-ui';
import type { Locale, TextKey } from '#libs/web-ui';
import type { Instant, MailAddress } from '#libs/vocabulary';

interface Frame {
  readonly document: EscapedText;
  readonly heightPixels: number;
}

/** A mail as the page's template takes it. What may be megabytes long, texts and documents for sandboxed frames, is escaped. */
export interface ShownMail {
  readonly mailSubject: string;
  readonly from: string;
  readonly replyTo: string;
  readonly to: string;
  readonly cc: string;
  readonly date: Instant | null;
  readonly frames: readonly Frame[];
  readonly links: readonly MailLink[];
  readonly moreLinks: number;
  readonly text: EscapedText | null;
  readonly notes: readonly string[];
  readonly attachments: readonly ShownFile[];
  readonly nested: readonly NestedShownMail[];
}

/** `index` counts through the whole mail, nested mails included: it names a file to download wherever it lies. */
type ShownFile = Pick<ListedAttachment, 'index' | 'filename' | 'bytes'>;

interface NestedShownMail extends ShownMail {
  readonly index: number;
  /** The nested mail itself as .eml, then its own attachments. */
  readonly files: readonly ShownFile[];
}

export async function shownMail(mail: ReadableMail, locale: Locale): Promise<ShownMail> {
  const bodies = mail.html === null ? [] : [mail.html, ...mail.moreHtml];
  const frames: Frame[] = [];
  for (const html of bodies) {
    const document = await EscapedText.of(frameDocument(html, locale));
    frames.push({ document, heightPixels: likelyHeightPixels(html) });
  }
  const nested: NestedShownMail[] = [];
  for (const { index, filename, bytes, mail: inner } of mail.nested) {
    const files = [{ index, filename, bytes }, ...inner.attachments];
    nested.push({ index, files, ...(await shownMail(inner, locale)) });
  }
  return {
    mailSubject: mail.mailSubject,
    from: mail.from,
    replyTo: mail.replyTo,
    to: mail.to,
    cc: mail.cc,
    date: mail.date,
    frames,
    links: mail.links.map((link) => ({ ...link, href: cutAddress(link.href) })),
    moreLinks: mail.moreLinks,
    text: mail.text === null || mail.text === '' ? null : await EscapedText.of(mail.text),
    notes: mail.notes.map((note) => noteText(note, locale)),
    attachments: mail.attachments,
    nested,
  };
}

/**
 * Whether the From field, which anyone may write, names the very address that the seal vouches for, and no other: a display name
 * that looks like an address is one, so that nobody hides behind it.
 */
export function namesSender(field: AuthorField, sender: MailAddress): boolean {
  return field.kind === 'one' && field.author.address === sender && !field.author.namesAnother;
}

function noteText(note: ReadableMail['notes'][number], locale: Locale): string {
  const key = `read.notes.${note}`;
  const known: TextKey = isTextKey(key) ? key : 'read.notes.other';
  return translate(locale, known);
}

const SHOWN_OF_ADDRESS = 300;

/** The host stands at its beginning; the rest of a tracking address says nothing to anyone. */
function cutAddress(address: string): string {
  return address.length > SHOWN_OF_ADDRESS ? `${address.slice(0, SHOWN_OF_ADDRESS)}…` : address;
}

/** A third of a screen, and three of them: beyond, the frame scrolls. */
const MIN_HEIGHT_PIXELS = 240;
const MAX_HEIGHT_PIXELS = 2400;

/** What is looked at for the guess: more than fills the tallest frame, less than delays anyone. */
const LOOKED_AT_CHARACTERS = 32 * 1024;
const EMBEDDED_IMAGE = 'src="data:';

/** A frame without script cannot take the height of what is in it, so it is guessed from how much there is to read. */
function likelyHeightPixels(html: string): number {
  const beginning = withoutImageBytes(html);
  if (beginning.length >= LOOKED_AT_CHARACTERS) return MAX_HEIGHT_PIXELS;
  const characters = beginning.replace(/<[^>]*>/g, ' ').trim().length;
  const images = beginning.split('<img').length - 1;
  const lines = characters / 70 + beginning.split(/<(?:p|div|tr|li|br|h[1-6])\b/).length;
  return Math.round(Math.max(MIN_HEIGHT_PIXELS, Math.min(MAX_HEIGHT_PIXELS, lines * 24 + images * 180)));
}

/** The beginning of a sanitised body, its embedded images left out: they are megabytes of nothing to read. */
function withoutImageBytes(html: string): string {
  let kept = '';
  let at = 0;
  while (kept.length < LOOKED_AT_CHARACTERS && at >= 0 && at < html.length) {
    const image = html.indexOf(EMBEDDED_IMAGE, at);
    const end = image < 0 ? html.length : image;
    kept += html.slice(at, Math.min(end, at + LOOKED_AT_CHARACTERS));
    at = image < 0 ? html.length : html.indexOf('"', image + EMBEDDED_IMAGE.length);
  }
  return kept;
}
