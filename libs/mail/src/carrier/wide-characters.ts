/** UTF-16 to one byte for each character, in pieces: a page of ours is ASCII, whatever a program saves it as. */
export class WideCharacters {
  private readonly low: 0 | 1;
  private odd: number | null = null;

  private constructor(low: 0 | 1) {
    this.low = low;
  }

  /** @returns null for bytes that are not UTF-16; it shows in the byte order mark, or in zeros beside the first characters */
  static of(start: Buffer): WideCharacters | null {
    const [first, second, third, fourth] = start;
    if (first === 0xff && second === 0xfe) return new WideCharacters(0);
    if (first === 0xfe && second === 0xff) return new WideCharacters(1);
    if (first === 0x3c && second === 0 && fourth === 0) return new WideCharacters(0);
    return first === 0 && second === 0x3c && third === 0 ? new WideCharacters(1) : null;
  }

  /** What is no Latin-1 becomes `?`; the mark at the beginning goes. */
  narrow(piece: Buffer): Buffer {
    const bytes = this.odd === null ? piece : Buffer.concat([Buffer.from([this.odd]), piece]);
    const characters = bytes.length >> 1;
    this.odd = bytes.length % 2 === 1 ? bytes.readUInt8(bytes.length - 1) : null;
    const narrowed = Buffer.allocUnsafe(characters);
    let length = 0;
    for (let at = 0; at < characters; at++) {
      const low = bytes.readUInt8(2 * at + this.low);
      const high = bytes.readUInt8(2 * at + 1 - this.low);
      if (high === 0xfe && low === 0xff) continue;
      narrowed[length++] = high === 0 ? low : 0x3f;
    }
    return narrowed.subarray(0, length);
  }
}
