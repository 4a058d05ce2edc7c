import { isUtf8 } from 'node:buffer';
import chardet from 'chardet';
import { decodeAs } from './charset-decoders.ts';

/** What is looked at to tell a charset, in bytes: more makes nobody surer. */
const LOOKED_AT = 64 * 1024;
const SEVEN_BIT = /^(?:iso-2022-.*|hz-gb-2312|utf-7)$/;
const WIDE = /^utf-(?:16|32)/;
const EAST_ASIAN = /^(?:shift_jis|euc-jp|euc-kr|gbk|gb2312|gb18030|big5|big5-hkscs)$/;
/** The shifts into two-byte sets (RFC 1468, RFC 1557): nothing else that people write has them. */
const JAPANESE_SHIFT = /\x1b\$(?:[@B]|\([@BDOQP])/;
const KOREAN_SHIFT = /\x1b\$\)C/;

/** Whether bytes can be text in a charset at all. @param name as `decodeAs` knows it */
export function canBe(name: string, bytes: Buffer): boolean {
  if (name === 'utf-8') return isUtf8(bytes) ? !isShifted(bytes) : isMostlyUtf8(bytes);
  if (WIDE.test(name)) return hasByteOrderMark(bytes) || bytes.includes(0) || !isUtf8(bytes);
  const { high } = counted(bytes);
  if (SEVEN_BIT.test(name)) return high === 0;
  if (high === 0) return !isShifted(bytes);
  const asUtf8 = utf8In(bytes);
  if (!EAST_ASIAN.test(name)) return asUtf8.broken > 0; // whole characters of UTF-8 are never a text in a set of one byte each
  if (asUtf8.broken === 0 && asUtf8.whole >= 3) return false;
  const unread = (decodeAs(bytes.subarray(0, LOOKED_AT), name) ?? '').split('\ufffd').length - 1;
  return unread * 10 <= high;
}

/** UTF-8 with some damage, such as a field that was cut within a character. */
export function isMostlyUtf8(bytes: Buffer): boolean {
  const { whole, broken } = utf8In(bytes);
  return whole > broken;
}

/** For bytes that are not UTF-8, or that shift between sets, what they most likely are. */
export function likelyCharset(bytes: Buffer): string {
  const start = bytes.subarray(0, LOOKED_AT).toString('latin1');
  if (JAPANESE_SHIFT.test(start)) return 'iso-2022-jp';
  if (KOREAN_SHIFT.test(start)) return 'iso-2022-kr';
  if (isUtf8(bytes)) return 'utf-8';
  const text = Buffer.from(start.replace(/<[^<>]{0,2000}>/g, ' '), 'latin1'); // tags are ASCII in every language
  const { high, letters } = counted(text);
  const guesses = chardet.analyse(text).map(({ name, confidence }) => ({ name: name.toLowerCase(), confidence }));
  const [best] = guesses;
  if (!best) return WESTERN;
  const western = guesses.find(({ name }) => name === 'iso-8859-1' || name === WESTERN)?.confidence ?? 0;
  const isOtherScript = high > letters && best.confidence >= 25;
  const isSure = best.confidence >= 50 && best.confidence >= western + 20 && high >= 3;
  const isKept = EAST_ASIAN.test(best.name) ? best.confidence >= 40 : CENTRAL.has(best.name) ? isSure : isOtherScript;
  return isKept && decodeAs(NOTHING, best.name) !== null ? best.name : WESTERN;
}

const NOTHING = Buffer.alloc(0);
const WESTERN = 'windows-1252';
/** Latin letters, too: told from Western ones by which stand beside one another, so more must speak for them. */
const CENTRAL = new Set(['iso-8859-2', 'windows-1250', 'iso-8859-9', 'windows-1254', 'windows-1257']);

function isShifted(bytes: Buffer): boolean {
  if (!bytes.includes(0x1b)) return false;
  const start = bytes.toString('latin1', 0, LOOKED_AT);
  return JAPANESE_SHIFT.test(start) || KOREAN_SHIFT.test(start);
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** Bytes above 0x7F and ASCII letters, of what is looked at. */
function counted(bytes: Buffer): { high: number; letters: number } {
  let high = 0;
  let letters = 0;
  for (const byte of bytes.subarray(0, LOOKED_AT)) {
    if (byte >= 0x80) high++;
    else if ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)) letters++;
  }
  return { high, letters };
}

/** Characters of several bytes, and bytes above 0x7F that are part of none; one cut off at the very end counts as neither. */
function utf8In(bytes: Buffer): { whole: number; broken: number } {
  let whole = 0;
  let broken = 0;
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    const length =
      byte < 0x80
        ? 1
        : byte >= 0xc2 && byte < 0xe0
          ? 2
          : byte >= 0xe0 && byte < 0xf0
            ? 3
            : byte >= 0xf0 && byte < 0xf5
              ? 4
              : 0;
    let had = 1;
    while (had < length && ((bytes[at + had] ?? 0) & 0xc0) === 0x80) had++;
    if (length > 1 && had === length) whole++;
    else if (length !== 1 && (length === 0 || at + had < bytes.length || whole === 0)) broken++;
    at += had;
  }
  return { whole, broken };
}
