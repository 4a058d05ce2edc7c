import type { Instant } from '#libs/vocabulary';
import type { AuthorField } from '../syntax/author.ts';
import type { FilePlace } from './file-place.ts';
import type { Explanation } from './envelopes/explanation.ts';
import type { MailLink } from './links/link-notes.ts';
import type { ShowableType } from './showable-type.ts';

/** What a reader should know about how a mail is shown; stable words, used as keys of texts. */
export type ReadingNote =
  /** Its HTML was past a limit, or its sanitiser was stopped: the text view is shown instead. */
  | 'html-too-complex'
  /** Its style sheets ask for more than is held against its text: they are left out, what is said on each element stays. */
  | 'styles-too-complex'
  /** It could not be taken apart as a mail: what is shown is its source as text. */
  | 'unparsable'
  /** More than the limits allow: some of it is not shown. */
  | 'truncated'
  /** Inline images that are too large, too many or of no known kind were left out; they are among the attachments. */
  | 'images-omitted'
  /** It points to images or styles elsewhere; they were left out, so that nobody learns that it was opened. */
  | 'remote-content-removed'
  /** A part names a character set nobody knows: its letters may be wrong. */
  | 'unknown-charset'
  /** A part names a character set that its bytes cannot be in: it is read in what they most likely are. */
  | 'wrong-charset'
  /** Its date names no time zone: it is taken as UTC. */
  | 'date-without-zone'
  /** Words stand where no part is; they are among the attachments. */
  | 'text-outside-parts'
  /** A header field that may stand once stands more often: the first one is shown. */
  | 'repeated-header'
  /** Its transfer encoding is damaged: what could be decoded is shown. */
  | 'damaged-encoding';

export interface ListedAttachment {
  /** Names the part within this mail, for `MailReader.attachment`; stable for the same bytes, gaps are normal. */
  readonly index: number;
  /** Safe to show and to save under: no path, no control or bidi characters, never empty. */
  readonly filename: string;
  /** As declared and thus not to be trusted; serve as application/octet-stream. */
  readonly mediaType: string;
  /** After decoding. */
  readonly bytes: number;
  /** By its first bytes; what can be looked at in a browser. Null: to be saved alone. */
  readonly showable: ShowableType | null;
  /** Where it lies; null where the mail must be read to cut it out. */
  readonly place: FilePlace | null;
}

/** A message within the mail: shown on its own, and downloadable as `.eml` like an attachment. */
export interface NestedMail extends ListedAttachment {
  readonly mail: ReadableMail;
}

/** A mail as it may be shown. Plain data; every string is text for a template to escape, except the sanitised HTML. */
export interface ReadableMail {
  readonly mailSubject: string;
  /** What the From field comes to; to be compared with whom the seal vouches for. */
  readonly author: AuthorField;
  /** The same as a line of text: `Name <address>`, or of an unclear field what stands in it. Empty where there is none. */
  readonly from: string;
  /** `Name <address>`, decoded; several are joined by a comma and a space. Empty where there is none. */
  readonly replyTo: string;
  readonly to: string;
  readonly cc: string;
  readonly date: Instant | null;
  /** The first body, sanitised and self-contained, for a frame document (`frameDocument`). Null: show `text`. */
  readonly html: string | null;
  /** Further bodies in their order, each sanitised alone, each for a frame of its own; empty when `html` is null. */
  readonly moreHtml: readonly string[];
  /** The different addresses that the links of `html` and `moreHtml` lead to, in their order; a limit ends the list. */
  readonly links: readonly MailLink[];
  /** How many further ones the limit left out. */
  readonly moreLinks: number;
  /** The whole as text; null when the mail has no body at all. */
  readonly text: string | null;
  /** What is said in words of envelopes, appointments, reports and the like, in the order of the mail. */
  readonly explanations: readonly Explanation[];
  readonly notes: readonly ReadingNote[];
  /** How many references to content elsewhere were removed. */
  readonly remoteContentRemoved: number;
  readonly attachments: readonly ListedAttachment[];
  readonly nested: readonly NestedMail[];
}
