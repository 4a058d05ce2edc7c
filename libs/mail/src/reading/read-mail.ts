import libmime from 'libmime';
import { attachmentBytes, beginningOfFile, findAttachment, isHtml, MailTaker } from './body-choice.ts';
import type { TrustedAuthorities } from './envelopes/smime-trust.ts';
import type { Message } from './body-choice.ts';
import { authorField, authorText } from '../syntax/author.ts';
import { decodeText } from '../syntax/charsets.ts';
import { headerDate } from '../syntax/header-date.ts';
import { headerText } from '../syntax/header-text.ts';
import { addressesText } from '../syntax/mailbox-text.ts';
import { filePlace } from './file-place.ts';
import { metaCharset } from './html-charset.ts';
import { sanitiseMailHtml } from './html-sanitiser.ts';
import { scanHtml } from './html-scan.ts';
import type { MailFrame } from './html-scan.ts';
import { LinkList } from './links/link-list.ts';
import { ImageBudget } from './inline-images.ts';
import { InlinePlaces } from './inline-places.ts';
import type { MimePart } from './mime-structure.ts';
import type { ListedAttachment, NestedMail, ReadableMail, ReadingNote } from './readable-mail.ts';
import type { ReadingLimits } from './reading-limits.ts';
import { showableType } from './showable-type.ts';
import { decodeTransfer } from '../syntax/transfer-decoding.ts';

/** What is told on the way, so that whoever runs this has something to show when it must be stopped. */
export interface ReadingProgress {
  /** The mail without any HTML. */
  parsed(mail: ReadableMail): void;
  /** One HTML part goes into the sanitiser now. */
  sanitising(): void;
}

/** A mail as it may be shown. Runs in a worker thread; does not throw for what is in the mail. */
export function readMail(
  bytes: Buffer,
  limits: ReadingLimits,
  progress: ReadingProgress,
  authorities: TrustedAuthorities = [],
): ReadableMail {
  const message = new MailTaker(limits, authorities).takeApart(bytes);
  const reading = new MessageReading(message, {
    mail: bytes,
    limits,
    images: new ImageBudget(limits),
    htmlLeft: limits.allHtmlBytes,
  });
  progress.parsed(reading.readable());
  reading.sanitise(progress);
  return reading.readable();
}

/** The parts of those indexes, decoded; null where there is none. */
export function readAttachments(
  bytes: Buffer,
  indexes: readonly number[],
  limits: ReadingLimits,
): ({ filename: string; content: Buffer } | null)[] {
  const message = new MailTaker(limits).takeApart(bytes);
  return indexes.map((index) => {
    const found = findAttachment(message, index);
    return found && { filename: found.filename, content: decodeTransfer(found.part.body, found.part.encoding).bytes };
  });
}

/** What all messages of one mail share. */
interface Shared {
  /** All of it: files are told by where they lie in it. */
  readonly mail: Buffer;
  readonly limits: ReadingLimits;
  readonly images: ImageBudget;
  htmlLeft: number;
}

interface BodyText {
  readonly part: MimePart;
  readonly isHtml: boolean;
  /** HTML as the mail has it, or text. */
  readonly source: string;
  readonly asText: string;
  /** Of HTML alone. */
  readonly frame?: MailFrame;
  /** HTML that may be sanitised. */
  readonly isFit: boolean;
}

class MessageReading {
  private readonly message: Message;
  private readonly shared: Shared;
  private readonly rich: readonly BodyText[];
  private readonly plain: readonly BodyText[];
  private readonly nested: readonly MessageReading[];
  private readonly notes: Set<ReadingNote>;
  private readonly fields: Pick<ReadableMail, 'mailSubject' | 'author' | 'from' | 'replyTo' | 'to' | 'cc' | 'date'>;
  private readonly inlined = new Set<MimePart>();
  private readonly places: InlinePlaces;
  private known: ReadonlyMap<number, Pick<ListedAttachment, 'bytes' | 'showable' | 'place'>> | null = null;
  private html: string[] | null = null;
  private remoteContentRemoved = 0;
  private readonly links: LinkList;

  constructor(message: Message, shared: Shared) {
    this.message = message;
    this.shared = shared;
    this.links = new LinkList(shared.limits.links);
    this.places = new InlinePlaces(message.attachments.map(({ part }) => part));
    this.notes = message.notes;
    this.fields = this.headerFields();
    const texts = new Map<MimePart, BodyText>();
    for (const part of [...message.rich, ...message.plain]) if (!texts.has(part)) texts.set(part, this.bodyText(part));
    this.rich = message.rich.flatMap((part) => texts.get(part) ?? []);
    this.plain = message.plain.flatMap((part) => texts.get(part) ?? []);
    if (this.rich.some((body) => body.isHtml && !body.isFit)) this.notes.add('html-too-complex');
    this.nested = message.nested.map(({ message: inner }) => new MessageReading(inner, shared));
  }

  readable(): ReadableMail {
    this.known ??= new Map(
      [...this.message.attachments, ...this.message.nested].map((each) => {
        const bytes = attachmentBytes(each.part);
        const place = filePlace(this.shared.mail, { ...each, bytes });
        return [each.index, { bytes, showable: showableType(beginningOfFile(each.part)), place }];
      }),
    );
    const texts = this.plain.map(({ asText }) => asText).filter((text) => text.trim() !== '');
    const nested: NestedMail[] = this.message.nested.map((found, at) => ({
      ...this.listed({ ...found, mediaType: 'message/rfc822' }),
      mail: (this.nested[at] as MessageReading).readable(),
    }));
    return {
      ...this.fields,
      html: this.html?.[0] ?? null,
      moreHtml: this.html?.slice(1) ?? [],
      links: this.links.listed(),
      moreLinks: this.links.more,
      text: this.plain.length === 0 ? null : texts.join('\n\n'),
      explanations: this.message.explanations,
      notes: [...this.notes],
      remoteContentRemoved: this.remoteContentRemoved,
      attachments: this.message.attachments
        .filter(({ part }) => !this.inlined.has(part))
        .map((each) => this.listed(each)),
      nested,
    };
  }

  private listed({
    index,
    filename,
    mediaType,
  }: Omit<ListedAttachment, 'bytes' | 'showable' | 'place'>): ListedAttachment {
    return { index, filename, mediaType, bytes: 0, showable: null, place: null, ...this.known?.get(index) };
  }

  /** Each part alone, this message's before those within it. */
  sanitise(progress: ReadingProgress): void {
    if (this.rich.some((body) => body.isFit)) {
      this.html = [];
      for (const body of this.rich) {
        if (!body.isFit) {
          if (body.asText.trim() !== '') this.html.push(textAsHtml(body.asText));
          continue;
        }
        progress.sanitising();
        this.html.push(this.sanitised(body));
      }
    }
    for (const inner of this.nested) inner.sanitise(progress);
  }

  private sanitised({ part, source, asText, frame }: BodyText): string {
    try {
      const sanitised = sanitiseMailHtml(
        source,
        (url) => this.inlineImage(url, part.contentLocation),
        frame,
        this.shared.limits,
      );
      const { html, links, remoteContentRemoved, imagesOmitted } = sanitised;
      if (sanitised.areStylesOmitted) this.notes.add('styles-too-complex');
      this.links.add(links);
      this.remoteContentRemoved += remoteContentRemoved;
      if (remoteContentRemoved > 0) this.notes.add('remote-content-removed');
      if (imagesOmitted > 0) this.notes.add('images-omitted');
      return html;
    } catch {
      this.notes.add('html-too-complex'); // deeper than a recursive step of a library can go
      return textAsHtml(asText);
    }
  }

  /** By `cid:` (RFC 2392), Content-Location (RFC 2557) or the name of a file; and images that stand in the HTML itself. */
  private inlineImage(url: string, base: string | null): string | null | undefined {
    const embedded = /^data:image\/[\w.+-]{1,40};base64,/i.exec(url);
    if (embedded) return this.shared.images.dataUrl(null, () => Buffer.from(url.slice(embedded[0].length), 'base64'));
    if (/^data:/i.test(url)) return null;
    const found = this.places.find(url, base);
    if (!found) return undefined;
    const dataUrl = this.shared.images.dataUrl(found, () => decodeTransfer(found.body, found.encoding).bytes);
    if (dataUrl !== null && !found.isAttachment) this.inlined.add(found);
    return dataUrl;
  }

  private bodyText(part: MimePart): BodyText {
    const { limits } = this.shared;
    const { bytes, isDamaged } = decodeTransfer(part.body, part.isMultipart ? '' : part.encoding);
    if (isDamaged) this.notes.add('damaged-encoding');
    const asHtml = isHtml(part);
    const limit = asHtml ? limits.htmlBytes : limits.textBytes;
    if (bytes.length > limit) this.notes.add('truncated');
    const declared = asHtml ? metaCharset(bytes) : '';
    const { text, label } = decodeText(bytes.subarray(0, limit), part.charset || declared, [declared]);
    if (label === 'unknown') this.notes.add('unknown-charset');
    if (label === 'wrong') this.notes.add('wrong-charset');
    if (!asHtml) return { part, isHtml: false, source: text, asText: plainText(text, part), isFit: false };
    const scan = scanHtml(text, limits);
    const isFit = !scan.isTooComplex && bytes.length <= limit && this.shared.htmlLeft >= bytes.length;
    if (isFit) this.shared.htmlLeft -= bytes.length;
    return { part, isHtml: true, source: text, asText: scan.text, frame: scan.frame, isFit };
  }

  private headerFields(): MessageReading['fields'] {
    const { header } = this.message;
    const first = (name: string): string => {
      const [found = '', ...others] = header.all(name);
      if (others.length > 0) this.notes.add('repeated-header');
      return found;
    };
    const addresses = (list: readonly string[]): string => {
      const { text, isCut } = addressesText(list, this.shared.limits.addresses);
      if (isCut) this.notes.add('truncated');
      return text;
    };
    const author = authorField(header, 'from');
    const date = headerDate(first('date'));
    if (date?.isZoneGiven === false) this.notes.add('date-without-zone');
    if (author.kind === 'unclear' && author.fault === 'repeated') this.notes.add('repeated-header');
    return {
      mailSubject: headerText(first('subject')),
      author,
      from: authorText(author),
      replyTo: addresses([header.first('reply-to')]),
      to: addresses(header.all('to')),
      cc: addresses(header.all('cc')),
      date: date?.at ?? null,
    };
  }
}

function plainText(text: string, part: MimePart): string {
  const lines = part.isFlowed ? libmime.decodeFlowed(text, part.isDelSp) : text;
  return lines
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
    .trimEnd()
    .toWellFormed();
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** For a text part that stands between HTML parts. */
export function textAsHtml(text: string): string {
  return `<div style="white-space:pre-wrap">${text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '')}</div>`;
}
