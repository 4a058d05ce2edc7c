import libmime from 'libmime';

/**
 * Bytes to text. The platform's decoder (ICU, WHATWG names) goes first; what it lacks of the charsets found in mail comes from
 * libmime (iconv-lite) or from the shift codes below. Text is decoded before anything is sanitised and is always sent on as
 * UTF-8, so a charset cannot smuggle markup past the sanitiser.
 */
export interface DecodedText {
  readonly text: string;
  /** False where the name of the charset means nothing to us, and the text may be wrong. */
  readonly isCharsetKnown: boolean;
}

/** What mailers write besides the WHATWG names. */
const ALIASES: Record<string, string> = {
  cp932: 'shift_jis',
  'x-ms-cp932': 'shift_jis',
  mskanji: 'shift_jis',
  sjis: 'shift_jis',
  shiftjis: 'shift_jis',
  eucjp: 'euc-jp',
  'iso-2022-jp-1': 'iso-2022-jp',
  'iso-2022-jp-2': 'iso-2022-jp',
  'iso-2022-jp-ms': 'iso-2022-jp',
  cp50220: 'iso-2022-jp',
  jis: 'iso-2022-jp',
  cp949: 'euc-kr',
  uhc: 'euc-kr',
  ks_c_5601: 'euc-kr',
  'ks-c-5601-1987': 'euc-kr',
  euckr: 'euc-kr',
  cp936: 'gbk',
  'gb-2312': 'gbk',
  euccn: 'gbk',
  'euc-cn': 'gbk',
  'gb18030-2000': 'gb18030',
  'gb18030-2022': 'gb18030',
  cp950: 'big5',
  'big-5': 'big5',
  big5hkscs: 'big5',
  koi8u: 'koi8-u',
  'koi8-ru': 'koi8-u',
  macroman: 'macintosh',
  'mac-roman': 'macintosh',
  'x-mac-ce': 'maccenteuro',
  'x-mac-greek': 'macgreek',
  'x-mac-turkish': 'macturkish',
  'x-mac-croatian': 'maccroatian',
  'x-mac-romanian': 'macromania',
  'x-mac-icelandic': 'maciceland',
  cp1250: 'windows-1250',
  utf8mb4: 'utf-8',
  'utf8-mac': 'utf-8',
  'x-utf-8': 'utf-8',
  'cesu-8': 'utf-8',
  'ucs-2': 'utf-16',
  unicode: 'utf-16',
  'ansi_x3.110-1983': 'windows-1252',
  'iso-10646-ucs-2': 'utf-16be',
  hz: 'hz-gb-2312',
  csiso2022kr: 'iso-2022-kr',
  'unicode-1-1-utf-7': 'utf-7',
  'unicode-2-0-utf-7': 'utf-7',
  utf7: 'utf-7',
};

/** Names that say nothing: the bytes decide. */
const SAYS_NOTHING =
  /^(|(us-?)?ascii|ansi_x3\.4.*|iso-?646.*|7-?bit|8-?bit|binary|default|none|null|undefined|unknown(-?8-?bit)?|x-unknown|x-user-defined)$/;

export function decodeText(bytes: Buffer, charset: string): DecodedText {
  const name = charsetName(charset);
  if (SAYS_NOTHING.test(name)) return { text: guess(bytes), isCharsetKnown: true };
  const text = decodeAs(bytes, name);
  return text === null ? { text: guess(bytes), isCharsetKnown: false } : { text, isCharsetKnown: true };
}

/** UTF-8 where the bytes are that and nothing else, else windows-1252, in which every byte means something. */
export function guess(bytes: Buffer): string {
  return decoder('utf-8', true, bytes) ?? decoder('windows-1252', false, bytes) ?? bytes.toString('latin1');
}

export function charsetName(charset: string): string {
  const name = charset
    .slice(0, 60)
    .toLowerCase()
    .replace(/["'\\\s;]+/g, '')
    .replace(/^charset=/, '')
    .replace(/\*.*$/, '') // RFC 2231 §5: the language of an encoded word
    .replace(/^(?:x-)?(?:cp|win|windows|ms|ibm|microsoft)[-_]?(125\d|874)$/, 'windows-$1')
    .replace(/^(?:x-)?iso[-_]?8859[-_]?(\d{1,2})(?:[-_:].*)?$/, 'iso-8859-$1')
    .replace(/^(?:iso-?)?latin[-_]?([1-6])$/, 'latin$1')
    .replace(/^utf[-_]?(8|16|32)[-_]?([bl]e)?$/, 'utf-$1$2');
  return ALIASES[name] ?? ALIASES[name.replaceAll('_', '-')] ?? name;
}

/** Two shifts in a row, as joined encoded words leave them; the standard's decoder puts a replacement character there. */
const EMPTY_SHIFT = /\x1b[($][@ABIJ](?=\x1b[($][@ABIJ])/g;

function decodeAs(bytes: Buffer, name: string): string | null {
  switch (name) {
    case 'utf-7':
      return decodeUtf7(bytes);
    case 'iso-2022-kr':
      return decodeByLibmime(unshift(bytes, /\x1b\$\)C|\x0e([^\x0f\n]*)\x0f?/g), 'cp949');
    case 'hz-gb-2312':
      return decoder('gbk', false, unshift(bytes, /~\{((?:[^~\n]|~(?!\}))*)(?:~\})?|~[~\n]/g));
    case 'iso-2022-jp':
      return decoder(name, false, Buffer.from(bytes.toString('latin1').replace(EMPTY_SHIFT, ''), 'latin1'));
    case 'euc-kr': // ICU's lacks the syllables that Windows added (CP949), though the WHATWG name means that
      return decodeByLibmime(bytes, 'cp949');
    case 'big5': // likewise: the name means Big5-HKSCS, and ICU's is the bare one
    case 'big5-hkscs':
      return decodeByLibmime(bytes, 'big5-hkscs');
    case 'utf-16':
      return decoder(byteOrder(bytes), false, bytes);
    case 'utf-16be':
    case 'utf-16le':
      return decoder(name, false, bytes);
    default:
      return decoder(name, false, bytes) ?? decodeByLibmime(bytes, name);
  }
}

function decoder(name: string, fatal: boolean, bytes: Buffer): string | null {
  try {
    return new TextDecoder(name, { fatal }).decode(bytes);
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
