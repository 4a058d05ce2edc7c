/** What the window holds at first (MS-OXRTFCP §2.1.2.1). */
const DICTIONARY =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx';
const WINDOW = 4096;
const HEADER_BYTES = 16;
const COMPRESSED = 0x75465a4c;
const UNCOMPRESSED = 0x414c454d;

/**
 * PR_RTF_COMPRESSED to RTF (MS-OXRTFCP §2.2), as far as it goes: damage and the limit end it.
 *
 * @param maxBytes of the result
 */
export function decompressRtf(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length < HEADER_BYTES) return Buffer.alloc(0);
  const size = Math.min(bytes.readUInt32LE(4), maxBytes);
  const kind = bytes.readUInt32LE(8);
  if (kind === UNCOMPRESSED) return bytes.subarray(HEADER_BYTES, HEADER_BYTES + size);
  if (kind !== COMPRESSED) return Buffer.alloc(0);
  const window = Buffer.alloc(WINDOW);
  let write = window.write(DICTIONARY, 'latin1');
  // A run is two bytes and gives 17 at most: no more can come of it, whatever it says of its size.
  const output = Buffer.alloc(Math.min(size, (bytes.length - HEADER_BYTES) * 9));
  let length = 0;
  const put = (byte: number): void => {
    output[length++] = byte;
    window[write] = byte;
    write = (write + 1) % WINDOW;
  };
  let at = HEADER_BYTES;
  while (at < bytes.length && length < output.length) {
    const control = bytes.readUInt8(at++);
    for (let bit = 0; bit < 8 && at < bytes.length && length < output.length; bit++) {
      if ((control & (1 << bit)) === 0) {
        put(bytes.readUInt8(at++));
        continue;
      }
      if (at + 2 > bytes.length) return output.subarray(0, length);
      const reference = bytes.readUInt16BE(at);
      at += 2;
      let read = reference >> 4;
      if (read === write) return output.subarray(0, length); // the mark of the end
      for (let run = (reference & 15) + 2; run > 0 && length < output.length; run--) {
        put(window.readUInt8(read));
        read = (read + 1) % WINDOW;
      }
    }
  }
  return output.subarray(0, length);
}
