/** RFC 4648 §6 alphabet in lower case, no padding: safe in URLs, file names and when read aloud. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

export function base32Lower(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      text += BASE32.charAt((buffer >>> (bits - 5)) & 31);
      bits -= 5;
    }
  }
  return bits > 0 ? text + BASE32.charAt((buffer << (5 - bits)) & 31) : text;
}

/** RFC 4648 §5 without padding. */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** @returns null for anything but the one canonical spelling of some bytes (no padding, no other characters, no stray bits). */
export function fromBase64url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

/** The digits of any script as 0 to 9: keyboards set to Arabic or Devanagari type their own. Other characters stay. */
export function asciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    const codePoint = digit.codePointAt(0) ?? 0;
    let below = 0; // Unicode has the ten digits of a script in one run, in order (The Unicode Standard, §4.6)
    while (/\p{Nd}/u.test(String.fromCodePoint(codePoint - below - 1))) below++;
    return String(below % 10);
  });
}
