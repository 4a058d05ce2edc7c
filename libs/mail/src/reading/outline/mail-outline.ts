/** A mail as a policy looks at it: which files it has, and the words to be searched. Plain data, made in the reading thread. */
export interface MailOutline {
  readonly files: readonly OutlinedFile[];
  /**
   * Words, each piece alone: subjects, bodies (both alternatives), texts, Office and OpenDocument files, of messages within as well. At
   * most `OUTLINE_LIMITS.textCharacters` together.
   */
  readonly texts: readonly string[];
  /** What has words, or may have, that are not in `texts`. Pictures, sound and film are not counted. */
  readonly unsearched: readonly UnsearchedReason[];
  readonly isCalendarReply: boolean;
}

export type UnsearchedReason =
  /** More words than the limits allow. */
  | 'too-long'
  /** A file whose contents need a password or a key. */
  | 'locked'
  /** A container of files. */
  | 'archive'
  /** A document of a kind whose words are not read. */
  | 'unread-kind'
  /** It could not be taken apart as what it says it is. */
  | 'damaged';

export interface OutlinedFile {
  readonly fileName: string;
  /** Lower case, as declared. */
  readonly mediaType: string;
  /** After decoding. */
  readonly bytes: number;
  /** By its first bytes; null where they say nothing. */
  readonly signature: FileSignature | null;
}

export type FileSignature =
  'pdf' | 'zip' | 'office' | 'locked-office' | 'old-office' | 'archive' | 'picture' | 'program';

export const OUTLINE_LIMITS = {
  /** 16 Mi characters. */
  textCharacters: 16 * 1024 * 1024,
  /** 16 MiB: one part of an Office file, unpacked. */
  officePartBytes: 16 * 1024 * 1024,
  /** 1000 parts of one Office file. */
  officeParts: 1000,
};

/** For a mail that could not be taken apart at all: nothing of it was searched. */
export const NO_OUTLINE: MailOutline = { files: [], texts: [], unsearched: ['damaged'], isCalendarReply: false };
