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
  private readonly known = new Map<object, { url: string | null; bytes: number }>();

  constructor({ imageBytes, allImageBytes }: Pick<ReadingLimits, 'imageBytes' | 'allImageBytes'>) {
    this.left = allImageBytes;
    this.each = imageBytes;
  }

  /** @param read gives the bytes, once: what is shown again is not decoded again. @returns a `data:` URL, or null for no such image or too much. */
  dataUrl(key: object | null, read: () => Buffer): string | null {
    const image = (key && this.known.get(key)) ?? this.look(read());
    if (key) this.known.set(key, image);
    if (image.url === null || image.bytes > this.left) return null;
    this.left -= image.bytes;
    return image.url;
  }

  private look(bytes: Buffer): { url: string | null; bytes: number } {
    const type = bytes.length > this.each || bytes.length > this.left ? null : sniffImage(bytes);
    return { url: type && `data:${type};base64,${bytes.toString('base64')}`, bytes: bytes.length };
  }
}
