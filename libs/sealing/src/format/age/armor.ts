import { AgeFault } from './age-fault.ts';

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----';
const END = '-----END AGE ENCRYPTED FILE-----';
const LINE = /^[A-Za-z0-9+/]{64}$/;
const LAST_LINE = /^(?:[A-Za-z0-9+/]{4}){0,15}(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;

/**
 * Undoes ASCII armor (RFC 7468 §3, strict): LF or CRLF, white space around the block and nowhere else, canonical base64. The
 * product itself has no armor: this is for the age layer's own completeness.
 *
 * @throws AgeFault `armor`
 */
export function decodeArmor(text: string): Buffer {
  const lines = text
    .replace(/^[ \t\r\n]+/, '')
    .replace(/[ \t\r\n]+$/, '')
    .split(/\r?\n/);
  if (lines.shift() !== BEGIN) throw new AgeFault('armor', 'no BEGIN line');
  if (lines.pop() !== END) throw new AgeFault('armor', 'no END line');
  const last = lines.length - 1;
  if (!lines.every((line, i) => (i < last ? LINE : LAST_LINE).test(line))) {
    throw new AgeFault('armor', 'not base64 in lines of 64 columns');
  }
  const base64 = lines.join('');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) throw new AgeFault('armor', 'base64 with stray bits');
  return bytes;
}
