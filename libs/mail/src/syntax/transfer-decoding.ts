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

/** Lines as uuencode(1p) writes them; `begin` and `end` may be missing, a line cut short gives what it holds. */
function decodeUuencode(raw: Buffer): Decoded {
  const bytes = Buffer.allocUnsafeSlow(raw.length + 3);
  let length = 0;
  let isDamaged = false;
  let at = 0;
  while (at < raw.length) {
    const newline = raw.indexOf(0x0a, at);
    const next = newline < 0 ? raw.length : newline + 1;
    let end = newline < 0 ? raw.length : newline;
    while (end > at && (raw[end - 1] === 0x0d || raw[end - 1] === 0x20)) end--;
    const line = raw.subarray(at, end);
    at = next;
    const first = line[0];
    if (first === undefined || /^(begin [0-7]{3,4} |end$)/.test(line.toString('latin1', 0, 12))) continue;
    const wanted = (first - 0x20) & 0x3f;
    if (first < 0x20 || first > 0x60) {
      isDamaged = true;
      continue;
    }
    const from = length;
    for (let quad = 1; length - from < wanted; quad += 4) {
      if (quad >= line.length && quad > 1) {
        isDamaged = true;
        break;
      }
      const [a, b, c, d] = [0, 1, 2, 3].map((step) => ((line[quad + step] ?? 0x20) - 0x20) & 0x3f) as [
        number,
        number,
        number,
        number,
      ];
      bytes[length++] = (a << 2) | (b >> 4);
      bytes[length++] = ((b & 15) << 4) | (c >> 2);
      bytes[length++] = ((c & 3) << 6) | d;
    }
    length = Math.min(length, from + wanted);
  }
  return { bytes: bytes.subarray(0, length), isDamaged };
}
