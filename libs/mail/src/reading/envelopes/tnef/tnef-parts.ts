import { deEncapsulateSync } from 'rtf-stream-parser';
import { decodeAs } from '../../../syntax/charset-decoders.ts';
import type { MimePart } from '../../mime-structure.ts';
import type { ReadingLimits } from '../../reading-limits.ts';
import { partOfBytes, partsTogether } from '../part-of-bytes.ts';
import { decompressRtf } from './compressed-rtf.ts';
import { rtfText } from './rtf-text.ts';
import { readTnef } from './tnef-message.ts';
import type { TnefFile, TnefMessage } from './tnef-message.ts';

export interface OpenedTnef {
  readonly parts: MimePart[];
  readonly isDamaged: boolean;
}

/** Messages within messages; deeper ones stay files. */
const MAX_DEPTH = 4;

/**
 * What a winmail.dat holds, as parts of the mail: its body, as HTML where it has that, and its files with their names.
 *
 * @param known the words of the mail around it: a body that says the same is not shown twice
 * @returns null for what is no TNEF
 */
export function tnefParts(bytes: Buffer, limits: ReadingLimits, known: string, depth = 0): OpenedTnef | null {
  const message = readTnef(bytes, limits.parts);
  if (message === null) return null;
  const parts = bodyOf(message, limits, known);
  // one in which nothing is found stays the file that it is
  const isEmpty = message.files.length === 0 && !message.text && !message.html && !message.compressedRtf;
  let isDamaged = message.isDamaged || isEmpty;
  for (const file of message.files) {
    const inner = file.isMessage && depth < MAX_DEPTH ? tnefParts(file.content, limits, '', depth + 1) : null;
    isDamaged ||= inner?.isDamaged === true;
    parts.push(...(inner ? inner.parts.map((part) => asFile(part, file)) : [filePart(file)]));
  }
  return { parts, isDamaged };
}

function bodyOf(message: TnefMessage, limits: ReadingLimits, known: string): MimePart[] {
  const rtf = message.compressedRtf && decompressRtf(message.compressedRtf, limits.textBytes);
  const fromRtf = rtf && rtf.length > 0 ? rtfBody(rtf) : null;
  const text = message.text ?? (fromRtf?.mode === 'text' ? fromRtf.text : null);
  const html =
    message.html ?? (fromRtf?.mode === 'html' ? { bytes: Buffer.from(fromRtf.text), charset: 'utf-8' } : null);
  if (text !== null && known !== '' && known.includes(wordsOf(text))) return [];
  const textPart = text === null ? null : partOfBytes(Buffer.from(text), { mediaType: 'text/plain', charset: 'utf-8' });
  const htmlPart = html && partOfBytes(html.bytes, { mediaType: 'text/html', charset: html.charset });
  if (textPart && htmlPart) return [{ ...partsTogether([textPart, htmlPart]), mediaType: 'multipart/alternative' }];
  return [textPart, htmlPart].flatMap((part) => part ?? []);
}

/** For telling whether two texts say the same. */
export function wordsOf(text: string): string {
  return text.replace(/\s+/g, '');
}

/** HTML or text that was wrapped into RTF (MS-OXRTFEX) comes out as it was; of other RTF, its words. */
function rtfBody(rtf: Buffer): { mode: 'text' | 'html'; text: string } {
  try {
    const { mode, text } = deEncapsulateSync(rtf, {
      mode: 'either',
      prefix: false,
      warn: () => {},
      decode: (bytes: Buffer, charset: string) =>
        decodeAs(bytes, charset.replace(/^cp/i, 'windows-')) ?? bytes.toString('latin1'),
    });
    return { mode, text: text.toString() };
  } catch {
    return { mode: 'text', text: rtfText(rtf) };
  }
}

function filePart({ name, mediaType, contentId, content }: TnefFile): MimePart {
  const type = mediaType !== null && /^[\w.+-]{1,80}\/[\w.+-]{1,80}$/.test(mediaType) ? mediaType : undefined;
  // as an attachment, whatever it is: what a file of the message says is not the message
  return partOfBytes(content, {
    ...(type && { mediaType: type }),
    filename: name,
    contentId,
    isAttachment: contentId === null,
  });
}

/** The body of a message within becomes a file named after it. */
function asFile(part: MimePart, { name }: TnefFile): MimePart {
  if (part.isAttachment || part.filename !== null) return part;
  if (part.isMultipart)
    return {
      ...part,
      mediaType: 'multipart/mixed',
      children: part.children.map((child) => asFile(child, { name } as TnefFile)),
    };
  const ending = part.mediaType === 'text/html' ? 'html' : 'txt';
  return { ...part, isAttachment: true, filename: `${name ?? 'message'}.${ending}` };
}
