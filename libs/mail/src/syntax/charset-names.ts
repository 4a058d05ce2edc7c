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

/** Names that say nothing of the bytes. */
const SAYS_NOTHING =
  /^(|(us-?)?ascii|ansi_x3\.4.*|iso-?646.*|7-?bit|8-?bit|binary|default|none|null|undefined|unknown(-?8-?bit)?|x-unknown|x-user-defined)$/;

/** @param name as `charsetName` gives it */
export function saysNothing(name: string): boolean {
  return SAYS_NOTHING.test(name);
}

/** A label of a mail as the one name that the decoders here know; of an unknown one, the label in lower case. */
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
