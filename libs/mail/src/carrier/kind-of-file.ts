/** What was uploaded instead of a carrier, as its first bytes show: it gives nothing away of any seal. */
export type KindOfFile =
  | 'empty'
  | 'pdf'
  | 'picture'
  | 'office'
  | 'outlook'
  | 'zip'
  | 'locked-zip'
  | 'archive'
  /** A page as phones save it (MHTML): Chromium leaves hidden fields out of it. */
  | 'saved-page'
  | 'web-archive'
  | 'page'
  | 'mail'
  | 'other';

const SIGNATURES: readonly (readonly [RegExp, KindOfFile])[] = [
  [/^\s*$/, 'empty'],
  [/^\s{0,100}%PDF-/, 'pdf'],
  [/^(?:\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|BM.{8}|II\*\0|MM\0\*|.{4}ftyp(?:heic|heix|mif1|avif))/s, 'picture'],
  [/^PK\x03\x04.{0,400}(?:\[Content_Types\]\.xml|mimetypeapplication\/vnd\.)/s, 'office'],
  [/^PK\x03\x04.{2}[\x01\x03\x05\x07\x09\x0b\x0d\x0f]/s, 'locked-zip'],
  [/^PK[\x03\x05]/, 'zip'],
  [/^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/, 'outlook'],
  [/^(?:Rar!|7z\xbc\xaf|\x1f\x8b|BZh)/, 'archive'],
  [/^(?:From: <?Saved by|[\s\S]{0,400}\nSnapshot-Content-Location:)/i, 'saved-page'],
  [/^bplist0/, 'web-archive'],
  [/^\s*</, 'page'],
  [/^(?:From |[!-9;-~]+[ \t]*:)/, 'mail'],
];

/** @param start the first bytes of the file, as latin1 */
export function kindOfFile(start: string): KindOfFile {
  return SIGNATURES.find(([signature]) => signature.test(start))?.[1] ?? 'other';
}
