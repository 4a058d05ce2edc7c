import { headerText } from '../../syntax/header-text.ts';
import { decodeText } from '../../syntax/charsets.ts';
import { decodeTransfer } from '../../syntax/transfer-decoding.ts';
import { isHtml, MailTaker } from '../body-choice.ts';
import type { Message } from '../body-choice.ts';
import { metaCharset } from '../html-charset.ts';
import { scanHtml } from '../html-scan.ts';
import type { MimePart } from '../mime-structure.ts';
import type { ReadingLimits } from '../reading-limits.ts';
import { fileSignature } from './file-signature.ts';
import { OUTLINE_LIMITS } from './mail-outline.ts';
import type { FileSignature, MailOutline, OutlinedFile, UnsearchedReason } from './mail-outline.ts';
import { officeText } from './office-text.ts';

/** What may hold words without being text: named in `unsearched` as it is not read. */
const WITH_UNREAD_WORDS = /^application\/(?:pdf|rtf|msword|postscript|vnd\.ms-|vnd\.apple\.)|^text\/rtf/;
const TEXT_TYPES = /^text\/(?!rtf)|^application\/(?:json|xml|xhtml\+xml|[a-z0-9.-]+\+(?:json|xml)|x-ndjson|sql|ics)$/;
const TEXT_NAMES = /\.(?:txt|csv|tsv|log|md|json|xml|html?|ics|vcf|sql|ya?ml|ini|conf)$/i;

/** Never throws for what is in the mail. */
export function outlineMail(bytes: Buffer, limits: ReadingLimits): MailOutline {
  const outline = new Outline(limits);
  outline.take(new MailTaker(limits).takeApart(bytes));
  return outline.made();
}

class Outline {
  private readonly limits: ReadingLimits;
  private readonly files: OutlinedFile[] = [];
  private readonly texts: string[] = [];
  private readonly unsearched = new Set<UnsearchedReason>();
  private charactersLeft = OUTLINE_LIMITS.textCharacters;
  private isCalendarReply = false;

  constructor(limits: ReadingLimits) {
    this.limits = limits;
  }

  made(): MailOutline {
    const { files, texts, isCalendarReply } = this;
    return { files, texts, unsearched: [...this.unsearched], isCalendarReply };
  }

  take(message: Message): void {
    this.say(headerText(message.header.first('subject')));
    if (message.notes.has('truncated')) this.unsearched.add('too-long');
    if (message.explanations.some(({ kind }) => kind === 'smime-encrypted')) this.unsearched.add('locked');
    for (const part of new Set([...message.rich, ...message.plain])) this.sayText(part, contentOf(part));
    for (const { part, filename, mediaType } of message.attachments) this.file(part, filename, mediaType);
    for (const { part, filename, message: inner } of message.nested) {
      this.files.push({ fileName: filename, mediaType: 'message/rfc822', bytes: part.body.length, signature: null });
      this.take(inner);
    }
  }

  private file(part: MimePart, fileName: string, mediaType: string): void {
    const content = contentOf(part);
    const signature = fileSignature(content);
    this.files.push({ fileName, mediaType, bytes: content.length, signature });
    if (
      mediaType === 'text/calendar' &&
      /^METHOD:(?:REPLY|COUNTER|DECLINECOUNTER)\s*$/im.test(content.toString('latin1'))
    )
      this.isCalendarReply = true;
    if (mediaType.startsWith('message/')) this.unsearched.add('too-long'); // deeper than messages are read
    if (signature === 'office') {
      const { text, isWhole } = officeText(content);
      this.say(text);
      if (!isWhole) this.unsearched.add('damaged');
    } else if (signature === null && (TEXT_TYPES.test(mediaType) || TEXT_NAMES.test(fileName))) {
      this.sayText({ ...part, mediaType }, content);
    } else {
      const reason = reasonOf(signature, mediaType);
      if (reason) this.unsearched.add(reason);
    }
  }

  private sayText(part: MimePart, content: Buffer): void {
    const declared = isHtml(part) ? metaCharset(content) : '';
    const { text } = decodeText(content.subarray(0, this.charactersLeft + 1), part.charset || declared, [declared]);
    if (!isHtml(part)) return this.say(text);
    this.say(scanHtml(text, { ...this.limits, htmlBytes: Infinity }).text);
  }

  private say(text: string): void {
    if (text.length > this.charactersLeft) this.unsearched.add('too-long');
    const kept = text.slice(0, this.charactersLeft);
    this.charactersLeft -= kept.length;
    if (kept.trim() !== '') this.texts.push(kept);
  }
}

function contentOf(part: MimePart): Buffer {
  return decodeTransfer(part.body, part.isMultipart ? '' : part.encoding).bytes;
}

function reasonOf(signature: FileSignature | null, mediaType: string): UnsearchedReason | null {
  switch (signature) {
    case 'locked-office':
      return 'locked';
    case 'zip':
    case 'archive':
      return 'archive';
    case 'pdf':
    case 'old-office':
      return 'unread-kind';
    default:
      if (/^application\/(?:pgp-encrypted|x-rpmsg|x-microsoft-rpmsg-message)/.test(mediaType)) return 'locked';
      return WITH_UNREAD_WORDS.test(mediaType) ? 'unread-kind' : null;
  }
}
