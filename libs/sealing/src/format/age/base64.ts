/** Standard alphabet without padding (RFC 4648 §4), as the age header wants it. */
export function encodeBase64(bytes: Uint8Array): string {
  const padded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const end = padded.indexOf('=');
  return end < 0 ? padded : padded.slice(0, end);
}

/**
 * Node's decoder takes almost anything (padding, spaces, the URL alphabet, stray bits): only what encodes back to the very
 * same text was canonical.
 *
 * @returns null for anything but the one spelling of some bytes (RFC 4648 §3.5)
 */
export function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  return encodeBase64(bytes) === text ? bytes : null;
}
