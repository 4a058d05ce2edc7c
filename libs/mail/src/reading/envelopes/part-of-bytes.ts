import { EMPTY_PART } from '../mime-structure.ts';
import type { MimePart } from '../mime-structure.ts';

/** A part of a mail that stands in no MIME tree: what an envelope held, already decoded. */
export function partOfBytes(body: Buffer, fields: Partial<Omit<MimePart, 'body'>>): MimePart {
  return { ...EMPTY_PART, mediaType: 'application/octet-stream', isTypeGiven: true, ...fields, body };
}

/** Several parts in the place of one. */
export function partsTogether(children: MimePart[]): MimePart {
  return partOfBytes(Buffer.alloc(0), { mediaType: 'multipart/mixed', isMultipart: true, children });
}
