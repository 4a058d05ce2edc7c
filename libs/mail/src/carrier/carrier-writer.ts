import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { Base64UrlLines } from './base64url-lines.ts';
import { htmlLetter, plainLetter } from './carrier-letter.ts';
import { carrierTexts, portalAddresses } from './carrier-texts.ts';
import { likelyLanguages } from './likely-languages.ts';
import type { Author } from '../syntax/author.ts';
import { asEncodedWords } from '../syntax/encoded-words.ts';
import type { MailHeader } from '../syntax/header-fields.ts';
import { base64Lines, quotedPrintable } from '../syntax/transfer-encoding.ts';
import { carrierNeedsUtf8, keptHeaders } from './kept-headers.ts';
import { messagePage } from './message-page.ts';
import type { OrganisationProfile } from './organisation-profile.ts';

export interface CarrierWriterOptions {
  /** The header of the original (`MailHeaderCollector`). */
  readonly mailHeader: MailHeader;
  readonly messageId: MessageId;
  /** What the From field came to (`authorField`), or who stands in for a missing one: the carrier's From. */
  readonly author: Pick<Author, 'address' | 'displayName'>;
  readonly sealedAt: Instant;
  readonly expiresAt: Instant;
  /** `SEGL_PUBLIC_URL`. */
  readonly publicUrl: URL;
  readonly organisation: OrganisationProfile;
  /** Who will read it: their language comes first (`likelyLanguages`). Left out: the mail's own, then the organisation's order. */
  readonly recipient?: MailAddress;
  /** Named as who wrote, where the profile shows names; null or left out: nobody is named. */
  readonly senderName?: string | null;
}

/** The name of the attachment; stays the same for ever, since people are asked to look for it. */
export const MESSAGE_PAGE_NAME = 'message.html';

/**
 * Writes the mail that carries one seal, as the ciphertext comes: `begin`, `update` with pieces of any size, `finish`. What these
 * give, one after the other, is an RFC 5322 mail of plain 7-bit ASCII (but for addresses in its header, where `smtpUtf8` says so) with CRLF line ends, none over 990 octets: a text in plain and in HTML, and
 * `message.html` with one layer of base64url. It is at most 1.34 × the mail + 16 KiB, or with a logo and
 * everything else that an organisation can show of itself, + 24 KiB + 1.37 × the logo. All of it is synchronous; the caller
 * yields between pieces of at most 1 MiB. A returned buffer is valid until the next call.
 */
export class CarrierWriter {
  /** Whether its header holds UTF-8 (RFC 6532): the relay must be told. */
  readonly smtpUtf8: boolean;
  private readonly lines = new Base64UrlLines();
  private readonly head: string;
  private readonly tail: string;

  /** @throws TypeError for a profile without a language */
  constructor(options: CarrierWriterOptions) {
    this.smtpUtf8 = carrierNeedsUtf8(options.mailHeader, options);
    const portal = portalAddresses(options.publicUrl);
    const { organisation, author, expiresAt, senderName = null } = options;
    const { locales, isGuess } = likelyLanguages(organisation.locales, options);
    const texts = carrierTexts(organisation, portal, { locales, expiresAt, address: author.address, senderName });
    const page = messagePage(options.messageId, texts, portal, organisation);
    // base64url has no `=`, quoted-printable writes it as =3D: a boundary with `=_` is in neither.
    const boundary = `=_segl_${options.messageId}`;
    const alternative = `=_text_${options.messageId}`;
    // Where nothing is known of the reader, the subject is the one line that must be understood in any case.
    const subjects = [...new Set(texts.map(({ subject }) => subject))].slice(0, isGuess ? 1 : undefined);
    const subject = headerText('Subject', subjects.join(' / '));
    this.head =
      keptHeaders(options.mailHeader, { ...options, portalHost: options.publicUrl.hostname }) +
      subject +
      `Segl-Message: ${options.messageId}\r\n` +
      'MIME-Version: 1.0\r\n' +
      `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n` +
      `--${boundary}\r\n` +
      `Content-Type: multipart/alternative; boundary="${alternative}"\r\n\r\n` +
      `--${alternative}\r\n${textPart('plain', plainLetter(texts, portal, organisation))}` +
      `--${alternative}\r\n${textPart('html', htmlLetter(texts, portal, organisation))}` +
      `--${alternative}--\r\n` +
      `--${boundary}\r\n` +
      `Content-Type: text/html; charset=utf-8; name="${MESSAGE_PAGE_NAME}"\r\n` +
      `Content-Disposition: attachment; filename="${MESSAGE_PAGE_NAME}"\r\n` +
      'Content-Transfer-Encoding: 7bit\r\n\r\n' +
      page.beforeCiphertext;
    this.tail = `${page.afterCiphertext}--${boundary}--\r\n`;
  }

  begin(): Buffer {
    return Buffer.from(this.head);
  }

  update(ciphertext: Uint8Array): Buffer {
    return this.lines.update(ciphertext);
  }

  /** As `update`, for a caller that keeps what it gets: memory of its own, which is not used again. */
  written(ciphertext: Uint8Array): Buffer {
    const lines = this.lines.update(ciphertext);
    this.lines.letGo();
    return lines;
  }

  finish(): Buffer {
    return Buffer.concat([this.lines.finish(), Buffer.from(this.tail, 'latin1')]);
  }
}

/** In whichever encoding is shorter: quoted-printable for the languages of Europe, base64 where most characters are others. */
function textPart(subtype: 'plain' | 'html', text: string): string {
  const quoted = quotedPrintable(text);
  const base64 = base64Lines(text);
  const [encoding, body] = quoted.length <= base64.length ? ['quoted-printable', quoted] : ['base64', base64];
  return `Content-Type: text/${subtype}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`;
}

/** Unstructured text in a field: as it is where it is short ASCII, else as encoded words, folded between them. */
function headerText(name: string, text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  const isPlain = /^[ -~]*$/.test(line) && !line.includes('=?') && line.length <= 900;
  return isPlain ? `${name}: ${line}\r\n` : `${name}: ${asEncodedWords(line).replaceAll(' ', '\r\n ')}\r\n`;
}
