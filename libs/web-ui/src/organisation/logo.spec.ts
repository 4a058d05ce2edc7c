import { describe, expect, it } from '@jest/globals';
import { logoOf, MAX_LOGO_BYTES, shownSize } from './logo.ts';

/** The first bytes of a PNG: signature and IHDR. */
function png(width: number, height: number, length = 100): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes;
}
/** A lossless WebP: 14 bits each for width and height less one. */
function webp(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(60);
  bytes.write('RIFF\x34\0\0\0WEBPVP8L\x20\0\0\0\x2f', 'latin1');
  bytes.writeUInt32LE((width - 1) | ((height - 1) << 14), 21);
  return bytes;
}

describe('a logo', () => {
  it('is known by its first bytes, with its size', () => {
    expect(logoOf(png(240, 80))).toMatchObject({ type: 'image/png', widthPixels: 240, heightPixels: 80 });
    expect(logoOf(webp(200, 100))).toMatchObject({ type: 'image/webp', widthPixels: 200, heightPixels: 100 });
  });

  it.each([
    [
      'an SVG',
      Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
      'is an SVG, which may hold scripts',
    ],
    ['a text', Buffer.from('hello'), 'is no picture'],
    ['an empty file', Buffer.alloc(0), 'is no picture'],
    ['a GIF', Buffer.from('GIF89a\x01\0\x01\0', 'latin1'), 'is no picture'],
    ['a large file', png(200, 200, MAX_LOGO_BYTES + 1), 'every mail carries it: 16384 at most'],
    ['a picture of too many pixels', png(4000, 1000), 'has 4000 × 1000 pixels: 16 to 2000 each way'],
    ['a thin strip', png(1000, 100), 'one side at most 8 times the other'],
    ['a dot', png(1, 1), '16 to 2000'],
    ['a PNG that ends at once', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 'is a damaged picture'],
    ['a JPEG that ends at once', Buffer.from('\xff\xd8\xff\xe0', 'latin1'), 'is a damaged picture'],
  ])('is not %s', (_, bytes, fault) => {
    expect(() => logoOf(bytes)).toThrow(fault);
  });

  it('is shown within bounds, in its own proportions, never larger than it is', () => {
    expect(shownSize(logoOf(png(480, 120)), 240, 48)).toEqual({ width: 192, height: 48 });
    expect(shownSize(logoOf(png(32, 32)), 240, 48)).toEqual({ width: 32, height: 32 });
  });
});
