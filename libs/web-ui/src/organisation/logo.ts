import { imageSize } from 'image-size';

/** The organisation's picture, as it stands on pages and in every carrier. */
export interface Logo {
  readonly bytes: Uint8Array;
  readonly type: 'image/png' | 'image/jpeg' | 'image/webp';
  readonly widthPixels: number;
  readonly heightPixels: number;
}

/** It travels in every carrier, a third larger there. */
export const MAX_LOGO_BYTES = 16 * 1024;
const MIN_PIXELS = 16;
const MAX_PIXELS = 2000;
/** A strip wider than this is no higher than a line of text on a phone. */
const MAX_RATIO = 8;

const KINDS = [
  { type: 'image/png', begins: /^\x89PNG\r\n\x1a\n/ },
  { type: 'image/jpeg', begins: /^\xff\xd8\xff/ },
  { type: 'image/webp', begins: /^RIFF[^]{4}WEBP/ },
] as const;

/** Why a file is no logo, as the end of a sentence that begins with the setting's name. */
export class LogoRefused extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'LogoRefused';
  }
}

/**
 * By its first bytes, whatever the file is called. SVG is refused: it can hold scripts and references, and what a picture needs
 * of it can be had as PNG.
 * @throws LogoRefused
 */
export function logoOf(bytes: Uint8Array): Logo {
  const begin = Buffer.from(bytes.subarray(0, 512)).toString('latin1');
  const kind = KINDS.find(({ begins }) => begins.test(begin));
  if (kind === undefined) {
    const isSvg = /<svg|<\?xml/i.test(begin);
    throw new LogoRefused(
      `${isSvg ? 'is an SVG, which may hold scripts' : 'is no picture'}: a PNG, JPEG or WebP is wanted`,
    );
  }
  if (bytes.length > MAX_LOGO_BYTES)
    throw new LogoRefused(`has ${bytes.length} bytes, and every mail carries it: ${MAX_LOGO_BYTES} at most`);
  const { width, height } = sizeOf(bytes);
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  if (short < MIN_PIXELS || long > MAX_PIXELS)
    throw new LogoRefused(`has ${width} × ${height} pixels: ${MIN_PIXELS} to ${MAX_PIXELS} each way are wanted`);
  if (long > short * MAX_RATIO)
    throw new LogoRefused(`has ${width} × ${height} pixels: one side at most ${MAX_RATIO} times the other is wanted`);
  return { bytes, type: kind.type, widthPixels: width, heightPixels: height };
}

function sizeOf(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  try {
    return imageSize(bytes);
  } catch (error) {
    throw new LogoRefused('is a damaged picture', { cause: error });
  }
}

/** How large it is shown: at most so many CSS pixels each way, its own proportions kept. */
export function shownSize({ widthPixels, heightPixels }: Logo, maxWidth: number, maxHeight: number) {
  const scale = Math.min(maxWidth / widthPixels, maxHeight / heightPixels, 1);
  return { width: Math.round(widthPixels * scale), height: Math.round(heightPixels * scale) };
}
