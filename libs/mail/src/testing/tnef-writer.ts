/** One property of a message or a file, as MAPI has it. */
export type MapiProperty = readonly [id: number, type: number, bytes: Buffer];

export interface TnefFileWritten {
  readonly title: string;
  readonly content?: Buffer;
  readonly properties?: readonly MapiProperty[];
}

/** A winmail.dat (MS-OXTNEF), for tests: the properties of the message, then each file. */
export function tnefOf(properties: readonly MapiProperty[], files: readonly TnefFileWritten[]): Buffer {
  const signature = Buffer.from([0x78, 0x9f, 0x3e, 0x22, 0x01, 0x00]);
  return Buffer.concat([
    signature,
    attribute(1, 0x00069003, propertyList(properties)),
    ...files.flatMap(({ title, content, properties: own = [] }) => [
      attribute(2, 0x00069002, Buffer.alloc(14)),
      attribute(2, 0x00018010, Buffer.from(`${title}\0`, 'latin1')),
      ...(content ? [attribute(2, 0x0006800f, content)] : []),
      attribute(2, 0x00069005, propertyList(own)),
    ]),
  ]);
}

/** A property that holds UTF-16 text. */
export function unicodeProperty(id: number, text: string): MapiProperty {
  return [id, 0x001f, Buffer.from(`${text}\0`, 'utf16le')];
}

export function binaryProperty(id: number, bytes: Buffer): MapiProperty {
  return [id, 0x0102, bytes];
}

export function numberProperty(id: number, value: number): MapiProperty {
  return [id, 0x0003, u32(value)];
}

/** RTF as a message holds it, without compression (MS-OXRTFCP §2.1.3). */
export function storedRtf(rtf: string): Buffer {
  return Buffer.concat([
    u32(rtf.length + 12),
    u32(rtf.length),
    Buffer.from('MELA'),
    u32(0),
    Buffer.from(rtf, 'latin1'),
  ]);
}

function propertyList(properties: readonly MapiProperty[]): Buffer {
  const ofAnyLength = (type: number): boolean => [0x1e, 0x1f, 0x102, 0x0d].includes(type);
  return Buffer.concat([
    u32(properties.length),
    ...properties.flatMap(([id, type, bytes]) => {
      const tag = Buffer.alloc(4);
      tag.writeUInt16LE(type, 0);
      tag.writeUInt16LE(id, 2);
      if (!ofAnyLength(type)) return [tag, bytes];
      return [tag, u32(1), u32(bytes.length), bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)];
    }),
  ]);
}

function attribute(level: number, id: number, bytes: Buffer): Buffer {
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE(bytes.reduce((total, byte) => total + byte, 0) & 0xffff);
  return Buffer.concat([Buffer.from([level]), u32(id), u32(bytes.length), bytes, sum]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
