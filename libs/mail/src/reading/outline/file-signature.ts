import type { FileSignature } from './mail-outline.ts';

/** What is looked at of a file: the longest beginning below, and the names of an Office file's first parts. */
export const SIGNATURE_BYTES = 4096;

const SIGNATURES: readonly (readonly [RegExp, FileSignature])[] = [
  [/^[\s\S]{0,1024}%PDF-/, 'pdf'],
  [/^PK\x03\x04[\s\S]*(?:\[Content_Types\]\.xml|mimetypeapplication\/vnd\.oasis)/, 'office'],
  [/^PK[\x03\x05]/, 'zip'],
  // [MS-OFFCRYPTO] §2.3.4.4: an encrypted document stands in a stream of this name, in UTF-16
  [/^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1[\s\S]*E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e/, 'locked-office'],
  [/^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/, 'old-office'],
  [/^(?:Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ|MSCF|[\s\S]{257}ustar)/, 'archive'],
  [/^(?:\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|II\*\0|MM\0\*|.{4}ftyp(?:heic|heix|mif1|avif))/s, 'picture'],
  [/^(?:MZ|\x7fELF|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe|#!)/, 'program'],
];

/** @param file at least its first `SIGNATURE_BYTES` */
export function fileSignature(file: Buffer): FileSignature | null {
  const start = file.toString('latin1', 0, SIGNATURE_BYTES);
  return SIGNATURES.find(([signature]) => signature.test(start))?.[1] ?? null;
}
