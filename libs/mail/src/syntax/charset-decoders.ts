import libmime from 'libmime';

/** Two shifts in a row, as joined encoded words leave them; the standard's decoder puts a replacement character there. */
const EMPTY_SHIFT = /\x1b[($][@ABIJ](?=\x1b[($][@ABIJ])/g;

/**
 * Bytes to text by a name of `charsetName`. The platform's decoder (ICU, WHATWG names) goes first; what it lacks of the charsets found
 * in mail comes from libmime (iconv-lite) or from the shift codes below. What is no character becomes U+FFFD.
 *
 * @returns null for a name that nobody here knows
 */
export function decodeAs(bytes: Buffer, name: string): string | null {
  switch (name) {
    case 'utf-7':
      return decodeUtf7(bytes);
    case 'iso-2022-kr':
      return decodeByLibmime(unshift(bytes, /\x1b\$\)C|\x0e([^\x0f\n]*)\x0f?/g), 'cp949');
    case 'hz-gb-2312':
      return decoder('gbk', unshift(bytes, /~\{((?:[^~\n]|~(?!\}))*)(?:~\})?|~[~\n]/g));
    case 'iso-2022-jp':
      return decoder(name, Buffer.from(bytes.toString('latin1').replace(EMPTY_SHIFT, ''), 'latin1'));
    case 'euc-kr': // ICU's lacks the syllables that Windows added (CP949), though the WHATWG name means that
      return decodeByLibmime(bytes, 'cp949');
    case 'big5': // likewise: the name means Big5-HKSCS, and ICU's is the bare one
    case 'big5-hkscs':
      return decodeByLibmime(bytes, 'big5-hkscs');
    case 'utf-16':
      return decoder(byteOrder(bytes), bytes);
    case 'utf-16be':
    case 'utf-16le':
      return decoder(name, bytes);
    default:
      return decoder(name, bytes) ?? decodeByLibmime(bytes, name);
  }
}

function decoder(name: string, bytes: Buffer): string | null {
  try {
    return new TextDecoder(name).decode(bytes);
  } catch {
    return null;
  }
}

/** Without a byte order mark the mail's own order is big-endian (RFC 2781 §4.3), but what is found is mostly little-endian. */
function byteOrder(bytes: Buffer): 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0 && bytes[1] !== 0 ? 'utf-16be' : 'utf-16le';
}

/** libmime falls back to UTF-8 without a word: whether it knew the charset is asked first. */
function decodeByLibmime(bytes: Buffer, name: string): string | null {
  const stream = libmime.createDecodeStream(name);
  const isKnown = stream.supported;
  stream.destroy();
  if (!isKnown) return null;
  return libmime.decodeWord(name, 'B', bytes.toString('base64'));
}

/**
 * The 7-bit shift codes of Korean and Chinese mail: what stands between the shifts (the one group of the pattern) is the 8-bit
 * set less its high bits; other matches are marks of the code itself, `~~` a tilde.
 */
function unshift(bytes: Buffer, pattern: RegExp): Buffer {
  const text = bytes.toString('latin1').replace(pattern, (whole: string, shifted?: string) => {
    if (shifted === undefined) return whole === '~~' ? '~' : '';
    return Buffer.from(Buffer.from(shifted, 'latin1').map((byte) => byte | 0x80)).toString('latin1');
  });
  return Buffer.from(text, 'latin1');
}

/** RFC 2152. Libraries refuse it because filters overlook its markup; here the filter comes after. */
function decodeUtf7(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/\+([A-Za-z0-9+/]*)-?/g, (_whole: string, base64: string) => {
    if (base64 === '') return '+';
    const units = Buffer.from(base64, 'base64');
    return units
      .subarray(0, units.length & ~1)
      .swap16()
      .toString('utf16le');
  });
}
