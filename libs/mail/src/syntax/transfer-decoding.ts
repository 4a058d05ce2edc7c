/** Undoes Content-Transfer-Encoding (RFC 2045 §6). Damage never throws: what can be decoded is decoded. */

export interface Decoded {
  readonly bytes: Buffer;
  readonly isDamaged: boolean;
}

/** Of base64, decoded at a time: keeps the intermediate string small beside a mail of 25 MiB. A multiple of four. */
const BASE64_SLICE = 64 * 1024;
const EQUALS = 0x3d;
/** A mail glued together from more has been made to be slow; from there on padding counts as damage. */
export const MAX_PADDED_PIECES = 1000;

export function decodeTransfer(raw: Buffer, encoding: string): Decoded {
  switch (encoding) {
    case 'base64':
      return decodeBase64(raw);
    case 'quoted-printable':
      return decodeQuotedPrintable(raw);
    case 'x-uuencode':
    case 'x-uue':
    case 'uuencode':
      return decodeUuencode(raw);
    default:
      // '', 7bit, 8bit, binary, and what nobody knows (RFC 2045 §6.4 would show that as octets)
      return { bytes: raw, isDamaged: false };
  }
}

/** The length that `decodeTransfer` would give, without keeping the bytes. */
export function decodedLength(raw: Buffer, encoding: string): number {
  if (encoding !== 'base64') return decodeTransfer(raw, encoding).bytes.length;
  const sink = new Base64Sink(Buffer.allocUnsafeSlow(Math.min(BASE64_SLICE, raw.length) + 3), false);
  eachBase64Slice(raw, sink);
  return sink.length;
}

function decodeBase64(raw: Buffer): Decoded {
  const sink = new Base64Sink(Buffer.allocUnsafeSlow(Math.ceil((raw.length * 3) / 4) + 3), true);
  const isDamaged = eachBase64Slice(raw, sink);
  return { bytes: sink.target.subarray(0, sink.length), isDamaged };
}

class Base64Sink {
  readonly target: Buffer;
  /** Decoded so far. */
  length = 0;
  private readonly keeps: boolean;

  constructor(target: Buffer, keeps: boolean) {
    this.target = target;
    this.keeps = keeps;
  }

  write(text: string): number {
    const written = this.target.write(text, this.keeps ? this.length : 0, 'base64');
    this.length += written;
    return written;
  }
}

/**
 * Node's decoder is native and skips what is not of the alphabet, but it stops at the first padding; mails glued together from
 * padded pieces exist. Each text handed on holds a whole number of quanta, save the last before a padding.
 * @returns whether something stood there that base64 does not have.
 */
function eachBase64Slice(raw: Buffer, sink: Base64Sink): boolean {
  let isDamaged = false;
  let start = 0;
  for (let pieces = 1; start < raw.length; pieces++) {
    if (pieces > MAX_PADDED_PIECES) {
      const rest = Buffer.from(raw.subarray(start).filter((byte) => byte !== EQUALS));
      decodeUnpadded(rest, 0, rest.length, sink);
      return true;
    }
    const padding = raw.indexOf(EQUALS, start);
    const end = padding < 0 ? raw.length : padding;
    isDamaged = decodeUnpadded(raw, start, end, sink) || isDamaged;
    start = end;
    while (start < raw.length && raw[start] === EQUALS) start++;
  }
  return isDamaged;
}

function decodeUnpadded(raw: Buffer, start: number, end: number, sink: Base64Sink): boolean {
  let at = decodeEvenLines(raw, start, end, sink);
  let isDamaged = false;
  const quanta = new Base64Quanta();
  for (; at < end; at += BASE64_SLICE) {
    const text = raw.toString('latin1', at, Math.min(end, at + BASE64_SLICE));
    isDamaged ||= /[^A-Za-z0-9+/\s_-]/.test(text);
    sink.write(quanta.whole(text));
  }
  sink.write(quanta.rest());
  return isDamaged;
}

/** The letters of base64 out of any text that comes in pieces, in whole quanta of four. */
export class Base64Quanta {
  private carried = '';

  whole(text: string): string {
    const letters = this.carried + text.replace(/[^A-Za-z0-9+/_-]+/g, '');
    const usable = letters.length - (letters.length % 4);
    this.carried = letters.slice(usable);
    return letters.slice(0, usable);
  }

  rest(): string {
    const { carried } = this;
    this.carried = '';
    return carried;
  }
}

/**
 * The fast way for lines of one length, as every mailer writes them: cut between lines, nothing looked at but the line ends.
 * How much came out proves that nothing between them was skipped; else the slice is given back. @returns where it stopped.
 */
function decodeEvenLines(raw: Buffer, start: number, end: number, sink: Base64Sink): number {
  const newline = raw.indexOf(0x0a, start);
  if (newline < 0 || newline >= end) return start;
  const ending = raw[newline - 1] === 0x0d ? 2 : 1;
  const lineBytes = newline + 1 - start;
  const letters = lineBytes - ending;
  const lines = Math.floor(BASE64_SLICE / lineBytes);
  if (letters <= 0 || letters % 4 !== 0 || lines === 0) return start;
  let at = start;
  while (at + lines * lineBytes <= end) {
    const next = at + lines * lineBytes;
    for (let last = at + lineBytes - 1; last < next; last += lineBytes) {
      if (raw[last] !== 0x0a || (ending === 2 && raw[last - 1] !== 0x0d)) return at;
    }
    const written = sink.write(raw.toString('latin1', at, next));
    if (written !== (lines * letters * 3) / 4) {
      sink.length -= written;
      return at;
    }
    at = next;
  }
  return at;
}

const hexDigit = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  hexDigit[value.toString(16).charCodeAt(0)] = value;
  hexDigit[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

function decodeQuotedPrintable(raw: Buffer): Decoded {
  const bytes = Buffer.allocUnsafeSlow(raw.length);
  let length = 0;
  let at = 0;
  let isDamaged = false;
  while (at < raw.length) {
    const equals = raw.indexOf(EQUALS, at);
    if (equals < 0) {
      length += raw.copy(bytes, length, at);
      break;
    }
    length += raw.copy(bytes, length, at, equals);
    const high = hexDigit[raw[equals + 1] ?? 0] ?? -1;
    const low = hexDigit[raw[equals + 2] ?? 0] ?? -1;
    if (high >= 0 && low >= 0) {
      bytes[length++] = high * 16 + low;
      at = equals + 3;
      continue;
    }
    // a soft line break, with the white space some gateways leave behind it (RFC 2045 §6.7 rule 3)
    let next = equals + 1;
    while (next < raw.length && (raw[next] === 0x20 || raw[next] === 0x09)) next++;
    if (next >= raw.length) break;
    if (raw[next] === 0x0a) at = next + 1;
    else if (raw[next] === 0x0d) at = raw[next + 1] === 0x0a ? next + 2 : next + 1;
    else {
      isDamaged = true;
      bytes[length++] = EQUALS;
      at = equals + 1;
    }
  }
  return { bytes: bytes.subarray(0, length), isDamaged };
}

/** 64 MiB: of lines that lost their spaces on the way 25 MiB could give 20 times as much. */
const MAX_UUDECODED = 64 * 1024 * 1024;

/**
 * Lines as uuencode(1p) writes them; `begin` and `end` may be missing. Spaces at the end of a line, which stand for zero and are lost
 * on the way, are put back: a line says how many bytes it holds. A last line without its end was cut off: of it,
 * what it holds.
 */
function decodeUuencode(raw: Buffer): Decoded {
  const found: Buffer[] = [];
  let length = 0;
  let isDamaged = false;
  let at = 0;
  while (at < raw.length) {
    const newline = raw.indexOf(0x0a, at);
    const end = newline < 0 ? raw.length : newline;
    const line = raw.toString('latin1', at, Math.min(end, at + MAX_UULINE)).trimEnd();
    at = end + 1;
    if (line === '' || /^(begin [0-7]{3,4} |end$)/.test(line)) continue;
    const isLine = /^[ -`]/.test(line);
    const stated = isLine ? uuValue(line, 0) : 0;
    const held = Math.floor(((line.length - 1) * 3) / 4);
    const isCutOff = newline < 0 && held < stated;
    const wanted = isCutOff ? held : stated;
    isDamaged ||= !isLine || isCutOff;
    length += wanted;
    if (length > MAX_UUDECODED) return { bytes: Buffer.concat(found), isDamaged: true };
    if (wanted > 0) found.push(uuLine(line, wanted));
  }
  return { bytes: Buffer.concat(found), isDamaged };
}

const MAX_UULINE = 100;

function uuLine(line: string, wanted: number): Buffer {
  const bytes = Buffer.alloc(wanted + 2);
  let length = 0;
  for (let quad = 1; length < wanted; quad += 4) {
    const [a, b, c, d] = [
      uuValue(line, quad),
      uuValue(line, quad + 1),
      uuValue(line, quad + 2),
      uuValue(line, quad + 3),
    ];
    bytes[length++] = (a << 2) | (b >> 4);
    bytes[length++] = ((b & 15) << 4) | (c >> 2);
    bytes[length++] = ((c & 3) << 6) | d;
  }
  return bytes.subarray(0, wanted);
}

function uuValue(line: string, at: number): number {
  return at < line.length ? (line.charCodeAt(at) - 0x20) & 0x3f : 0;
}
