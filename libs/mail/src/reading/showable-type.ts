import { sniffImage } from './inline-images.ts';
import type { ImageType } from './inline-images.ts';

/** What every browser can show by itself. */
export type ShowableType = ImageType | 'application/pdf';

/** By its first bytes, whatever its sender says of it. SVG is not among them: it is a document that runs scripts. */
export function showableType(content: Uint8Array): ShowableType | null {
  const start = Buffer.from(content.buffer, content.byteOffset, Math.min(content.byteLength, 16));
  if (start.toString('latin1').startsWith('%PDF-')) return 'application/pdf';
  return sniffImage(start);
}
