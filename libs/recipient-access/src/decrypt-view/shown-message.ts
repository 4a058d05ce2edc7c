import { frameDocument } from '#libs/mail';
import type { AuthorField, ListedAttachment, MailLink, ReadableMail } from '#libs/mail';
import { EscapedText, isTextKey, translate } from '#libs/web-ui';
import type { Locale, TextKey } from '#libs/web-ui';
import type { Instant, MailAddress } from '#libs/vocabulary';
import { explained } from './explained.ts';
import type { Explained, ExplainedFor } from './explained.ts';
import { likelyHeights } from './frame-height.ts';
import type { FrameHeights } from './frame-height.ts';

interface Frame extends FrameHeights {
  readonly document: EscapedText;
}

/** A mail as the page's template takes it. What may be megabytes long, texts and documents for sandboxed frames, is escaped. */
export interface ShownMail {
  readonly mailSubject: string;
  /** Null for a field that the mail does not have; lists may be long. */
  readonly from: EscapedText | null;
  readonly replyTo: EscapedText | null;
  readonly to: EscapedText | null;
  readonly cc: EscapedText | null;
  readonly date: Instant | null;
  readonly frames: readonly Frame[];
  readonly links: readonly MailLink[];
  readonly moreLinks: number;
  readonly text: EscapedText | null;
  /** What is said of envelopes, appointments, reports and the like. */
  readonly explained: readonly EscapedExplanation[];
  /** Notes which say that what is shown may be other than what was written: they stand before it. */
  readonly doubts: readonly string[];
  /** Notes on what was left out on purpose: the words are all there, so they stand behind it. */
  readonly remarks: readonly string[];
  readonly attachments: readonly ShownFile[];
  /** One of them is a PDF file that can be looked at. */
  readonly hasPdf: boolean;
  readonly nested: readonly NestedShownMail[];
}

interface EscapedExplanation extends Pick<Explained, 'sentences'> {
  readonly facts: readonly { readonly name: string; readonly value: EscapedText }[];
}

/** `index` counts through the whole mail, nested mails included: it names a file to download wherever it lies. */
interface ShownFile extends Pick<ListedAttachment, 'index' | 'filename' | 'bytes'> {
  /** It can be looked at in the browser. */
  readonly isShowable: boolean;
}

interface NestedShownMail extends ShownMail {
  readonly index: number;
  /** The nested mail itself as .eml, then its own attachments. */
  readonly files: readonly ShownFile[];
}

export interface ShownFor extends ExplainedFor {
  /** Whether files may be looked at in the browser. */
  readonly showsFiles: boolean;
}

export async function shownMail(mail: ReadableMail, reader: ShownFor): Promise<ShownMail> {
  const { locale } = reader;
  const bodies = mail.html === null ? [] : [mail.html, ...mail.moreHtml];
  const frames: Frame[] = [];
  for (const html of bodies) {
    const document = await EscapedText.of(frameDocument(html, locale));
    frames.push({ document, ...likelyHeights(html) });
  }
  const nested: NestedShownMail[] = [];
  for (const { index, filename, bytes, mail: inner } of mail.nested) {
    const files = [{ index, filename, bytes, isShowable: false }, ...shownFiles(inner, reader)];
    nested.push({ index, files, ...(await shownMail(inner, reader)) });
  }
  return {
    mailSubject: mail.mailSubject,
    from: await escaped(mail.from),
    replyTo: await escaped(mail.replyTo),
    to: await escaped(mail.to),
    cc: await escaped(mail.cc),
    date: mail.date,
    frames,
    links: mail.links.map((link) => ({ ...link, href: cutAddress(link.href) })),
    moreLinks: mail.moreLinks,
    text: await escaped(mail.text ?? ''),
    explained: await escapedExplanations(explained(mail, reader)),
    doubts: mail.notes.filter((note) => !REMARKS.has(note)).map((note) => noteText(note, locale)),
    remarks: mail.notes.filter((note) => REMARKS.has(note)).map((note) => noteText(note, locale)),
    attachments: shownFiles(mail, reader),
    hasPdf: reader.showsFiles && mail.attachments.some(({ showable }) => showable === 'application/pdf'),
    nested,
  };
}

function escaped(text: string): Promise<EscapedText> | null {
  return text === '' ? null : EscapedText.of(text);
}

async function escapedExplanations(all: readonly Explained[]): Promise<EscapedExplanation[]> {
  const done: EscapedExplanation[] = [];
  for (const { sentences, facts } of all) {
    const values = [];
    for (const { name, value } of facts) values.push({ name, value: await EscapedText.of(value) });
    done.push({ sentences, facts: values });
  }
  return done;
}

function shownFiles({ attachments }: ReadableMail, { showsFiles }: ShownFor): ShownFile[] {
  return attachments.map((each) => ({ ...each, isShowable: showsFiles && each.showable !== null }));
}

/**
 * Whether the From field, which anyone may write, names the very address that the seal vouches for, and no other: a display name
 * that looks like an address is one, so that nobody hides behind it.
 */
export function namesSender(field: AuthorField, sender: MailAddress): boolean {
  return field.kind === 'one' && field.author.address === sender && !field.author.namesAnother;
}

const REMARKS: ReadonlySet<ReadableMail['notes'][number]> = new Set(['remote-content-removed', 'images-omitted']);

/** @returns what a note says in the reader's language */
export function noteText(note: ReadableMail['notes'][number], locale: Locale): string {
  const key = `read.notes.${note}`;
  const known: TextKey = isTextKey(key) ? key : 'read.notes.other';
  return translate(locale, known);
}

const SHOWN_OF_ADDRESS = 300;

/** The host stands at its beginning; the rest of a tracking address says nothing to anyone. */
function cutAddress(address: string): string {
  return address.length > SHOWN_OF_ADDRESS ? `${address.slice(0, SHOWN_OF_ADDRESS)}…` : address;
}
