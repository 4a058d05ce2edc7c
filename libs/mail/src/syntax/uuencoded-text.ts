import { decodeTransfer } from './transfer-decoding.ts';

export interface UuencodedFile {
  /** As its `begin` line has it. */
  readonly filename: string;
  /** The lines between `begin` and `end`, encoded. */
  readonly body: Buffer;
}

const BEGIN = Buffer.from('begin ');
const LF = 0x0a;

/**
 * The files that stand uuencoded in a text (uuencode(1p): `begin`, lines that say how long they are, `end`), and the text without them.
 * What has no `end`, or a line between that is none, is text.
 *
 * @param body in its transfer encoding
 */
export function uuencodedIn(body: Buffer, encoding: string): { files: UuencodedFile[]; rest: Buffer } {
  if (encoding !== 'base64' && !body.includes(BEGIN)) return { files: [], rest: body };
  const { bytes } = decodeTransfer(body, encoding);
  const files: UuencodedFile[] = [];
  const rest: Buffer[] = [];
  let kept = 0;
  for (let begin = bytes.indexOf(BEGIN); begin >= 0; begin = bytes.indexOf(BEGIN, begin + 1)) {
    if (begin > 0 && bytes[begin - 1] !== LF) continue;
    const first = lineAt(bytes, begin);
    const filename = /^begin [0-7]{3,4} (\S.{0,500})$/.exec(first.text)?.[1]?.trim();
    const end = filename === undefined ? null : endOfFile(bytes, first.next);
    if (filename === undefined || end === null) continue;
    files.push({ filename, body: bytes.subarray(first.next, end.from) });
    rest.push(bytes.subarray(kept, begin));
    kept = begin = end.next;
  }
  rest.push(bytes.subarray(kept));
  return { files, rest: files.length === 0 ? body : Buffer.concat(rest) };
}

function endOfFile(bytes: Buffer, from: number): { from: number; next: number } | null {
  for (let at = from; at < bytes.length;) {
    const { text, next } = lineAt(bytes, at);
    if (text === 'end') return at === from ? null : { from: at, next };
    const length = text === '' ? 0 : (text.charCodeAt(0) - 0x20) & 0x3f;
    // spaces at its end may be lost on the way; a checksum may follow
    if (!/^[ -`]*$/.test(text) || text.length > Math.ceil(length / 3) * 4 + 2) return null;
    at = next;
  }
  return null;
}

function lineAt(bytes: Buffer, at: number): { text: string; next: number } {
  const newline = bytes.indexOf(LF, at);
  const end = newline < 0 ? bytes.length : newline;
  return {
    text: bytes.toString('latin1', at, Math.min(end, at + 600)).trimEnd(),
    next: newline < 0 ? end : newline + 1,
  };
}
