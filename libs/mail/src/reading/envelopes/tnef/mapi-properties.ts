/** Reads as long as there are bytes; never past the end. */
export class ByteReader {
  at = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** @throws RangeError past the end */
  u8(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  /** @throws RangeError past the end */
  u16(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  /** @throws RangeError past the end */
  u32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  /** Not copied. @throws RangeError past the end */
  slice(length: number): Buffer {
    const from = this.take(length);
    return this.bytes.subarray(from, from + length);
  }

  private take(length: number): number {
    if (length > this.left) throw new RangeError('the bytes end early');
    const from = this.at;
    this.at += length;
    return from;
  }
}

export interface MapiValue {
  readonly type: number;
  readonly bytes: Buffer;
}

const NAMED_FROM = 0x8000;
const MULTIPLE = 0x1000;
const TYPES_OF_ANY_LENGTH = new Set([0x001e, 0x001f, 0x0102, 0x000d]);
const LENGTHS: Readonly<Record<number, number>> = {
  0x0002: 4, // two bytes, and two to fill up
  0x0003: 4,
  0x0004: 4,
  0x0005: 8,
  0x0006: 8,
  0x0007: 8,
  0x000a: 4,
  0x000b: 4,
  0x0014: 8,
  0x0040: 8,
  0x0048: 16,
};
/** 10,000: real messages have some two hundred. */
const MAX_VALUES = 10_000;

/**
 * A MsgPropertyList (MS-OXTNEF §2.1.3.4): the first value of each property by its id. Named ones are passed over. What is
 * damaged ends the list.
 */
export function mapiProperties(bytes: Buffer): ReadonlyMap<number, MapiValue> {
  const found = new Map<number, MapiValue>();
  const reader = new ByteReader(bytes);
  let valuesLeft = MAX_VALUES;
  try {
    for (let properties = reader.u32(); properties > 0 && valuesLeft > 0; properties--) {
      const type = reader.u16();
      const id = reader.u16();
      if (id >= NAMED_FROM) skipName(reader);
      const single = type & ~MULTIPLE;
      const hasAnyLength = TYPES_OF_ANY_LENGTH.has(single);
      const values = hasAnyLength || single !== type ? reader.u32() : 1;
      for (let index = 0; index < values && valuesLeft > 0; index++) {
        valuesLeft--;
        const length = hasAnyLength ? reader.u32() : LENGTHS[single];
        if (length === undefined) return found; // how long it is nobody can know
        const value = reader.slice(length);
        if (hasAnyLength) reader.slice((4 - (length % 4)) % 4);
        if (!found.has(id) && id < NAMED_FROM) found.set(id, { type: single, bytes: value });
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return found;
}

function skipName(reader: ByteReader): void {
  reader.slice(16);
  if (reader.u32() === 0) reader.slice(4);
  else {
    const length = reader.u32();
    reader.slice(length + ((4 - (length % 4)) % 4));
  }
}
