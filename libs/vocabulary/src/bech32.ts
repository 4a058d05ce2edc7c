/** BIP 173, without its limit of 90 characters: a hybrid recipient has 1959 (age.md, Conventions). */
const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const CHECKSUM_WORDS = 6;
/** Twice the longest string there is: a limit only so that nobody's megabytes are walked through. */
const MAX_CHARACTERS = 4096;

function checksumStep(checksum: number, word: number): number {
  const top = checksum >>> 25;
  let next = ((checksum & 0x1ffffff) << 5) ^ word;
  for (let bit = 0; bit < GENERATOR.length; bit++) if ((top >>> bit) & 1) next ^= GENERATOR[bit] ?? 0;
  return next;
}

function prefixChecksum(prefix: string): number {
  let checksum = 1;
  for (let i = 0; i < prefix.length; i++) checksum = checksumStep(checksum, prefix.charCodeAt(i) >>> 5);
  checksum = checksumStep(checksum, 0);
  for (let i = 0; i < prefix.length; i++) checksum = checksumStep(checksum, prefix.charCodeAt(i) & 31);
  return checksum;
}

/** @param prefix in lower case; `.toUpperCase()` on the result gives the upper-case form that identities are written in. */
export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  let text = '';
  let checksum = prefixChecksum(prefix);
  const put = (word: number) => {
    checksum = checksumStep(checksum, word);
    text += CHARSET.charAt(word);
  };
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) put((buffer >>> (bits - 5)) & 31);
  }
  if (bits > 0) put((buffer << (5 - bits)) & 31);

  let residue = checksum;
  for (let i = 0; i < CHECKSUM_WORDS; i++) residue = checksumStep(residue, 0);
  residue ^= 1;
  for (let i = 0; i < CHECKSUM_WORDS; i++) text += CHARSET.charAt((residue >>> (5 * (CHECKSUM_WORDS - 1 - i))) & 31);
  return `${prefix}1${text}`;
}

/** @returns null for mixed case, another alphabet, a wrong checksum, stray bits or an absurd length. The prefix comes back in lower case. */
export function decodeBech32(text: string): { prefix: string; bytes: Buffer } | null {
  if (text.length > MAX_CHARACTERS) return null;
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return null;
  const separator = lower.lastIndexOf('1');
  if (separator < 1 || lower.length - separator - 1 < CHECKSUM_WORDS) return null;
  const prefix = lower.slice(0, separator);
  if (!/^[\x21-\x7e]+$/.test(prefix)) return null;

  const dataEnd = lower.length - CHECKSUM_WORDS;
  const bytes = Buffer.alloc(Math.floor(((dataEnd - separator - 1) * 5) / 8));
  let checksum = prefixChecksum(prefix);
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (let i = separator + 1; i < lower.length; i++) {
    const word = CHARSET.indexOf(lower.charAt(i));
    if (word < 0) return null;
    checksum = checksumStep(checksum, word);
    if (i >= dataEnd) continue;
    buffer = ((buffer << 5) | word) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (buffer >>> bits) & 0xff;
    }
  }
  const strayBits = bits >= 5 || (buffer & ((1 << bits) - 1)) !== 0;
  return checksum === 1 && !strayBits ? { prefix, bytes } : null;
}
