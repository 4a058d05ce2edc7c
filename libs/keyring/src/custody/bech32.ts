/**
 * Bech32 (BIP 173) without its length limit, which is how age spells its keys. Written for key files: the words are checked
 * to the last bit, so that a mistyped key is a fault and never another key.
 */
const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;

export interface Bech32 {
  /** Human-readable part, in lower case. */
  readonly prefix: string;
  readonly bytes: Buffer;
}

/** All in lower case; callers that want upper case (age's secret keys) may change the case of the whole. */
export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  const words = regroup(bytes, 8, 5, true) as number[];
  const checksum = polymod([...expandPrefix(prefix), ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
  for (let i = 0; i < 6; i++) words.push((checksum >>> (5 * (5 - i))) & 31);
  return `${prefix}1${words.map((word) => ALPHABET.charAt(word)).join('')}`;
}

/** @returns null for mixed case, a wrong checksum, other characters or stray bits */
export function decodeBech32(text: string): Bech32 | null {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return null;
  const separator = lower.lastIndexOf('1');
  if (separator < 1 || lower.length - separator < 7) return null;
  const prefix = lower.slice(0, separator);
  const words = [...lower.slice(separator + 1)].map((character) => ALPHABET.indexOf(character));
  if (words.includes(-1) || polymod([...expandPrefix(prefix), ...words]) !== 1) return null;
  const bytes = regroup(words.slice(0, -6), 5, 8, false);
  return bytes === null ? null : { prefix, bytes: Buffer.from(bytes) };
}

function expandPrefix(prefix: string): number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(words: readonly number[]): number {
  let checksum = 1;
  for (const word of words) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ word;
    GENERATOR.forEach((factor, bit) => {
      if ((top >>> bit) & 1) checksum ^= factor;
    });
  }
  return checksum >>> 0;
}

function regroup(words: Iterable<number>, fromBits: number, toBits: number, isPadded: boolean): number[] | null {
  const out: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const word of words) {
    buffer = ((buffer << fromBits) | word) & 0xfff;
    bits += fromBits;
    while (bits >= toBits) {
      bits -= toBits;
      out.push((buffer >>> bits) & ((1 << toBits) - 1));
    }
  }
  const rest = buffer & ((1 << bits) - 1);
  if (isPadded) return bits > 0 ? [...out, rest << (toBits - bits)] : out;
  return bits >= fromBits || rest !== 0 ? null : out;
}
