import { decodeText } from '../../../syntax/charsets.ts';
import { ByteReader, mapiProperties } from './mapi-properties.ts';
import type { MapiValue } from './mapi-properties.ts';

export interface TnefFile {
  readonly name: string | null;
  readonly mediaType: string | null;
  readonly contentId: string | null;
  readonly content: Buffer;
  /** A message within the message, itself as TNEF. */
  readonly isMessage: boolean;
}

export interface TnefMessage {
  readonly text: string | null;
  readonly html: { readonly bytes: Buffer; readonly charset: string } | null;
  /** PR_RTF_COMPRESSED. */
  readonly compressedRtf: Buffer | null;
  readonly subject: string;
  readonly files: readonly TnefFile[];
  /** It ends early: what came before is there. */
  readonly isDamaged: boolean;
}

const SIGNATURE = 0x223e9f78;
/** Ids of attributes (MS-OXTNEF §2.1.3.1), without their type. */
const ATTRIBUTE = {
  subject: 0x8004,
  body: 0x800c,
  attachData: 0x800f,
  attachTitle: 0x8010,
  attachBegins: 0x9002,
  properties: 0x9003,
  attachProperties: 0x9005,
  codePage: 0x9007,
} as const;
/** Ids of properties (MS-OXPROPS). */
const PROPERTY = {
  subject: 0x0037,
  body: 0x1000,
  rtf: 0x1009,
  html: 0x1013,
  internetCodePage: 0x3fde,
  displayName: 0x3001,
  attachData: 0x3701,
  attachName: 0x3704,
  attachMethod: 0x3705,
  attachLongName: 0x3707,
  attachMediaType: 0x370e,
  attachContentId: 0x3712,
} as const;
const EMBEDDED_MESSAGE = 5;
const IID_BYTES = 16;
const UNICODE = 0x001f;

/** A file as it is put together from the attributes that follow one another. */
interface Gathered {
  title: Buffer | null;
  data: Buffer | null;
  properties: ReadonlyMap<number, MapiValue>;
}

/**
 * Takes a winmail.dat apart (MS-OXTNEF): its texts, undecoded where they are large, and its files, which point into the given
 * bytes. Own, since no kept library reads it without writing logs and reading past its limits.
 *
 * @param maxFiles further ones count as damage
 * @returns null for what is no TNEF
 */
export function readTnef(bytes: Buffer, maxFiles: number): TnefMessage | null {
  const reader = new ByteReader(bytes);
  if (reader.left < 6 || reader.u32() !== SIGNATURE) return null;
  reader.u16();
  let properties: ReadonlyMap<number, MapiValue> = new Map();
  let body: Buffer | null = null;
  let subject: Buffer | null = null;
  let codePage = '';
  const gathered: Gathered[] = [];
  const file = (isNew: (last: Gathered) => boolean): Gathered => {
    const last = gathered.at(-1);
    if (last && !isNew(last)) return last;
    if (gathered.length >= maxFiles) throw new RangeError('too many files');
    const next: Gathered = { title: null, data: null, properties: new Map() };
    gathered.push(next);
    return next;
  };
  let isDamaged = false;
  try {
    while (reader.left > 0) {
      reader.u8();
      const id = reader.u32() & 0xffff;
      const value = reader.slice(reader.u32());
      reader.u16(); // a sum over the bytes, which writers get wrong
      if (id === ATTRIBUTE.subject) subject = value;
      else if (id === ATTRIBUTE.body) body = value;
      else if (id === ATTRIBUTE.codePage && value.length >= 4) codePage = `windows-${value.readUInt32LE(0)}`;
      else if (id === ATTRIBUTE.properties) properties = mapiProperties(value);
      else if (id === ATTRIBUTE.attachBegins) file(() => true);
      else if (id === ATTRIBUTE.attachTitle) file(({ title }) => title !== null).title = value;
      else if (id === ATTRIBUTE.attachData) file(({ data }) => data !== null).data = value;
      else if (id === ATTRIBUTE.attachProperties)
        file(({ properties: known }) => known.size > 0).properties = mapiProperties(value);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    isDamaged = true;
  }
  const textOf = (value: MapiValue | undefined): string | null =>
    (value && (valueText(value, codePage) || null)) || null;
  const html = properties.get(PROPERTY.html);
  const internetCodePage = properties.get(PROPERTY.internetCodePage)?.bytes.readUInt32LE(0);
  return {
    text: textOf(properties.get(PROPERTY.body)) ?? (body && textFrom(body, codePage)),
    html: html
      ? { bytes: html.bytes, charset: html.type === UNICODE ? 'utf-16le' : charsetOf(internetCodePage) }
      : null,
    compressedRtf: properties.get(PROPERTY.rtf)?.bytes ?? null,
    subject: textOf(properties.get(PROPERTY.subject)) ?? (subject ? textFrom(subject, codePage) : ''),
    files: gathered.flatMap((each) => fileOf(each, codePage) ?? []),
    isDamaged,
  };
}

function fileOf({ title, data, properties }: Gathered, codePage: string): TnefFile | null {
  const text = (id: number): string | null => {
    const value = properties.get(id);
    return value ? valueText(value, codePage) || null : null;
  };
  const object = properties.get(PROPERTY.attachData);
  const isMessage = properties.get(PROPERTY.attachMethod)?.bytes.readUInt32LE(0) === EMBEDDED_MESSAGE;
  const hasId = object?.type === 0x000d;
  const content = data ?? object?.bytes.subarray(hasId ? IID_BYTES : 0);
  if (!content) return null;
  return {
    name:
      text(PROPERTY.attachLongName) ??
      (title && textFrom(title, codePage)) ??
      text(PROPERTY.attachName) ??
      text(PROPERTY.displayName),
    mediaType: text(PROPERTY.attachMediaType)?.toLowerCase() ?? null,
    contentId: text(PROPERTY.attachContentId)?.replace(/^<|>$/g, '') ?? null,
    content: isMessage && hasId && object ? object.bytes.subarray(IID_BYTES) : content,
    isMessage,
  };
}

function valueText({ type, bytes }: MapiValue, codePage: string): string {
  return textFrom(bytes, type === UNICODE ? 'utf-16le' : codePage);
}

/** Strings end in a zero. */
function textFrom(bytes: Buffer, charset: string): string {
  return decodeText(bytes, charset).text.replace(/\0+$/, '');
}

function charsetOf(codePage: number | undefined): string {
  if (codePage === undefined) return '';
  return codePage === 65001 ? 'utf-8' : codePage === 20127 ? '' : `windows-${codePage}`;
}
