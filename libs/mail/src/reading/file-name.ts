/** Longer names are cut before their ending: 255 bytes is what file systems take, and UTF-8 may need three for a character. */
const MAX_CHARACTERS = 80;
/** C0, C1 and the characters that only steer: bidi (U+202A–202E, U+2066–2069), marks, joiners, tags, the byte order mark. */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2028\u2029\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;
/** Names that Windows keeps for devices, with any ending. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

const ENDINGS: Record<string, string> = {
  'text/plain': 'txt',
  'text/html': 'html',
  'text/calendar': 'ics',
  'text/csv': 'csv',
  'text/vcard': 'vcf',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/svg+xml': 'svg',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/ms-tnef': 'dat',
  'application/pkcs7-mime': 'p7m',
  'application/x-pkcs7-mime': 'p7m',
  'application/pkcs7-signature': 'p7s',
  'application/x-pkcs7-signature': 'p7s',
  'application/pgp-signature': 'asc',
  'application/pgp-encrypted': 'asc',
  'message/rfc822': 'eml',
  'message/global': 'eml',
  'message/delivery-status': 'txt',
  'message/disposition-notification': 'txt',
};

/**
 * A name that may be shown and saved under: the last piece of a path, no characters that steer or that file systems refuse,
 * never empty, never a hidden file, its ending kept when it is cut.
 * @param index used where the mail gives no name.
 */
export function safeFileName(given: string | null, mediaType: string, index: number): string {
  const lastPiece = (given ?? '').normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const name = lastPiece
    .replace(/[\t\r\n]+/g, ' ')
    .replace(INVISIBLE, '')
    .replace(/\s+/g, ' ')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '');
  if (name === '') return `attachment-${index + 1}.${ENDINGS[mediaType] ?? 'bin'}`;
  const shortened = shorten(name);
  return DEVICE.test(shortened) ? `_${shortened}` : shortened;
}

function shorten(name: string): string {
  const characters = [...name];
  if (characters.length <= MAX_CHARACTERS) return name;
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(name)?.[0] ?? '';
  return (
    characters
      .slice(0, MAX_CHARACTERS - [...ending].length)
      .join('')
      .trimEnd() + ending
  );
}
