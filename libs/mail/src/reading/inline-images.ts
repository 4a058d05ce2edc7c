import type { ReadingLimits } from './reading-limits.ts';

/** The raster kinds that every browser draws and none runs anything in; told by their first bytes, never by what is declared. */
export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';

export function sniffImage(bytes: Buffer): ImageType | null {
  const start = bytes.toString('latin1', 0, 12);
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'image/gif';
  if (start.startsWith('RIFF') && start.slice(8) === 'WEBP') return 'image/webp';
  return null;
}

/** What all the images of one mail have left; spent once for every place that shows one, since each place carries the bytes. */
export class ImageBudget {
  private left: number;
  private readonly each: number;

  constructor({ imageBytes, allImageBytes }: Pick<ReadingLimits, 'imageBytes' | 'allImageBytes'>) {
    this.left = allImageBytes;
    this.each = imageBytes;
  }

  /** @returns a `data:` URL, or null for what is no such image or too much. */
  dataUrl(bytes: Buffer): string | null {
    const type = sniffImage(bytes);
    if (type === null || bytes.length > this.each || bytes.length > this.left) return null;
    this.left -= bytes.length;
    return `data:${type};base64,${bytes.toString('base64')}`;
  }
}
